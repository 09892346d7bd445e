//! `/api/nodes`: the servers of a cluster.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde_json::{Value, json};

use super::{
    error::{ApiError, json_response},
    extract::Admin,
};
use crate::{admission::AdmissionError, app::App, store::NodeState};

/// Lists the nodes with the numbers of their meetings. A server that is not part of a cluster has none.
pub(super) async fn list(_: Admin, State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    let nodes = app.meetings.store().nodes().await.map_err(AdmissionError::from)?;
    let own = app.meetings.store().node_name();
    let nodes = nodes.into_iter().map(|NodeState { node, is_draining, meetings }| {
        json!({
            "id": node.node,
            "psom": node.address,
            "http": node.http,
            "draining": is_draining,
            "meetings": meetings,
            "self": own == Some(&*node.node),
        })
    });
    let body = json!({ "nodes": nodes.collect::<Vec<Value>>() });
    Ok(json_response(StatusCode::OK, &body))
}

/// Makes a node hand its meetings over. It answers when this has begun; [`list`] shows the progress.
pub(super) async fn drain(
    _: Admin,
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let store = app.meetings.store();
    if store.node_name() != Some(&*name) {
        let nodes = store.nodes().await.map_err(AdmissionError::from)?;
        let other = nodes.into_iter().find(|other| other.node.node == name);
        let unknown = "the cluster has no such node; GET /api/nodes lists them";
        let other = other.ok_or_else(|| ApiError::not_found(unknown))?;
        return Err(AdmissionError::Elsewhere { http: other.node.http }.into());
    }
    let meetings = app.meetings.start_draining().await.map_err(AdmissionError::from)?;
    tracing::info!(meetings, "hands its meetings over");
    let draining = Arc::clone(&app.meetings);
    tokio::spawn(async move { draining.drain().await });
    let body = json!({ "id": name, "draining": true, "meetings": meetings });
    Ok(json_response(StatusCode::ACCEPTED, &body))
}
