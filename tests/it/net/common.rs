//! A broadcasting server over TLS.

use std::{sync::Arc, time::Duration};

use psom::{
    Client, ClientSession, Config, Context, Server, SpaceHandle, Tokens, User, distributed_object,
    net::ServerBuilder, psom_interface, tls,
};
use tokio::sync::{Notify, mpsc};

/// Limits the waiting time of a hanging test.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

#[psom_interface(name = "Test.Root", version = 1, hash = 1)]
pub(crate) trait RootServer {
    fn s_say(&mut self, cx: &mut Context<Self>, text: &str);
    fn s_hang(&mut self, cx: &mut Context<Self>);
    async fn s_wait_forever(&mut self);
    fn s_panic(&mut self);
}

#[psom_interface(name = "Test.Root", version = 1, hash = 2)]
pub(crate) trait RootClient {
    fn c_said(&mut self, from: i64, text: &str);
}

#[distributed_object(serves = RootServer, calls = RootClient)]
#[derive(Default)]
pub(crate) struct ServerRoot {
    /// Notified when a handler starts to wait forever.
    pub hanging: Arc<Notify>,
}

impl RootServer for ServerRoot {
    fn s_say(&mut self, cx: &mut Context<Self>, text: &str) {
        let from = cx.caller().user().id;
        cx.peers().c_said(from, text);
    }

    fn s_hang(&mut self, cx: &mut Context<Self>) {
        cx.spawn(std::future::pending::<()>(), |_, _, ()| unreachable!());
    }

    async fn s_wait_forever(&mut self) {
        self.hanging.notify_one();
        std::future::pending::<()>().await;
    }

    fn s_panic(&mut self) {
        panic!("a requested panic");
    }
}

/// A client's root that forwards the calls that it receives.
#[distributed_object(serves = RootClient, calls = RootServer)]
pub(crate) struct ClientRoot(pub mpsc::UnboundedSender<(i64, String)>);

impl RootClient for ClientRoot {
    fn c_said(&mut self, from: i64, text: &str) {
        let _ = self.0.send((from, text.to_owned()));
    }
}

/// Creates a certificate for a name, as configurations of a server and of a client that trusts it.
pub(crate) fn certificate(name: &str) -> (Arc<tls::ServerConfig>, Arc<tls::ClientConfig>) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let server = tls::server(chain.as_bytes(), key.as_bytes()).unwrap();
    (server, tls::client(chain.as_bytes()).unwrap())
}

/// A server on a free port, with the credentials to connect to it.
pub(crate) struct Fixture {
    pub server: Server,
    pub space: SpaceHandle<ServerRoot>,
    pub tokens: Tokens,
    pub address: String,
    pub trust: Arc<tls::ClientConfig>,
}

pub(crate) async fn fixture() -> Fixture {
    fixture_with(Config::default(), |builder| builder).await
}

pub(crate) async fn fixture_with(
    config: Config,
    change: impl FnOnce(ServerBuilder) -> ServerBuilder,
) -> Fixture {
    let (identity, trust) = certificate("127.0.0.1");
    let tokens = Tokens::new();
    let space = SpaceHandle::start_with(config.clone(), [], |_| ServerRoot::default()).unwrap();
    let builder = Server::builder().space(space.space()).config(config);
    let builder = change(builder.tls(identity).authenticator(tokens.clone()));
    let server = builder.bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap().to_string();
    Fixture { server, space, tokens, address, trust }
}

pub(crate) type Received = mpsc::UnboundedReceiver<(i64, String)>;

impl Fixture {
    pub(crate) fn token(&self, id: i64) -> String {
        self.tokens.issue(User::new(id, format!("user {id}")))
    }

    pub(crate) async fn join(&self, id: i64) -> (ClientSession<ClientRoot>, Received) {
        let (client_root, received) = client_root();
        let client =
            Client::builder().root(client_root).token(self.token(id)).tls(Arc::clone(&self.trust));
        let session = client.connect(&self.address).await.unwrap();
        // A client completes the handshake before the server has handled its last message.
        eventually(async || {
            let is_connected = move |_: &mut ServerRoot, cx: &mut Context<ServerRoot>| {
                cx.peer_infos().iter().any(|peer| peer.user.id == id)
            };
            self.space.run(is_connected).await.unwrap()
        })
        .await;
        (session, received)
    }
}

pub(crate) fn client_root() -> (ClientRoot, Received) {
    let (sender, received) = mpsc::unbounded_channel();
    (ClientRoot(sender), received)
}

/// Waits until a condition holds.
pub(crate) async fn eventually(mut condition: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(TIMEOUT, waiting).await.expect("the condition holds in time");
}
