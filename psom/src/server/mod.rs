//! A server: its listeners, the authentication of newcomers, and their admission to a space.

mod authenticator;
mod credentials;
#[cfg(feature = "journal")]
mod durable;
mod end_cause;
#[cfg(feature = "metrics")]
mod metrics_page;
mod newcomers;
mod relay;
mod tokens;
#[cfg(feature = "websocket")]
mod websocket;

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream, ToSocketAddrs},
    sync::{oneshot, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

pub use authenticator::{Admission, Authenticator, Refused};
pub use tokens::Tokens;
#[cfg(feature = "websocket")]
pub use websocket::WebSocketOptions;

use self::{
    authenticator::{AnyAuthenticator, Destination},
    credentials::{Authenticated, authenticate},
    newcomers::{EVICTED, Newcomer, Newcomers},
};
use crate::{
    Config, DistributedObject, Error, Result, Scope,
    error::{Misuse, SetupError},
    hub::Input,
    interface::ObjectDesc,
    net::{
        accept_errors::AcceptErrors,
        buffers::{limit_tls, limit_unsent},
        connection::{self, Transport},
        handle::{SpaceHandle, SpaceRef},
        link::Link,
        named,
        space_task::Message,
        tasks::ConnectionTasks,
        tls, with_trace,
    },
};

/// The time in which peers can close their connections after the signal of
/// [`ServerBuilder::serve_until`].
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// A running server: its listener, its connections and their authentication.
///
/// Dropping the server drops its connections. [`shutdown`](Self::shutdown) closes them first.
pub struct Server {
    shared: Arc<ServerState>,
    listener: Option<(SocketAddr, JoinHandle<()>)>,
}

/// The limits for connections that are not authenticated yet.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerLimits {
    /// The time limit for the TLS handshake. Default: 10 s.
    pub tls_timeout: Duration,
    /// The time after TLS in which a client must send its token. Default: 15 s.
    ///
    /// The specification allows 120 s (section 3.3.3.1.1). Clients send the token at once, so a shorter
    /// time costs them nothing and frees the slots of silent connections.
    pub token_timeout: Duration,
    /// The maximum number of unauthenticated connections. A newcomer beyond it takes the slot of the
    /// connection whose last step (connect, TLS, WebSocket) is the longest ago, at least half a second.
    /// Until there is one, further connections wait. One address has at most half of the slots, except
    /// loopback. Default: 256.
    pub unauthenticated: usize,
    /// The maximum number of connections, authenticated or not. Further ones are refused.
    /// Default: 10,000.
    pub connections: usize,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            tls_timeout: Duration::from_secs(10),
            token_timeout: Duration::from_secs(15),
            unauthenticated: 256,
            connections: 10_000,
        }
    }
}

/// The numbers of connections of a server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServerStats {
    /// The number of current connections, including unauthenticated ones.
    pub connections: usize,
    /// The number of connections that are not authenticated yet.
    pub unauthenticated: usize,
    /// The number of connections that were admitted since the start.
    pub admitted: u64,
    /// The number of connections that were refused since the start: failed TLS, invalid or late
    /// credentials, or too many unauthenticated connections.
    pub refused: u64,
    /// The number of unauthenticated connections that newcomers replaced, or that found no slot for their
    /// address.
    pub replaced: u64,
}

/// How long a space may take to report why a connection has ended.
const END_TIMEOUT: Duration = Duration::from_secs(1);

struct ServerState {
    config: Arc<Config>,
    limits: ServerLimits,
    authenticator: Box<dyn AnyAuthenticator>,
    space: Option<SpaceRef>,
    tls: Option<TlsAcceptor>,
    unauthenticated: Newcomers,
    tasks: ConnectionTasks,
    stop: watch::Sender<bool>,
    admitted: AtomicU64,
    refused: AtomicU64,
}

