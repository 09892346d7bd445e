//! Waiting for slow readers, within limits.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use crate::space::ConnectionKey;

/// How long a peer is observed before it is called fast or slow.
const OBSERVATION: Duration = Duration::from_millis(250);

/// A peer that reads fewer bytes in one observation is slow: 256 KiB a second.
const FAST_BYTES_PER_OBSERVATION: u64 = 64 * 1024;

/// The hub waits at most this long in any [`PERIOD`] for all slow readers together.
const MAX_WAIT_PER_PERIOD: Duration = Duration::from_millis(250);

/// The period of [`MAX_WAIT_PER_PERIOD`].
const PERIOD: Duration = Duration::from_secs(5);

/// Decides whether the hub waits for peers whose send queues are more than half full.
///
/// A peer that reads at a good pace is waited for as long as it needs: a busy meeting slows down
/// to the pace of its network instead of breaking connections. A peer of unknown pace is waited
/// for within the limit that all share. A slow peer is not waited for, and reaches the hard limit.
#[derive(Debug, Default)]
pub(super) struct Pacing {
    lagging: HashMap<ConnectionKey, Lag>,
    /// The waits within the last period.
    waits: VecDeque<(Instant, Duration)>,
    /// Since when the hub waits, if it does.
    waiting_since: Option<Instant>,
}

/// The observation of one peer.
#[derive(Debug)]
struct Lag {
    since: Instant,
    /// The bytes that the peer had read at that time.
    read_before: u64,
    pace: Pace,
    /// Whether more than half of the hard limit waits for the peer.
    in_need: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    Unknown,
    Fast,
    Slow,
}

impl Pacing {
    /// Notes how a peer reads: whether more than half of the hard limit waits for it, and how
    /// many bytes it has read so far.
    pub(super) fn observe(&mut self, now: Instant, key: ConnectionKey, in_need: bool, read: u64) {
        let new = Lag { since: now, read_before: read, pace: Pace::Unknown, in_need };
        let lag = self.lagging.entry(key).or_insert(new);
        lag.in_need = in_need;
        if now.saturating_duration_since(lag.since) >= OBSERVATION {
            let fast = read - lag.read_before >= FAST_BYTES_PER_OBSERVATION;
            lag.pace = if fast { Pace::Fast } else { Pace::Slow };
            (lag.since, lag.read_before) = (now, read);
        }
    }

    /// Forgets a peer that has caught up, or is gone.
    pub(super) fn forget(&mut self, key: ConnectionKey) {
        self.lagging.remove(&key);
    }

    /// The peers that are observed.
    pub(super) fn lagging(&self) -> impl Iterator<Item = ConnectionKey> {
        self.lagging.keys().copied()
    }

    /// Whether the hub waits at present.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting_since.is_some()
    }

    /// Decides again whether the hub waits. To be called when something was observed, and at
    /// [`deadline`](Self::deadline).
    pub(super) fn update(&mut self, now: Instant) {
        let wanted = |pace: Pace| self.lagging.values().any(|lag| lag.in_need && lag.pace == pace);
        let (fast, unknown) = (wanted(Pace::Fast), wanted(Pace::Unknown));
        if let Some(since) = self.waiting_since {
            let waited = now.saturating_duration_since(since);
            // A wait that a fast reader needs anyway is not charged to the others.
            if !fast && !waited.is_zero() {
                self.waits.push_back((now, waited));
            }
            self.waiting_since = Some(now);
        }
        self.forget_waits(now);
        let wait = fast || unknown && !self.rest().is_zero();
        if unknown && !wait {
            for lag in self.lagging.values_mut().filter(|lag| lag.pace == Pace::Unknown) {
                lag.pace = Pace::Slow;
            }
        }
        self.waiting_since = wait.then_some(now);
    }

    /// Returns when to call [`update`](Self::update) if nothing is observed before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let since = self.waiting_since?;
        let observed = self.lagging.values().filter(|lag| lag.in_need && lag.pace != Pace::Slow);
        let observed = observed.map(|lag| lag.since + OBSERVATION).min();
        let fast = self.lagging.values().any(|lag| lag.in_need && lag.pace == Pace::Fast);
        let limit = (!fast).then(|| since + self.rest());
        [observed, limit].into_iter().flatten().min()
    }

    /// Begins all observations again: the hub was not called in time, so the peers' readers may
    /// not have run either.
    pub(super) fn restart(&mut self, now: Instant, read: impl Fn(ConnectionKey) -> u64) {
        for (key, lag) in &mut self.lagging {
            (lag.since, lag.read_before) = (now, read(*key));
        }
        self.waiting_since = self.waiting_since.map(|_| now);
    }

    /// The part of the limit that is left.
    fn rest(&self) -> Duration {
        let waited = self.waits.iter().map(|(_, waited)| *waited).sum();
        MAX_WAIT_PER_PERIOD.saturating_sub(waited)
    }

    fn forget_waits(&mut self, now: Instant) {
        while let Some((end, _)) = self.waits.front()
            && now.saturating_duration_since(*end) >= PERIOD
        {
            self.waits.pop_front();
        }
        // Neighbouring waits become one, so that their number is bounded. It counts until the
        // later one leaves the period.
        if self.waits.len() > 64
            && let Some((_, first)) = self.waits.pop_front()
            && let Some((_, second)) = self.waits.front_mut()
        {
            *second += first;
        }
    }
}
