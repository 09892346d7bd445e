//! `/healthz` and `/metrics`. The first needs no permission, so it contains nothing about a user or
//! a meeting. The second shows how many people use the server, so it requires the administrator's
//! token.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
};
use serde_json::json;

use super::{error::json_response, extract::Admin};
use crate::{app::App, limits::LIMITS, shared::metrics::MetricsPage, store::Health};

/// Answers 200 even while the store waits for an obstacle, because restarting the server would not
/// help.
pub(super) async fn healthz(State(app): State<Arc<App>>) -> Response {
    let (status, body) = match &*app.meetings.health().borrow() {
        // It is alive, and empties itself.
        Health::Good if app.meetings.is_draining() => {
            (StatusCode::OK, json!({ "status": "draining" }))
        }
        Health::Good => (StatusCode::OK, json!({ "status": "ok" })),
        Health::Waiting(obstacle) => {
            (StatusCode::OK, json!({ "status": "waiting", "reason": obstacle }))
        }
        Health::Failed(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            json!({ "error": "the store has failed; see the server's log, then restart the server" }),
        ),
    };
    json_response(status, &body)
}

pub(super) async fn metrics(_: Admin, State(app): State<Arc<App>>) -> Response {
    let psom = app.psom_stats();
    let meetings = app.meetings.summaries().await;
    let unloaded = app.meetings.unloaded();
    let (mut users, mut contents) =
        (0, unloaded.iter().map(|(_, contents)| *contents).sum::<usize>());
    for summary in meetings.iter().filter_map(|(_, summary)| summary.as_ref()) {
        users += summary.users.len();
        contents += summary.contents.len();
    }
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let own = &app.metrics;
    let page = MetricsPage::default()
        .gauge("connections", "Connections to the conference.", psom.connections as u64)
        .gauge(
            "connections_unauthenticated",
            "Connections that are not authenticated yet.",
            psom.unauthenticated as u64,
        )
        .counter("admitted_total", "Connections that were admitted.", psom.admitted)
        .counter("refused_total", "Connections that were refused.", psom.refused)
        .counter(
            "unauthenticated_replaced_total",
            "Connections without a token that a newcomer replaced or that found no slot.",
            psom.replaced,
        )
        .counter("tokens_issued_total", "Tokens issued.", read(&own.tokens_issued))
        .counter(
            "strangers_total",
            "Requests with an unknown address, invitation or token.",
            read(&own.unauthorized_requests),
        )
        .gauge("meetings", "Meetings.", (meetings.len() + unloaded.len()) as u64)
        .gauge(
            "meetings_unloaded",
            "Meetings that are not in memory, because they have had no users for a while.",
            unloaded.len() as u64,
        )
        .gauge(
            "meetings_set_aside",
            "Meetings that do not run because they are damaged.",
            app.meetings.set_aside().len() as u64,
        )
        .gauge("users", "Connected users of all meetings.", users as u64)
        .gauge("contents", "Contents of all meetings.", contents as u64)
        .gauge(
            "store_waiting",
            "Whether the store waits for an obstacle such as a full disk.",
            matches!(*app.meetings.health().borrow(), Health::Waiting(_)).into(),
        )
        .gauge("uploads", "Uploads in progress.", app.library.uploads() as u64)
        .counter(
            "uploads_finished_total",
            "Uploads that were imported.",
            read(&own.uploads_finished),
        )
        .counter("uploads_refused_total", "Uploads that were refused.", read(&own.uploads_refused))
        .counter("uploaded_bytes_total", "Bytes of uploads.", read(&own.bytes_uploaded))
        .counter("served_bytes_total", "Bytes of files served.", read(&own.bytes_served))
        .counters(
            ("limit_hits_total", "limit"),
            "How often each limit has taken effect.",
            LIMITS.iter().map(|limit| (limit.name, own.hits.get(limit.name))),
        )
        .gauge("stored_bytes", "Bytes of the files that are served.", app.library.stored_bytes());
    let [counters, gauges] = app.meetings.store().counters();
    let page = counters.into_iter().fold(page, |page, (name, help, value)| {
        page.counter(&format!("cluster_{name}"), help, value)
    });
    let page = gauges.into_iter().fold(page, |page, (name, help, value)| {
        page.gauge(&format!("cluster_{name}"), help, value)
    });
    let (relays, relayed) = app.relay_counts();
    let page = page
        .gauge("cluster_relayed_connections", "Clients that this server relays.", relays)
        .counter("cluster_relayed_total", "Clients that this server has relayed.", relayed);
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(CONTENT_TYPE, kind)], format!("{}{}", page.text(), own.calls)).into_response()
}
