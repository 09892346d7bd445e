//! A cluster in virtual time: three nodes, each with the hub of a whole meeting, share a database.
//!
//! The database has leases, owners and epochs, and runs each statement of the real store as one step. The
//! nodes use the real decisions about leases and acknowledgements (`lease_rules`). Each node and the database
//! have clocks of their own. Processes are killed and suspended, and statements and answers are slow or
//! lost. `docs/simulation.md` lists the invariants.

mod acknowledgements;
mod clock;
mod connections;
mod database;
mod end;
mod faults;
#[path = "../../../psom-server/src/store/postgres/lease_rules.rs"]
mod lease_rules;
mod leases;
mod meetings;
mod member;
mod node;
mod requests;
mod statement;
mod world;
mod writer;

pub use database::Weakness;
pub use faults::CLUSTER_FAULTS;

use super::{Failure, Story, Summary};

/// Runs one meeting of 40 virtual seconds on a cluster of three nodes, waits until it comes to rest, and
/// checks the invariants. With a weakness, one rule of the cluster does not hold.
///
/// # Errors
/// An invariant does not hold.
pub fn run_cluster(
    seed: u64,
    weakness: Option<Weakness>,
    story: Story<'_>,
) -> Result<Summary, Failure> {
    world::World::new(seed, weakness, story).run().map_err(|reason| Failure { seed, reason })
}
