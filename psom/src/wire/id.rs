use std::fmt;

use super::{Decode, Decoder, Encode, Encoder, int};
use crate::error::{DecodeError, PeerMisbehaved};

slotmap::new_key_type! {
    /// The place of an object in its space.
    pub(crate) struct SlotKey;
}

/// Names an object of this process. It never goes on the wire, is never reused, and names nothing
/// in any other space.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ObjectKey {
    pub(crate) space: u64,
    pub(crate) slot: SlotKey,
}

/// This side's identifier of a connected object on one channel of one connection (section 2.2.2):
/// 0 is the root, n > 0 was connected by this side, n < 0 by the peer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ProxyId(i32);

impl ProxyId {
    /// The root of a channel.
    pub const ROOT: Self = Self(0);

    /// The identifier as a number.
    pub fn get(self) -> i32 {
        self.0
    }

    /// The `n`th object that this side connects, from 1.
    pub(crate) fn connected_here(n: i32) -> Self {
        Self(n)
    }

    /// The `n`th object that the peer connects, from 1.
    pub(crate) fn connected_there(n: i32) -> Self {
        Self(-n)
    }

    /// Whether this side connected the object.
    pub fn is_ours(self) -> bool {
        self.0 > 0
    }

    /// Writes the identifier as it goes on the wire: as its sender has it (ruling 2).
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        int::write_i32(out, self.0);
    }
}

impl fmt::Display for ProxyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Encode for ProxyId {
    fn encode(&self, out: &mut Encoder<'_>) {
        self.write(out.out);
    }
}

/// An identifier as it stands on the wire: the sender's, whose negation is ours.
///
/// INVARIANT: this is the only type that reads an identifier, and [`receive`](Self::receive) the
/// only way out of it, so that the sign is turned exactly once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WireProxyId(i32);

impl WireProxyId {
    /// Turns the sign (section 2.2.2). -2^31 has no counterpart and names nothing.
    pub fn receive(self) -> Result<ProxyId, PeerMisbehaved> {
        let ours = self.0.checked_neg().ok_or(PeerMisbehaved::UnknownProxy(self.0))?;
        Ok(ProxyId(ours))
    }
}

impl Decode for WireProxyId {
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        int::read_i32(input).map(Self)
    }
}
