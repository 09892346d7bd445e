//! A room that broadcasts, over TLS.

use std::{sync::Arc, time::Duration};

use psom::{
    Client, ClientSession, Config, Context, Server, SpaceHandle, Tokens, User, distributed_object,
    net::ServerBuilder, psom_interface, tls,
};
use tokio::sync::{Notify, mpsc};

/// Long enough that only something that hangs takes it.
pub const SOON: Duration = Duration::from_secs(60);

#[psom_interface(name = "Test.Room", version = 1, hash = 1)]
pub trait RoomServer {
    fn s_say(&mut self, cx: &mut Context<Self>, text: &str);
    fn s_hang(&mut self, cx: &mut Context<Self>);
    async fn s_wait_forever(&mut self);
    fn s_panic(&mut self);
}

#[psom_interface(name = "Test.Room", version = 1, hash = 2)]
pub trait RoomClient {
    fn c_said(&mut self, from: i64, text: &str);
}

#[distributed_object(serves = RoomServer, calls = RoomClient)]
#[derive(Default)]
pub struct Room {
    /// Told when a handler begins to wait forever.
    pub hanging: Arc<Notify>,
}

impl RoomServer for Room {
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
        panic!("as it was asked to");
    }
}

/// A client's root that passes on what it hears.
#[distributed_object(serves = RoomClient, calls = RoomServer)]
pub struct Ear(pub mpsc::UnboundedSender<(i64, String)>);

impl RoomClient for Ear {
    fn c_said(&mut self, from: i64, text: &str) {
        let _ = self.0.send((from, text.to_owned()));
    }
}

/// A certificate for a name, as a server uses it, and the authority that a client trusts.
pub fn certificate(name: &str) -> (Arc<tls::ServerConfig>, Arc<tls::ClientConfig>) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let server = tls::server(chain.as_bytes(), key.as_bytes()).unwrap();
    (server, tls::client(chain.as_bytes()).unwrap())
}

/// A server on a free port, with everything that a test needs to join it.
pub struct World {
    pub server: Server,
    pub space: SpaceHandle<Room>,
    pub tokens: Tokens,
    pub address: String,
    pub trust: Arc<tls::ClientConfig>,
}

pub async fn world() -> World {
    world_with(Config::default(), |builder| builder).await
}

pub async fn world_with(
    config: Config,
    change: impl FnOnce(ServerBuilder) -> ServerBuilder,
) -> World {
    let (identity, trust) = certificate("127.0.0.1");
    let tokens = Tokens::new();
    let space = SpaceHandle::start_with(config.clone(), [], |_| Room::default()).unwrap();
    let builder = Server::builder().space(space.space()).config(config);
    let builder = change(builder.tls(identity).authenticator(tokens.clone()));
    let server = builder.bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap().to_string();
    World { server, space, tokens, address, trust }
}

pub type Heard = mpsc::UnboundedReceiver<(i64, String)>;

impl World {
    pub fn token(&self, id: i64) -> String {
        self.tokens.issue(User::new(id, format!("user {id}")))
    }

    pub async fn join(&self, id: i64) -> (ClientSession<Ear>, Heard) {
        let (ear, heard) = ear();
        let client = Client::builder().root(ear).token(self.token(id)).tls(self.trust.clone());
        let session = client.connect(&self.address).await.unwrap();
        // A client is done before the server has seen its last message.
        eventually(async || {
            let there = move |_: &mut Room, cx: &mut Context<Room>| {
                cx.peer_infos().iter().any(|peer| peer.user.id == id)
            };
            self.space.run(there).await.unwrap()
        })
        .await;
        (session, heard)
    }
}

pub fn ear() -> (Ear, Heard) {
    let (say, heard) = mpsc::unbounded_channel();
    (Ear(say), heard)
}

/// Waits for a condition that something else brings about.
pub async fn eventually(mut condition: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, waiting).await.expect("it never happens");
}
