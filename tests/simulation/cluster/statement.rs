//! The statements of the nodes, and their answers.

use std::{collections::BTreeMap, time::Instant};

use psom::Write;

use super::{
    database::{NodeKey, Ownership},
    lease_rules::Incarnation,
    node::{Owned, Way},
};

/// A statement on its way to the database.
pub(super) struct Sent {
    pub(super) id: u64,
    pub(super) node: usize,
    pub(super) way: Way,
    pub(super) session: u64,
    pub(super) statement: Statement,
}

pub(super) enum Statement {
    Register,
    Renew(NodeKey),
    Claim(NodeKey),
    Load,
    /// Takes the join token of a newcomer.
    TakeToken,
    BecomeWriter(Incarnation),
    Commit(NodeKey, i64, Vec<Write>),
    HandOver(NodeKey, i64, Option<usize>),
}

/// The answer of the database.
pub(super) enum Answer {
    Registered(Incarnation),
    Renewed(bool),
    Claimed(Ownership),
    Loaded(BTreeMap<String, String>),
    TokenTaken,
    IsWriter(bool),
    /// Whether the statement passed the fence.
    Written(bool),
    /// The session has ended, or the answer has not come in time. The statement can have run.
    Failed,
}

/// A statement whose answer a node awaits.
pub(super) struct Awaited {
    pub(super) node: usize,
    pub(super) process: u32,
    pub(super) way: Way,
    pub(super) session: u64,
    pub(super) purpose: Purpose,
}

pub(super) enum Purpose {
    /// The time by the node's clock at which it began.
    Register(Instant),
    Renew(Instant, Incarnation),
    Claim,
    Load(Option<Owned>),
    /// The connection of a newcomer.
    Admit(usize),
    Write,
}
