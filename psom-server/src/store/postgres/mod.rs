//! The store of a cluster: several servers (nodes) on one PostgreSQL database.
//!
//! Each meeting has one owner. Only the owner runs the meeting and writes its state. The rules are:
//!
//! - A node keeps a lease, a row that it renews (`lease`, `lease_rules`). The meetings of a dead node are free.
//! - A node takes a free meeting over with an update that increments the meeting's epoch (`statements`).
//! - Every statement of the owner checks that the meeting still has this owner in this epoch. The check and
//!   the writes are one statement, so nothing can happen in between.
//! - The owner acknowledges a commit only while its lease allows it.

mod config;
mod database;
mod failure;
mod group;
mod lease;
mod lease_rules;
mod node;
mod settings;
mod statements;
mod store;
#[cfg(test)]
pub(super) mod tests;
mod text;
mod tokens;
mod writer;

pub use config::ClusterConfig;
pub(crate) use settings::share_settings;
pub use store::PostgresStore;
