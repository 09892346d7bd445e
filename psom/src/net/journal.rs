use std::{fmt, pin::Pin};

use crate::{error::JournalError, space::Write};

/// Makes the durable state of a space safe.
pub trait Journal: Send + Sync + 'static {
    /// Takes the changes of one turn; the future is done when they are safe.
    ///
    /// A space calls it again before earlier futures are done. The call itself gives the changes
    /// their place: those of a later call must never be safe without those of an earlier one. An
    /// error ends the space with all its connections, since nothing could be promised any more.
    fn commit(&self, writes: Vec<Write>) -> Committing;
}

/// Done when changes are safe.
pub type Committing = Pin<Box<dyn Future<Output = Result<(), JournalError>> + Send>>;

impl fmt::Debug for dyn Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Journal")
    }
}
