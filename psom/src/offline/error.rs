use std::{io, path::PathBuf};

use comqc::{ReadError, WriteError, queue::FolderError};

use crate::error::{CallError, Misuse};

/// A call was not recorded, or an outbox cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The arguments can never be sent.
    #[error(transparent)]
    Misuse(#[from] Misuse),
    /// An argument refers to an object, which exists only while both sides are connected.
    #[error("an argument is a reference to an object; such a call cannot be recorded")]
    Reference,
    /// The call is too large for a message.
    #[error("the call cannot be written as a message of queued calls")]
    Write(#[from] WriteError),
    /// The folder of the outbox cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The identifier of the outbox cannot be read or written.
    #[error("the outbox identifier `{}` cannot be used", path.display())]
    Identifier {
        /// The file with the identifier.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A file that a call needs cannot be written or removed.
    #[error("the file `{}` of the outbox cannot be used", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

/// The calls of an outbox were not all played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The server does not accept recorded calls.
    #[error("the server does not accept recorded calls")]
    Unsupported,
    /// The server rejects the calls as a whole, for example because it lacks the version under which
    /// they were recorded. No call was played.
    #[error("{0}")]
    Rejected(String),
    /// A message in the outbox is damaged. No call was played.
    #[error("message {number} of the outbox is damaged")]
    Damaged {
        /// The number of the message.
        number: u64,
        /// The violated rule.
        source: ReadError,
    },
    /// The connection has ended. The calls that were not confirmed are still in the outbox.
    #[error("the connection has ended before all calls were played; replay the outbox again")]
    Ended,
    /// A call to the server failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The outbox cannot be used.
    #[error(transparent)]
    Outbox(#[from] RecordError),
}
