use std::{collections::BTreeSet, io};

use http::{HeaderMap, Request, Response, StatusCode, Uri, header};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tungstenite::handshake::{
    client::generate_key, derive_accept_key, machine::TryParse, server::create_response_with_body,
};

use super::{SUB_PROTOCOL, stream::WebSocket};

/// Upper bound on the head of a request or a response. The handshake of a browser has about 500 bytes,
/// and can include cookies of other applications on the same host.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// The web pages that may connect to a server, by their origin.
///
/// A browser sends the origin of the page in every handshake. A page may connect to its own host, and
/// to other hosts that list its origin. A client that sends no origin is not a browser and may connect.
#[derive(Debug, Clone, Default)]
pub struct Origins(BTreeSet<String>);

impl Origins {
    /// Permits pages of another origin to connect, for example `https://example.com`.
    #[must_use]
    pub fn and(mut self, origin: &str) -> Self {
        self.0.insert(origin.trim_end_matches('/').to_ascii_lowercase());
        self
    }

    fn allow(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let Some(origin) = origins.next() else { return true };
        let (Ok(origin), None) = (origin.to_str(), origins.next()) else { return false };
        let origin = origin.to_ascii_lowercase();
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        // The scheme is not compared: a reverse proxy can turn `https` into `http`.
        let of_page = origin.split_once("://").map(|(_, host)| host);
        self.0.contains(&origin)
            || host.zip(of_page).is_some_and(|(host, page)| host.eq_ignore_ascii_case(page))
    }
}

/// The decision about a request to connect by WebSocket.
#[derive(Debug)]
pub struct Handshake;

impl Handshake {
    /// Returns the response to a request: 101 if the connection becomes a WebSocket, and otherwise
    /// an error whose body is one sentence.
    ///
    /// It is 400 for a request that is not a WebSocket handshake or does not offer
    /// [`SUB_PROTOCOL`], and 403 for a page of an origin that is not allowed.
    pub fn answer<B>(request: &Request<B>, origins: &Origins) -> Response<String> {
        let refuse = |status, text: &str| {
            let mut response = Response::new(format!("{text}\n"));
            *response.status_mut() = status;
            let plain = header::HeaderValue::from_static("text/plain; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, plain);
            response
        };
        let Ok(mut response) = create_response_with_body(request, String::new) else {
            let text = "this URL is for WebSocket clients; open it with a client of PSOM";
            return refuse(StatusCode::BAD_REQUEST, text);
        };
        if !offers_sub_protocol(request.headers()) {
            let text = "the client does not offer the sub-protocol `v1.psom`";
            return refuse(StatusCode::BAD_REQUEST, text);
        }
        if !origins.allow(request.headers()) {
            let text = "pages of this origin may not connect; the server's administrator can \
                        allow the origin";
            return refuse(StatusCode::FORBIDDEN, text);
        }
        let name = header::HeaderValue::from_static(SUB_PROTOCOL);
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, name);
        response
    }
}

fn offers_sub_protocol(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|name| name.trim() == SUB_PROTOCOL)
}

/// Performs the handshake of a server. A refused request gets a response, and this function returns
/// an error.
pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    path: &str,
    origins: &Origins,
) -> io::Result<WebSocket<S>> {
    let (request, rest) = read_head::<Request<()>>(&mut stream).await?;
    let mut response = if request.uri().path() == path {
        Handshake::answer(&request, origins)
    } else {
        let mut response = Response::new("there is nothing at this path\n".to_owned());
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    };
    let is_accepted = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    if !is_accepted {
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    }
    let length = response.body().len();
    if !is_accepted {
        response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    }
    let mut head = format!("HTTP/1.1 {}\r\n", response.status()).into_bytes();
    for (name, value) in response.headers() {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head.extend_from_slice(response.body().as_bytes());
    stream.write_all(&head).await?;
    stream.flush().await?;
    if is_accepted {
        return Ok(WebSocket::server_with(stream, rest));
    }
    stream.shutdown().await?;
    Err(io::Error::other(response.into_body().trim_end().to_owned()))
}

/// Performs the handshake of a client over a stream to the server. `uri` is the server's own URL, for
/// example `ws://127.0.0.1:8058/psom`.
///
/// # Errors
/// The stream fails, the URL has no host, or the server does not accept a WebSocket with
/// [`SUB_PROTOCOL`].
pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    uri: &str,
) -> io::Result<WebSocket<S>> {
    let invalid = |text: String| io::Error::new(io::ErrorKind::InvalidInput, text);
    let uri: Uri = uri.parse().map_err(|error| invalid(format!("{uri}: {error}")))?;
    let host = uri.authority().ok_or_else(|| invalid(format!("{uri} has no host")))?.as_str();
    let path = uri.path();
    let key = generate_key();
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: {key}\r\n\
         sec-websocket-protocol: {SUB_PROTOCOL}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.flush().await?;
    let (response, rest) = read_head::<Response<Option<Vec<u8>>>>(&mut stream).await?;
    let has = |name, value: &str| {
        response.headers().get(name).is_some_and(|found| found.as_bytes() == value.as_bytes())
    };
    let accepts = response.status() == StatusCode::SWITCHING_PROTOCOLS
        && has(header::SEC_WEBSOCKET_ACCEPT, &derive_accept_key(key.as_bytes()))
        && has(header::SEC_WEBSOCKET_PROTOCOL, SUB_PROTOCOL);
    if !accepts {
        let status = response.status();
        let text = format!("the server does not accept a WebSocket for PSOM (status {status})");
        return Err(io::Error::new(io::ErrorKind::ConnectionRefused, text));
    }
    Ok(WebSocket::client_with(stream, rest))
}

/// Reads the head of a request or a response. Returns it with the bytes that follow it.
async fn read_head<H: TryParse>(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<(H, Vec<u8>)> {
    let mut read = Vec::new();
    loop {
        let parsed = H::try_parse(&read);
        let invalid = |text: &str| io::Error::new(io::ErrorKind::InvalidData, text.to_owned());
        match parsed.map_err(|error| invalid(&error.to_string()))? {
            Some((length, head)) => return Ok((head, read.split_off(length))),
            None if read.len() >= MAX_HEAD_BYTES => return Err(invalid("the head is too long")),
            None => {}
        }
        if stream.read_buf(&mut read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
