use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::{
    session::after,
    space::{ConnectionKey, WhenSafe},
};

/// The maximum number of outstanding commits, and of turns that wait for one. At the maximum, the hub
/// starts no more turns. It is large enough to keep a journal with group commit busy, and small
/// enough to bound the memory of held output.
const MAX_TURNS_AHEAD: usize = 64;

/// The turns whose output is held until their writes are safe (output commit).
#[derive(Debug)]
pub(super) struct Commits {
    started: u64,
    /// The number of commits that are safe.
    done: u64,
    held: VecDeque<HeldTurn>,
    /// The time since which output is held, or at which peers were last pinged instead. A commit that is
    /// done does not change it: it may release nothing for most peers.
    silent_since: Instant,
}

/// A turn whose output is held in the send queues.
pub(super) struct HeldTurn {
    /// The number of commits that must be done before the turn is released.
    pub(super) commit: u64,
    /// The connections with output of this turn, and the channels on which their peers may be pinged
    /// after it.
    pub(super) connections: Vec<(ConnectionKey, Option<u32>)>,
    pub(super) when_safe: Vec<WhenSafe>,
}

impl Commits {
    pub(super) fn new(now: Instant) -> Self {
        Self { started: 0, done: 0, held: VecDeque::new(), silent_since: now }
    }

    /// Counts a commit that starts now.
    pub(super) fn start(&mut self, now: Instant) {
        if self.is_idle() {
            self.silent_since = now;
        }
        self.started += 1;
    }

    /// Returns the commit for which a turn that ends now must wait, if there is one.
    pub(super) fn barrier(&self) -> Option<u64> {
        let waits = self.started > self.done || !self.held.is_empty();
        waits.then_some(self.started)
    }

    pub(super) fn hold(&mut self, turn: HeldTurn) {
        self.held.push_back(turn);
    }

    /// Counts the oldest commit as done. Returns false if none was outstanding.
    pub(super) fn finish(&mut self) -> bool {
        let outstanding = self.started > self.done;
        if outstanding {
            self.done += 1;
        }
        outstanding
    }

    /// Returns the oldest held turn if its writes are safe.
    pub(super) fn release(&mut self) -> Option<HeldTurn> {
        if self.can_release() { self.held.pop_front() } else { None }
    }

    /// Reports whether the writes of the oldest held turn are safe.
    pub(super) fn can_release(&self) -> bool {
        self.held.front().is_some_and(|turn| turn.commit <= self.done)
    }

    /// Reports whether no commit is outstanding and no turn is held.
    pub(super) fn is_idle(&self) -> bool {
        self.started == self.done && self.held.is_empty()
    }

    /// Reports whether [`MAX_TURNS_AHEAD`] is reached.
    pub(super) fn is_full(&self) -> bool {
        let outstanding = usize::try_from(self.started - self.done).unwrap_or(usize::MAX);
        outstanding >= MAX_TURNS_AHEAD || self.held.len() >= MAX_TURNS_AHEAD
    }

    /// Returns the time at which peers must be pinged, because their output is held.
    pub(super) fn ping_at(&self, interval: Duration) -> Option<Instant> {
        (!self.is_idle()).then(|| after(self.silent_since, interval))
    }

    pub(super) fn pinged(&mut self, now: Instant) {
        self.silent_since = now;
    }

    /// Drops every held turn.
    pub(super) fn clear(&mut self) {
        self.held.clear();
        self.done = self.started;
    }
}

impl std::fmt::Debug for HeldTurn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HeldTurn").field("commit", &self.commit).finish_non_exhaustive()
    }
}
