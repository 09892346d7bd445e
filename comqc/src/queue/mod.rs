//! Queues of messages and the schedule of queued components.
//!
//! An application has seven queues (see [`Stage`]). [`play_next`] takes the next message that is
//! due, plays it, and moves it on if it fails. A [`Queue`] is durable: it removes a message only
//! after the message was played, so a message that was taken is available again after a kill.
//!
//! The caller supplies the time in seconds since 1970.

#[cfg(feature = "folder")]
mod folder;
mod listener;
mod memory;
mod schedule;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;

#[cfg(feature = "folder")]
pub use folder::{FolderError, FolderQueue};
pub use listener::{ExceptionClass, Outcome, Played, Player, QueueResult, body_of, play_next};
pub use memory::MemoryQueue;
pub use schedule::{NotAStage, Stage, Step, after_failure};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteError, SqliteQueue};
pub use store::{Entry, Queue, Taken};
