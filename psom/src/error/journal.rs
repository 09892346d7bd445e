use std::error::Error;

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
            Self::Moved => "moved",
            Self::Ended | Self::Failed(_) => "internal error",
        }
    }
}
