use axum::http::StatusCode;

use super::error::ApiError;
use crate::{app::App, room::store_waits};

/// Waits for work that is to be saved. Where the store waits, for room on the disk for example, the
/// client is told so instead of waiting with it. What was asked for may be done later.
pub(super) async fn saved<T>(app: &App, work: impl Future<Output = T>) -> Result<T, ApiError> {
    tokio::select! {
        biased;
        done = work => Ok(done),
        why = store_waits(app.meetings.health()) => {
            Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, waiting(why)))
        }
    }
}

/// What is said of a store that waits for something to pass.
pub(super) fn waiting(why: &str) -> String {
    format!("the server waits, because {why}; mend that, and it goes on with what it was asked for")
}
