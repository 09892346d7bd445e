//! `/healthz` and `/metrics`. Neither says anything of a user or a meeting.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::error;
use crate::{app::App, metrics::Page, store::Health};

/// A server whose store waits lives: to start it again would help nobody.
pub(super) async fn healthz(State(app): State<Arc<App>>) -> Response {
    let (status, body) = match &*app.meetings.health().borrow() {
        Health::Good => (StatusCode::OK, json!({ "status": "ok" })),
        Health::Waiting(why) => (StatusCode::OK, json!({ "status": "waiting", "reason": why })),
        Health::Failed(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            json!({ "error": "the store has failed; the server's log says why, start it again" }),
        ),
    };
    error::json(status, &body)
}

pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let psom = app.psom_stats();
    let rooms = app.meetings.summaries().await;
    let (mut users, mut contents) = (0, 0);
    for summary in rooms.iter().filter_map(|(_, summary)| summary.as_ref()) {
        users += summary.users.len();
        contents += summary.contents.len();
    }
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let own = &app.metrics;
    let page = Page::default()
        .gauge("connections", "Connections to the conference.", psom.connections as u64)
        .gauge(
            "connections_unauthenticated",
            "Connections that are not authenticated yet.",
            psom.unauthenticated as u64,
        )
        .counter("admitted_total", "Connections that were let in.", psom.admitted)
        .counter("refused_total", "Connections that were not let in.", psom.refused)
        .counter("tokens_issued_total", "Tokens issued.", read(&own.tokens_issued))
        .counter(
            "strangers_total",
            "Requests with an address, an invitation or a token that is not known.",
            read(&own.strangers),
        )
        .gauge("meetings", "Meetings.", rooms.len() as u64)
        .gauge("users", "Users who are in a meeting.", users as u64)
        .gauge("contents", "Contents of all meetings.", contents as u64)
        .gauge(
            "store_waiting",
            "Whether the store waits for something to pass, such as a full disk.",
            matches!(*app.meetings.health().borrow(), Health::Waiting(_)).into(),
        )
        .gauge("uploads", "Packages on their way in.", own.uploads.count())
        .counter("uploads_finished_total", "Packages taken.", read(&own.uploads_finished))
        .counter("uploads_refused_total", "Packages refused.", read(&own.uploads_refused))
        .counter("uploaded_bytes_total", "Bytes of packages.", read(&own.bytes_uploaded))
        .counter("served_bytes_total", "Bytes of files served.", read(&own.bytes_served))
        .gauge("stored_bytes", "Bytes of the files that are served.", app.library.stored());
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(CONTENT_TYPE, kind)], page.text()).into_response()
}
