//! The reasons why an uploaded form is refused.

use axum::http::StatusCode;
use psom_objects::store::StoreError;

use super::super::progress_timer::TooSlow;

/// The reason why a file is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum UploadRefusal {
    /// The body is not a complete form with a file.
    #[error("{0}")]
    Malformed(&'static str),
    #[error("the form arrived too slowly")]
    Slow,
    #[error(transparent)]
    Store(StoreError),
}

impl UploadRefusal {
    /// Returns the status of the response.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) | Self::Store(StoreError::Malformed(_)) => StatusCode::BAD_REQUEST,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Store(StoreError::TooLarge(_)) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Store(StoreError::Full) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Returns the reason in the form that the meeting gets.
    pub(super) fn reason(self) -> StoreError {
        match self {
            Self::Malformed(why) => StoreError::malformed(why),
            Self::Slow => StoreError::malformed(self.to_string()),
            Self::Store(error) => error,
        }
    }
}

impl From<TooSlow> for UploadRefusal {
    fn from(TooSlow: TooSlow) -> Self {
        Self::Slow
    }
}

impl From<StoreError> for UploadRefusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
