use std::{fmt, pin::Pin};

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

impl fmt::Debug for dyn Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Journal")
    }
}
