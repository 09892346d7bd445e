use std::ops::Range;

use bytes::Bytes;

use psom::{
    error::DecodeError,
    session::{APPLICATION_CHANNEL, BASE_CHANNEL, Role},
    wire::{
        WireProxyId,
        auth::{self, Credentials},
        operation::Operation,
        record::{self, Batch, Record},
    },
};

/// A record before its objects and methods are resolved.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) range: Range<usize>,
    /// The current channel before the record.
    pub(super) channel: u32,
    pub(super) raw: Raw,
}

#[derive(Debug)]
pub(super) enum Raw {
    Credentials(Credentials),
    Answer,
    SetChannel(u32),
    Open {
        channel: u32,
        operation: Result<Operation, DecodeError>,
    },
    Operation(Result<Operation, DecodeError>),
    Close,
    Break(Range<usize>),
    /// Bytes that cannot be decoded, up to the next plausible record, and the reason.
    Skipped(String),
    /// Bytes that cannot be decoded, up to the end of the capture, and the reason.
    Lost(String),
}

/// The maximum length of a message at which decoding resumes after invalid bytes: the default
/// record limit. A longer length field is more likely a coincidence.
const MAX_RESUME_BYTES: u32 = 1 << 20;

/// Splits the bytes of one direction into records. After invalid bytes, it resumes at the next
/// plausible record.
#[derive(Debug, Clone)]
pub(super) struct Steps {
    batch: Batch,
    sender: Role,
    channel: u32,
    begun: bool,
}

impl Steps {
    /// Creates an iterator over the records. `channel` is the current channel at the start of the
    /// bytes: 0, unless the capture begins in the middle of a connection.
    pub(super) fn new(bytes: Bytes, sender: Role, channel: u32) -> Self {
        Self { batch: Batch::new(bytes), sender, channel, begun: false }
    }

    fn first(&mut self) -> Option<Result<Raw, DecodeError>> {
        let bytes = self.batch.rest();
        match self.sender {
            Role::Client => {
                let header = proxy_header(bytes);
                if !header && !bytes.starts_with(&auth::SIGNATURE) {
                    return None;
                }
                let read = Credentials::read(&mut self.batch, header);
                let cut = || Raw::Lost("the capture ends inside the authentication".into());
                Some(read.map(|credentials| credentials.map_or_else(cut, Raw::Credentials)))
            }
            Role::Server => {
                let is_answer = bytes.starts_with(&auth::SIGNATURE);
                is_answer.then(|| auth::read_answer(&mut self.batch).map(|_| Raw::Answer))
            }
        }
    }

    fn record(&mut self) -> Option<Result<Raw, DecodeError>> {
        if self.batch.rest().is_empty() {
            return None;
        }
        let record = match self.batch.next_record(u32::MAX) {
            Ok(Some(record)) => record,
            Ok(None) => return Some(Ok(Raw::Lost("the capture ends inside a record".into()))),
            Err(error) => return Some(Err(error)),
        };
        let bytes = self.batch.bytes();
        Some(Ok(match record {
            Record::Close => Raw::Close,
            Record::Break(reason) => Raw::Break(reason),
            Record::SetChannel(channel) => Raw::SetChannel(channel),
            Record::Open { channel, body } => {
                Raw::Open { channel, operation: Operation::read(bytes, body) }
            }
            Record::Message(body) => Raw::Operation(Operation::read(bytes, body)),
        }))
    }
}

impl Iterator for Steps {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let start = self.batch.bytes().len() - self.batch.rest().len();
        let first = match std::mem::replace(&mut self.begun, true) {
            false => self.first(),
            true => None,
        };
        let raw = first.or_else(|| self.record())?;
        let raw = raw.unwrap_or_else(|error| Raw::Lost(error.to_string()));
        let channel = self.channel;
        let raw = match raw {
            Raw::SetChannel(channel) => {
                self.channel = channel;
                raw
            }
            Raw::Lost(reason) => {
                let bytes = self.batch.bytes();
                let resume = (start + 1..bytes.len()).find(|at| is_plausible(&bytes[*at..]));
                self.batch.skip_to(resume.unwrap_or(bytes.len()));
                if resume.is_some() { Raw::Skipped(reason) } else { Raw::Lost(reason) }
            }
            raw => raw,
        };
        let end = self.batch.bytes().len() - self.batch.rest().len();
        Some(Step { range: start..end, channel, raw })
    }
}

/// Reports whether the bytes plausibly begin with records: a SetChannel to one of the two channels
/// in use and a complete message, followed by another record or the end of the bytes.
fn is_plausible(bytes: &[u8]) -> bool {
    let &[4, 0, 0, 0, channel, 0x16, a, b, c, d, ref rest @ ..] = bytes else { return false };
    let length = u32::from_be_bytes([a, b, c, d]);
    let tail = usize::try_from(length).ok().and_then(|length| rest.get(length..));
    [BASE_CHANNEL, APPLICATION_CHANNEL].contains(&u32::from(channel))
        && (1..=MAX_RESUME_BYTES).contains(&length)
        && tail.is_some_and(|tail| record::length(tail, MAX_RESUME_BYTES).is_ok())
}

/// Reports whether a proxy header precedes a client's authentication (ruling 11).
fn proxy_header(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else { return false };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    length <= auth::MAX_TOKEN_BYTES
        && rest.get(length..).is_some_and(|rest| rest.starts_with(&auth::SIGNATURE))
}

/// Determines the sender if the bytes begin with the authentication. The server's answer is only the
/// signature; in the client's authentication, the version follows the signature.
pub(super) fn sender(bytes: &[u8]) -> Option<Role> {
    match bytes.strip_prefix(&auth::SIGNATURE) {
        Some(rest) if rest.starts_with(&[0; 4]) => Some(Role::Client),
        Some(_) => Some(Role::Server),
        None => proxy_header(bytes).then_some(Role::Client),
    }
}

/// Returns the sender's proxy identifier.
pub(super) fn sent(id: WireProxyId) -> Option<i32> {
    // The receiver negates the identifier.
    id.receive().ok().map(|id| -id.get())
}
