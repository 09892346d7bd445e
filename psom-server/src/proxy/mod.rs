//! The silent forwarding proxy (section 3.4): it wants an extra header first, removes it, and
//! relays every byte after it as it is.
//!
//! A client connects with TLS, then sends the length of the header in network byte order, and the
//! header (section 3.2.3.1.1.1). If it is the right one, the proxy connects to the server with TLS
//! and moves bytes in both directions, each until its sender ends it. Everything else is closed at
//! once and without an answer.

mod header;
mod relay;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustls::{ClientConfig, ServerConfig, pki_types::ServerName};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::{StartError, shared::host_port::split_host_port, tls::ALTERNATIVE_NAME};

/// How a proxy is run.
#[derive(Clone)]
pub struct ProxyOptions {
    /// Where it listens: `host:port`, port 0 for a free one.
    pub listen: String,
    /// The server behind it: `host:port`.
    pub upstream: String,
    /// What clients have to send first, 1 to 4,096 bytes (`proxyHeader`).
    pub header: Vec<u8>,
    /// The proxy's own certificate; see [`crate::tls::Identity`].
    pub tls: Arc<ServerConfig>,
    /// Whom to trust for the server.
    pub upstream_tls: Arc<ClientConfig>,
    /// What the server's certificate says in the place of its host (`alternativeName`).
    pub upstream_name: String,
    /// How much the proxy takes.
    pub limits: ProxyLimits,
}

/// How much a proxy takes.
#[derive(Debug, Clone)]
pub struct ProxyLimits {
    /// Connections at a time: 1,024. Further ones are dropped.
    pub connections: usize,
    /// Connections that have not shown the header: 256. Further ones are dropped.
    pub waiting: usize,
    /// How long a client may take for the TLS handshake, and the proxy to reach the server: 10 s.
    pub handshake: Duration,
    /// How long a client may take for the header: 120 s.
    pub header: Duration,
    /// How long one direction may be silent before the connection is dropped: 10 min. Both sides
    /// of a conference speak every 30 s.
    pub idle: Duration,
}

impl Default for ProxyLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            waiting: 256,
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(120),
            idle: Duration::from_secs(600),
        }
    }
}

impl ProxyOptions {
    /// A proxy with the default limits, before a server of this crate.
    pub fn new(
        listen: impl Into<String>,
        upstream: impl Into<String>,
        header: impl Into<Vec<u8>>,
        tls: Arc<ServerConfig>,
        upstream_tls: Arc<ClientConfig>,
    ) -> Self {
        Self {
            listen: listen.into(),
            upstream: upstream.into(),
            header: header.into(),
            tls,
            upstream_tls,
            upstream_name: ALTERNATIVE_NAME.into(),
            limits: ProxyLimits::default(),
        }
    }
}

impl fmt::Debug for ProxyOptions {
    /// The header is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyOptions")
            .field("listen", &self.listen)
            .field("upstream", &self.upstream)
            .finish_non_exhaustive()
    }
}

/// A running proxy. Dropped, it drops its connections.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    address: SocketAddr,
    listening: JoinHandle<()>,
}

struct Shared {
    upstream: String,
    header: Vec<u8>,
    tls: TlsAcceptor,
    upstream_tls: TlsConnector,
    upstream_name: ServerName<'static>,
    limits: ProxyLimits,
    places: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    tasks: Mutex<JoinSet<()>>,
    stop: watch::Sender<bool>,
}

/// Starts a proxy, within a tokio runtime. It listens when this returns.
pub async fn run(options: ProxyOptions) -> Result<Proxy, StartError> {
    let length = options.header.len();
    if !(1..=header::LIMIT).contains(&length) {
        return Err(StartError::ProxyHeader(length));
    }
    let address = |option, value: &str, port| match split_host_port(value) {
        Some(_) => Ok(()),
        None => Err(StartError::Address { option, value: value.into(), port }),
    };
    address("--listen", &options.listen, 8059)?;
    address("--upstream", &options.upstream, 8057)?;
    let name = options.upstream_name;
    let upstream_name = ServerName::try_from(name.clone()).map_err(|_| StartError::Host(name))?;
    let failed = |error: std::io::Error| StartError::Listen {
        option: "--listen",
        address: options.listen.clone(),
        source: error.into(),
    };
    let listener = TcpListener::bind(&options.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let shared = Arc::new(Shared {
        places: Arc::new(Semaphore::new(options.limits.connections)),
        waiting: Arc::new(Semaphore::new(options.limits.waiting)),
        upstream: options.upstream,
        header: options.header,
        tls: options.tls.into(),
        upstream_tls: options.upstream_tls.into(),
        upstream_name,
        limits: options.limits,
        tasks: Mutex::default(),
        stop: watch::Sender::new(false),
    });
    let listening = tokio::spawn(listen(shared.clone(), listener));
    tracing::info!(%address, upstream = %shared.upstream, "The proxy is ready");
    Ok(Proxy { shared, address, listening })
}

impl Proxy {
    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Connections at present.
    pub fn connections(&self) -> usize {
        self.shared.tasks().len()
    }

    /// Stops listening, ends both directions of every connection, and drops those that are not
    /// done with it after `grace`.
    pub async fn shutdown(self, grace: Duration) {
        self.listening.abort();
        self.shared.stop.send_replace(true);
        let mut tasks = std::mem::take(&mut *self.shared.tasks());
        let closing = async { while tasks.join_next().await.is_some() {} };
        if timeout(grace, closing).await.is_err() {
            tracing::warn!(connections = tasks.len(), "Dropped connections that did not close");
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
        self.shared.tasks().abort_all();
    }
}

impl Shared {
    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("upstream", &self.upstream).finish_non_exhaustive()
    }
}

async fn listen(shared: Arc<Shared>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let places = shared.places.clone().try_acquire_owned();
                let waiting = shared.waiting.clone().try_acquire_owned();
                let (Ok(place), Ok(waiting)) = (places, waiting) else {
                    tracing::info!(%peer, "Refused a connection: too many at once");
                    continue;
                };
                let task = connection(shared.clone(), stream, peer, waiting);
                shared.tasks().spawn(async move {
                    task.await;
                    drop(place);
                });
            }
            Err(error) => {
                // Out of file descriptors, most likely: others will end and give theirs back.
                tracing::warn!(%error, "Could not accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(
    shared: Arc<Shared>,
    stream: TcpStream,
    peer: SocketAddr,
    waiting: OwnedSemaphorePermit,
) {
    let mut stop = shared.stop.subscribe();
    let opened = tokio::select! {
        opened = header::open(&shared, stream) => opened,
        _ = stop.wait_for(|stop| *stop) => return,
    };
    drop(waiting);
    match opened {
        Ok((client, server)) => {
            tracing::info!(%peer, "Relaying a connection");
            let reason = relay::run(client, server, shared.limits.idle, stop).await;
            tracing::info!(%peer, %reason, "A relayed connection ended");
        }
        Err(reason) => tracing::info!(%peer, %reason, "Refused a connection"),
    }
}
