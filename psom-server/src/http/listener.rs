use std::{pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use super::patient::Patient;

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
    let places = Arc::new(Semaphore::new(connections));
    let mut tasks = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = async {
                // Where all places are taken, further clients wait in the system's queue. The
                // semaphore is never closed.
                let place = places.clone().acquire_owned().await.ok();
                (listener.accept().await, place)
            } => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        while tasks.try_join_next().is_some() {}
        match accepted {
            (Ok((stream, peer)), place) => {
                let (tls, router, stop) = (tls.clone(), router.clone(), stop.clone());
                tasks.spawn(async move {
                    if let Err(error) = connection(stream, tls, router, stop).await {
                        tracing::debug!(%peer, %error, "A web connection ended");
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
    mut stop: watch::Receiver<bool>,
) -> Result<(), Failure> {
    let Some(tls) = tls else { return talk(stream, router, stop).await };
    let stream = tokio::select! {
        accepted = timeout(TLS, tls.accept(stream)) => accepted??,
        _ = stop.wait_for(|stop| *stop) => return Ok(()),
    };
    talk(stream, router, stop).await
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    router: Router,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Failure> {
    let stream = TokioIo::new(Patient::new(stream, STALL));
    let talking = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(stream, TowerToHyperService::new(router));
    let mut talking = pin!(talking);
    tokio::select! {
        result = talking.as_mut() => return Ok(result?),
        _ = stop.wait_for(|stop| *stop) => talking.as_mut().graceful_shutdown(),
    }
    Ok(talking.await?)
}