/// Builds a [`Server`]. An authenticator is required. Listening requires TLS. A root is required
/// unless the authenticator admits every user to a space.
#[derive(Default)]
#[must_use = "a builder does nothing until it is started"]
pub struct ServerBuilder {
    config: Config,
    limits: ServerLimits,
    authenticator: Option<Box<dyn AnyAuthenticator>>,
    root: Option<Root>,
    tls: Option<Arc<tls::ServerConfig>>,
    undeclared: Vec<ObjectDesc>,
    on_listening: Option<Box<dyn FnOnce(SocketAddr) + Send>>,
}

/// Starts the root's space once the limits and the objects are known.
type Root = Box<dyn FnOnce(&Config, Vec<ObjectDesc>) -> Result<SpaceRef> + Send>;

impl Server {
    /// Creates a builder of a server.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// Returns the address on which the server listens, if it does.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.listener.as_ref().map(|(address, _)| *address)
    }

    /// Serves one more connection over any byte stream without TLS, for protected streams and for
    /// tests. The stream counts towards no limit per address.
    pub fn accept(&self, stream: impl Transport) {
        self.accept_stream(stream, None);
    }

    /// Serves one more connection over a byte stream without TLS that comes from this address.
    pub fn accept_from(&self, stream: impl Transport, address: IpAddr) {
        self.accept_stream(stream, Some(address));
    }

    fn accept_stream(&self, stream: impl Transport, address: Option<IpAddr>) {
        let peer = address.map_or_else(|| "a stream".into(), |address| address.to_string());
        if !self.shared.has_room(&peer) {
            return;
        }
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(async move {
            let mut stop = shared.stop();
            let waiting = shared.counting(shared.unauthenticated.over_stream(peer, address));
            let newcomer = tokio::select! {
                newcomer = waiting => newcomer,
                () = stopped(&mut stop) => return,
            };
            serve(shared, stream, newcomer).await;
        });
    }

    #[cfg(feature = "websocket")]
    fn shared(&self) -> &Arc<ServerState> {
        &self.shared
    }

    /// Returns the numbers of connections.
    pub fn stats(&self) -> ServerStats {
        let shared = &self.shared;
        ServerStats {
            connections: shared.tasks.len(),
            unauthenticated: shared.unauthenticated.taken(),
            admitted: shared.admitted.load(Ordering::Relaxed),
            refused: shared.refused.load(Ordering::Relaxed),
            replaced: shared.unauthenticated.replaced(),
        }
    }

    /// Stops listening, sends Close on every connection, and waits at most `grace` until they are
    /// closed. Then drops the remaining connections.
    pub async fn shutdown(mut self, grace: Duration) {
        if let Some((_, task)) = self.listener.take() {
            task.abort();
        }
        self.shared.stop.send_replace(true);
        let tasks = &self.shared.tasks;
        if timeout(grace, tasks.ended()).await.is_err() {
            tracing::warn!(connections = tasks.len(), "Dropped connections that did not close");
        }
        // Dropping the server aborts the remaining tasks.
    }

    /// Waits until the server stops listening because of a failure.
    pub async fn wait(&mut self) {
        if let Some((_, task)) = &mut self.listener {
            let _ = task.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some((_, task)) = &self.listener {
            task.abort();
        }
        self.shared.stop.send_replace(true);
        self.shared.tasks.abort();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("local_addr", &self.local_addr()).finish_non_exhaustive()
    }
}

impl ServerBuilder {
    /// Sets the root object, to which all users are connected.
    pub fn root<T: DistributedObject>(self, root: T) -> Self {
        self.root_with(|_| root)
    }

    /// Sets a function that creates the root object together with its children.
    pub fn root_with<T: DistributedObject>(
        mut self,
        root: impl FnOnce(&mut Scope) -> T + Send + 'static,
    ) -> Self {
        self.root = Some(Box::new(|config, undeclared| {
            let space = SpaceHandle::start_with(config.clone(), undeclared, root)?;
            Ok(space.space())
        }));
        self
    }

