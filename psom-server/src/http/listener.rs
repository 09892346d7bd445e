use std::{convert::Infallible, pin::pin, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Request, Response, StatusCode, Version, header::HOST},
    response::IntoResponse as _,
};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use psom::{
    LimitHits,
    net::{AcceptErrors, buffers::limit_tls, tasks::ConnectionTasks},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use super::{
    connection_slots::{ConnectionSlot, ConnectionSlots, TrackedBody},
    error::ApiError,
    stall_timeout::StallTimeout,
};

/// The time that a client may take for the TLS handshake, as for the conference.
const TLS_TIMEOUT: Duration = Duration::from_secs(10);

/// The time that a client may take to send the head of a request, measured from the previous one.
/// An unused connection is closed after this time.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// The time that a client may stall while it receives a response.
const STALL_TIMEOUT: Duration = Duration::from_secs(60);

/// The maximum size of hyper's buffers of a connection, and of the head of a request. With the default of
/// 400 KiB, stalled downloads take half a gigabyte.
const MAX_BUFFER_BYTES: usize = 32 << 10;

/// Serves until `stop` is true, and then until every response is sent.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    (connections, hits): (usize, LimitHits),
    mut stop: watch::Receiver<bool>,
) {
    let slots = ConnectionSlots::new(connections, &hits);
    let tasks = ConnectionTasks::default();
    let mut errors = AcceptErrors::default();
    loop {
        let accepted = tokio::select! {
            accepted = async {
                let (stream, peer) = listener.accept().await?;
                Ok::<_, std::io::Error>((stream, peer, slots.acquire(peer.ip()).await))
            } => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, peer, slot)) => {
                let (tls, router, stop) = (tls.clone(), router.clone(), stop.clone());
                tasks.spawn(async move {
                    let eviction = slot.clone();
                    tokio::select! {
                        result = connection(stream, tls, router, slot, stop) => {
                            if let Err(error) = result {
                                tracing::debug!(%peer, %error, "a web connection ended");
                            }
                        }
                        () = eviction.evicted() => {
                            tracing::debug!(%peer, "an idle web connection was evicted");
                        }
                    }
                });
            }
            Err(error) => errors.handle(&error).await,
        }
    }
    drop(listener);
    tasks.ended().await;
}

type ConnectionError = Box<dyn std::error::Error + Send + Sync>;

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Router,
    slot: ConnectionSlot,
    mut stop: watch::Receiver<bool>,
) -> Result<(), ConnectionError> {
    let Some(tls) = tls else {
        return serve_http(stream, router, slot, stop).await;
    };
    let stream = tokio::select! {
        accepted = timeout(TLS_TIMEOUT, tls.accept_with(stream, limit_tls)) => accepted??,
        _ = stop.wait_for(|stop| *stop) => return Ok(()),
    };
    serve_http(stream, router, slot, stop).await
}

async fn serve_http(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    router: Router,
    slot: ConnectionSlot,
    mut stop: watch::Receiver<bool>,
) -> Result<(), ConnectionError> {
    let stream = TokioIo::new(StallTimeout::new(stream, STALL_TIMEOUT, slot.clone()));
    let service = service_fn(move |request| respond(router.clone(), slot.clone(), request));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_BUFFER_BYTES)
        .serve_connection(stream, service)
        .with_upgrades();
    let mut serving = pin!(serving);
    tokio::select! {
        result = serving.as_mut() => return Ok(result?),
        _ = stop.wait_for(|stop| *stop) => serving.as_mut().graceful_shutdown(),
    }
    Ok(serving.await?)
}

/// Answers a request. The connection is busy until the response is sent.
async fn respond(
    router: Router,
    slot: ConnectionSlot,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    slot.set_busy();
    // RFC 9112, section 3.2: a server refuses a request of HTTP/1.1 without exactly one host.
    let hosts = request.headers().get_all(HOST).iter().count();
    if hosts > 1 || hosts == 0 && request.version() == Version::HTTP_11 {
        let text = "the request must have one header `Host`; send it";
        let refusal = ApiError::bad_request(text).into_response();
        return Ok(refusal.map(|body| Body::new(TrackedBody::new(body, slot))));
    }
    let path = request.uri().path();
    let is_transfer = path.starts_with("/files/") || path.starts_with("/web/");
    if is_transfer && !slot.begin_transfer() {
        let text = "too many files are being transferred at the moment; try again in a minute";
        let busy = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, text).into_response();
        return Ok(busy.map(|body| Body::new(TrackedBody::new(body, slot))));
    }
    request.extensions_mut().insert(slot.clone());
    let response = TowerToHyperService::new(router).call(request).await?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        // From here on, the connection belongs to the conference. The slot is released without
        // becoming idle, so that a newcomer cannot evict the connection.
        return Ok(response);
    }
    Ok(response.map(|body| Body::new(TrackedBody::new(body, slot))))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn get_health(stream: &mut TcpStream) -> String {
        let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        String::from_utf8(answer.into()).unwrap()
    }

    #[tokio::test]
    async fn request_needs_exactly_one_host() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = watch::Sender::new(false);
        let router = Router::new().route("/healthz", get(async || "ok"));
        let hits = (9, LimitHits::default());
        let serving = tokio::spawn(serve(listener, None, router, hits, stop.subscribe()));
        for (request, status) in [
            ("HTTP/1.1\r\n", "400"),
            ("HTTP/1.1\r\nhost: a\r\nhost: b\r\n", "400"),
            ("HTTP/1.1\r\nhost: a\r\n", "200"),
            ("HTTP/1.0\r\n", "200"),
        ] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!("GET /healthz {request}connection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert_eq!(answer.get(9..12), Some(status), "{request:?}");
        }
        stop.send_replace(true);
        serving.await.unwrap();
    }

    #[tokio::test]
    async fn idle_connection_makes_room_for_a_newcomer() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = watch::Sender::new(false);
        let router = Router::new().route("/healthz", get(async || "ok"));
        let serving = tokio::spawn(serve(
            listener,
            None,
            router,
            (2, LimitHits::default()),
            stop.subscribe(),
        ));
        let connect = async || TcpStream::connect(address).await.unwrap();
        let (mut first, mut second) = (connect().await, connect().await);
        assert_eq!(get_health(&mut second).await, "HTTP/1.1 200");
        assert_eq!(get_health(&mut connect().await).await, "HTTP/1.1 200");
        // Only the connection that was idle longest was evicted.
        assert_eq!(first.read(&mut [0]).await.unwrap_or(0), 0);
        let last = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        second.write_all(last).await.unwrap();
        let mut rest = String::new();
        second.read_to_string(&mut rest).await.unwrap();
        assert!(rest.contains("HTTP/1.1 200"), "{rest}");
        stop.send_replace(true);
        serving.await.unwrap();
    }
}
