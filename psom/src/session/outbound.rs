use bytes::Bytes;

use crate::{
    error::{CallError, Error, Misuse},
    wire::{Encode, Encoder, ObjectKey, ProxyId, operation, record},
};

/// The size from which arguments are shared between the peers of a group instead of copied: copying
/// less is cheaper than a separate segment in each send queue.
pub(crate) const MIN_SHARED_BYTES: usize = 4096;

/// The marshaled arguments of a call, which can be sent to any number of peers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arguments {
    bytes: Marshaled,
    /// The objects that the arguments refer to, each with the offset at which its proxy identifier
    /// must be inserted.
    references: Vec<(usize, ObjectKey)>,
}

#[derive(Debug, Clone)]
enum Marshaled {
    Small(Vec<u8>),
    Large(Bytes),
}

impl Default for Marshaled {
    fn default() -> Self {
        Self::Small(Vec::new())
    }
}

impl Arguments {
    /// Encodes the arguments of a call into an empty buffer.
    ///
    /// # Errors
    /// An argument cannot be encoded.
    pub(crate) fn encode(mut buffer: Vec<u8>, arguments: &[&dyn Encode]) -> Result<Self, Misuse> {
        let mut out = Encoder::new(&mut buffer);
        arguments.iter().for_each(|argument| argument.encode(&mut out));
        let references = out.finish()?;
        let large = buffer.len() >= MIN_SHARED_BYTES && references.is_empty();
        let bytes = if large { Marshaled::Large(buffer.into()) } else { Marshaled::Small(buffer) };
        Ok(Self { bytes, references })
    }

    /// Returns the emptied buffer for the next call.
    pub(crate) fn recycle(self) -> Vec<u8> {
        match self.bytes {
            Marshaled::Small(mut bytes) => {
                bytes.clear();
                bytes
            }
            Marshaled::Large(_) => Vec::new(),
        }
    }

    /// Returns the arguments for printing.
    pub(crate) fn shown(&self) -> (Bytes, std::ops::Range<usize>) {
        let bytes = match &self.bytes {
            Marshaled::Small(bytes) => Bytes::copy_from_slice(bytes),
            Marshaled::Large(bytes) => bytes.clone(),
        };
        let range = 0..bytes.len();
        (bytes, range)
    }

    pub(crate) fn has_references(&self) -> bool {
        !self.references.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        match &self.bytes {
            Marshaled::Small(bytes) => bytes.len(),
            Marshaled::Large(bytes) => bytes.len(),
        }
    }

    /// Appends a call of a method as a record. Returns `None` and appends nothing if the arguments are shared
    /// or contain references, or if the call is longer than `limit`.
    pub(crate) fn write_call(
        &self,
        out: &mut Vec<u8>,
        proxy: ProxyId,
        method: u8,
        limit: u32,
    ) -> Option<()> {
        let Marshaled::Small(bytes) = &self.bytes else { return None };
        let size = operation::call_header_bytes(proxy) + bytes.len();
        let length = u32::try_from(size).ok().filter(|length| *length <= limit)?;
        if !self.references.is_empty() {
            return None;
        }
        record::write_message_header(out, length);
        operation::write_call(out, proxy, method);
        out.extend_from_slice(bytes);
        Some(())
    }

    /// Returns a copy of the arguments with the proxy identifiers of this peer, or `None` if the
    /// arguments contain no references.
    pub(super) fn resolved(
        &self,
        find: impl Fn(ObjectKey) -> Option<ProxyId>,
    ) -> Result<Option<Self>, CallError> {
        let Marshaled::Small(bytes) = &self.bytes else { return Ok(None) };
        if self.references.is_empty() {
            return Ok(None);
        }
        let mut out = Vec::with_capacity(bytes.len() + self.references.len());
        let mut copied = 0;
        for &(at, object) in &self.references {
            out.extend(&bytes[copied..at]);
            find(object).ok_or(CallError::ReferenceNotConnected)?.write(&mut out);
            copied = at;
        }
        out.extend(&bytes[copied..]);
        Ok(Some(Self { bytes: Marshaled::Small(out), references: Vec::new() }))
    }
}

/// The identity of a `#[latest]` call: a newer call with the same key replaces an older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LatestKey {
    pub(crate) channel: u32,
    pub(crate) proxy: ProxyId,
    pub(crate) method: u8,
    /// The hash of the argument in `#[latest(argument)]`, or 0.
    pub(crate) argument_hash: u64,
}

/// A part of a turn's output that must stay separate.
#[derive(Debug)]
pub(crate) enum Piece {
    Bytes(Vec<u8>),
    Shared(Bytes),
    Latest(LatestKey, Vec<u8>),
}

/// The output of one turn on one connection, in order.
#[derive(Debug, Default)]
pub(crate) struct OutputBuffer {
    pub(crate) pieces: Vec<Piece>,
    /// The bytes after the last piece. In most turns they are the whole output.
    pub(crate) tail: Vec<u8>,
    /// The number of bytes in the pieces.
    piece_bytes: usize,
    /// True if this output replaces everything in the send queue.
    pub(crate) instead: bool,
    /// True if the transport closes after this output.
    pub(crate) last: bool,
    /// The number of bytes of calls that may wait for later output.
    delayable_bytes: usize,
}

