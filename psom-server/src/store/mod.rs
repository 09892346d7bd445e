//! The durable state of all meetings.
//!
//! ```text
//! <data>/meetings.db                        the state, an SQLite database
//! <data>/meetings.db.damaged-<utc time>     what a repair has put aside
//! ```
//!
//! A [`MeetingStore`] knows which meetings there are, and for each of them a table of texts by
//! their keys, which a space changes through its [`psom::Journal`]. [`SqliteStore`] keeps them in
//! one file. What all meetings commit at about the same time is one transaction (`writer`), so a
//! busy server waits for the disk no more often than a quiet one.
//!
//! Every row has a checksum over all that it says (`sum`). What is damaged is refused, never
//! guessed; [`check()`] says what is wrong and [`repair()`] saves what is right. As long as what a
//! repair has put aside is there, no file is removed that it may know.

mod check;
mod error;
mod journal;
mod log;
mod meaning;
mod place;
mod queue;
mod repair;
mod scan;
mod schema;
mod sqlite;
mod sum;
mod swap;
#[cfg(test)]
mod tests;
mod trace;
mod writer;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
};

use psom::Journal;
use tokio::sync::watch;

pub use check::{Report, check, check_files};
pub use error::Error;
pub use repair::{Repair, repair};
pub use sqlite::SqliteStore;

/// What a store answers with, later.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Keeps the state of meetings beyond the server's end.
///
/// Calls have an order: each acts on what the earlier ones left, whether or not their answers were
/// waited for, and also where they are not waited for at all. Keys are ordered by their bytes.
pub trait MeetingStore: Send + Sync + 'static {
    /// The meetings that there are, by their identifiers.
    ///
    /// # Errors
    /// The store is damaged, or has failed.
    fn meetings(&self) -> Answer<'_, Vec<StoredMeeting>>;

    /// Keeps a meeting; it is durable when this answers. It has no state yet.
    ///
    /// # Errors
    /// [`Error::Exists`], or the store has failed.
    fn create(&self, meeting: StoredMeeting) -> Answer<'_, ()>;

    /// Forgets a meeting with all its state. Its journals take nothing any more.
    ///
    /// # Errors
    /// [`Error::NoMeeting`], or the store has failed.
    fn delete(&self, meeting: &str) -> Answer<'_, ()>;

    /// What a meeting's keys stand for.
    ///
    /// # Errors
    /// [`Error::NoMeeting`]; the meeting's state is damaged; or the store has failed.
    fn load(&self, meeting: &str) -> Answer<'_, BTreeMap<String, String>>;

    /// Takes the changes of a meeting. The journal is for the meeting that has the identifier now,
    /// not for a later one; where there is none it takes nothing.
    fn journal(&self, meeting: &str) -> Arc<dyn Journal>;

    /// How the store is, now and later. Changes can be waited for.
    fn health(&self) -> watch::Receiver<Health>;

    /// Takes nothing any more, and answers when everything that was taken is durable. Where the
    /// disk is full that may take until it is not.
    ///
    /// # Errors
    /// The store has failed, and something that was taken is not durable.
    fn close(&self) -> Answer<'_, ()>;
}

/// How a store is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Health {
    /// It takes what it is given.
    #[default]
    Good,
    /// What it is given waits for something to pass, "the disk is full" for example.
    Waiting(&'static str),
    /// It takes nothing any more, for this reason.
    Failed(Error),
}

/// A meeting that a store keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMeeting {
    /// Its identifier.
    pub id: String,
    /// What people call it.
    pub title: Option<String>,
    /// When it was created: milliseconds since 1970, UTC.
    pub created: i64,
}

/// What a commit survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// The end of the machine: every commit waits until the disk has it.
    #[default]
    Full,
    /// The end of the process: a commit waits until the system has it. Where the machine fails, the
    /// last commits may be missing; those before them are not, and nothing is damaged.
    Process,
}

/// What a repair has put aside in a data directory, if it is still there.
pub(crate) fn put_aside(data: &Path) -> std::io::Result<Option<PathBuf>> {
    let database = file(data);
    let name = database.file_name().unwrap_or_default().to_string_lossy();
    for entry in std::fs::read_dir(data)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&format!("{name}.damaged-")) {
            return Ok(Some(entry.path()));
        }
    }
    Ok(None)
}

/// The database in a data directory.
fn file(data: &Path) -> PathBuf {
    data.join("meetings.db")
}
