use std::fmt;

use super::{Decode, Decoder, Encode, Encoder, int};
use crate::error::{DecodeError, PeerMisbehaved};

/// This side's identifier of a connected object on one channel of one connection (section 2.2.2).
///
/// 0 is the root of the channel. This side numbers the objects that it connects 1, 2, 3 and so on;
/// the objects that the peer connects have the numbers -1, -2, -3 and so on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ProxyId(i32);

impl ProxyId {
    /// The root of a channel.
    pub const ROOT: Self = Self(0);
    /// The lowest identifier in the order of this type.
    pub(crate) const MIN: Self = Self(i32::MIN);
    /// The highest identifier in the order of this type.
    pub(crate) const MAX: Self = Self(i32::MAX);

    /// Returns the identifier as a number.
    pub fn get(self) -> i32 {
        self.0
    }

    /// Returns the identifier of the `n`th object that this side connects, counted from 1.
    pub(crate) fn connected_here(n: i32) -> Self {
        Self(n)
    }

    /// Returns the identifier of the `n`th object that the peer connects, counted from 1.
    pub(crate) fn connected_there(n: i32) -> Self {
        Self(-n)
    }

    /// Reports whether this side connected the object.
    pub fn is_ours(self) -> bool {
        self.0 > 0
    }

    /// Returns the single byte with which the peer names the object, if its identifier fits into one.
    #[inline]
    pub(crate) fn received_byte(self) -> Option<u8> {
        int::single_byte(self.0.checked_neg()?)
    }

    /// Appends the identifier. The wire carries the sender's own identifier (ruling 2).
    #[inline]
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

/// A proxy identifier as read from the wire, numbered by its sender.
///
/// INVARIANT: only this type decodes proxy identifiers, and only [`receive`](Self::receive)
/// converts it to a [`ProxyId`]. Therefore the sign is changed exactly once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WireProxyId(i32);

impl WireProxyId {
    /// Returns the identifier whose encoding is this single byte, if it is one.
    #[inline]
    pub(super) fn short(byte: u8) -> Option<Self> {
        int::short(byte).map(|number| Self(number.into()))
    }

    /// Converts the sender's identifier to ours by changing its sign (section 2.2.2).
    ///
    /// # Errors
    /// -2^31 has no positive counterpart, so it identifies no proxy.
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
