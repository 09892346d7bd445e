use bytes::Bytes;

use crate::{
    error::{CallError, Error, Misuse},
    wire::{ObjectKey, ProxyId, operation, record},
};

/// Arguments from here on are shared between the peers of a group instead of copied to each.
pub(crate) const SHARE_FROM: usize = 4096;

/// The marshaled arguments of a call: written once, sent to any number of peers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arguments {
    bytes: Marshaled,
    /// Where references stand, whose proxy identifiers differ from peer to peer.
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
    pub(crate) fn new(bytes: Vec<u8>, references: Vec<(usize, ObjectKey)>) -> Self {
        let large = bytes.len() >= SHARE_FROM && references.is_empty();
        let bytes = if large { Marshaled::Large(bytes.into()) } else { Marshaled::Small(bytes) };
        Self { bytes, references }
    }

    /// The buffer, for the next call.
    pub(crate) fn recycle(self) -> Vec<u8> {
        match self.bytes {
            Marshaled::Small(mut bytes) => {
                bytes.clear();
                bytes
            }
            Marshaled::Large(_) => Vec::new(),
        }
    }

    /// The arguments as a trace reads them.
    pub(crate) fn shown(&self) -> (Bytes, std::ops::Range<usize>) {
        let bytes = match &self.bytes {
            Marshaled::Small(bytes) => Bytes::copy_from_slice(bytes),
            Marshaled::Large(bytes) => bytes.clone(),
        };
        let place = 0..bytes.len();
        (bytes, place)
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn has_references(&self) -> bool {
        !self.references.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        match &self.bytes {
            Marshaled::Small(bytes) => bytes.len(),
            Marshaled::Large(bytes) => bytes.len(),
        }
    }

    /// The arguments with this peer's identifiers in the place of references, if there are any.
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

/// Where a call goes on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LatestKey {
    pub(crate) channel: u32,
    pub(crate) proxy: ProxyId,
    pub(crate) method: u8,
    /// Stands for the value that `#[latest(..)]` calls go by; 0 for all others.
    pub(crate) subject: u64,
}

/// A part of a turn's output that is not joined to its neighbours.
#[derive(Debug)]
pub(crate) enum Piece {
    Bytes(Vec<u8>),
    Shared(Bytes),
    Latest(LatestKey, Vec<u8>),
}

/// The output of one turn on one connection, in order.
#[derive(Debug, Default)]
pub(crate) struct Output {
    pub(crate) pieces: Vec<Piece>,
    /// The bytes behind the last piece: in most turns all of the output.
    pub(crate) tail: Vec<u8>,
    /// The number of bytes in the pieces.
    piece_bytes: usize,
    /// Whether everything that still waits for the peer is dropped before this leaves.
    pub(crate) instead: bool,
    /// Whether the transport closes behind it.
    pub(crate) last: bool,
}

impl Output {
    /// A buffer up to this size is kept for the next turn, until the next ping.
    const MAX_KEPT_BYTES: usize = 16 * 1024;

    fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.tail.is_empty() && !self.last
    }

    /// Whether the tail is all there is.
    pub(crate) fn is_plain(&self) -> bool {
        self.pieces.is_empty() && !self.instead && !self.last
    }

    /// Forgets the output, which was taken.
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
    pub(crate) output: &'a mut Output,
    /// The channel that is current behind it, if the peer may be pinged there.
    pub(crate) pingable: Option<u32>,
    /// Why the session has ended, if it has.
    pub(crate) ended: Option<&'a Error>,
}

/// The sending half of a connection: frames messages and keeps the current channel.
#[derive(Debug, Default)]
pub(super) struct Outbound {
    output: Output,
    channel: u32,
    /// Whether so much waits for the peer that `#[latest]` calls are to be replaceable.
    pub(super) congested: bool,
}

impl Outbound {
    /// The output. `pingable` says whether the peer may be pinged behind it.
    pub(super) fn output<'a>(
        &'a mut self,
        pingable: bool,
        ended: Option<&'a Error>,
    ) -> SessionOutput<'a> {
        let pingable = pingable.then_some(self.channel);
        SessionOutput { output: &mut self.output, pingable, ended }
    }

    /// One that writes where `channel` is the current one.
    pub(super) fn on(channel: u32) -> Self {
        Self { channel, ..Self::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.output.is_empty()
    }

    /// The number of bytes that were written and not taken yet.
    pub(super) fn unsent(&self) -> usize {
        self.output.piece_bytes + self.output.tail.len()
    }

    /// Frees the buffer if nothing is written: the connection is idle.
    pub(super) fn free_buffer(&mut self) {
        if self.output.tail.is_empty() {
            self.output.tail = Vec::new();
        }
    }

    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.output.tail
    }

    /// Makes `channel` the one of the records that follow (section 2.2.1.1.2).
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
        let size = operation::call_start(key.proxy) + arguments.len();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let length = u32::try_from(size).ok().filter(|_| size <= limit);
        let length = length.ok_or(Misuse::CallTooLong { size, limit })?;
        self.set_channel(key.channel);
        let replaceable = latest && self.congested;
        if replaceable {
            self.cut();
        }
        let tail = &mut self.output.tail;
        record::write_message_header(tail, length);
        operation::write_call(tail, key.proxy, key.method);
        match &arguments.bytes {
            Marshaled::Small(bytes) => tail.extend_from_slice(bytes),
            // What may be replaced is kept in one piece, however large.
            Marshaled::Large(bytes) if replaceable => tail.extend_from_slice(bytes),
            Marshaled::Large(bytes) => {
                let shared = Piece::Shared(bytes.clone());
                let length = bytes.len();
                self.cut();
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

    fn cut(&mut self) {
        if !self.output.tail.is_empty() {
            let bytes = std::mem::take(&mut self.output.tail);
            self.push(bytes.len(), Piece::Bytes(bytes));
        }
    }

    fn push(&mut self, length: usize, piece: Piece) {
        self.output.piece_bytes += length;
        self.output.pieces.push(piece);
    }

    /// Ends the stream; `instead` of what still waits, where the peer does not take it.
    pub(super) fn finish(&mut self, instead: bool) {
        if instead {
            self.output = Output::default();
        }
        self.output.instead = instead;
        self.output.last = true;
    }
}
