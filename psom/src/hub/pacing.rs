//! Waiting for slow readers, within limits.

use std::{
    collections::{HashSet, VecDeque},
    time::{Duration, Instant},
};

use slotmap::SecondaryMap;

use crate::space::ConnectionKey;

/// The duration of one observation, after which a peer is classified as fast or slow.
const OBSERVATION_TIME: Duration = Duration::from_millis(250);

/// The number of bytes that a fast peer reads in one observation: 256 KiB per second.
const FAST_BYTES_PER_OBSERVATION: u64 = 64 * 1024;

/// The maximum time in any [`WAIT_PERIOD`] that the hub waits for all peers of unknown speed together.
const MAX_WAIT_PER_PERIOD: Duration = Duration::from_millis(250);

/// The period of [`MAX_WAIT_PER_PERIOD`].
const WAIT_PERIOD: Duration = Duration::from_secs(5);

/// The interval at which a waiting hub reads one message of each peer and releases one turn. People who
/// write at their usual speed do not notice the wait.
const STEP_INTERVAL: Duration = Duration::from_millis(10);

/// The number of waits from which the oldest are merged, to bound the memory.
const MAX_RECORDED_WAITS: usize = 64;

/// Decides whether the hub waits for peers whose send queues are more than half full.
///
/// The hub waits for a fast peer as long as necessary: a busy meeting slows down to the speed of its
/// network instead of breaking connections. For peers of unknown speed it waits within a shared time
/// limit. It does not wait for slow peers, whose queues reach the hard limit.
///
/// A peer becomes fast as soon as it has read [`FAST_BYTES_PER_OBSERVATION`] in one observation. It becomes
/// slow when it has read less in an observation in which it was congested. The hub therefore still waits
/// for a fast peer after another one, which reads nothing, has used up the shared limit.
///
/// A waiting hub still takes each [`SmallStep`] every [`STEP_INTERVAL`], unless more than three quarters of the
/// hard limit wait for a peer for which it waits.
#[derive(Debug, Default)]
pub(super) struct Pacing {
    peers: SecondaryMap<ConnectionKey, Observation>,
    /// The congested peers.
    lagging: HashSet<ConnectionKey>,
    /// The waits within the last period.
    waits: VecDeque<(Instant, Duration)>,
    /// The start of the current wait, if the hub waits.
    waiting_since: Option<Instant>,
    /// The times from which the hub may read and release again while it waits.
    allowed_from: [Option<Instant>; 2],
}

/// A step that a waiting hub takes once every [`STEP_INTERVAL`].
#[derive(Debug, Clone, Copy)]
pub(super) enum SmallStep {
    /// Reads one message of each peer.
    Read,
    /// Releases one turn.
    Release,
}

/// The observation of one peer.
#[derive(Debug)]
struct Observation {
    since: Instant,
    /// The number of bytes that the peer had read at that time.
    read_before: u64,
    speed: ReadingSpeed,
    backlog: Backlog,
}

/// The bytes that wait for a peer, as a part of the hard limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Backlog {
    AtMostHalf,
    AboveHalf,
    AboveThreeQuarters,
}

