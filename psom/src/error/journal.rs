use std::error::Error;

/// Why a journal could not make a turn's writes safe.
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
    /// Wraps the journal's own error, or a text.
    pub fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }
}
