use std::path::PathBuf;

/// Why a store cannot do something: a sentence that says what to do where something can be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A meeting with this identifier exists.
    #[error("there is a meeting {0:?} already")]
    Exists(String),
    /// There is no such meeting, or no longer.
    #[error("there is no meeting {0:?}")]
    NoMeeting(String),
    /// An entry of a meeting's state is not what was saved.
    #[error(
        "the state of the meeting {meeting:?} is damaged at the key {key:?}; \
         `psom store check` lists the damage, `psom store repair` saves the rest"
    )]
    Entry {
        /// The meeting.
        meeting: String,
        /// The key, as far as it can be read.
        key: String,
    },
    /// What is said of a meeting itself is not what was saved.
    #[error(
        "the entry of the meeting {0:?} is damaged; `psom store check` lists the damage, \
         `psom store repair` saves the rest"
    )]
    Meeting(String),
    /// The file as a whole is damaged.
    #[error(
        "{} is damaged ({reason}); `psom store check` lists the damage, `psom store repair` saves \
         the rest",
        path.display()
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// The log of what is not in the file yet is damaged, and there is more of it behind the damage.
    #[error(
        "the log {}-wal is damaged at byte {at}, and what was committed after that cannot be read; \
         `psom store repair` saves what was committed before",
        path.display()
    )]
    Log {
        /// The file, without the ending of the log.
        path: PathBuf,
        /// The byte of the log.
        at: usize,
    },
    /// The file was written by a later version of this program.
    #[error(
        "{} has the format {version} and this psom knows only {known}; run the psom that wrote it, \
         or a later one",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        version: i64,
        /// The latest format that is understood.
        known: i64,
    },
    /// The file is a database, but not one of meetings.
    #[error("{} is the database of another program; move it away", .0.display())]
    Foreign(PathBuf),
    /// There is no database, or nothing in it, where there was one.
    #[error(
        "{} is missing or empty, but {} is of a server that had one; put it back with its -wal, or \
         begin without meetings in another data directory (files in S3 then need another prefix)",
        path.display(), trace.display()
    )]
    Gone {
        /// The file.
        path: PathBuf,
        /// What says so.
        trace: PathBuf,
    },
    /// There is state of a meeting, and nothing is said of the meeting itself.
    #[error(
        "there is state of a meeting {0:?}, but no such meeting; `psom store repair` makes the \
         meeting again, without its title"
    )]
    Stray(String),
    /// There is no database to look at.
    #[error("there is no {}; name the server's data directory with --data", .0.display())]
    NoFile(PathBuf),
    /// A server runs on the directory.
    #[error("a server runs on {}; stop it first", .0.display())]
    Locked(PathBuf),
    /// A file of the store is not in the directory any more.
    #[error(
        "{} was removed or replaced while the server ran; put back what was there, or the last \
         backup, before a server is started again",
        .0.display()
    )]
    Taken(PathBuf),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// Something else failed, which is not the caller's to change.
    #[error("the store failed: {0}")]
    Failed(String),
}