impl Observation {
    /// Classifies the peer by the number of bytes that it has read so far. A peer that is not congested
    /// may have had little to read, so only a congested one can be slow.
    fn record(&mut self, now: Instant, read: u64, is_congested: bool) {
        if read - self.read_before >= FAST_BYTES_PER_OBSERVATION {
            self.speed = ReadingSpeed::Fast;
        } else if now.saturating_duration_since(self.since) < OBSERVATION_TIME {
            return;
        } else if is_congested {
            self.speed = ReadingSpeed::Slow;
        }
        (self.since, self.read_before) = (now, read);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadingSpeed {
    Unknown,
    Fast,
    Slow,
}

impl Pacing {
    /// Records the number of bytes that a peer has read so far.
    pub(super) fn record(&mut self, now: Instant, key: ConnectionKey, read: u64) {
        if let Some(peer) = self.peers.get_mut(key) {
            peer.record(now, read, self.lagging.contains(&key));
        } else {
            let new = Observation {
                since: now,
                read_before: read,
                speed: ReadingSpeed::Unknown,
                backlog: Backlog::AtMostHalf,
            };
            self.peers.insert(key, new);
        }
    }

    /// Records the progress of a congested peer: what waits for it, and the number of bytes that it has
    /// read so far.
    pub(super) fn observe(
        &mut self,
        now: Instant,
        key: ConnectionKey,
        backlog: Backlog,
        read: u64,
    ) {
        self.record(now, key, read);
        let Some(peer) = self.peers.get_mut(key) else { return };
        peer.backlog = backlog;
        if self.lagging.insert(key) {
            // The bytes that it has read before still count, because its queue can fill and drain many times
            // in one observation.
            peer.since = now;
        }
    }

    /// Ends the observation of a peer whose queue has drained. A slow peer gets another chance.
    pub(super) fn drained(&mut self, key: ConnectionKey) {
        self.lagging.remove(&key);
        if let Some(peer) = self.peers.get_mut(key) {
            peer.backlog = Backlog::AtMostHalf;
            if peer.speed == ReadingSpeed::Slow {
                peer.speed = ReadingSpeed::Unknown;
            }
        }
    }

    /// Removes a peer whose connection is gone.
    pub(super) fn forget(&mut self, key: ConnectionKey) {
        self.lagging.remove(&key);
        self.peers.remove(key);
    }

    /// Returns the congested peers.
    pub(super) fn lagging(&self) -> impl Iterator<Item = ConnectionKey> {
        self.lagging.iter().copied()
    }

    /// Reports whether the hub waits.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting_since.is_some()
    }

    /// Returns the time from which the hub may take a step. `None` if it must wait until peers have read.
    pub(super) fn allowed_from(&self, now: Instant, step: SmallStep) -> Option<Instant> {
        if !self.is_waiting() {
            return Some(now);
        }
        let mut awaited = self.in_need().filter(|peer| peer.speed != ReadingSpeed::Slow);
        let is_full = awaited.any(|peer| peer.backlog == Backlog::AboveThreeQuarters);
        if is_full { None } else { self.allowed_from[step as usize].or(Some(now)) }
    }

    /// Reports whether the hub may take a step now.
    pub(super) fn allows(&self, now: Instant, step: SmallStep) -> bool {
        self.allowed_from(now, step).is_some_and(|at| at <= now)
    }

    /// Records that the hub has taken a step.
    pub(super) fn taken(&mut self, now: Instant, step: SmallStep) {
        self.allowed_from[step as usize] = Some(now + STEP_INTERVAL);
    }

    /// Decides whether the hub waits. Must be called after an observation and at
    /// [`deadline`](Self::deadline).
    pub(super) fn update(&mut self, now: Instant) {
        let needs = |speed| self.in_need().any(|peer| peer.speed == speed);
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
            for key in &self.lagging {
                if let Some(peer) = self.peers.get_mut(*key)
                    && peer.speed == ReadingSpeed::Unknown
                {
                    peer.speed = ReadingSpeed::Slow;
                }
            }
        }
        self.waiting_since = wait.then_some(now);
    }

    /// Returns the time at which [`update`](Self::update) must be called without an observation.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let since = self.waiting_since?;
        let observed = self.in_need().filter(|peer| peer.speed != ReadingSpeed::Slow);
        let observed = observed.map(|peer| peer.since + OBSERVATION_TIME).min();
        let fast = self.in_need().any(|peer| peer.speed == ReadingSpeed::Fast);
        let limit = (!fast).then(|| since + self.rest());
        [observed, limit].into_iter().flatten().min()
    }

    /// Restarts all observations, because the driver was late and the peers' readers may not have
    /// run either.
    pub(super) fn restart(&mut self, now: Instant, read: impl Fn(ConnectionKey) -> u64) {
        for (key, peer) in &mut self.peers {
            (peer.since, peer.read_before) = (now, read(key));
        }
        self.waiting_since = self.waiting_since.map(|_| now);
    }

    /// Returns the peers for which more than half of the hard limit waits.
    fn in_need(&self) -> impl Iterator<Item = &Observation> {
        self.lagging
            .iter()
            .filter_map(|key| self.peers.get(*key))
            .filter(|peer| peer.backlog > Backlog::AtMostHalf)
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
