use std::{io, path::PathBuf};

use psom::error::Shared;
use tokio::task::JoinError;

use crate::files::{BlobError, RecordError};

/// The reason why a store cannot do something. Its text says what to do if something can be done.
///
/// Sources are shared, because one failure is the answer to every waiting caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A meeting with this ID exists.
    #[error("there is a meeting {0:?} already")]
    Exists(String),
    /// There is no such meeting, or it was deleted.
    #[error("there is no meeting {0:?}")]
    NoMeeting(String),
    /// Another server of the cluster owns the meeting.
    #[error("the meeting {0:?} runs on another server")]
    Moved(String),
    /// The database of a cluster refused an operation or cannot be reached.
    #[cfg(feature = "postgres")]
    #[error("cannot {action}: {reason}")]
    Cluster {
        /// The operation.
        action: &'static str,
        /// The message of PostgreSQL, or of the connection to it.
        reason: String,
        /// The error of the database.
        source: Shared<sqlx::Error>,
    },
    /// The database of a cluster cannot be used as it is configured.
    #[error("{0}")]
    ClusterSettings(String),
    /// Another process uses the name of this node.
    #[error(
        "another process runs as the node {0:?} of the cluster; give each server a data directory \
         of its own"
    )]
    NodeTaken(String),
    /// The target of a copy has meetings.
    #[error("the target of the copy has meetings; name an empty one")]
    CopyTarget,
    /// The state of a meeting cannot be copied.
    #[error("cannot copy the meeting {meeting:?}: {reason}")]
    Copy {
        /// The meeting's ID.
        meeting: String,
        /// The error of the target's journal.
        reason: String,
    },
    /// An entry of a meeting's state is damaged.
    #[error(
        "the state of the meeting {meeting:?} is damaged at the key {key:?}; \
         `psom store check` lists the damage, `psom store repair` saves the rest"
    )]
    Entry {
        /// The meeting's ID.
        meeting: String,
        /// The readable part of the key.
        key: String,
    },
    /// The row of a meeting itself is damaged.
    #[error(
        "the entry of the meeting {0:?} is damaged; `psom store check` lists the damage, \
         `psom store repair` saves the rest"
    )]
    Meeting(String),
    /// The database file is damaged.
    #[error(
        "{} is damaged ({reason}); `psom store check` lists the damage, `psom store repair` saves \
         the rest",
        path.display()
    )]
    File {
        /// The file.
        path: PathBuf,
        /// The problem that SQLite reports.
        reason: String,
        /// The error of the database, if the damage was found by one.
        source: Option<Shared<rusqlite::Error>>,
    },
    /// The write-ahead log is damaged, and committed transactions come after the damage.
    #[error(
        "the log {}-wal is damaged at byte {at}, and later commits cannot be read; \
         `psom store repair` saves what was committed before",
        path.display()
    )]
    Log {
        /// The database file.
        path: PathBuf,
        /// The position of the damage in the log, in bytes.
        at: usize,
    },
    /// A later version of this program wrote the file.
    #[error(
        "{} has the format {version} and this psom knows only {known}; run the psom that wrote it, \
         or a later one",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        version: i64,
        /// The latest format that this program knows.
        known: i64,
    },
    /// The file is the database of another program.
    #[error("{} is the database of another program; move it away", .0.display())]
    Foreign(PathBuf),
    /// The database is missing or empty although it existed before.
    #[error(
        "{} is missing or empty, but {} shows that it existed; restore it with its -wal, or start \
         without meetings in another data directory (files in S3 then need another prefix)",
        path.display(), evidence.display()
    )]
    Gone {
        /// The database file.
        path: PathBuf,
        /// The file or directory that shows that the database existed.
        evidence: PathBuf,
    },
    /// There is state of a meeting that is not in the list of meetings.
    #[error(
        "there is state of a meeting {0:?}, but no such meeting; `psom store repair` adds the \
         meeting again, without its title"
    )]
    Stray(String),
    /// There is no database to check.
    #[error("there is no {}; name the server's data directory with --data", .0.display())]
    NoFile(PathBuf),
    /// The directory for a backup has files.
    #[error("{} is not empty; name a new directory for the backup", .0.display())]
    BackupExists(PathBuf),
    /// A server runs on the directory.
    #[error("a server runs on {}; stop it first", .0.display())]
    Locked(PathBuf),
    /// A file of the store was removed or replaced while the store was open.
    #[error(
        "{} was removed or replaced while the server ran; restore the file or the last backup \
         before you start a server again",
        .0.display()
    )]
    Taken(PathBuf),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// A file operation failed.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The operation.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The error of the system.
        source: Shared<io::Error>,
    },
    /// A file of the store exists, or may exist, and cannot be read.
    #[error(
        "cannot read {}: {source}; run the command as the user who runs the server",
        path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: Shared<io::Error>,
    },
    /// The data directory cannot be locked.
    #[error(
        "cannot lock {}: {source}; make the directory writable, or copy all of it to another place",
        path.display()
    )]
    Lock {
        /// The directory.
        path: PathBuf,
        /// The error of the system.
        source: Shared<io::Error>,
    },
    /// The database refused an operation.
    #[error("the store failed: {}: {reason}", path.display())]
    Database {
        /// The database file.
        path: PathBuf,
        /// The message of SQLite.
        reason: String,
        /// The error of the database.
        source: Shared<rusqlite::Error>,
    },
    /// The files of the meetings could not be checked.
    #[error(transparent)]
    Files(Shared<BlobError>),
    /// The record of the files' location cannot be read.
    #[error(transparent)]
    Record(Shared<RecordError>),
    /// The store's task has stopped, or panicked.
    #[error("the store has stopped unexpectedly")]
    Stopped(#[source] Option<Shared<JoinError>>),
}

impl Error {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Io { action, path: path.into(), source: source.into() }
    }

    pub(crate) fn unreadable(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Unreadable { path: path.into(), source: source.into() }
    }

    pub(crate) fn lock(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Lock { path: path.into(), source: source.into() }
    }

    pub(crate) fn interrupted(source: JoinError) -> Self {
        Self::Stopped(Some(source.into()))
    }
}

impl From<BlobError> for Error {
    fn from(error: BlobError) -> Self {
        Self::Files(error.into())
    }
}

impl From<RecordError> for Error {
    fn from(error: RecordError) -> Self {
        Self::Record(error.into())
    }
}
