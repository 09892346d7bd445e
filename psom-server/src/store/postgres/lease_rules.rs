//! The decisions of a node about its lease and about the statements that the lease guards, without I/O and
//! without a clock. The store and the simulation of a cluster (`tests/simulation/cluster`) use them.

use std::time::{Duration, Instant};

/// The time that a lease lasts by the clock of the database.
pub(super) const LEASE_DURATION: Duration = Duration::from_secs(5);

/// The time in which a node acknowledges after it began its last renewal that succeeded, by its own clock.
/// Nodes with slower clocks than `ACKNOWLEDGE_TIME / LEASE_DURATION` (70 % of the speed of the database's
/// clock) would acknowledge after the end of their leases.
pub(super) const ACKNOWLEDGE_TIME: Duration = Duration::from_millis(3500);

/// The time between the starts of two renewals.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(1);

/// The time between a renewal that failed and the next.
pub(super) const RENEWAL_RETRY_DELAY: Duration = Duration::from_millis(200);

/// The first delay before a statement that met an obstacle is repeated. The delay doubles each time.
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(50);

/// The longest delay between two tries, so that a node resumes before its lease ends.
const MAX_RETRY_DELAY: Duration = Duration::from_millis(500);

/// The number of a start of a node. It is part of every lease, so a restarted node has none of the old
/// ones.
pub(super) type Incarnation = i32;

/// A node's knowledge about its own lease.
#[derive(Debug, Clone, Copy)]
pub(super) struct LeaseState {
    incarnation: Incarnation,
    /// The start of the last renewal that succeeded.
    renewed: Instant,
    acknowledge_time: Duration,
}

impl LeaseState {
    /// Returns the state after a registration or a renewal that began at `renewed` and has succeeded.
    pub(super) fn new(
        incarnation: Incarnation,
        renewed: Instant,
        acknowledge_time: Duration,
    ) -> Self {
        Self { incarnation, renewed, acknowledge_time }
    }

    pub(super) fn incarnation(self) -> Incarnation {
        self.incarnation
    }

    /// Reports whether the node may acknowledge what it committed in this incarnation.
    pub(super) fn allows_acknowledging(self, incarnation: Incarnation, now: Instant) -> bool {
        self.incarnation == incarnation && !self.time_left(now).is_zero()
    }

    /// Returns the time for which the node may acknowledge without another renewal.
    pub(super) fn time_left(self, now: Instant) -> Duration {
        let age = now.saturating_duration_since(self.renewed);
        self.acknowledge_time.saturating_sub(age)
    }

    /// Returns the time until the next renewal, after one that succeeded.
    pub(super) fn until_next_renewal(self, now: Instant) -> Duration {
        RENEWAL_INTERVAL.saturating_sub(now.saturating_duration_since(self.renewed))
    }
}

/// The tries of a statement that changes meetings. It is repeated until its result is known and may be
/// acknowledged, or until the lease is lost.
#[derive(Debug)]
pub(super) struct Attempts {
    incarnation: Incarnation,
    next_delay: Duration,
}

impl Attempts {
    /// Begins a statement of a node in this incarnation.
    pub(super) fn new(incarnation: Incarnation) -> Self {
        Self { incarnation, next_delay: FIRST_RETRY_DELAY }
    }

    /// Reports whether the statement may run, for the first time or again. If not, the lease is lost.
    pub(super) fn may_run(&self, lease: LeaseState) -> bool {
        lease.incarnation() == self.incarnation
    }

    /// Reports whether the result of the statement may be acknowledged. If not, the statement is repeated
    /// after the next change of the lease, because another node can have taken the meetings over meanwhile.
    pub(super) fn may_acknowledge(&self, lease: LeaseState, now: Instant) -> bool {
        lease.allows_acknowledging(self.incarnation, now)
    }

    /// Returns the delay before the statement is repeated after an obstacle.
    pub(super) fn retry_delay(&mut self) -> Duration {
        let delay = self.next_delay;
        self.next_delay = (delay * 2).min(MAX_RETRY_DELAY);
        delay
    }
}