impl OutputBuffer {
    /// The maximum size of a buffer that is kept for the next turn, until the next ping. Larger
    /// buffers would waste memory on every connection.
    const MAX_KEPT_BYTES: usize = 16 * 1024;

    fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.tail.is_empty() && !self.last
    }

    /// Reports whether the output consists only of the tail.
    pub(crate) fn is_plain(&self) -> bool {
        self.pieces.is_empty() && !self.instead && !self.last
    }

    /// Reports whether the output is plain and all of it may wait for later output.
    pub(crate) fn is_delayable(&self) -> bool {
        self.is_plain() && self.delayable_bytes == self.tail.len()
    }

    /// Empties the output after it was taken.
    pub(crate) fn clear(&mut self) {
        let mut tail = std::mem::take(&mut self.tail);
        tail.clear();
        if tail.capacity() > Self::MAX_KEPT_BYTES {
            tail = Vec::new();
        }
        *self = Self { tail, ..Self::default() };
    }
}

/// The output of a session at the end of a turn.
pub(crate) struct SessionOutput<'a> {
    pub(crate) output: &'a mut OutputBuffer,
    /// The current channel after the output, if the peer may be pinged there.
    pub(crate) pingable: Option<u32>,
    /// The reason why the session has ended, if it has.
    pub(crate) ended: Option<&'a Error>,
}

/// The sending half of a connection: frames messages and keeps the current channel.
#[derive(Debug, Default)]
pub(super) struct Outbound {
    output: OutputBuffer,
    channel: u32,
    /// True if the send queue is above its soft limit, so that `#[latest]` calls must be replaceable.
    pub(super) congested: bool,
}

impl Outbound {
    /// Returns the output. `pingable` says whether the peer may be pinged after it.
    pub(super) fn output<'a>(
        &'a mut self,
        pingable: bool,
        ended: Option<&'a Error>,
    ) -> SessionOutput<'a> {
        let pingable = pingable.then_some(self.channel);
        SessionOutput { output: &mut self.output, pingable, ended }
    }

    /// Creates an outbound half whose current channel is `channel`.
    pub(super) fn on(channel: u32) -> Self {
        Self { channel, ..Self::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.output.is_empty()
    }

    /// Returns the number of bytes that were not taken yet.
    pub(super) fn unsent(&self) -> usize {
        self.output.piece_bytes + self.output.tail.len()
    }

    /// Lets the last calls wait for later output. `before` is the number of unsent bytes before them.
    pub(super) fn delay_since(&mut self, before: usize) {
        self.output.delayable_bytes += self.unsent() - before;
    }

    /// Frees the buffer if it is empty, because the connection is idle.
    pub(super) fn free_buffer(&mut self) {
        if self.output.tail.is_empty() {
            self.output.tail = Vec::new();
        }
    }

    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.output.tail
    }

    /// Selects the channel of the records that follow (section 2.2.1.1.2).
    pub(super) fn set_channel(&mut self, channel: u32) {
        if self.channel != channel {
            self.write_set_channel(channel);
        }
    }

    pub(super) fn write_set_channel(&mut self, channel: u32) {
        self.channel = channel;
        record::write_set_channel(&mut self.output.tail, channel);
    }

    pub(super) fn call(
        &mut self,
        key: LatestKey,
        latest: bool,
        arguments: &Arguments,
        limit: u32,
    ) -> Result<(), CallError> {
        let size = operation::call_header_bytes(key.proxy) + arguments.len();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let length = u32::try_from(size).ok().filter(|_| size <= limit);
        let length = length.ok_or(Misuse::CallTooLong { size, limit })?;
        self.set_channel(key.channel);
        let replaceable = latest && self.congested;
        if replaceable {
            self.end_tail();
        }
        let tail = &mut self.output.tail;
        record::write_message_header(tail, length);
        operation::write_call(tail, key.proxy, key.method);
        match &arguments.bytes {
            Marshaled::Small(bytes) => tail.extend_from_slice(bytes),
            // A replaceable call must be one piece, whatever its size.
            Marshaled::Large(bytes) if replaceable => tail.extend_from_slice(bytes),
            Marshaled::Large(bytes) => {
                let shared = Piece::Shared(bytes.clone());
                let length = bytes.len();
                self.end_tail();
                self.push(length, shared);
                return Ok(());
            }
        }
        if replaceable {
            let call = std::mem::take(&mut self.output.tail);
            self.push(call.len(), Piece::Latest(key, call));
        }
        Ok(())
    }

    fn end_tail(&mut self) {
        if !self.output.tail.is_empty() {
            let bytes = std::mem::take(&mut self.output.tail);
            self.push(bytes.len(), Piece::Bytes(bytes));
        }
    }

    fn push(&mut self, length: usize, piece: Piece) {
        self.output.piece_bytes += length;
        self.output.pieces.push(piece);
    }

    /// Ends the output. With `instead`, the farewell replaces everything in the send queue, because
    /// the peer reads too slowly.
    pub(super) fn finish(&mut self, instead: bool) {
        if instead {
            self.output = OutputBuffer::default();
        }
        self.output.instead = instead;
        self.output.last = true;
    }
}
