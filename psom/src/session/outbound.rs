use bytes::Bytes;

use crate::{
    error::{CallError, Misuse},
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

#[derive(Debug)]
pub(super) enum Piece {
    Bytes(Vec<u8>),
    Shared(Bytes),
    Latest(LatestKey, Vec<u8>),
}

/// What one turn sends on one connection, in order.
#[derive(Debug, Default)]
pub struct Output {
    pub(super) pieces: Vec<Piece>,
    /// The bytes behind the last piece: in most turns all there is.
    pub(super) tail: Vec<u8>,
    /// How many bytes the pieces have.
    cut: usize,
    /// How many of all bytes answer what the peer itself has sent.
    pub(super) asked: usize,
    /// What still waits for the peer is thrown away before this goes out.
    pub(super) instead: bool,
    /// Nothing follows: the transport is to be closed behind it.
    pub(super) last: bool,
    /// The channel that is the current one behind it, where the peer may be pinged there.
    pub(super) pingable: Option<u32>,
}

impl Output {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.tail.is_empty() && !self.last
    }

    /// Whether the transport is to be closed behind it.
    pub fn is_last(&self) -> bool {
        self.last
    }

    /// How many bytes of it answer what the peer itself has sent.
    pub fn asked(&self) -> usize {
        self.asked
    }
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
    /// What was written. `pingable` says whether the peer may be pinged behind it.
    pub(super) fn take(&mut self, pingable: bool) -> Output {
        let output = std::mem::take(&mut self.output);
        Output { pingable: pingable.then_some(self.channel), ..output }
    }

    /// One that writes where `channel` is the current one.
    pub(super) fn on(channel: u32) -> Self {
        Self { channel, ..Self::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.output.is_empty()
    }

    /// How many bytes were written and not taken yet.
    pub(super) fn unsent(&self) -> usize {
        self.output.cut + self.output.tail.len()
    }

    /// Notes that so many of them answer what the peer itself has sent.
    pub(super) fn note_asked(&mut self, bytes: usize) {
        self.output.asked += bytes;
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
        self.output.cut += length;
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
