use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::{
    session::after,
    space::{ConnectionKey, WhenSafe},
};

/// This many commits, or turns that wait for one, may be outstanding. Then the hub starts no more
/// turns: enough to keep a journal busy that writes groups, little enough to bound what waits.
const MAX_TURNS_AHEAD: usize = 64;

/// Turns whose output waits until their writes are safe: output commit.
#[derive(Debug)]
pub(super) struct Commits {
    started: u64,
    /// The number of commits that are safe.
    done: u64,
    held: VecDeque<HeldTurn>,
    /// When output last left, or peers were last pinged instead.
    silent_since: Instant,
}

/// The part of a turn that waits outside the send queues.
pub(super) struct HeldTurn {
    /// The turn may leave when this many commits are done.
    pub(super) commit: u64,
    /// The connections with output of this turn in their send queues, and the channels on which
    /// their peers may be pinged behind it.
    pub(super) connections: Vec<(ConnectionKey, Option<u32>)>,
    pub(super) when_safe: Vec<WhenSafe>,
}

impl Commits {
    pub(super) fn new(now: Instant) -> Self {
        Self { started: 0, done: 0, held: VecDeque::new(), silent_since: now }
    }

    /// Counts a commit that starts now.
    pub(super) fn start(&mut self, now: Instant) {
        if self.started == self.done {
            self.silent_since = now;
        }
        self.started += 1;
    }

    /// Returns the commit that a turn ending now has to wait for, if there is one.
    pub(super) fn barrier(&self) -> Option<u64> {
        let waits = self.started > self.done || !self.held.is_empty();
        waits.then_some(self.started)
    }

    pub(super) fn hold(&mut self, turn: HeldTurn) {
        self.held.push_back(turn);
    }

    /// Notes that the oldest commit is safe. Reports whether there was one.
    pub(super) fn finish(&mut self, now: Instant) -> bool {
        let outstanding = self.started > self.done;
        if outstanding {
            self.done += 1;
            self.silent_since = now;
        }
        outstanding
    }

    /// Returns the oldest held turn that is safe now.
    pub(super) fn release(&mut self) -> Option<HeldTurn> {
        let safe = self.held.front().is_some_and(|turn| turn.commit <= self.done);
        if safe { self.held.pop_front() } else { None }
    }

    /// Whether nothing waits for the journal.
    pub(super) fn is_idle(&self) -> bool {
        self.started == self.done && self.held.is_empty()
    }

    /// Whether the hub is as far ahead of the journal as it may be.
    pub(super) fn is_full(&self) -> bool {
        let outstanding = usize::try_from(self.started - self.done).unwrap_or(usize::MAX);
        outstanding >= MAX_TURNS_AHEAD || self.held.len() >= MAX_TURNS_AHEAD
    }

    /// Returns when peers must be pinged so that a slow journal does not look like silence.
    pub(super) fn ping_at(&self, interval: Duration) -> Option<Instant> {
        let outstanding = self.started > self.done;
        outstanding.then(|| after(self.silent_since, interval))
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
