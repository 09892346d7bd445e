//! Reply budgets: peers that request more than they read.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use psom::{
    Client, ClientSession, Committing, Config, Context, Journal, Scope, Server, SpaceHandle,
    Tokens, User, Write, distributed_object, error::CallError, psom_interface, testing::Script,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream},
    sync::{Semaphore, mpsc},
};

use super::common::{TIMEOUT, eventually};

/// The size of a reply in bytes. It exceeds the hard limit of [`Fixture`].
const REPLY_BYTES: usize = 300 * 1024;

#[psom_interface(name = "Test.Root", version = 1, hash = 4_711)]
pub(super) trait RootServer {
    fn s_save(&mut self, cx: &mut Context<Self>);
    fn s_request(&mut self, cx: &mut Context<Self>, number: i32);
}

#[psom_interface(name = "Test.Root", version = 1, hash = 8_150)]
pub(super) trait RootClient {
    fn c_reply(&mut self, cx: &mut Context<Self>, number: i32, text: &[u8]);
}

/// Counts the requests and the writes.
#[distributed_object(serves = RootServer, calls = RootClient)]
struct ServerRoot(Arc<AtomicUsize>, Arc<AtomicUsize>);

impl RootServer for ServerRoot {
    fn s_save(&mut self, cx: &mut Context<Self>) {
        cx.save("key", "text");
        self.1.fetch_add(1, Ordering::Relaxed);
    }

    fn s_request(&mut self, cx: &mut Context<Self>, number: i32) {
        self.0.fetch_add(1, Ordering::Relaxed);
        cx.caller().c_reply(number, &vec![7; REPLY_BYTES]);
    }
}

#[distributed_object(serves = RootClient, calls = RootServer)]
struct ClientRoot(mpsc::UnboundedSender<i32>);

impl RootClient for ClientRoot {
    fn c_reply(&mut self, _: &mut Context<Self>, number: i32, text: &[u8]) {
        assert_eq!(text.len(), REPLY_BYTES);
        let _ = self.0.send(number);
    }
}

/// A journal whose commits each wait for a permit.
struct SlowJournal(Arc<Semaphore>);

impl Journal for SlowJournal {
    fn commit(&self, _: Vec<Write>) -> Committing {
        let permits = Arc::clone(&self.0);
        Box::pin(async move {
            permits.acquire().await.unwrap().forget();
            Ok(())
        })
    }
}

struct Fixture {
    server: Server,
    tokens: Tokens,
    space: SpaceHandle<ServerRoot>,
    requests: Arc<AtomicUsize>,
    saved: Arc<AtomicUsize>,
    permits: Arc<Semaphore>,
}

impl Fixture {
    fn new() -> Self {
        let mut config = Config::default();
        (config.soft_limit, config.hard_limit) = (64 * 1024, 256 * 1024);
        let (requests, saved) = (Arc::default(), Arc::default());
        let permits = Arc::new(Semaphore::new(0));
        let root = ServerRoot(Arc::clone(&requests), Arc::clone(&saved));
        let journal = Arc::new(SlowJournal(Arc::clone(&permits)));
        let root = move |_: &mut Scope| Ok::<_, CallError>(root);
        let space = SpaceHandle::start_durable(config.clone(), [], journal, root).unwrap();
        let tokens = Tokens::new();
        let server = Server::builder().space(space.space()).authenticator(tokens.clone());
        Self {
            server: server.config(config).start().unwrap(),
            tokens,
            space,
            requests,
            saved,
            permits,
        }
    }

    async fn join(&self) -> (ClientSession<ClientRoot>, mpsc::UnboundedReceiver<i32>) {
        let (near, far) = tokio::io::duplex(4096);
        self.server.accept(far);
        let (sender, replies) = mpsc::unbounded_channel();
        let client = Client::builder().root(ClientRoot(sender));
        let client = client.token(self.tokens.issue(User::new(1, "Ada")));
        (client.connect_stream(near).await.unwrap(), replies)
    }

