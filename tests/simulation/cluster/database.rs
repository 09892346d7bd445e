//! The database that the nodes share: leases, the owner of the only meeting, and sessions. Each method has the
//! effect of one statement of the real store (`psom-server/src/store/postgres`), at a time by the clock of
//! the database. A test of the store compares the two.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use super::lease_rules::{Incarnation, LEASE_DURATION};

/// A rule of the protocol that does not hold in a run, which the checks must notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// A commit does not check the owner and the epoch of the meeting.
    NoFence,
    /// A node acknowledges for 9 s after its last renewal, longer than a lease lasts.
    LongAcknowledgeTime,
    /// A take-over does not increment the epoch.
    SameEpoch,
    /// A new session of a node does not end the session that writes for the node.
    SeveralWriters,
    /// The clocks of the nodes run at half the speed of the database's clock.
    SlowNodes,
    /// The clock of the database jumps forward by the duration of a lease, at each fault.
    ClockJumps,
    /// A node acknowledges its commits when it sends them to the database.
    EarlyAcknowledgement,
}

impl Weakness {
    /// All weaknesses, with their names on the command line.
    pub const ALL: [(&str, Self); 7] = [
        ("no-fence", Self::NoFence),
        ("long-acknowledge-time", Self::LongAcknowledgeTime),
        ("same-epoch", Self::SameEpoch),
        ("several-writers", Self::SeveralWriters),
        ("slow-nodes", Self::SlowNodes),
        ("clock-jumps", Self::ClockJumps),
        ("early-acknowledgement", Self::EarlyAcknowledgement),
    ];
}

/// A node in one incarnation.
pub(super) type NodeKey = (usize, Incarnation);

/// The owner of the meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ownership {
    /// No living node owns the meeting.
    Free,
    Node {
        owner: NodeKey,
        epoch: i64,
    },
}

struct NodeRow {
    incarnation: Incarnation,
    expires: Instant,
}

#[derive(Default)]
pub(super) struct Database {
    pub(super) weakness: Option<Weakness>,
    owner: Option<NodeKey>,
    epoch: i64,
    nodes: BTreeMap<usize, NodeRow>,
    last_incarnation: Incarnation,
    /// The open sessions, with the incarnation for which a session is the only writer.
    sessions: BTreeMap<u64, Option<Incarnation>>,
    last_session: u64,
}

impl Database {
    pub(super) fn new(weakness: Option<Weakness>) -> Self {
        Self { weakness, ..Self::default() }
    }

    pub(super) fn open_session(&mut self) -> u64 {
        self.last_session += 1;
        self.sessions.insert(self.last_session, None);
        self.last_session
    }

    /// Ends a session. Its statements that have not run yet never run.
    pub(super) fn end_session(&mut self, session: u64) {
        self.sessions.remove(&session);
    }

    pub(super) fn has_session(&self, session: u64) -> bool {
        self.sessions.contains_key(&session)
    }

    /// Ends all sessions, and returns how many there were.
    pub(super) fn end_all_sessions(&mut self) -> usize {
        std::mem::take(&mut self.sessions).len()
    }

    /// `Register`: writes the row of a node with a new incarnation.
    pub(super) fn register(&mut self, node: usize, now: Instant) -> Incarnation {
        self.last_incarnation += 1;
        let incarnation = self.last_incarnation;
        self.nodes.insert(node, NodeRow { incarnation, expires: now + LEASE_DURATION });
        incarnation
    }

    /// `renew`: reports whether the lease still existed.
    pub(super) fn renew(&mut self, (node, incarnation): NodeKey, now: Instant) -> bool {
        let row = self.nodes.get_mut(&node).filter(|row| row.incarnation == incarnation);
        if let Some(row) = row {
            row.expires = now + LEASE_DURATION;
            return true;
        }
        false
    }

    /// `bury`: deletes the rows of nodes whose leases have expired, and ends their writing sessions.
    pub(super) fn bury(&mut self, now: Instant) {
        let expired = self.nodes.values().filter(|row| row.expires <= now);
        let expired: BTreeSet<_> = expired.map(|row| row.incarnation).collect();
        self.nodes.retain(|_, row| row.expires > now);
        self.sessions.retain(|_, of| of.is_none_or(|of| !expired.contains(&of)));
    }

    /// Lets the lease of a node expire.
    pub(super) fn expire(&mut self, node: usize, now: Instant) {
        if let Some(row) = self.nodes.get_mut(&node) {
            row.expires = now;
        }
    }

    /// Returns when the lease of the meeting's owner ends.
    pub(super) fn owner_expires(&self) -> Option<Instant> {
        let (node, _) = self.owner.filter(|owner| self.is_alive(*owner))?;
        self.nodes.get(&node).map(|row| row.expires)
    }

    fn is_alive(&self, (node, incarnation): NodeKey) -> bool {
        self.nodes.get(&node).is_some_and(|row| row.incarnation == incarnation)
    }

    /// The part `free` of `TakeOver`: returns the epoch if the meeting can be taken over by this node.
    pub(super) fn free_epoch(&self, by: NodeKey) -> Option<i64> {
        let is_free = !self.owner.is_some_and(|owner| self.is_alive(owner));
        (is_free && self.is_alive(by)).then_some(self.epoch)
    }

    /// The update of `TakeOver`, which runs later than `free` if another statement locks the row. Reports
    /// whether the node has the meeting now.
    pub(super) fn take_over(&mut self, by: NodeKey, free: i64) -> bool {
        if self.epoch != free {
            return false;
        }
        self.owner = Some(by);
        if self.weakness != Some(Weakness::SameEpoch) {
            self.epoch += 1;
        }
        true
    }

    /// `find_owner`.
    pub(super) fn find_owner(&self) -> Ownership {
        match self.owner.filter(|owner| self.is_alive(*owner)) {
            Some(owner) => Ownership::Node { owner, epoch: self.epoch },
            None => Ownership::Free,
        }
    }

    /// `Commit`: reports whether the meeting passes the fence. The caller writes only then.
    pub(super) fn passes_fence(&self, by: NodeKey, epoch: i64) -> bool {
        let is_owner = self.owner == Some(by) && self.epoch == epoch;
        is_owner || self.weakness == Some(Weakness::NoFence)
    }

    /// `HandOver`: reports whether the meeting has moved to a living node, or to none.
    pub(super) fn hand_over(
        &mut self,
        by: NodeKey,
        epoch: i64,
        to: Option<usize>,
        now: Instant,
    ) -> bool {
        if self.owner != Some(by) || self.epoch != epoch {
            return false;
        }
        let successor = to.map(|to| {
            let row = self.nodes.get(&to).filter(|row| row.expires > now)?;
            Some((to, row.incarnation))
        });
        if successor == Some(None) {
            return false;
        }
        self.owner = successor.flatten();
        self.epoch += 1;
        true
    }

    /// `become_writer`: reports whether the session is the only writer now. If there was another, ends it.
    pub(super) fn become_writer(&mut self, session: u64, incarnation: Incarnation) -> bool {
        let mut others = self.sessions.iter().filter(|(other, _)| **other != session);
        if self.weakness != Some(Weakness::SeveralWriters)
            && let Some(other) = others.find(|(_, of)| **of == Some(incarnation))
        {
            let other = *other.0;
            self.sessions.remove(&other);
            return false;
        }
        if let Some(of) = self.sessions.get_mut(&session) {
            *of = Some(incarnation);
        }
        true
    }
}
