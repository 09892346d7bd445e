use std::error::Error;
#[cfg(feature = "journal")]
use std::{io, path::PathBuf};

/// The reason in the Break of a space that has moved to another server.
pub(crate) const MOVED: &str = "moved";

/// The reason why a journal did not store the writes of a turn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The journal ended before it answered.
    #[error("the journal ended before it answered")]
    Ended,
    /// Another server has taken the space over. This one stored nothing, and must acknowledge nothing.
    /// The peers get a Break with the reason "moved" and can connect to the other server.
    #[error("the space has moved to another server")]
    Moved,
    /// The journal rejected or failed to store the writes.
    #[error("{0}")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl JournalError {
    /// Wraps the error of a journal implementation, or a text.
    pub fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }

    /// Returns the reason in the Break that the peers of the space get.
    pub(crate) fn break_reason(&self) -> &'static str {
        match self {
            Self::Moved => MOVED,
            Self::Ended | Self::Failed(_) => "internal error",
        }
    }
}

/// A journal file cannot be opened.
#[cfg(feature = "journal")]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file or its folder cannot be read or written.
    #[error("cannot open the journal {}: {source}", .path.display())]
    Io {
        /// The path of the journal.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// Another program, or another part of this one, has the journal open.
    #[error("the journal {} is in use; end the program that has it open", .0.display())]
    InUse(PathBuf),
    /// The file is not a journal of this version.
    #[error("{} is not a journal; give another path", .0.display())]
    Foreign(PathBuf),
    /// A part of the file is damaged, and undamaged writes follow it.
    #[error(
        "the journal {} is damaged at byte {offset}, before its end; restore it from a backup",
        .path.display()
    )]
    Damaged {
        /// The path of the journal.
        path: PathBuf,
        /// The offset of the damaged part.
        offset: u64,
    },
}
