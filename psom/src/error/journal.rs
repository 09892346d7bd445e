use std::error::Error;

/// The reason why a journal did not store the writes of a turn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The journal ended before it answered.
    #[error("the journal ended before it answered")]
    Ended,
    /// The journal rejected or failed to store the writes.
    #[error("{0}")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl JournalError {
    /// Wraps the error of a journal implementation, or a text.
    pub fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }
}
