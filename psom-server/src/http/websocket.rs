//! `GET /psom`: the conference over WebSocket, for browsers.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::Response,
};
use psom::net::websocket::upgrade;

use crate::{app::App, shared::lock::lock};

pub(super) async fn connect(State(app): State<Arc<App>>, request: Request) -> Response<String> {
    let origins = app.origins.clone();
    upgrade(request, &origins, move |socket| {
        // A server that shuts down drops the connection.
        if let Some(psom) = &*lock(&app.psom) {
            psom.accept(socket);
        }
    })
}