    /// Sets a running space instead of a root. Users whom the authenticator admits to no other space
    /// join it. The space keeps the limits and the announced objects with which it was started.
    pub fn space(mut self, space: SpaceRef) -> Self {
        self.root = Some(Box::new(|_, _| Ok(space)));
        self
    }

    /// Announces a type of objects that are connected below [`root`](Self::root) although no object
    /// declares them.
    pub fn object<T: DistributedObject>(mut self) -> Self {
        self.undeclared.push(ObjectDesc::of::<T>());
        self
    }

    /// Sets the authenticator, which checks the credentials of clients.
    pub fn authenticator(mut self, authenticator: impl Authenticator) -> Self {
        self.authenticator = Some(Box::new(authenticator));
        self
    }

    /// Sets the server's certificate; see [`tls::server`].
    pub fn tls(mut self, tls: impl Into<Arc<tls::ServerConfig>>) -> Self {
        self.tls = Some(tls.into());
        self
    }

    /// Sets the limits and times of all connections.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Sets the limits for connections that are not authenticated yet.
    pub fn limits(mut self, limits: ServerLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets a function that is called with the address on which the server listens, once it does: the
    /// free port that the system has selected for port 0 is then known.
    pub fn on_listening(mut self, report: impl FnOnce(SocketAddr) + Send + 'static) -> Self {
        self.on_listening = Some(Box::new(report));
        self
    }

    /// Starts a server that does not listen. Pass connections to [`Server::accept`].
    pub fn start(self) -> Result<Server> {
        let authenticator = self.authenticator.ok_or(Misuse::Builder(
            "the server has no authenticator; give it one with `.authenticator(...)`",
        ))?;
        let config = with_trace(self.config);
        let space = self.root.map(|root| root(&config, self.undeclared)).transpose()?;
        let shared = ServerState {
            config: Arc::new(config),
            unauthenticated: Newcomers::new(self.limits.unauthenticated),
            limits: self.limits,
            authenticator,
            space,
            tls: self.tls.map(TlsAcceptor::from),
            tasks: ConnectionTasks::default(),
            stop: watch::Sender::new(false),
            admitted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        };
        Ok(Server { shared: Arc::new(shared), listener: None })
    }

    /// Starts a server that listens on an address. Port 0 selects a free port;
    /// [`Server::local_addr`] and [`on_listening`](Self::on_listening) report it.
    pub async fn bind(mut self, address: impl ToSocketAddrs + fmt::Debug) -> Result<Server> {
        if self.tls.is_none() {
            return Err(Misuse::Builder(
                "a server listens only with TLS; give it a certificate with `.tls(...)`",
            )
            .into());
        }
        let cannot = |source: std::io::Error| SetupError::Listen {
            address: format!("{address:?}"),
            source: source.into(),
        };
        let listener = TcpListener::bind(&address).await.map_err(cannot)?;
        limit_unsent(&listener);
        let local = listener.local_addr().map_err(cannot)?;
        let report = self.on_listening.take();
        let mut server = self.start()?;
        let task = start_listening(Arc::clone(&server.shared), listener);
        server.listener = Some((local, task));
        tracing::info!(address = %local, "Listening");
        report.into_iter().for_each(|report| report(local));
        Ok(server)
    }

    /// Listens on an address and serves until listening fails.
    pub async fn serve(self, address: impl ToSocketAddrs + fmt::Debug) -> Result<()> {
        self.bind(address).await?.wait().await;
        Ok(())
    }

    /// Listens on an address and serves until `signal` completes, such as `tokio::signal::ctrl_c()`.
    /// Then closes all connections in order, and waits for them at most 5 seconds.
    pub async fn serve_until(
        self,
        address: impl ToSocketAddrs + fmt::Debug,
        signal: impl Future,
    ) -> Result<()> {
        let mut server = self.bind(address).await?;
        tokio::select! {
            () = server.wait() => {}
            _ = signal => {}
        }
        server.shutdown(SHUTDOWN_GRACE).await;
        Ok(())
    }
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl ServerState {
    #[cfg(feature = "websocket")]
    fn has_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Returns the time limit of a handshake below PSOM's own.
    #[cfg(feature = "websocket")]
    fn handshake_timeout(&self) -> Duration {
        self.limits.tls_timeout
    }

    /// Returns a receiver that changes to `true` when the server shuts down.
    fn stop(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Returns whether the server can have one more connection. Counts a refusal if it cannot.
    fn has_room(&self, peer: &str) -> bool {
        let has_room = self.tasks.len() < self.limits.connections;
        if !has_room {
            self.config.hits.count("connections");
            self.refuse(peer, &"too many connections (limit connections)");
        }
        has_room
    }

    /// Waits for a slot for a connection from an address. Returns `None` and counts a refusal if there is no
    /// room for the connection or no slot for its address.
    async fn newcomer(&self, address: SocketAddr) -> Option<Newcomer> {
        let peer = address.to_string();
        if !self.has_room(&peer) {
            return None;
        }
        let newcomer = self.counting(self.unauthenticated.at_address(address)).await;
        if newcomer.is_err() {
            self.refuse(&peer, &"all slots of the address are busy (limit unauthenticated)");
        }
        newcomer.ok()
    }

    /// Counts a hit of the limit if a newcomer replaces a connection or finds no slot.
    async fn counting<T>(&self, waiting: impl Future<Output = T>) -> T {
        let before = self.unauthenticated.replaced();
        let newcomer = waiting.await;
        if self.unauthenticated.replaced() > before {
            self.config.hits.count("unauthenticated");
        }
        newcomer
    }

    /// Performs the TLS handshake. Returns the stream as it is if the server has no TLS, and `None`
    /// if the handshake fails.
    async fn accept_tls(
        &self,
        stream: TcpStream,
        newcomer: &Newcomer,
    ) -> Option<Result<Box<TlsStream<TcpStream>>, TcpStream>> {
        let Some(acceptor) = &self.tls else { return Some(Err(stream)) };
        let Newcomer { peer, slot } = newcomer;
        let mut stop = self.stop();
        let handshake = tokio::select! {
            handshake = timeout(self.limits.tls_timeout, acceptor.accept_with(stream, limit_tls)) => handshake,
            () = slot.evicted() => {
                self.refuse(peer, &EVICTED);
                return None;
            }
            () = stopped(&mut stop) => return None,
        };
        match handshake {
            Ok(Ok(stream)) => {
                slot.progressed();
                return Some(Ok(Box::new(stream)));
            }
            Ok(Err(error)) => self.refuse(peer, &format_args!("TLS: {error}")),
            Err(_) => self.refuse(peer, &"the TLS handshake timed out"),
        }
        None
    }

    fn refuse(&self, peer: &str, reason: &dyn fmt::Display) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(peer, %reason, "Refused a connection");
    }
}

/// Starts the task that accepts connections. This function is not `async`, so that the code of all
/// connections is compiled here and not by each crate that starts a server, with its own optimization level.
fn start_listening(shared: Arc<ServerState>, listener: TcpListener) -> JoinHandle<()> {
    tokio::spawn(listen(shared, listener))
}

async fn listen(shared: Arc<ServerState>, listener: TcpListener) {
    let mut errors = AcceptErrors::default();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Some(newcomer) = shared.newcomer(peer).await {
                    shared.tasks.spawn(serve_tls(Arc::clone(&shared), stream, newcomer));
                }
            }
            Err(error) => errors.handle(&error).await,
        }
    }
}

