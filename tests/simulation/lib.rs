//! Whole meetings in virtual time, with faults, from one seed.
//!
//! A simulation runs the hub of a server with a meeting, its journal, its files, and the hubs of
//! its clients on one thread. A random number generator decides what the users do, how the bytes
//! move and which faults occur. [`run`] checks the invariants that `docs/simulation.md` lists, and
//! returns the [`Failure`] of the first one that does not hold. The same seed gives the same run.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod action;
mod client;
mod clocks;
mod cluster;
mod end;
mod facts;
mod fault;
mod greedy;
mod journal;
mod offline;
mod raw;
mod rights;
mod server;
mod side;
mod slots;
mod store;
mod transport;
mod users;
mod wire;
mod world;

use std::{collections::BTreeMap, fmt};

pub use cluster::{CLUSTER_FAULTS, Weakness, run_cluster};
pub use fault::FAULTS;
pub use offline::{Kills, replay_under_kills};

/// The figures of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The number of events: moves of bytes, commits, tasks, timers, actions and faults.
    pub events: u64,
    /// The simulated time in milliseconds.
    pub simulated_ms: u64,
    /// The number of connections of clients.
    pub connections: u64,
    /// The number of actions by the users.
    pub actions: u64,
    /// The most turns of the server for which a client that followed the rules had to wait.
    pub longest_wait: usize,
    /// The number of injected faults of each kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// A hash of the story. Two runs of a seed have the same hash.
    pub fingerprint: u64,
}

/// An invariant does not hold.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The seed that replays the run.
    pub seed: u64,
    /// The invariant, and how it was broken.
    pub reason: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}: {}", self.seed, self.reason)
    }
}

impl std::error::Error for Failure {}

/// Receives the lines of a run's story, which is the log of its events.
pub type Story<'a> = &'a mut dyn FnMut(&str);

/// Runs one meeting of 60 virtual seconds, waits until it comes to rest, and checks the invariants.
///
/// # Errors
/// An invariant does not hold.
pub fn run(seed: u64, story: Story<'_>) -> Result<Summary, Failure> {
    world::World::new(seed, false, story).run().map_err(|reason| Failure { seed, reason })
}

/// Runs one meeting like [`run`]. The story also contains each call that the server sends or receives.
///
/// # Errors
/// An invariant does not hold.
pub fn run_with_calls(seed: u64, story: Story<'_>) -> Result<Summary, Failure> {
    world::World::new(seed, true, story).run().map_err(|reason| Failure { seed, reason })
}

impl Summary {
    /// Adds the figures of another run.
    pub fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.simulated_ms += other.simulated_ms;
        self.connections += other.connections;
        self.actions += other.actions;
        self.longest_wait = self.longest_wait.max(other.longest_wait);
        for (kind, count) in &other.faults {
            *self.faults.entry(kind).or_default() += count;
        }
        self.fingerprint = self.fingerprint.rotate_left(5) ^ other.fingerprint;
    }
}
