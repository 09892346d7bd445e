//! A client: its connection to a server, calls from outside its space, and connecting again.

mod connecting;
mod reconnect;
mod remote;
#[cfg(feature = "offline")]
mod replay;

use std::{fmt, sync::Arc, time::Duration};

use connecting::{BytesMover, NewConnection, connect_space, mover, reach};
pub use reconnect::{Backoff, ConnectionEvent, ReconnectingClient, TokenSource};
pub use remote::{Remote, Sending};
#[cfg(feature = "offline")]
pub use replay::{RefusedCall, Replayed, Replaying};
use tokio::sync::oneshot;

use crate::{
    Config, Context, DistributedObject, Error, Handle, Result, Scope,
    error::{AskError, CallError, Misuse},
    hub::Input,
    interface::{Interface, ObjectDesc},
    net::{
        connection::Transport,
        handle::SpaceHandle,
        link::{Closer, Link},
        named,
        space_task::Message,
        tls, with_trace,
    },
    space::{ConnectionKey, Peer, Reply, Sent},
    wire::auth::{Credentials, MAX_TOKEN_BYTES},
};

/// Connects to servers.
#[derive(Debug)]
pub struct Client;

impl Client {
    /// Creates a builder of a session.
    pub fn builder() -> ClientBuilder<()> {
        ClientBuilder {
            root: (),
            config: Config::default(),
            token: None,
            proxy_header: None,
            alternative_name: None,
            tls: None,
            undeclared: Vec::new(),
        }
    }
}

/// Builds a [`ClientSession`]. A root and a token are required.
#[must_use = "a builder does nothing until it connects"]
pub struct ClientBuilder<R> {
    root: R,
    config: Config,
    token: Option<String>,
    proxy_header: Option<Vec<u8>>,
    alternative_name: Option<String>,
    tls: Option<Arc<tls::ClientConfig>>,
    undeclared: Vec<ObjectDesc>,
}

impl ClientBuilder<()> {
    /// Sets the object whose peer is the server's root.
    pub fn root<T: DistributedObject>(
        self,
        root: T,
    ) -> ClientBuilder<impl FnOnce(&mut Scope) -> T + Send> {
        self.root_with(|_| root)
    }

    /// Sets a function that creates the root together with its children.
    pub fn root_with<T, R>(self, root: R) -> ClientBuilder<R>
    where
        T: DistributedObject,
        R: FnOnce(&mut Scope) -> T + Send,
    {
        let Self { config, token, proxy_header, alternative_name, tls, undeclared, root: () } =
            self;
        ClientBuilder { root, config, token, proxy_header, alternative_name, tls, undeclared }
    }
}

impl<R> ClientBuilder<R> {
    /// Sets the token (`sAuthId`).
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sets the header for a forwarding proxy (`proxyHeader`, mode "fwdtls").
    pub fn proxy_header(mut self, header: impl Into<Vec<u8>>) -> Self {
        self.proxy_header = Some(header.into());
        self
    }

    /// Sets the name that the server's certificate must contain instead of the host name
    /// (`alternativeName`).
    pub fn alternative_name(mut self, name: impl Into<String>) -> Self {
        self.alternative_name = Some(name.into());
        self
    }

    /// Sets the trusted certificate authorities; see [`tls::client`]. The default are those of the
    /// operating system.
    pub fn tls(mut self, tls: impl Into<Arc<tls::ClientConfig>>) -> Self {
        self.tls = Some(tls.into());
        self
    }

    /// Sets the limits and times of the connection.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Announces a type of objects that are connected although no object declares them.
    pub fn object<T: DistributedObject>(mut self) -> Self {
        self.undeclared.push(ObjectDesc::of::<T>());
        self
    }

    /// Connects to a server at `host:port` (`pwsURI`, mode "tls") and waits until its root is
    /// connected on this side. The protocol has no answer to RPCOpen, the last step, so the server's
    /// root may be connected a moment later.
    pub async fn connect<T>(self, address: &str) -> Result<ClientSession<T>>
    where
        T: DistributedObject,
        R: FnOnce(&mut Scope) -> T + Send,
    {
        self.connect_any(&[address]).await
    }

    /// Connects to one of several proxies at `host:port` (mode "fwdtls"). Tries them in random order
    /// until one can be reached.
    pub async fn connect_any<T>(self, addresses: &[&str]) -> Result<ClientSession<T>>
    where
        T: DistributedObject,
        R: FnOnce(&mut Scope) -> T + Send,
    {
        let tls = self.tls.clone().map_or_else(tls::system_client, Ok)?;
        let reached = reach(addresses, self.alternative_name.clone(), tls).await?;
        self.connect_with(reached).await
    }

    /// Connects over any byte stream without TLS, for protected streams and for tests.
    pub async fn connect_stream<T>(self, stream: impl Transport) -> Result<ClientSession<T>>
    where
        T: DistributedObject,
        R: FnOnce(&mut Scope) -> T + Send,
    {
        self.connect_with(mover(stream)).await
    }

    async fn connect_with<T>(self, mover: BytesMover) -> Result<ClientSession<T>>
    where
        T: DistributedObject,
        R: FnOnce(&mut Scope) -> T + Send,
    {
        let credentials = self.credentials()?;
        let Self { root, config, undeclared, .. } = self;
        let mut config = with_trace(config);
        config.trace = config.trace.map(|trace| named(&trace, "client"));
        let (host, hosted) = oneshot::channel();
        let space = SpaceHandle::start_hosting(config.clone(), undeclared, hosted, root)?;
        let record_limit = config.record_limit;
        let connecting = connect_space(space.space(), credentials, config, host, mover);
        let NewConnection { link, key, version, closer } = connecting.await?;
        Ok(ClientSession { space, link, key, version, record_limit, _closer: closer })
    }