async fn serve_tls(shared: Arc<ServerState>, stream: TcpStream, newcomer: Newcomer) {
    // The calls of a turn are written together, so Nagle's algorithm would only delay them.
    let _ = stream.set_nodelay(true);
    // Until this task runs, the client waits for the server.
    newcomer.slot.progressed();
    // The future of a handshake is large, and the task keeps its size as long as the connection exists.
    if let Some(Ok(stream)) = Box::pin(shared.accept_tls(stream, &newcomer)).await {
        serve(shared, stream, newcomer).await;
    }
}

async fn serve(shared: Arc<ServerState>, mut stream: impl Transport, newcomer: Newcomer) {
    let Newcomer { peer, slot } = newcomer;
    let mut stop = shared.stop.subscribe();
    let (config, authenticator) = (&shared.config, &*shared.authenticator);
    let token_timeout = shared.limits.token_timeout;
    let authenticated = tokio::select! {
        result = Box::pin(authenticate(config, token_timeout, authenticator, &mut stream, &slot)) => {
            result
        }
        () = slot.evicted() => Err(EVICTED.into()),
        () = stopped(&mut stop) => Err("the server is shutting down".into()),
    };
    let Authenticated { mut session, admission, received } = match authenticated {
        Ok(authenticated) => authenticated,
        Err(reason) => {
            // A refused client gets no answer (ruling 11).
            let _ = stream.shutdown().await;
            return shared.refuse(&peer, &reason);
        }
    };
    let (user, space) = match admission.0 {
        Destination::Space(user, space) => (user, space),
        Destination::Elsewhere(relay) => {
            drop((slot, session));
            tracing::info!(peer, "Relays a client to another server");
            let relaying = relay::run(stream, relay, &received, shared.config.stall_timeout);
            let reason = tokio::select! {
                reason = relaying => reason,
                () = stopped(&mut stop) => "the server is shutting down".into(),
            };
            return tracing::info!(peer, %reason, "A relayed connection ended");
        }
    };
    drop(received);
    let Some(space) = space.or_else(|| shared.space.clone()) else {
        return shared
            .refuse(&peer, &"the server has no root, and the user was admitted to no space");
    };
    if let Some(trace) = &shared.config.trace {
        session.set_trace(named(trace, &format!("server, {}", user.name)));
    }
    let link = Arc::new(Link::new(Arc::clone(&space.reports)));
    let (reply, accepted) = oneshot::channel();
    // An authenticated connection no longer counts, even if the space is slow to accept it.
    drop(slot);
    let accept = Message::Accept(Box::new(session), user.clone(), Arc::clone(&link), reply);
    let accepting = Box::pin(async {
        space.inbox.send(accept).await.ok()?;
        accepted.await.ok()
    });
    let accepting = timeout(shared.config.authentication_timeout, accepting);
    let key = tokio::select! {
        key = accepting => key.ok().flatten(),
        () = stopped(&mut stop) => None,
    };
    let Some(key) = key else {
        return shared.refuse(&peer, &"the space has ended or accepts no connections");
    };
    shared.admitted.fetch_add(1, Ordering::Relaxed);
    tracing::info!(peer, user = user.id, name = %user.name, "Admitted a user");
    let moving = connection::run(stream, key, &space.inbox, &link, &shared.config);
    tokio::pin!(moving);
    tokio::select! {
        () = &mut moving => {}
        () = stopped(&mut stop) => {
            // The inbox of a space that hangs may be full, so the connection must not wait for it.
            let closing = space.inbox.send(Message::Input(Input::End(key, Error::Closed)));
            tokio::join!(moving, async { drop(closing.await) });
        }
    }
    // The space reports the reason after it has handled the last input. A space that hangs never does.
    let reason = timeout(END_TIMEOUT, link.ended()).await.unwrap_or(Error::Closed);
    let caused_by = end_cause::of(&reason);
    let (name, limit) = (&user.name, reason.limit());
    tracing::info!(peer, user = user.id, %name, caused_by, %reason, limit, "A connection ended");
}

/// Waits for the shutdown of the server.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Cannot fail: the sender exists as long as the server's connections.
    let _ = stop.wait_for(|stop| *stop).await;
}
