//! Measures the throughput of calls on this machine, compared with the same bytes through
//! hand-written tokio and TLS.
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
struct Listener(Arc<AtomicU64>);

impl HubClient for Listener {
    fn c_tick(&mut self, _: i64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A running server, and the data that clients need to join it.
struct Setup {
    server: Server,
    space: SpaceHandle<Hub>,
    tokens: Tokens,
    trust: Arc<tls::ClientConfig>,
    identity: Arc<tls::ServerConfig>,
    received: Arc<AtomicU64>,
}

async fn setup() -> Setup {
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
    Setup { server, space, tokens, trust, identity, received }
}

impl Setup {
    async fn join(&self, received: &Arc<AtomicU64>) -> ClientSession<Listener> {
        let address = self.server.local_addr().unwrap().to_string();
        let token = self.tokens.issue(User::new(1, "bench"));
        let client = Client::builder().root(Listener(received.clone())).token(token);
        client.tls(self.trust.clone()).connect(&address).await.unwrap()
    }
}

/// Waits until a counter reaches a value.
async fn wait_for(counter: &AtomicU64, target: u64) {
    while counter.load(Ordering::Relaxed) < target {
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
}

/// Measures one-way calls: one client calls the server, with 1,000 calls in a turn. Returns calls
/// per second.
async fn one_way(setup: &Setup) -> f64 {
    let session = setup.join(&Arc::default()).await;
    let (turns, calls) = (2000, 1000);
    let from = setup.received.load(Ordering::Relaxed);
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
        // The client stays at most 20 turns ahead, so that the send queue stays below its limits.
        let sent = from + (turn as u64 + 1) * calls as u64;
        wait_for(&setup.received, sent.saturating_sub(20_000)).await;
    }
    let total = (turns * calls) as u64;
    wait_for(&setup.received, from + total).await;
    total as f64 / begin.elapsed().as_secs_f64()
}

/// Sends the same number of bytes through TLS, one write per turn. The receiver only counts bytes.
/// Returns calls per second.
async fn by_hand(setup: &Setup) -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(setup.identity.clone());
    let call_bytes = 5 /* record header */ + 1 /* proxy */ + 1 /* method */ + 5 /* number */;
    let (turns, calls) = (2000usize, 1000usize);
    let total = turns * calls * call_bytes;
    let receiving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(stream).await.unwrap();
        let mut buffer = vec![0; 64 * 1024];
        let mut received = 0;
        while received < total {
            received += stream.read(&mut buffer).await.unwrap();
        }
    });
    let connector = tokio_rustls::TlsConnector::from(setup.trust.clone());
    let name = tokio_rustls::rustls::pki_types::ServerName::try_from("127.0.0.1").unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    let begin = Instant::now();
    let turn = vec![7; calls * call_bytes];
    for _ in 0..turns {
        stream.write_all(&turn).await.unwrap();
    }
    stream.flush().await.unwrap();
    receiving.await.unwrap();
    (turns * calls) as f64 / begin.elapsed().as_secs_f64()
}

/// Measures group calls: the server calls 1,000 clients, with 10 calls in a turn. Returns
/// nanoseconds per call and client.
async fn fan_out(setup: &Setup) -> f64 {
    let received = Arc::new(AtomicU64::new(0));
    let mut sessions = Vec::new();
    for _ in 0..1000 {
        sessions.push(setup.join(&received).await);
    }
    // `join` returns before the server has processed the client's last message.
    let mut peers = 0;
    while peers < sessions.len() {
        peers = setup.space.run(|_, cx| cx.peers().len()).await.unwrap();
    }
    let (turns, calls) = (100, 10);
    // Measures only the server's work: marshaling, framing and queueing.
    let mut serving = Duration::ZERO;
    for turn in 0..turns {
        let begin = Instant::now();
        setup
            .space
            .run(move |_, cx| {
                for number in 0..calls {
                    cx.peers().c_tick(turn * calls + number);
                }
            })
            .await
            .unwrap();
        serving += begin.elapsed();
        wait_for(&received, (turn as u64 + 1) * calls as u64 * sessions.len() as u64).await;
    }
    serving.as_nanos() as f64 / (turns * calls) as f64 / peers as f64
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let setup = setup().await;
    let (mut ours, mut hand) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        ours.push(one_way(&setup).await);
        hand.push(by_hand(&setup).await);
    }
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let (ours, hand) = (median(&mut ours), median(&mut hand));
    println!("one-way calls over loopback TLS: {:.1} million a second", ours / 1e6);
    println!("the same bytes by hand:          {:.1} million a second", hand / 1e6);
    println!("ratio: {:.2}", ours / hand);
    let fan = fan_out(&setup).await;
    println!("a call to 1,000 peers, until it is queued: {fan:.0} ns per peer");
}
