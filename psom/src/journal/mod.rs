//! Durable storage: the contract [`Journal`], and [`File`], a journal in one file.

#[cfg(feature = "journal")]
mod file;
#[cfg(feature = "journal")]
mod format;
#[cfg(feature = "journal")]
mod writer;

use std::{collections::BTreeMap, fmt, pin::Pin, sync::Arc};

#[cfg(feature = "journal")]
pub use file::{File, FileOptions};

#[cfg(feature = "journal")]
pub use crate::error::OpenError;
use crate::{error::JournalError, space::Write};

/// Stores the durable state of a space.
pub trait Journal: Send + Sync + 'static {
    /// Stores the writes of one turn. The future completes when they are safe.
    ///
    /// A space calls this method again before earlier futures have completed. The order of the calls
    /// is the order of the writes: the writes of a call must never be safe before those of earlier
    /// calls. An error ends the space and all its connections.
    fn commit(&self, writes: Vec<Write>) -> Committing;
}

/// A future that completes when writes are safe.
pub type Committing = Pin<Box<dyn Future<Output = Result<(), JournalError>> + Send>>;

/// A journal together with the state that it had stored when it was opened, for
/// [`ServerBuilder::durable`](crate::net::ServerBuilder::durable).
#[derive(Debug)]
pub struct Opened {
    /// The journal.
    pub journal: Arc<dyn Journal>,
    /// The saved texts by their keys.
    pub saved: BTreeMap<String, String>,
}

impl fmt::Debug for dyn Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Journal")
    }
}
