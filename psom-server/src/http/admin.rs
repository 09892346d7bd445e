use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION, request::Parts},
};
use subtle::ConstantTimeEq;

use super::error::ApiError;
use crate::app::App;

/// That a request is the administrator's. Asked for first, so that nothing else of a stranger's
/// request is looked at.
pub(super) struct Admin;

impl FromRequestParts<Arc<App>> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let good = bearer(&parts.headers)
            .is_some_and(|token| token.ct_eq(app.admin_token.as_bytes()).into());
        if good {
            return Ok(Self);
        }
        app.metrics.refused_stranger("a request without the admin token");
        let text = "send the header `Authorization: Bearer <adminToken>`; the token is in \
                    server.json in the data directory";
        Err(ApiError::new(StatusCode::UNAUTHORIZED, text))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}
