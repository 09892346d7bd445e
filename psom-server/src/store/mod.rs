//! The durable state of all meetings.
//!
//! ```text
//! <data>/meetings.db                        the state, an SQLite database
//! <data>/meetings.db.damaged-<utc time>     a damaged database that a repair has kept
//! ```
//!
//! A [`MeetingStore`] has a list of meetings, and for each of them a table of texts by key, which a
//! space changes through its [`psom::Journal`]. [`SqliteStore`] keeps them in one file. All commits that
//! arrive at about the same time are written in one transaction (`writer`), so a busy server waits for
//! the disk no more often than an idle one.
//!
//! Every row has a checksum of its contents (`checksum`). The store refuses damaged rows and never
//! guesses their values. [`maintenance`](crate::maintenance) checks and repairs a store. A repair
//! keeps the damaged database. As long as the damaged database exists, the server removes no file
//! to which that database can refer.
//!
//! This folder knows keys and texts. It does not know what they mean to a meeting.

mod blocking;
pub(crate) mod checksum;
mod error;
mod journal;
mod meeting_store;
pub(crate) mod missing_database;
mod open_files;
mod paths;
#[cfg(feature = "postgres")]
mod postgres;
mod queue;
pub(crate) mod replacement;
pub(crate) mod schema;
mod sqlite;
pub(crate) mod statements;
#[cfg(test)]
mod tests;
pub(crate) mod wal;
mod writer;

pub(crate) use blocking::blocking;
pub use error::Error;
pub use meeting_store::{
    Claim, Durability, Health, INVITATION_PREFIX, MeetingStore, NodeState, Owner, StoreAnswer,
    StoredInvitation, StoredMeeting, StoredToken,
};
pub(crate) use paths::{beside, database_file, kept_by_repair};
#[cfg(feature = "postgres")]
pub(crate) use postgres::share_settings;
#[cfg(feature = "postgres")]
pub use postgres::{ClusterConfig, PostgresStore};
pub use sqlite::SqliteStore;
