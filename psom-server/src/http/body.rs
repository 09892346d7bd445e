use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, Request},
    http::StatusCode,
};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::{error::ApiError, seats::Seat};

/// The most that a request may say.
const LIMIT: usize = 64 << 10;

/// How long it may take to say it.
const PATIENCE: Duration = Duration::from_secs(10);

/// The body of a request, as JSON.
pub(super) struct Json<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, ApiError> {
        DefaultBodyLimit::max(LIMIT).apply(&mut request);
        let seat = request.extensions().get::<Seat>().cloned();
        seat.iter().for_each(Seat::rest);
        let bytes = timeout(PATIENCE, Bytes::from_request(request, state)).await;
        seat.iter().for_each(Seat::work);
        let bytes = bytes.map_err(|_| {
            let text = "the body did not arrive within 10 seconds; send it at once";
            ApiError::new(StatusCode::REQUEST_TIMEOUT, text)
        })?;
        let bytes = bytes.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                let text = "the body has more than 64 KiB; send less";
                ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, text)
            }
            _ => ApiError::bad_request("the body could not be read; send the request again"),
        })?;
        // A request without a body asks for the defaults.
        let text = if bytes.is_empty() { b"{}" } else { &*bytes };
        match serde_json::from_slice(text) {
            Ok(value) => Ok(Self(value)),
            // Well-formed, but not what is asked for.
            Err(error) if error.is_data() => Err(ApiError::invalid(format!(
                "the body is not what is expected here ({error}); correct it"
            ))),
            Err(error) => Err(ApiError::bad_request(format!(
                "the body is not JSON ({error}); send a JSON object"
            ))),
        }
    }
}