    /// Connects a client that reads only when the test tells it to.
    async fn join_manually(&self) -> ManualClient {
        let (near, far) = tokio::io::duplex(4096);
        self.server.accept(far);
        let (sender, replies) = mpsc::unbounded_channel();
        let token = self.tokens.issue(User::new(2, "Bob"));
        let script = Script::client(Config::default(), &token, |_| ClientRoot(sender));
        let mut client = ManualClient { stream: near, script, replies };
        let peers = self.space.stats().await.unwrap().peers;
        let up = client.script.take();
        client.stream.write_all(&up).await.unwrap();
        // Read until the client opens the channel.
        while client.read().await.first() != Some(&0x37) {}
        eventually(async || self.space.stats().await.unwrap().peers > peers).await;
        client
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

struct ManualClient {
    stream: DuplexStream,
    script: Script<ClientRoot>,
    replies: mpsc::UnboundedReceiver<i32>,
}

impl ManualClient {
    /// Sends a request for each of these numbers in one write.
    async fn request(&mut self, numbers: Range<i32>) {
        self.script.on_root(move |_, cx| {
            for number in numbers {
                cx.peers().s_request(number);
            }
        });
        let up = self.script.take();
        self.stream.write_all(&up).await.unwrap();
    }

    /// Reads some bytes and returns the client's answer.
    async fn read(&mut self) -> Vec<u8> {
        let mut down = vec![0; 4096];
        let count =
            tokio::time::timeout(TIMEOUT, self.stream.read(&mut down)).await.unwrap().unwrap();
        let up = self.script.send(&down[..count]);
        self.stream.write_all(&up).await.unwrap();
        up
    }

    /// Reads until all these replies have arrived.
    async fn receives(&mut self, numbers: Range<i32>) {
        for number in numbers {
            while self.replies.is_empty() {
                assert!(self.script.error().is_none(), "{:?}", self.script.error());
                self.read().await;
            }
            assert_eq!(self.replies.try_recv(), Ok(number));
        }
    }
}

#[tokio::test]
async fn large_replies_are_paced_without_delaying_others() {
    let fixture = Fixture::new();
    let (ada, mut replies) = fixture.join().await;
    let mut bob = fixture.join_manually().await;
    // The first requests exhaust Bob's reply budget; the others arrive while reading is paused.
    bob.request(0..25).await;
    eventually(async || fixture.requests() > 0).await;
    for from in [25, 50, 75] {
        bob.request(from..from + 25).await;
    }
    // Bob reads nothing; Ada is served as before.
    for round in 0..10 {
        ada.root().s_request(round).await.unwrap();
        assert_eq!(tokio::time::timeout(TIMEOUT, replies.recv()).await.unwrap(), Some(round));
    }
    assert!(fixture.requests() <= 10 + 2, "Bob is paused");
    // Far more than the hard limit in total, and all of it arrives.
    bob.receives(0..100).await;
    assert_eq!(fixture.requests(), 10 + 100);
    // Reading has resumed.
    bob.request(100..101).await;
    bob.receives(100..101).await;
}

#[tokio::test]
async fn replies_held_by_the_journal_count_against_the_budget() {
    let fixture = Fixture::new();
    let (ada, mut replies) = fixture.join().await;
    let mut bob = fixture.join_manually().await;
    ada.root().s_save().await.unwrap();
    bob.request(0..100).await;
    eventually(async || fixture.requests() > 0).await;
    ada.root().s_request(7).await.unwrap();
    eventually(async || fixture.requests() > 1).await;
    for _ in 0..10 {
        fixture.space.stats().await.unwrap();
    }
    assert!(fixture.requests() <= 3, "Bob is paused while the journal is slow");
    assert!(replies.try_recv().is_err(), "output is held until its commit");
    fixture.permits.add_permits(1);
    bob.receives(0..100).await;
    assert_eq!(tokio::time::timeout(TIMEOUT, replies.recv()).await.unwrap(), Some(7));
}

#[tokio::test]
async fn input_of_a_paused_peer_is_drained_when_it_leaves() {
    let fixture = Fixture::new();
    let mut bob = fixture.join_manually().await;
    // Bob exhausts his budget, sends a write, requests far more, and disconnects without reading.
    bob.script.on_root(|_, cx| {
        cx.peers().s_request(0);
        cx.peers().s_save();
        for number in 1..50 {
            cx.peers().s_request(number);
        }
    });
    let up = bob.script.take();
    bob.stream.write_all(&up).await.unwrap();
    eventually(async || fixture.requests() == 1).await;
    assert_eq!(fixture.saved.load(Ordering::Relaxed), 0, "reading is paused");
    drop(bob);
    fixture.permits.add_permits(1);
    eventually(async || fixture.space.stats().await.unwrap().connections == 0).await;
    assert_eq!(fixture.saved.load(Ordering::Relaxed), 1);
    assert!(fixture.requests() < 10, "{}", fixture.requests());
}
