//! Requests about a meeting that another server of the cluster runs: they are forwarded to that server, and
//! its answer is returned, so that any server answers admission.

use std::{io, sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, IF_RANGE, RANGE},
    },
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::error::{AnsweredElsewhere, ApiError};
use crate::{
    app::App,
    shared::{host_port::split_host_port, identifiers::is_random_name},
    tls::ALTERNATIVE_NAME,
};

/// The header of a request that another server has forwarded. It is not forwarded again.
const FORWARDED: &str = "psom-forwarded";

/// The size limit of a forwarded body in bytes, which is the limit of every JSON body.
const MAX_BODY_BYTES: usize = 64 << 10;

/// The time that a client may take to send a body, as for a body that is not forwarded.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The size limit of a forwarded answer in bytes. The description of a large meeting has several
/// MiB.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// The time that another server has to answer. It is shorter than the time after which clients give up.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);

/// Answers a request, or forwards it to the server that can.
pub(super) async fn forward(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if !app.meetings.store().is_shared() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = match timeout(BODY_TIMEOUT, to_bytes(body, MAX_BODY_BYTES)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            let text = "the body is larger than 64 KiB or could not be read; send less";
            return ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, text).into_response();
        }
        Err(_) => {
            let text = "the body did not arrive within 10 seconds; send it at once";
            return ApiError::new(StatusCode::REQUEST_TIMEOUT, text).into_response();
        }
    };
    let is_forwarded = parts.headers.contains_key(FORWARDED);
    let (method, path) = (parts.method.clone(), parts.uri.clone());
    let headers =
        [AUTHORIZATION, CONTENT_TYPE].map(|name| (parts.headers.get(&name).cloned(), name));
    let response = next.run(Request::from_parts(parts, Body::from(body.clone()))).await;
    let Some(AnsweredElsewhere(http)) = response.extensions().get().cloned() else {
        return response;
    };
    let moving = || {
        let text = "the meeting is moving to another server; try again in a few seconds";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, text).into_response()
    };
    if is_forwarded {
        return moving();
    }
    let mut forwarded = Request::builder().method(method).uri(path);
    for (value, name) in headers {
        if let Some(value) = value {
            forwarded = forwarded.header(name, value);
        }
    }
    let forwarded = forwarded.header(FORWARDED, HeaderValue::from_static("1"));
    let Ok(forwarded) = forwarded.header(CONNECTION, "close").body(Body::from(body)) else {
        return moving();
    };
    let answer = async { collect(send(&app, &http, forwarded).await?).await };
    match timeout(ANSWER_TIMEOUT, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => {
            tracing::warn!(http, %error, "could not forward a request to another server");
            moving()
        }
        Err(_) => {
            tracing::warn!(http, "another server did not answer a forwarded request");
            moving()
        }
    }
}

/// Returns a file that another server of the cluster serves, because it runs the file's meeting: a browser
/// asks for files at the address of the page. `directory` is the beginning of the path, with both slashes, and
/// `name` a random name. Returns `None` if no server has the file.
pub(super) async fn file(
    app: &App,
    method: &Method,
    directory: &str,
    name: &str,
    headers: &HeaderMap,
) -> Option<Response> {
    if headers.contains_key(FORWARDED) || !is_random_name(name) {
        return None;
    }
    for http in app.other_nodes().await {
        let mut request = Request::builder().method(method).uri(format!("{directory}{name}"));
        for name in [RANGE, IF_RANGE] {
            if let Some(value) = headers.get(&name) {
                request = request.header(name, value);
            }
        }
        let request = request.header(FORWARDED, HeaderValue::from_static("1"));
        let request = request.header(CONNECTION, "close").body(Body::empty()).ok()?;
        match timeout(ANSWER_TIMEOUT, send(app, &http, request)).await {
            Ok(Ok(response)) if response.status() != StatusCode::NOT_FOUND => {
                let mut response = response.map(Body::new);
                response.headers_mut().remove(CONNECTION);
                return Some(response);
            }
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::debug!(http, %error, "could not ask for a file"),
            Err(_) => tracing::debug!(http, "another server did not answer a request for a file"),
        }
    }
    None
}

/// Sends a request to another server of the cluster, and returns the head of its answer.
async fn send(app: &App, http: &str, request: Request) -> io::Result<Response<Incoming>> {
    let invalid = || io::Error::new(io::ErrorKind::InvalidInput, "the address is not valid");
    let (scheme, authority) = http.split_once("://").ok_or_else(invalid)?;
    let (host, port) = split_host_port(authority).ok_or_else(invalid)?;
    let stream = TcpStream::connect((host, port)).await?;
    if scheme == "https" {
        // With this name, the server presents the certificate of the cluster's own authority.
        let name = ServerName::try_from(ALTERNATIVE_NAME).map_err(|_| invalid())?;
        let stream = TlsConnector::from(Arc::clone(&app.peers)).connect(name, stream).await?;
        send_on(stream, authority, request).await
    } else {
        send_on(stream, authority, request).await
    }
}

async fn send_on(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    authority: &str,
    mut request: Request,
) -> io::Result<Response<Incoming>> {
    let host = HeaderValue::from_str(authority).map_err(io::Error::other)?;
    request.headers_mut().insert(HOST, host);
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(io::Error::other)?;
    // The connection makes progress only while it is polled, and ends with the answer.
    tokio::spawn(connection);
    sender.send_request(request).await.map_err(io::Error::other)
}

/// Receives the body of an answer.
async fn collect(response: Response<Incoming>) -> io::Result<Response> {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(Body::new(body), MAX_ANSWER_BYTES).await.map_err(io::Error::other)?;
    parts.headers.remove(CONNECTION);
    Ok(Response::from_parts(parts, Body::from(body)))
}
