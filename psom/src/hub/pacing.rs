//! Waiting for slow readers, within limits.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use crate::space::ConnectionKey;

/// The duration of one observation, after which a peer is classified as fast or slow.
const OBSERVATION_TIME: Duration = Duration::from_millis(250);

/// The number of bytes that a fast peer reads in one observation: 256 KiB per second.
const FAST_BYTES_PER_OBSERVATION: u64 = 64 * 1024;

/// The maximum time in any [`WAIT_PERIOD`] that the hub waits for all peers of unknown speed together.
const MAX_WAIT_PER_PERIOD: Duration = Duration::from_millis(250);

/// The period of [`MAX_WAIT_PER_PERIOD`].
const WAIT_PERIOD: Duration = Duration::from_secs(5);

/// The number of waits from which the oldest are merged, to bound the memory.
const MAX_RECORDED_WAITS: usize = 64;

/// Decides whether the hub waits for peers whose send queues are more than half full.
///
/// The hub waits for a fast peer as long as necessary: a busy meeting slows down to the speed of its
/// network instead of breaking connections. For peers of unknown speed it waits within a shared time
/// limit. It does not wait for slow peers, whose queues reach the hard limit.
#[derive(Debug, Default)]
pub(super) struct Pacing {
    lagging: HashMap<ConnectionKey, Observation>,
    /// The waits within the last period.
    waits: VecDeque<(Instant, Duration)>,
    /// The start of the current wait, if the hub waits.
    waiting_since: Option<Instant>,
}

/// The observation of one peer.
#[derive(Debug)]
struct Observation {
    since: Instant,
    /// The number of bytes that the peer had read at that time.
    read_before: u64,
    speed: ReadingSpeed,
    /// True if more than half of the hard limit waits for the peer.
    in_need: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadingSpeed {
    Unknown,
    Fast,
    Slow,
}

impl Pacing {
    /// Records the progress of a peer: whether more than half of the hard limit waits for it, and
    /// the number of bytes that it has read so far.
    pub(super) fn observe(&mut self, now: Instant, key: ConnectionKey, in_need: bool, read: u64) {
        let new =
            Observation { since: now, read_before: read, speed: ReadingSpeed::Unknown, in_need };
        let lag = self.lagging.entry(key).or_insert(new);
        lag.in_need = in_need;
        if now.saturating_duration_since(lag.since) >= OBSERVATION_TIME {
            let fast = read - lag.read_before >= FAST_BYTES_PER_OBSERVATION;
            lag.speed = if fast { ReadingSpeed::Fast } else { ReadingSpeed::Slow };
            (lag.since, lag.read_before) = (now, read);
        }
    }

    /// Ends the observation of a peer whose queue has drained or whose connection is gone.
    pub(super) fn forget(&mut self, key: ConnectionKey) {
        self.lagging.remove(&key);
    }

    /// Returns the observed peers.
    pub(super) fn lagging(&self) -> impl Iterator<Item = ConnectionKey> {
        self.lagging.keys().copied()
    }

    /// Reports whether the hub waits.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting_since.is_some()
    }

    /// Decides whether the hub waits. Must be called after an observation and at
    /// [`deadline`](Self::deadline).
    pub(super) fn update(&mut self, now: Instant) {
        let needs = |speed: ReadingSpeed| {
            self.lagging.values().any(|lag| lag.in_need && lag.speed == speed)
        };
        let (fast, unknown) = (needs(ReadingSpeed::Fast), needs(ReadingSpeed::Unknown));
        if let Some(since) = self.waiting_since {
            let waited = now.saturating_duration_since(since);
            // A wait for a fast reader does not count towards the limit.
            if !fast && !waited.is_zero() {
                self.waits.push_back((now, waited));
            }
            self.waiting_since = Some(now);
        }
        self.forget_waits(now);
        let wait = fast || unknown && !self.rest().is_zero();
        if unknown && !wait {
            for lag in self.lagging.values_mut().filter(|lag| lag.speed == ReadingSpeed::Unknown) {
                lag.speed = ReadingSpeed::Slow;
            }
        }
        self.waiting_since = wait.then_some(now);
    }

    /// Returns the time at which [`update`](Self::update) must be called without an observation.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let since = self.waiting_since?;
        let observed =
            self.lagging.values().filter(|lag| lag.in_need && lag.speed != ReadingSpeed::Slow);
        let observed = observed.map(|lag| lag.since + OBSERVATION_TIME).min();
        let fast = self.lagging.values().any(|lag| lag.in_need && lag.speed == ReadingSpeed::Fast);
        let limit = (!fast).then(|| since + self.rest());
        [observed, limit].into_iter().flatten().min()
    }

    /// Restarts all observations, because the driver was late and the peers' readers may not have
    /// run either.
    pub(super) fn restart(&mut self, now: Instant, read: impl Fn(ConnectionKey) -> u64) {
        for (key, lag) in &mut self.lagging {
            (lag.since, lag.read_before) = (now, read(*key));
        }
        self.waiting_since = self.waiting_since.map(|_| now);
    }

    /// Returns the remaining part of the limit.
    fn rest(&self) -> Duration {
        let waited = self.waits.iter().map(|(_, waited)| *waited).sum();
        MAX_WAIT_PER_PERIOD.saturating_sub(waited)
    }

    fn forget_waits(&mut self, now: Instant) {
        while let Some((end, _)) = self.waits.front()
            && now.saturating_duration_since(*end) >= WAIT_PERIOD
        {
            self.waits.pop_front();
        }
        // Merges the two oldest waits, so that their number is bounded. The sum counts until the
        // later wait leaves the period.
        if self.waits.len() > MAX_RECORDED_WAITS
            && let Some((_, first)) = self.waits.pop_front()
            && let Some((_, second)) = self.waits.front_mut()
        {
            *second += first;
        }
    }
}
