//! Admission and files over HTTP.
//!
//! | request | answer |
//! | --- | --- |
//! | `POST /api/meetings` `{"id"?, "title"?}` | 201 `{"id", "title"}` |
//! | `GET /api/meetings` | the meetings with their counts |
//! | `GET /api/meetings/{id}` | users, contents, counts |
//! | `DELETE /api/meetings/{id}` | 204: the meeting is over |
//! | `POST /api/meetings/{id}/users` `{"uri", "displayName", "role"}` | 201: what a client needs to connect |
//! | `POST /api/meetings/{id}/invitations` `{"role", "uri"?, "displayName"?}` | 201 `{"invite", "joinLink"}` |
//! | `POST /api/join` `{"invite", "displayName"?, "guest"?}` | 201: the same, and the name that others will see |
//! | `GET /files/{name}` | an encrypted file |
//! | `POST /web/upload/{secret}`, a form with a file | `<html>200</html>`, or another status |
//! | `GET /web/download/{secret}` | a decrypted file |
//! | `GET /healthz`, `GET /metrics` | liveness; numbers for Prometheus |
//!
//! The `userId` of a guest who has never been there is null: a guest gets a number when he comes.
//! A meeting that does not answer is listed with `"counts": null` and its `problem`.
//!
//! All below `/api/meetings` is the administrator's. An invitation, the name of a file, and an
//! address below `/web/` are their own permission, the last for one use.

mod admin;
mod body;
mod download;
mod error;
mod health;
mod invite;
mod listener;
mod meeting;
mod pace;
mod patient;
mod range;
mod saved;
mod seats;
#[cfg(test)]
mod tests;
mod user;
mod web;

use std::sync::Arc;

use axum::{
    Router,
    http::{Method, Uri},
    routing::{get, post},
};
use error::ApiError;
pub(crate) use listener::serve;

use crate::app::App;

/// Everything that is served.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/api/meetings", get(meeting::list).post(meeting::create))
        .route("/api/meetings/{id}", get(meeting::show).delete(meeting::end))
        .route("/api/meetings/{id}/users", post(user::admit))
        .route("/api/meetings/{id}/invitations", post(invite::invite))
        .route("/api/join", post(invite::join))
        .route("/files/{name}", get(download::download))
        .route("/web/upload/{secret}", post(web::upload))
        .route("/web/download/{secret}", get(web::download))
        .route("/healthz", get(health::healthz))
        .route("/metrics", get(health::metrics))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .with_state(app)
}

async fn unknown(uri: Uri) -> ApiError {
    ApiError::not_found(format!("there is nothing at {}; the API is below /api/", uri.path()))
}

async fn wrong_method(method: Method, uri: Uri) -> ApiError {
    let text = format!("{} takes no {method}; see the API's documentation", uri.path());
    ApiError::new(axum::http::StatusCode::METHOD_NOT_ALLOWED, text)
}
