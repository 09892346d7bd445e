use std::ops::Range;

use super::packet::{EXTENSION, MAX_PACKET_BYTES, PACKET_SIGNATURE, Packet};
use crate::{
    error::ReadError,
    message::{MESSAGE_SIGNATURE, MESSAGE_SIZE_OFFSET, Message},
};

/// The distance from a damaged packet's start within which its message body is searched if the stated
/// size is unusable. The headers of real packets are much shorter.
const SEARCH_BYTES: usize = 64 << 10;
/// The smallest packet: BaseHeader, UserHeader and MessagePropertiesHeader.
const MIN_PACKET_BYTES: usize = 120;
/// The offset of the signature `LIOR` in a packet.
const SIGNATURE_OFFSET: usize = 4;

/// The kind of bytes that were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A packet whose body holds calls and violates no rule.
    Packet,
    /// An undamaged packet that does not carry calls.
    OtherPacket,
    /// A message body without a packet around it, which violates no rule.
    Message,
    /// A packet or message body that violates a rule.
    Damaged {
        /// The violated rule. Its offset counts from the start of the found bytes.
        error: ReadError,
        /// The position of an undamaged message body in the damaged packet.
        message: Option<Range<usize>>,
    },
}

/// A packet or a message body in searched bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The position in the searched bytes. The end of damaged bytes is an estimate.
    pub range: Range<usize>,
    /// The kind of the found bytes.
    pub verdict: Verdict,
}

/// Searches bytes for packets and message bodies; see [`carve`].
#[derive(Clone, Debug)]
pub struct Carver<'a> {
    bytes: &'a [u8],
    position: usize,
}

/// Searches a storage file or a memory dump for packets and for message bodies without a packet, in
/// their order.
///
/// Both formats start with a signature and state their size. There are no checksums, so a damaged
/// argument that still has its form is not noticed.
#[must_use]
pub fn carve(bytes: &[u8]) -> Carver<'_> {
    Carver { bytes, position: 0 }
}

impl Iterator for Carver<'_> {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        while let Some(place) = next_signature(self.bytes, self.position) {
            let found = match place {
                Signature::Packet(start) => self.packet(start),
                Signature::Message(start) => Some(self.message(start)),
            };
            if let Some(found) = found {
                self.position = found.range.end;
                return Some(found);
            }
        }
        self.position = self.bytes.len();
        None
    }
}

/// A place at which a packet or a message body seems to start.
#[derive(Clone, Copy)]
enum Signature {
    Packet(usize),
    Message(usize),
}

/// Returns the first signature at or after `from`.
fn next_signature(bytes: &[u8], from: usize) -> Option<Signature> {
    let rest = bytes.get(from..)?;
    rest.windows(4).enumerate().find_map(|(at, window)| {
        let at = from + at;
        if window == PACKET_SIGNATURE {
            let start = at.checked_sub(SIGNATURE_OFFSET).filter(|start| *start >= from)?;
            return Packet::stated_size(&bytes[start..]).map(|_| Signature::Packet(start));
        }
        let is_message = window == b"CHDR"
            && bytes.get(at + 8..at + 24) == Some(&MESSAGE_SIGNATURE.to_bytes()[..]);
        is_message.then_some(Signature::Message(at))
    })
}

/// Returns the size that the message body at the start of `bytes` states.
fn stated_message_size(bytes: &[u8]) -> Option<usize> {
    let field = bytes.get(MESSAGE_SIZE_OFFSET..MESSAGE_SIZE_OFFSET + 4)?;
    Some(u32::from_le_bytes(field.try_into().ok()?) as usize)
}

impl Carver<'_> {
    /// Classifies the packet at `start`. Returns `None` and moves on if only the signature matches.
    fn packet(&mut self, start: usize) -> Option<Found> {
        let rest = &self.bytes[start..];
        let size = Packet::stated_size(rest)
            .filter(|size| (MIN_PACKET_BYTES..=MAX_PACKET_BYTES.min(rest.len())).contains(size));
        let judged = match size {
            Some(size) => judge(&rest[..size]).map(|verdict| (size, verdict)),
            // Reading the packet finds the rule that the size violates.
            None => Packet::read(rest).map(|_| (rest.len(), Verdict::OtherPacket)),
        };
        let error = match judged {
            Ok((size, verdict)) => return Some(Found { range: start..start + size, verdict }),
            Err(error) => error,
        };
        // A message body between this packet and the next one belongs to this one.
        let window = size.unwrap_or(SEARCH_BYTES).min(rest.len());
        let body = match next_signature(self.bytes, start + SIGNATURE_OFFSET + 4) {
            Some(Signature::Message(at)) if at < start + window => Some(at),
            _ => None,
        };
        let Some(body) = body else {
            if size.is_none() {
                // Only the signature suggests a packet here.
                self.position = start + SIGNATURE_OFFSET + 4;
                return None;
            }
            let end = start + MIN_PACKET_BYTES;
            return Some(damaged(start..end, error, None));
        };
        // Packet and body are one finding, even if both are damaged.
        let Found { range, verdict } = self.message(body);
        Some(match verdict {
            Verdict::Message | Verdict::Damaged { message: Some(_), .. } => {
                damaged(start..range.end, error, Some(range))
            }
            _ => damaged(start..range.end, error, None),
        })
    }

    /// Classifies the message body at `start`.
    fn message(&self, start: usize) -> Found {
        let rest = &self.bytes[start..];
        let stated = stated_message_size(rest).filter(|size| *size <= rest.len());
        let result = Message::read(&rest[..stated.unwrap_or(rest.len())]);
        match result {
            Ok(message) => {
                let range = start..start + message.as_bytes().len();
                // A body directly after the extension belongs to a packet whose headers are lost.
                let extension = start.checked_sub(16).map(|at| &self.bytes[at..start]);
                if extension == Some(&EXTENSION.to_bytes()[..]) && self.position <= start - 16 {
                    let error = ReadError::new(crate::Rule::PacketSignature, 0);
                    return damaged(range.clone(), error, Some(range));
                }
                Found { range, verdict: Verdict::Message }
            }
            // The fixed part of the container header was read.
            Err(error) => damaged(start..(start + 80).min(self.bytes.len()), error, None),
        }
    }
}

fn damaged(range: Range<usize>, error: ReadError, message: Option<Range<usize>>) -> Found {
    Found { range, verdict: Verdict::Damaged { error, message } }
}

/// Classifies a packet that fills `bytes`.
fn judge(bytes: &[u8]) -> Result<Verdict, ReadError> {
    let packet = Packet::read(bytes)?;
    let Ok(body) = packet.calls() else { return Ok(Verdict::OtherPacket) };
    match Message::read(body) {
        Ok(_) => Ok(Verdict::Packet),
        Err(error) => {
            // The body is a part of the bytes.
            let start = body.as_ptr().addr() - bytes.as_ptr().addr();
            Err(ReadError::new(error.rule, start + error.offset))
        }
    }
}
