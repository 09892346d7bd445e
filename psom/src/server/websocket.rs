use std::{fmt, net::SocketAddr, sync::Arc};

use tokio::{
    net::{TcpListener, TcpStream, ToSocketAddrs},
    time::timeout,
};

use super::{EVICTED, Newcomer, Server, ServerState, serve, stopped};
use crate::{
    Result,
    error::{Misuse, SetupError},
    net::{accept_errors::AcceptErrors, buffers::limit_unsent, connection::Transport},
    websocket::handshake::{self, Origins},
};

/// The settings of a listener for WebSocket clients.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WebSocketOptions {
    /// The path of the URL to which clients connect. Default: `/psom`.
    pub path: String,
    /// The pages that may connect. Default: those of the same host.
    pub origins: Origins,
}

impl Default for WebSocketOptions {
    fn default() -> Self {
        Self { path: "/psom".into(), origins: Origins::default() }
    }
}

impl Server {
    /// Listens for WebSocket clients on a separate address, until the server shuts down. Returns the
    /// address. Port 0 selects a free port.
    ///
    /// The listener uses the server's TLS. A server without TLS can listen on loopback only.
    ///
    /// # Errors
    /// The address cannot be used, or the server has no TLS and the address is not loopback.
    pub async fn listen_websocket(
        &self,
        address: impl ToSocketAddrs + fmt::Debug,
        options: WebSocketOptions,
    ) -> Result<SocketAddr> {
        let failed = |source: std::io::Error| SetupError::Listen {
            address: format!("{address:?}"),
            source: source.into(),
        };
        let listener = TcpListener::bind(&address).await.map_err(failed)?;
        limit_unsent(&listener);
        let local = listener.local_addr().map_err(failed)?;
        let shared = self.shared();
        if !shared.has_tls() && !local.ip().is_loopback() {
            return Err(Misuse::Builder(
                "a server without TLS listens on loopback only; give it a certificate with \
                 `.tls(...)`",
            )
            .into());
        }
        start_listening(Arc::clone(shared), listener, options);
        Ok(local)
    }
}

/// Starts the task that accepts connections. Not `async`, as the function of the same name for TLS.
fn start_listening(shared: Arc<ServerState>, listener: TcpListener, options: WebSocketOptions) {
    tokio::spawn(listen(shared, listener, Arc::new(options)));
}

async fn listen(shared: Arc<ServerState>, listener: TcpListener, options: Arc<WebSocketOptions>) {
    let mut stop = shared.stop();
    let mut errors = AcceptErrors::default();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stop) => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let newcomer = tokio::select! {
                    newcomer = shared.newcomer(peer) => newcomer,
                    () = stopped(&mut stop) => return,
                };
                if let Some(newcomer) = newcomer {
                    let serving =
                        serve_tcp(Arc::clone(&shared), stream, newcomer, Arc::clone(&options));
                    shared.tasks.spawn(serving);
                }
            }
            Err(error) => errors.handle(&error).await,
        }
    }
}

async fn serve_tcp(
    shared: Arc<ServerState>,
    stream: TcpStream,
    newcomer: Newcomer,
    options: Arc<WebSocketOptions>,
) {
    let _ = stream.set_nodelay(true);
    newcomer.slot.progressed();
    match Box::pin(shared.accept_tls(stream, &newcomer)).await {
        Some(Ok(stream)) => serve_handshake(shared, stream, newcomer, &options).await,
        Some(Err(stream)) => serve_handshake(shared, stream, newcomer, &options).await,
        None => {}
    }
}

async fn serve_handshake(
    shared: Arc<ServerState>,
    stream: impl Transport,
    newcomer: Newcomer,
    options: &WebSocketOptions,
) {
    let mut stop = shared.stop();
    let accepting = Box::pin(handshake::accept(stream, &options.path, &options.origins));
    let accepting = tokio::select! {
        accepting = timeout(shared.handshake_timeout(), accepting) => accepting,
        () = newcomer.slot.evicted() => return shared.refuse(&newcomer.peer, &EVICTED),
        () = stopped(&mut stop) => return,
    };
    match accepting {
        Ok(Ok(socket)) => {
            newcomer.slot.progressed();
            serve(shared, socket, newcomer).await;
        }
        Ok(Err(error)) => shared.refuse(&newcomer.peer, &format_args!("WebSocket: {error}")),
        Err(_) => shared.refuse(&newcomer.peer, &"the WebSocket handshake timed out"),
    }
}
