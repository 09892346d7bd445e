//! Admission and files over HTTP.
//!
//! | request | answer |
//! | --- | --- |
//! | `POST /api/meetings` `{"id"?, "title"?}` | 201 `{"id", "title"}` |
//! | `GET /api/meetings` | the meetings with their counts |
//! | `GET /api/meetings/{id}` | users, contents, counts |
//! | `DELETE /api/meetings/{id}` | 204: the meeting has ended |
//! | `POST /api/meetings/{id}/users` `{"uri", "displayName", "role"}` | 201: everything that a client needs to connect |
//! | `POST /api/meetings/{id}/invitations` `{"role", "uri"?, "displayName"?}` | 201 `{"invite", "joinLink", "joinPage"}` |
//! | `GET /api/meetings/{id}/invitations` | the invitations with their links |
//! | `DELETE /api/meetings/{id}/users/{userId}` | 204: the user is disconnected and cannot come back by a link |
//! | `POST /api/join` `{"invite", "meeting"?, "displayName"?, "guest"?}` | 201: the same as for a user, and the display name, the URI and the role |
//! | `POST /api/leave`, the body of `/api/join` | 204: the person's connections have ended |
//! | `GET /api/nodes` | the servers of a cluster, with the numbers of their meetings |
//! | `POST /api/nodes/{id}/drain` | 202: the server hands its meetings over to the others |
//! | `POST /api/slides`, a PDF | the pictures of its pages; requires the invitation of a presenter |
//! | `GET /files/{name}` | an encrypted file |
//! | `POST /web/upload/{secret}`, a form with a file | `<html>200</html>`, or another status |
//! | `GET /web/download/{secret}` | a decrypted file |
//! | `GET /psom` | 101: the conference over WebSocket |
//! | `GET /`, `GET /join/{meeting}`, `GET /app/{path}` | the page for browsers |
//! | `GET /healthz`, `GET /metrics` | liveness; metrics for Prometheus |
//!
//! The `userId` of a guest who has never connected is null: guests are assigned a user ID when they
//! join. A meeting that does not answer is listed with `"counts": null` and its `problem`.
//!
//! Everything below `/api/meetings` and `/api/nodes` requires the administrator's token. An invitation, the name of a
//! file, and an address below `/web/` are secrets that need no other permission; addresses below
//! `/web/` can be used once.
//!
//! This folder translates between HTTP and the operations of [`App`]. It holds no state of meetings.

mod admission;
mod connection_slots;
mod download;
mod error;
mod extract;
mod forward;
mod health;
mod listener;
mod meetings;
mod nodes;
mod page;
mod people;
mod progress_timer;
mod range;
mod slides;
mod stall_timeout;
#[cfg(test)]
mod tests;
mod web;
mod websocket;

use std::sync::Arc;

use axum::{
    Router,
    http::{Method, Uri},
    middleware::from_fn_with_state,
    routing::{delete, get, post},
};
use error::ApiError;
pub(crate) use listener::serve;

use crate::app::App;

/// Returns the file in a form with the boundary `b` that arrives in frames of this size, or `None` if the
/// form is refused.
#[doc(hidden)]
pub fn read_form(body: &[u8], frame_bytes: usize) -> Option<Vec<u8>> {
    web::read_form(body, frame_bytes)
}

/// Returns the routes of the web server.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/api/meetings", get(meetings::list).post(meetings::create))
        .route("/api/meetings/{id}", get(meetings::show).delete(meetings::end))
        .route("/api/meetings/{id}/users", post(admission::admit))
        .route("/api/meetings/{id}/users/{user}", delete(people::remove))
        .route("/api/meetings/{id}/invitations", post(admission::invite).get(people::invitations))
        .route("/api/meetings/{id}/invitations/{secret}", delete(admission::revoke))
        .route("/api/nodes/{node}/drain", post(nodes::drain))
        .route("/api/join", post(admission::join))
        .route("/api/leave", post(admission::leave))
        .route_layer(from_fn_with_state(Arc::clone(&app), forward::forward))
        .route("/api/nodes", get(nodes::list))
        .route("/api/slides", post(slides::draw))
        .route("/files/{name}", get(download::download))
        .route("/web/upload/{secret}", post(web::upload))
        .route("/web/download/{secret}", get(web::download))
        .route("/psom", get(websocket::connect))
        .route("/", get(page::home))
        .route("/join/{meeting}", get(page::join))
        .route("/app/{*path}", get(page::file))
        .route("/healthz", get(health::healthz))
        .route("/metrics", get(health::metrics))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .with_state(app)
}

async fn unknown_path(uri: Uri) -> ApiError {
    ApiError::not_found(format!("there is nothing at {}; the API is below /api/", uri.path()))
}

async fn wrong_method(method: Method, uri: Uri) -> ApiError {
    let text = format!("{} does not support {method}; see the API's documentation", uri.path());
    ApiError::new(axum::http::StatusCode::METHOD_NOT_ALLOWED, text)
}
