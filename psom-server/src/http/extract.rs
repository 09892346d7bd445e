//! The parts of a request that handlers take as arguments: proof of the administrator's token, and a
//! JSON body.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION, request::Parts},
};
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq as _;
use tokio::time::timeout;

use super::{connection_slots::ConnectionSlot, error::ApiError};
use crate::app::App;

/// Length limit of a JSON body in bytes. The largest valid one, an invitation, has about 2 KiB.
const MAX_BODY_BYTES: usize = 64 << 10;

/// The time that a client may take to send a JSON body, which fits in a few packets.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Proof that a request has the administrator's token. Handlers take it first, so that nothing else
/// of an unauthorized request is read.
pub(super) struct Admin;

impl FromRequestParts<Arc<App>> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let is_valid = bearer_token(&parts.headers)
            .is_some_and(|token| token.ct_eq(app.admin_token.as_bytes()).into());
        if is_valid {
            return Ok(Self);
        }
        app.metrics.count_unauthorized("a request without the admin token");
        let text = "send the header `Authorization: Bearer <adminToken>`; the token is in \
                    server.json in the data directory";
        Err(ApiError::new(StatusCode::UNAUTHORIZED, text))
    }
}

pub(super) fn bearer_token(headers: &HeaderMap) -> Option<&[u8]> {
    let scheme = b"bearer ";
    let (name, token) = headers.get(AUTHORIZATION)?.as_bytes().split_at_checked(scheme.len())?;
    name.eq_ignore_ascii_case(scheme).then(|| token.trim_ascii())
}

/// The slot of the client's connection, if the request came by one.
pub(super) struct Client(pub(super) Option<ConnectionSlot>);

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get::<ConnectionSlot>().cloned()))
    }
}

/// A request body in JSON.
pub(super) struct Json<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, ApiError> {
        DefaultBodyLimit::max(MAX_BODY_BYTES).apply(&mut request);
        let slot = request.extensions().get::<ConnectionSlot>().cloned();
        slot.iter().for_each(ConnectionSlot::set_idle);
        let bytes = timeout(BODY_TIMEOUT, Bytes::from_request(request, state)).await;
        slot.iter().for_each(ConnectionSlot::set_busy);
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
        // An empty body means the defaults.
        let text = if bytes.is_empty() { b"{}" } else { &*bytes };
        match serde_json::from_slice(text) {
            Ok(value) => Ok(Self(value)),
            // Well-formed JSON with the wrong fields.
            Err(error) if error.is_data() => Err(ApiError::invalid(format!(
                "the body does not have the expected fields ({error}); correct it"
            ))),
            Err(error) => Err(ApiError::bad_request(format!(
                "the body is not JSON ({error}); send a JSON object"
            ))),
        }
    }
}