    fn credentials(&self) -> Result<Credentials, Misuse> {
        let token = self.token.clone().ok_or(Misuse::Builder(
            "the client has no token; give it the one that the server issued with `.token(...)`",
        ))?;
        let is_token = |token: &str| {
            !token.is_empty()
                && token.len() <= MAX_TOKEN_BYTES
                && token.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !is_token(&token) {
            return Err(Misuse::Builder("a token is 1 to 4096 printable ASCII characters"));
        }
        if self.proxy_header.as_ref().is_some_and(|header| header.len() > MAX_TOKEN_BYTES) {
            return Err(Misuse::Builder("a proxy header is at most 4096 bytes"));
        }
        Ok(Credentials { token, proxy_header: self.proxy_header.clone() })
    }
}

impl<R> fmt::Debug for ClientBuilder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}

/// A client's connection to a server, with the objects of this side and proxies of their peers.
///
/// Dropping the session closes the connection in the background. [`close`](Self::close) waits until
/// it is closed.
pub struct ClientSession<T> {
    space: SpaceHandle<T>,
    link: Arc<Link>,
    key: ConnectionKey,
    version: i32,
    record_limit: u32,
    _closer: Closer,
}

impl<T: DistributedObject> ClientSession<T> {
    /// Returns the proxy of the server's root. Await each call.
    pub fn root(&self) -> <T::Calls as Interface>::Proxy<Remote> {
        T::Calls::proxy(self.remote(self.space.root().key, self.version))
    }

    /// Returns the proxy of the peer of another connected object of this side.
    ///
    /// # Errors
    /// The object is gone or not connected.
    pub async fn peer<U: DistributedObject>(
        &self,
        object: Handle<U>,
    ) -> Result<<U::Calls as Interface>::Proxy<Remote>, CallError> {
        let version =
            self.space.run_on(object, |_, cx| cx.peer_infos().first().map(|peer| peer.version));
        let version = version.await?.ok_or(CallError::Gone)?;
        Ok(U::Calls::proxy(self.remote(object.key, version)))
    }

    fn remote(&self, object: crate::wire::ObjectKey, version: i32) -> Remote {
        let (inbox, link) = (self.space.space().inbox, Arc::clone(&self.link));
        Remote { inbox, link, object, version, record_limit: self.record_limit }
    }

    /// Returns the negotiated version of the root's interface.
    pub fn version(&self) -> i32 {
        self.version
    }

    /// Returns this side's space, in which functions can be run on the root and on other objects.
    pub fn space(&self) -> &SpaceHandle<T> {
        &self.space
    }

    /// Runs a function on this side's root, as a turn, and returns its result.
    pub async fn run<R: Send + 'static>(
        &self,
        run: impl FnOnce(&mut T, &mut Context<T>) -> R + Send + 'static,
    ) -> Result<R, CallError> {
        self.space.run(run).await
    }

    /// Waits until the server has handled all calls that this session has sent so far, and this side has
    /// handled the server's calls in answer to them. If the server is durable, their changes are safe.
    /// See [`Context::when_settled`].
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn settled(&self) -> Result<()> {
        // Earlier calls from outside, which wait for room in the send queue, hold the gate.
        let gate = self.link.gate.lock().await;
        let (reply, settled) = oneshot::channel();
        let begun = self
            .space
            .run(move |_, cx| cx.when_settled(move |_, _, result| drop(reply.send(result))));
        let begun = begun.await;
        drop(gate);
        match (begun, settled.await) {
            (Ok(Ok(())), Ok(Ok(()))) => Ok(()),
            _ => Err(self.why_gone().await),
        }
    }

    /// Returns the reason why the peer of the root is gone.
    async fn why_gone(&self) -> Error {
        // The space notifies its objects of the end of a connection before it passes the reason to the link. It has
        // done both when it answers another call.
        let _ = self.space.run(|_, _| ()).await;
        self.link.over().unwrap_or_else(|| CallError::Gone.into())
    }

    /// Sends a request to the peer of an object of this side, and waits at most `limit` for its answer. See
    /// [`Context::ask`].
    ///
    /// # Errors
    /// The request was not sent, or the answer did not arrive.
    pub async fn ask<U: DistributedObject>(
        &self,
        object: Handle<U>,
        limit: Duration,
        call: impl FnOnce(<U::Calls as Interface>::Proxy<Peer<'_>>, i32) -> Sent + Send + 'static,
    ) -> Result<Reply, AskError> {
        let (reply, answer) = oneshot::channel();
        let ask = move |_: &mut U, cx: &mut Context<U>| {
            let peer = cx.peer_infos().first().map(|peer| peer.id).ok_or(CallError::Gone)?;
            cx.ask(peer, limit, call, move |_, _, result| drop(reply.send(result)))
        };
        self.space.run_on(object, ask).await??;
        answer.await.unwrap_or(Err(CallError::Gone.into()))
    }

    /// Waits until the connection has ended and returns the reason.
    pub async fn ended(&self) -> Error {
        self.link.ended().await
    }

    #[cfg(feature = "offline")]
    fn has_ended(&self) -> bool {
        self.link.over().is_some()
    }

    /// Closes the connection after all output is sent, and waits until it is closed.
    pub async fn close(self) -> Error {
        let close = Message::Input(Input::End(self.key, Error::Closed));
        let _ = self.space.space().inbox.send(close).await;
        let error = self.link.ended().await;
        self.link.done().await;
        error
    }
}

impl<T> fmt::Debug for ClientSession<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSession").field("version", &self.version).finish_non_exhaustive()
    }
}
