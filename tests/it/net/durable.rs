//! What is sent leaves when what was saved with it is safe.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use psom::{
    Client, ClientSession, Config, Context, Error, Journal, JournalError, Scope, Server,
    SpaceHandle, Tokens, User, Write, distributed_object, error::CallError, net::Committing,
    psom_interface,
};
use tokio::sync::{mpsc, oneshot};

use super::common::{SOON, certificate};

#[psom_interface(name = "Test.Book", version = 1, hash = 1)]
pub trait BookServer {
    fn s_write(&mut self, cx: &mut Context<Self>, line: &str);
    fn s_say(&mut self, cx: &mut Context<Self>, text: &str);
}

#[psom_interface(name = "Test.Book", version = 1, hash = 2)]
pub trait BookClient {
    fn c_said(&mut self, text: &str);
}

#[distributed_object(serves = BookServer, calls = BookClient)]
struct Book(Safe);

/// The lines that are known to be safe.
type Safe = Arc<Mutex<Vec<String>>>;

impl BookServer for Book {
    fn s_write(&mut self, cx: &mut Context<Self>, line: &str) {
        cx.save("line", line);
        cx.peers().c_said(line);
        let (safe, line) = (self.0.clone(), line.to_owned());
        cx.when_safe(move || safe.lock().unwrap().push(line));
    }

    fn s_say(&mut self, cx: &mut Context<Self>, text: &str) {
        cx.peers().c_said(text);
    }
}

#[distributed_object(serves = BookClient, calls = BookServer)]
struct Reader(mpsc::UnboundedSender<String>);

impl BookClient for Reader {
    fn c_said(&mut self, text: &str) {
        let _ = self.0.send(text.to_owned());
    }
}

type Done = oneshot::Sender<Result<(), JournalError>>;

/// A journal whose commits are done when the test says so.
struct ByHand(mpsc::UnboundedSender<(Vec<Write>, Done)>);

impl Journal for ByHand {
    fn commit(&self, writes: Vec<Write>) -> Committing {
        let (done, result) = oneshot::channel();
        self.0.send((writes, done)).unwrap();
        Box::pin(async move { result.await.unwrap_or_else(|_| Err(JournalError::Ended)) })
    }
}

struct World {
    server: Server,
    commits: mpsc::UnboundedReceiver<(Vec<Write>, Done)>,
    session: ClientSession<Reader>,
    heard: mpsc::UnboundedReceiver<String>,
    safe: Safe,
}

async fn world() -> World {
    let (identity, trust) = certificate("127.0.0.1");
    let (taken, commits) = mpsc::unbounded_channel();
    let journal = Arc::new(ByHand(taken));
    let safe = Safe::default();
    let lines = safe.clone();
    let space = SpaceHandle::start_durable(Config::default(), [], journal, move |_| {
        Ok::<_, CallError>(Book(lines))
    });
    let space = space.unwrap();
    let tokens = Tokens::new();
    let server = Server::builder().space(space.space()).tls(identity);
    let server = server.authenticator(tokens.clone()).bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap().to_string();
    let (say, heard) = mpsc::unbounded_channel();
    let client = Client::builder().root(Reader(say)).tls(trust);
    let client = client.token(tokens.issue(User::new(1, "Ada")));
    let session = client.connect(&address).await.unwrap();
    World { server, commits, session, heard, safe }
}

impl World {
    async fn commit(&mut self) -> (Vec<Write>, Done) {
        tokio::time::timeout(SOON, self.commits.recv()).await.expect("nothing is saved").unwrap()
    }

    async fn hears(&mut self) -> String {
        tokio::time::timeout(SOON, self.heard.recv()).await.expect("nothing comes").unwrap()
    }
}

fn line(text: &str) -> Vec<Write> {
    vec![Write { key: "line".into(), value: Some(text.into()) }]
}

#[tokio::test]
async fn turn_without_writes_is_sent_at_once() {
    let mut world = world().await;
    world.session.root().s_say("hello").await.unwrap();
    assert_eq!(world.hears().await, "hello");
    assert!(world.commits.try_recv().is_err());
}

#[tokio::test]
async fn output_waits_for_its_commit_in_order() {
    let mut world = world().await;
    world.session.root().s_write("one").await.unwrap();
    let (writes, first) = world.commit().await;
    assert_eq!(writes, line("one"));
    // The space goes on while it waits: what comes behind it is held as well.
    world.session.root().s_say("between").await.unwrap();
    world.session.root().s_write("two").await.unwrap();
    let (writes, second) = world.commit().await;
    assert_eq!(writes, line("two"));
    assert!(world.heard.try_recv().is_err());
    // Even if the later one were safe first, the order is kept.
    second.send(Ok(())).unwrap();
    tokio::task::yield_now().await;
    assert!(world.heard.try_recv().is_err() && world.safe.lock().unwrap().is_empty());
    first.send(Ok(())).unwrap();
    let heard = [world.hears().await, world.hears().await, world.hears().await];
    assert_eq!(heard, ["one", "between", "two"]);
    assert_eq!(*world.safe.lock().unwrap(), ["one", "two"]);
}

