//! Records (section 2.2.1): the framing of the byte stream after authentication.

use bytes::Bytes;

use crate::error::DecodeError;

/// Record type bytes (section 2.2.1.1).
mod kind {
    pub(super) const CLOSE: u8 = 0x00;
    pub(super) const SET_CHANNEL: u8 = 0x04;
    pub(super) const BREAK: u8 = 0x06;
    pub(super) const RPC_MESSAGE: u8 = 0x16;
    pub(super) const RPC_OPEN: u8 = 0x37;
}

/// The size of the header of an RpcMessage, in bytes.
pub(crate) const MESSAGE_HEADER_BYTES: usize = 1 /* type */ + 4 /* length */;

/// One record. A body is a range of the buffer from which the record was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// Closes the current channel (section 2.2.1.1.1).
    Close,
    /// Selects the channel of the records that follow (section 2.2.1.1.2).
    SetChannel(u32),
    /// Closes the current channel because of an error; the range of the reason
    /// (section 2.2.1.1.3).
    Break(std::ops::Range<usize>),
    /// An operation on the current channel; the range of the message (section 2.2.1.1.4).
    Message(std::ops::Range<usize>),
    /// Opens a channel with a call of lookup on ConnMgr (section 2.2.1.1.5).
    Open {
        /// The channel to open.
        channel: u32,
        /// The range of the call.
        body: std::ops::Range<usize>,
    },
}

/// A receive buffer with a read position.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub(crate) bytes: Bytes,
    pub(crate) position: usize,
}

impl Batch {
    /// Creates a batch whose read position is at the start.
    pub fn new(bytes: Bytes) -> Self {
        Self { bytes, position: 0 }
    }

    /// Returns the whole buffer, to which the ranges in records refer.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Returns the unread bytes.
    pub fn rest(&self) -> &[u8] {
        &self.bytes[self.position..]
    }

    /// Sets the read position, at most to the end of the buffer.
    pub fn skip_to(&mut self, position: usize) {
        self.position = position.min(self.bytes.len());
    }

    /// Reports whether the unread bytes begin with a call.
    pub(crate) fn begins_with_call(&self) -> bool {
        let rest = self.rest();
        let operation = rest.get(MESSAGE_HEADER_BYTES);
        rest.first() == Some(&kind::RPC_MESSAGE)
            && operation.is_some_and(|first| super::operation::is_call(*first))
    }

    /// Returns the method index and the range of the arguments if the unread bytes begin with a complete call
    /// of the object with this single-byte identifier.
    #[inline]
    pub(crate) fn peek_call(&self, proxy: u8, limit: u32) -> Option<(i8, std::ops::Range<usize>)> {
        let rest = self.rest();
        let &[kind::RPC_MESSAGE, a, b, c, d, first, method] = rest.first_chunk()? else {
            return None;
        };
        let body = u32::from_be_bytes([a, b, c, d]);
        if first != proxy || body < 2 /* identifier and method */ || body > limit {
            return None;
        }
        let end = MESSAGE_HEADER_BYTES.checked_add(usize::try_from(body).ok()?)?;
        let arguments = self.position + MESSAGE_HEADER_BYTES + 2..self.position + end;
        (end <= rest.len()).then_some((method.cast_signed(), arguments))
    }

    /// Reads the next record. Returns `None` until all of its bytes have arrived.
    ///
    /// # Errors
    /// A record with an unknown type, or with a body of more than `limit` bytes, is rejected as
    /// soon as its header has arrived.
    #[inline]
    pub fn next_record(&mut self, limit: u32) -> Result<Option<Record>, DecodeError> {
        let rest = self.rest();
        let Some((header, body)) = header(rest, limit)? else { return Ok(None) };
        let end = header + body;
        if rest.len() < end {
            return Ok(None);
        }
        let word = || u32::from_be_bytes([rest[1], rest[2], rest[3], rest[4]]);
        let body = self.position + header..self.position + end;
        let record = match rest[0] {
            kind::CLOSE => Record::Close,
            kind::SET_CHANNEL => Record::SetChannel(word()),
            kind::BREAK => Record::Break(body),
            kind::RPC_OPEN => Record::Open { channel: word(), body },
            _ => Record::Message(body),
        };
        self.position += end;
        Ok(Some(record))
    }
}

/// Returns the length of the record at the start of `bytes`, in bytes, or `None` until its header
/// has arrived. The length is the peer's claim: never allocate memory for it in advance.
pub fn length(bytes: &[u8], limit: u32) -> Result<Option<usize>, DecodeError> {
    Ok(header(bytes, limit)?.map(|(header, body)| header + body))
}

/// Returns the lengths of the header and the body of the record at the start of `bytes`.
#[inline]
fn header(bytes: &[u8], limit: u32) -> Result<Option<(usize, usize)>, DecodeError> {
    let Some(&kind) = bytes.first() else { return Ok(None) };
    let (header, body_length_at) = match kind {
        kind::CLOSE => (1, None),
        kind::SET_CHANNEL => (1 + 4 /* channel */, None),
        kind::BREAK | kind::RPC_MESSAGE => (MESSAGE_HEADER_BYTES, Some(1)),
        kind::RPC_OPEN => (1 + 4 /* channel */ + 4 /* length */, Some(5)),
        other => return Err(DecodeError::RecordType(other)),
    };
    if bytes.len() < header {
        return Ok(None);
    }
    let Some(at) = body_length_at else { return Ok(Some((header, 0))) };
    let body = u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    if body > limit {
        return Err(DecodeError::RecordTooLong(body));
    }
    let body = usize::try_from(body).map_err(|_| DecodeError::RecordTooLong(body))?;
    Ok(Some((header, body)))
}

/// Appends a Close record.
pub fn write_close(out: &mut Vec<u8>) {
    out.push(kind::CLOSE);
}

/// Appends a SetChannel record.
pub fn write_set_channel(out: &mut Vec<u8>, channel: u32) {
    out.push(kind::SET_CHANNEL);
    out.extend(channel.to_be_bytes());
}

/// Appends a Break record. The caller ensures that the reason is short ASCII (ruling 10).
pub fn write_break(out: &mut Vec<u8>, reason: &str) {
    out.push(kind::BREAK);
    with_length(out, |out| out.extend(reason.as_bytes()));
}

/// Appends an RpcMessage record whose body `body` appends.
#[inline]
pub fn write_message(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    write_message_header(out, 0);
    body(out);
    set_length(out, at + 1);
}

/// Appends the header of an RpcMessage with a body of `length` bytes.
#[inline]
pub(crate) fn write_message_header(out: &mut Vec<u8>, length: u32) {
    let [a, b, c, d] = length.to_be_bytes();
    out.extend_from_slice(&[kind::RPC_MESSAGE, a, b, c, d]);
}

/// Appends an RPCOpen record whose message `body` appends.
pub fn write_open(out: &mut Vec<u8>, channel: u32, body: impl FnOnce(&mut Vec<u8>)) {
    out.push(kind::RPC_OPEN);
    out.extend(channel.to_be_bytes());
    with_length(out, body);
}

fn with_length(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    body(out);
    set_length(out, at);
}

/// Writes the length of the bytes after the length field at `at`.
#[inline]
fn set_length(out: &mut [u8], at: usize) {
    // Callers check bodies against the record limit, which is a u32.
    let length = u32::try_from(out.len() - at - 4).unwrap_or(u32::MAX);
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
}
