use http::{Request, Response, StatusCode};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;

use super::{
    handshake::{Handshake, Origins},
    stream::WebSocket,
};

/// Answers a request to a web server that uses hyper, for example in an axum handler. Passes the
/// WebSocket to `accept` when the connection is ready.
///
/// The connection must be served with hyper's `with_upgrades`, as axum does.
///
/// ```
/// # use std::sync::Arc;
/// use psom::net::websocket::{Origins, upgrade};
///
/// fn psom(server: Arc<psom::Server>, request: http::Request<()>) -> http::Response<String> {
///     upgrade(request, &Origins::default(), move |socket| server.accept(socket))
/// }
/// ```
pub fn upgrade<B>(
    mut request: Request<B>,
    origins: &Origins,
    accept: impl FnOnce(WebSocket<TokioIo<Upgraded>>) + Send + 'static,
) -> Response<String> {
    let response = Handshake::answer(&request, origins);
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let upgraded = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            match upgraded.await {
                Ok(stream) => accept(WebSocket::server(TokioIo::new(stream))),
                Err(error) => tracing::debug!(%error, "A WebSocket handshake was not completed"),
            }
        });
    }
    response
}