#[tokio::test]
async fn failed_journal_ends_every_connection_silently() {
    let mut world = world().await;
    world.session.root().s_write("one").await.unwrap();
    let (_, done) = world.commit().await;
    done.send(Err(JournalError::failed("the disk is gone"))).unwrap();
    assert_eq!(world.session.ended().await, Error::PeerBroke("internal error".into()));
    assert!(world.heard.try_recv().is_err());
}

#[tokio::test]
async fn large_held_output_respects_the_hard_limit() {
    let mut world = world().await;
    world.session.root().s_write("one").await.unwrap();
    let (_, done) = world.commit().await;
    // Three times what a peer may be behind at once.
    let long = "x".repeat(60_000);
    let session = world.session;
    let talking = tokio::spawn(async move {
        for _ in 0..400 {
            session.root().s_say(&long).await.unwrap();
        }
        session
    });
    // The space takes as much as it holds back, and no more: then whoever talks waits.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    done.send(Ok(())).unwrap();
    let session = tokio::time::timeout(SOON, talking).await.unwrap().unwrap();
    assert_eq!(world.heard.recv().await.as_deref(), Some("one"));
    for _ in 0..400 {
        let heard = tokio::time::timeout(SOON, world.heard.recv()).await.unwrap();
        assert_eq!(heard.map(|heard| heard.len()), Some(60_000));
    }
    drop(session);
}

#[tokio::test]
async fn shutdown_waits_for_pending_commits() {
    let mut world = world().await;
    world.session.root().s_write("last").await.unwrap();
    let (_, done) = world.commit().await;
    let shutdown = tokio::spawn(world.server.shutdown(Duration::from_secs(30)));
    tokio::task::yield_now().await;
    done.send(Ok(())).unwrap();
    shutdown.await.unwrap();
    assert_eq!(world.heard.recv().await.as_deref(), Some("last"));
    assert_eq!(world.session.ended().await, Error::PeerClosed);
}

/// A book without TLS, and with a clock that moves only when nobody has anything to do.
struct Still {
    server: Server,
    tokens: Tokens,
    commits: mpsc::UnboundedReceiver<(Vec<Write>, Done)>,
}

impl Still {
    fn new() -> Self {
        let (taken, commits) = mpsc::unbounded_channel();
        let journal = Arc::new(ByHand(taken));
        let book = |_: &mut Scope| Ok::<_, CallError>(Book(Safe::default()));
        let space = SpaceHandle::start_durable(Config::default(), [], journal, book).unwrap();
        let tokens = Tokens::new();
        let server = Server::builder().space(space.space()).authenticator(tokens.clone());
        Self { server: server.start().unwrap(), tokens, commits }
    }

    async fn join(&self) -> (ClientSession<Reader>, mpsc::UnboundedReceiver<String>) {
        let (near, far) = tokio::io::duplex(4096);
        self.server.accept(far);
        let (say, heard) = mpsc::unbounded_channel();
        let client = Client::builder().root(Reader(say));
        let client = client.token(self.tokens.issue(User::new(1, "Ada")));
        (client.connect_stream(near).await.unwrap(), heard)
    }

    async fn commit(&mut self) -> Done {
        self.commits.recv().await.unwrap().1
    }
}

/// Longer than any silence that is borne.
const MINUTES: Duration = Duration::from_secs(600);

#[tokio::test(start_paused = true)]
async fn slow_commit_does_not_trigger_the_idle_limit() {
    let mut still = Still::new();
    let (ada, mut heard) = still.join().await;
    ada.root().s_write("one").await.unwrap();
    let done = still.commit().await;
    tokio::time::sleep(MINUTES).await;
    done.send(Ok(())).unwrap();
    assert_eq!(heard.recv().await.unwrap(), "one");
    // Calls go where they did before: the pings have left everything as it was.
    ada.root().s_say("two").await.unwrap();
    assert_eq!(heard.recv().await.unwrap(), "two");
}

#[tokio::test(start_paused = true)]
async fn paused_peers_do_not_trigger_the_idle_limit() {
    let mut still = Still::new();
    let (ada, mut heard) = still.join().await;
    // More of them than the space takes messages at once.
    let mut others = Vec::new();
    for _ in 0..200 {
        others.push(still.join().await);
    }
    // So many commits wait that the space waits too.
    let mut commits = Vec::new();
    for _ in 0..64 {
        ada.root().s_write("line").await.unwrap();
        commits.push(still.commit().await);
    }
    tokio::time::sleep(MINUTES).await;
    commits.into_iter().for_each(|done| done.send(Ok(())).unwrap());
    for _ in 0..64 {
        assert_eq!(heard.recv().await.unwrap(), "line");
    }
    tokio::time::sleep(MINUTES).await;
    ada.root().s_say("all here").await.unwrap();
    for (_, heard) in &mut others {
        while heard.recv().await.unwrap() != "all here" {}
    }
}
