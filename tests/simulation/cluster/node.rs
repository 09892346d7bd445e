use std::{collections::VecDeque, time::Instant};

use psom::Write;

use super::super::server::Server;
use super::{
    clock::Clock,
    database::NodeKey,
    lease_rules::{Attempts, Incarnation, LeaseState},
};

/// The ways from a node to the database, each with sessions of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Renewals,
    Writes,
    /// Claims, and all statements that change nothing.
    Rest,
}

/// The faults of one way. Each lasts until a simulated time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    /// Nothing arrives in either direction.
    pub(super) cut_until: Instant,
    /// Statements need up to 4.5 s to reach the database.
    pub(super) slow_until: Instant,
    /// Answers need up to 4.5 s.
    pub(super) slow_answers_until: Instant,
    /// Statements run, and their answers are lost.
    pub(super) loses_answers_until: Instant,
}

/// Distinguishes the runs of the meeting, on all nodes.
pub(super) type Generation = u64;

/// A server of the cluster.
pub(super) struct Node {
    pub(super) clock: Clock,
    /// The number of starts of the process. Events of earlier ones have no effect.
    pub(super) process: u32,
    pub(super) is_running: bool,
    pub(super) suspended_until: Option<Instant>,
    pub(super) links: [Link; 3],
    /// `None` until the process has registered.
    pub(super) lease: Option<LeaseState>,
    /// The epoch in which the node owns the meeting, as it knows.
    pub(super) owned: Option<Owned>,
    pub(super) meeting: Option<Running>,
    /// The participants who wait until the node has taken the meeting over or found its owner.
    pub(super) waiting: Vec<Asking>,
    pub(super) is_taking: bool,
    /// Whether the writer has a hand-over, after which the node does not own the meeting.
    pub(super) is_handing_over: bool,
    pub(super) writer: Writer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owned {
    pub(super) epoch: i64,
    pub(super) generation: Generation,
}

/// The meeting, as it runs on a node.
pub(super) struct Running {
    pub(super) server: Server,
    pub(super) generation: Generation,
}

/// The writer of a node's process.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) queue: VecDeque<Change>,
    pub(super) group: Option<Group>,
    /// The session, and the incarnation for which it writes.
    pub(super) session: Option<(u64, Incarnation)>,
    /// The statement without an answer.
    pub(super) request: Option<u64>,
}

/// A change that waits for the writer.
pub(super) enum Change {
    Commit(Generation, Vec<Write>),
    /// Gives the meeting to another node.
    HandOver(Generation, usize),
    /// Claims the meeting.
    Claim,
    /// Reads the meeting's state.
    Load,
}

/// A participant who asks for the meeting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asking {
    pub(super) user: i64,
    /// The place in the list of participants that connect again. Others ask only once.
    pub(super) slot: Option<usize>,
    /// Whether another node has forwarded the question to the owner.
    pub(super) is_forwarded: bool,
}

/// The statement that is being written. Commits that follow each other are one statement.
pub(super) struct Group {
    pub(super) attempts: Attempts,
    pub(super) by: NodeKey,
    pub(super) owned: Owned,
    pub(super) kind: GroupKind,
    /// Whether the statement waits for a change of the lease.
    pub(super) waits_for_lease: bool,
    /// Whether the commits were acknowledged already, which is a weakness.
    pub(super) is_acknowledged: bool,
}

#[derive(Clone)]
pub(super) enum GroupKind {
    /// The number of commits, and their writes.
    Commits(usize, Vec<Write>),
    HandOver(Option<usize>),
}

impl Link {
    pub(super) fn good(now: Instant) -> Self {
        Self { cut_until: now, slow_until: now, slow_answers_until: now, loses_answers_until: now }
    }
}

impl Node {
    pub(super) fn new(clock: Clock, now: Instant) -> Self {
        Self {
            clock,
            process: 0,
            is_running: false,
            suspended_until: None,
            links: [Link::good(now); 3],
            lease: None,
            owned: None,
            meeting: None,
            waiting: Vec::new(),
            is_taking: false,
            is_handing_over: false,
            writer: Writer::default(),
        }
    }

    /// Ends the process. What the kernel has accepted from it still arrives.
    pub(super) fn end(&mut self) {
        self.process += 1;
        self.is_running = false;
        self.suspended_until = None;
        (self.lease, self.owned, self.meeting) = (None, None, None);
        self.waiting.clear();
        (self.is_taking, self.is_handing_over) = (false, false);
        self.writer = Writer::default();
    }

    /// Reports whether the meeting runs here and the node still owns it, as it knows.
    pub(super) fn is_usable(&self) -> bool {
        self.meeting.is_some() && self.owned.is_some() && !self.is_handing_over
    }

    /// Returns the node's key in the database, once it has registered.
    pub(super) fn key(&self, number: usize) -> Option<NodeKey> {
        self.lease.map(|lease| (number, lease.incarnation()))
    }
}
