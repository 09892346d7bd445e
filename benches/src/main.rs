//! How fast calls go, on this machine, as ratios to the same bytes by hand.
//!
//! ```text
//! cargo run --release --manifest-path benches/Cargo.toml
//! ```

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use psom::{
    Client, ClientSession, Config, Server, SpaceHandle, Tokens, User, distributed_object,
    psom_interface, tls,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

#[psom_interface(name = "Bench.Hub", version = 1, hash = 1)]
pub trait HubServer {
    fn s_tick(&mut self, number: i64);
}

#[psom_interface(name = "Bench.Hub", version = 1, hash = 2)]
pub trait HubClient {
    fn c_tick(&mut self, number: i64);
}

#[distributed_object(serves = HubServer, calls = HubClient)]
#[derive(Default)]
struct Hub(Arc<AtomicU64>);

impl HubServer for Hub {
    fn s_tick(&mut self, _: i64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[distributed_object(serves = HubClient, calls = HubServer)]
struct Ear(Arc<AtomicU64>);

impl HubClient for Ear {
    fn c_tick(&mut self, _: i64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

struct World {
    server: Server,
    space: SpaceHandle<Hub>,
    tokens: Tokens,
    trust: Arc<tls::ClientConfig>,
    identity: Arc<tls::ServerConfig>,
    received: Arc<AtomicU64>,
}

async fn world() -> World {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let identity = tls::server(chain.as_bytes(), key.as_bytes()).unwrap();
    let trust = tls::client(chain.as_bytes()).unwrap();
    let tokens = Tokens::new();
    let received = Arc::new(AtomicU64::new(0));
    let hub = Hub(received.clone());
    let space = SpaceHandle::start_with(Config::default(), [], |_| hub).unwrap();
    let builder = Server::builder().space(space.space()).authenticator(tokens.clone());
    let server = builder.tls(identity.clone()).bind("127.0.0.1:0").await.unwrap();
    World { server, space, tokens, trust, identity, received }
}

impl World {
    async fn join(&self, heard: &Arc<AtomicU64>) -> ClientSession<Ear> {
        let address = self.server.local_addr().unwrap().to_string();
        let token = self.tokens.issue(User::new(1, "bench"));
        let client = Client::builder().root(Ear(heard.clone())).token(token);
        client.tls(self.trust.clone()).connect(&address).await.unwrap()
    }
}

async fn reach(counter: &AtomicU64, target: u64) {
    while counter.load(Ordering::Relaxed) < target {
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
}

/// One client calls the server, a thousand calls a turn.
async fn one_way(world: &World) -> f64 {
    let session = world.join(&Arc::default()).await;
    let (turns, calls) = (2000, 1000);
    let from = world.received.load(Ordering::Relaxed);
    let begin = Instant::now();
    for turn in 0..turns {
        session
            .run(move |_, cx| {
                for number in 0..calls {
                    cx.peers().s_tick(turn * calls + number);
                }
            })
            .await
            .unwrap();
        // The server is never more than a few turns behind: nobody's queue fills up.
        let sent = from + (turn as u64 + 1) * calls as u64;
        reach(&world.received, sent.saturating_sub(20_000)).await;
    }
    let total = (turns * calls) as u64;
    reach(&world.received, from + total).await;
    total as f64 / begin.elapsed().as_secs_f64()
}

/// The same number of bytes as plain writes of what a turn makes, through TLS, counted by length.
async fn by_hand(world: &World) -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(world.identity.clone());
    let (turns, calls, call) = (2000usize, 1000usize, 5 + 1 + 1 + 5);
    let total = turns * calls * call;
    let receiving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(stream).await.unwrap();
        let mut buffer = vec![0; 64 * 1024];
        let mut received = 0;
        while received < total {
            received += stream.read(&mut buffer).await.unwrap();
        }
    });
    let connector = tokio_rustls::TlsConnector::from(world.trust.clone());
    let name = tokio_rustls::rustls::pki_types::ServerName::try_from("127.0.0.1").unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    let begin = Instant::now();
    let turn = vec![7; calls * call];
    for _ in 0..turns {
        stream.write_all(&turn).await.unwrap();
    }
    stream.flush().await.unwrap();
    receiving.await.unwrap();
    (turns * calls) as f64 / begin.elapsed().as_secs_f64()
}

/// The server calls a thousand clients at once, ten calls a turn.
async fn fan_out(world: &World) -> f64 {
    let heard = Arc::new(AtomicU64::new(0));
    let mut sessions = Vec::new();
    for _ in 0..1000 {
        sessions.push(world.join(&heard).await);
    }
    // A client is done before the server has seen its last message.
    let mut peers = 0;
    while peers < sessions.len() {
        peers = world.space.run(|_, cx| cx.peers().len()).await.unwrap();
    }
    let (turns, calls) = (100, 10);
    // Only what the server does: marshaling, framing and queueing for everybody.
    let mut serving = Duration::ZERO;
    for turn in 0..turns {
        let begin = Instant::now();
        world
            .space
            .run(move |_, cx| {
                for number in 0..calls {
                    cx.peers().c_tick(turn * calls + number);
                }
            })
            .await
            .unwrap();
        serving += begin.elapsed();
        reach(&heard, (turn as u64 + 1) * calls as u64 * sessions.len() as u64).await;
    }
    serving.as_nanos() as f64 / (turns * calls) as f64 / peers as f64
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let world = world().await;
    let (mut ours, mut hand) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        ours.push(one_way(&world).await);
        hand.push(by_hand(&world).await);
    }
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let (ours, hand) = (median(&mut ours), median(&mut hand));
    println!("one-way calls over loopback TLS: {:.1} million a second", ours / 1e6);
    println!("the same bytes by hand:          {:.1} million a second", hand / 1e6);
    println!("ratio: {:.2}", ours / hand);
    let fan = fan_out(&world).await;
    println!("a call for 1,000 peers, until it is queued: {fan:.0} ns each");
}
