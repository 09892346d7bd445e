//! The slots of connections that have not sent a token yet.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use crate::net::slots::{Full, Slot, SlotLimits, Slots, address_owner};

/// The reason why a connection without a token ends for a newcomer.
pub(super) const EVICTED: &str = "a newcomer took the slot (limit unauthenticated)";

/// The time for which a connection without a token must have waited for its client before a newcomer can take
/// its slot. Longer than the round trips and the TLS handshake of many clients who connect at the same
/// moment, for example at the beginning of a lecture.
const MIN_SILENCE: Duration = Duration::from_millis(500);

/// A connection that is not authenticated yet.
pub(super) struct Newcomer {
    pub(super) peer: String,
    pub(super) slot: Slot<IpAddr>,
}

/// The slots of all connections without a token.
pub(super) struct Newcomers(Slots<IpAddr>);

impl Newcomers {
    /// Creates free slots, of which one address can take half.
    pub(super) fn new(total: usize) -> Self {
        Self(Slots::new(SlotLimits { total, owner: total.div_ceil(2), min_silence: MIN_SILENCE }))
    }

    /// Waits for a slot for a connection from an address.
    ///
    /// # Errors
    /// There is no slot for the address.
    pub(super) async fn at_address(&self, address: SocketAddr) -> Result<Newcomer, Full> {
        let slot = self.0.acquire_for(address_owner(address.ip())).await?;
        Ok(Newcomer { peer: address.to_string(), slot })
    }

    /// Waits for a slot for a stream. The wait for a slot of its address delays no other newcomer.
    pub(super) async fn over_stream(&self, peer: String, address: Option<IpAddr>) -> Newcomer {
        Newcomer { peer, slot: self.0.acquire(address.and_then(address_owner)).await }
    }

    /// Returns the number of slots that are taken.
    pub(super) fn taken(&self) -> usize {
        self.0.taken()
    }

    /// Returns the number of connections that newcomers replaced or that found no slot.
    pub(super) fn replaced(&self) -> u64 {
        self.0.evictions() + self.0.refusals()
    }
}
