use std::{convert::Infallible, pin::pin, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Request, Response, StatusCode},
    response::IntoResponse,
};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use super::{
    error::ApiError,
    patient::Patient,
    seats::{self, Seat, Seats},
};

/// How long a client may take for the TLS handshake.
const TLS: Duration = Duration::from_secs(10);

/// How long a client may take to say what it wants, also the next time.
const HEAD: Duration = Duration::from_secs(30);

/// How long a client may take nothing of what it is sent.
const STALL: Duration = Duration::from_secs(60);

/// Serves until told to stop, and then until every answer is sent.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    connections: usize,
    mut stop: watch::Receiver<bool>,
) {
    let seats = Seats::new(connections);
    let mut tasks = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = async {
                let accepted = listener.accept().await;
                let place = match &accepted {
                    Ok(_) => seats.place().await,
                    Err(_) => None,
                };
                (accepted, place)
            } => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        while tasks.try_join_next().is_some() {}
        match accepted {
            (Ok((stream, peer)), place) => {
                let (tls, router, stop) = (tls.clone(), router.clone(), stop.clone());
                let seat = seats.seat(peer.ip());
                tasks.spawn(async move {
                    let needed = seat.clone();
                    tokio::select! {
                        result = connection(stream, tls, router, seat, stop) => {
                            if let Err(error) = result {
                                tracing::debug!(%peer, %error, "A web connection ended");
                            }
                        }
                        () = needed.needed() => {
                            tracing::debug!(%peer, "A web connection made room for another");
                        }
                    }
                    drop(place);
                });
            }
            (Err(error), _) => {
                // Out of file descriptors, most likely: others will end and give theirs back.
                tracing::warn!(%error, "Could not accept a web connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    while tasks.join_next().await.is_some() {}
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Router,
    seat: Seat,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Failure> {
    let Some(tls) = tls else { return talk(stream, router, seat, stop).await };
    let stream = tokio::select! {
        accepted = timeout(TLS, tls.accept(stream)) => accepted??,
        _ = stop.wait_for(|stop| *stop) => return Ok(()),
    };
    talk(stream, router, seat, stop).await
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    router: Router,
    seat: Seat,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Failure> {
    let stream = TokioIo::new(Patient::new(stream, STALL, seat.clone()));
    let service = service_fn(move |request| answer(router.clone(), seat.clone(), request));
    let talking = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(stream, service);
    let mut talking = pin!(talking);
    tokio::select! {
        result = talking.as_mut() => return Ok(result?),
        _ = stop.wait_for(|stop| *stop) => talking.as_mut().graceful_shutdown(),
    }
    Ok(talking.await?)
}

/// Has a request answered, by somebody who is not to be disturbed until that is sent.
async fn answer(
    router: Router,
    seat: Seat,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    seat.work();
    let path = request.uri().path();
    let transfer = if path.starts_with("/files/") || path.starts_with("/web/") {
        let Some(transfer) = seat.transfer() else {
            let text = "too many files are on their way at the moment; try again in a minute";
            let busy = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, text).into_response();
            return Ok(busy.map(|body| Body::new(seats::Answer::new(body, seat, None))));
        };
        Some(transfer)
    } else {
        None
    };
    request.extensions_mut().insert(seat.clone());
    let response = TowerToHyperService::new(router).call(request).await?;
    Ok(response.map(|body| Body::new(seats::Answer::new(body, seat, transfer))))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn ask(stream: &mut TcpStream) -> String {
        let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        String::from_utf8(answer.into()).unwrap()
    }

    #[tokio::test]
    async fn connections_that_say_nothing_make_room() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = watch::Sender::new(false);
        let router = Router::new().route("/healthz", get(async || "ok"));
        let serving = tokio::spawn(serve(listener, None, router, 2, stop.subscribe()));
        let connect = async || TcpStream::connect(address).await.unwrap();
        let (mut first, mut second) = (connect().await, connect().await);
        assert_eq!(ask(&mut second).await, "HTTP/1.1 200");
        assert_eq!(ask(&mut connect().await).await, "HTTP/1.1 200");
        // It was the oldest that made room, and it alone.
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
