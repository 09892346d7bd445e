//! The silent forwarding proxy (section 3.4). It requires an extra header, removes it, and relays all
//! bytes after it unchanged.
//!
//! A client connects with TLS, then sends the length of the header in network byte order, and the
//! header (section 3.2.3.1.1.1). If the header is right, the proxy connects to the server with TLS and
//! relays bytes in both directions, each until its sender ends it. Otherwise the proxy closes the
//! connection at once, without an answer.

mod header;
mod options;
mod relay;
mod state;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, sync::Arc, time::Duration};

pub use options::{ProxyLimits, ProxyOptions};
use psom::net::{AcceptErrors, buffers::limit_unsent, tasks::ConnectionTasks};
use rustls::pki_types::ServerName;
use state::ProxyState;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinHandle,
    time::timeout,
};

use crate::{shared::host_port::split_host_port, start_error::StartError};

/// A running proxy. Dropping it drops its connections.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<ProxyState>,
    address: SocketAddr,
    listening: JoinHandle<()>,
}

/// Starts a proxy, within a tokio runtime. It listens when this returns.
///
/// # Errors
/// An option is invalid, or the address cannot be used.
pub async fn run(options: ProxyOptions) -> Result<Proxy, StartError> {
    let length = options.header.len();
    if !(1..=header::MAX_HEADER_BYTES).contains(&length) {
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
    limit_unsent(&listener);
    let address = listener.local_addr().map_err(failed)?;
    let shared = Arc::new(ProxyState {
        connections: Arc::new(Semaphore::new(options.limits.connections)),
        waiting: Arc::new(Semaphore::new(options.limits.waiting)),
        upstream: options.upstream,
        header: options.header,
        tls: options.tls.into(),
        upstream_tls: options.upstream_tls.into(),
        upstream_name,
        limits: options.limits,
        tasks: ConnectionTasks::default(),
        stop: watch::Sender::new(false),
    });
    let listening = start_listening(Arc::clone(&shared), listener);
    tracing::info!(%address, upstream = %shared.upstream, "the proxy is ready");
    Ok(Proxy { shared, address, listening })
}

impl Proxy {
    /// Returns the address of the listener.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Returns the number of open connections.
    pub fn connections(&self) -> usize {
        self.shared.tasks.len()
    }

    /// Stops listening, ends both directions of every connection, and drops the connections that are not
    /// closed after `grace`.
    pub async fn shutdown(self, grace: Duration) {
        self.listening.abort();
        self.shared.stop.send_replace(true);
        let tasks = &self.shared.tasks;
        if timeout(grace, tasks.ended()).await.is_err() {
            tracing::warn!(connections = tasks.len(), "dropped connections that did not close");
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
        self.shared.tasks.abort();
    }
}

/// Starts the task that accepts connections. It is not `async`, so that the code of all connections is compiled
/// in this crate and not in the one that starts the proxy, with another optimization level.
fn start_listening(shared: Arc<ProxyState>, listener: TcpListener) -> JoinHandle<()> {
    tokio::spawn(listen(shared, listener))
}

async fn listen(shared: Arc<ProxyState>, listener: TcpListener) {
    let mut errors = AcceptErrors::default();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let permit = Arc::clone(&shared.connections).try_acquire_owned();
                let waiting = Arc::clone(&shared.waiting).try_acquire_owned();
                let (Ok(permit), Ok(waiting)) = (permit, waiting) else {
                    tracing::info!(%peer, "refused a connection: too many at the same time");
                    continue;
                };
                let task = connection(Arc::clone(&shared), stream, peer, waiting);
                shared.tasks.spawn(async move {
                    task.await;
                    drop(permit);
                });
            }
            Err(error) => errors.handle(&error).await,
        }
    }
}

async fn connection(
    shared: Arc<ProxyState>,
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
            tracing::info!(%peer, "relaying a connection");
            let reason = relay::run(client, server, shared.limits.idle, stop).await;
            tracing::info!(%peer, %reason, "a relayed connection ended");
        }
        Err(reason) => tracing::info!(%peer, %reason, "refused a connection"),
    }
}
