//! `GET /psom`: the conference over WebSocket, for browsers.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::Response,
};
use psom::net::websocket::upgrade;

use super::connection_slots::ConnectionSlot;
use crate::{app::App, shared::lock::lock};

pub(super) async fn connect(State(app): State<Arc<App>>, request: Request) -> Response<String> {
    let origins = app.origins.clone();
    let address = request.extensions().get::<ConnectionSlot>().map(ConnectionSlot::address);
    upgrade(request, &origins, move |socket| {
        // A server that shuts down drops the connection.
        if let Some(psom) = &*lock(&app.psom) {
            match address {
                Some(address) => psom.accept_from(socket, address),
                None => psom.accept(socket),
            }
        }
    })
}
