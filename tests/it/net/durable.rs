//! Output commit: a turn's output is sent once its writes are safe.

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

use super::common::{TIMEOUT, certificate};

#[psom_interface(name = "Test.Root", version = 1, hash = 1)]
pub(super) trait RootServer {
    fn s_write(&mut self, cx: &mut Context<Self>, line: &str);
    fn s_say(&mut self, cx: &mut Context<Self>, text: &str);
}

#[psom_interface(name = "Test.Root", version = 1, hash = 2)]
pub(super) trait RootClient {
    fn c_said(&mut self, text: &str);
}

#[distributed_object(serves = RootServer, calls = RootClient)]
struct ServerRoot(SafeLines);

/// The lines whose commits are complete.
type SafeLines = Arc<Mutex<Vec<String>>>;

impl RootServer for ServerRoot {
    fn s_write(&mut self, cx: &mut Context<Self>, line: &str) {
        cx.save("line", line);
        cx.peers().c_said(line);
        let (safe, line) = (Arc::clone(&self.0), line.to_owned());
        cx.when_safe(move || safe.lock().unwrap().push(line));
    }

    fn s_say(&mut self, cx: &mut Context<Self>, text: &str) {
        cx.peers().c_said(text);
    }
}

#[distributed_object(serves = RootClient, calls = RootServer)]
struct ClientRoot(mpsc::UnboundedSender<String>);

impl RootClient for ClientRoot {
    fn c_said(&mut self, text: &str) {
        let _ = self.0.send(text.to_owned());
    }
}

type Completion = oneshot::Sender<Result<(), JournalError>>;

/// A journal whose commits complete when the test sends their results.
struct ManualJournal(mpsc::UnboundedSender<(Vec<Write>, Completion)>);

impl Journal for ManualJournal {
    fn commit(&self, writes: Vec<Write>) -> Committing {
        let (done, result) = oneshot::channel();
        self.0.send((writes, done)).unwrap();
        Box::pin(async move { result.await.unwrap_or_else(|_| Err(JournalError::Ended)) })
    }
}

struct Fixture {
    server: Server,
    commits: mpsc::UnboundedReceiver<(Vec<Write>, Completion)>,
    session: ClientSession<ClientRoot>,
    received: mpsc::UnboundedReceiver<String>,
    safe: SafeLines,
}

async fn fixture() -> Fixture {
    let (identity, trust) = certificate("127.0.0.1");
    let (sender_of_commits, commits) = mpsc::unbounded_channel();
    let journal = Arc::new(ManualJournal(sender_of_commits));
    let safe = SafeLines::default();
    let lines = Arc::clone(&safe);
    let space = SpaceHandle::start_durable(Config::default(), [], journal, move |_| {
        Ok::<_, CallError>(ServerRoot(lines))
    });
    let space = space.unwrap();
    let tokens = Tokens::new();
    let server = Server::builder().space(space.space()).tls(identity);
    let server = server.authenticator(tokens.clone()).bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap().to_string();
    let (sender, received) = mpsc::unbounded_channel();
    let client = Client::builder().root(ClientRoot(sender)).tls(trust);
    let client = client.token(tokens.issue(User::new(1, "Ada")));
    let session = client.connect(&address).await.unwrap();
    Fixture { server, commits, session, received, safe }
}

impl Fixture {
    async fn commit(&mut self) -> (Vec<Write>, Completion) {
        tokio::time::timeout(TIMEOUT, self.commits.recv()).await.expect("a commit").unwrap()
    }

    async fn receive(&mut self) -> String {
        tokio::time::timeout(TIMEOUT, self.received.recv()).await.expect("a call").unwrap()
    }
}

fn line(text: &str) -> Vec<Write> {
    vec![Write { key: "line".into(), value: Some(text.into()) }]
}

#[tokio::test]
async fn turn_without_writes_is_sent_at_once() {
    let mut fixture = fixture().await;
    fixture.session.root().s_say("hello").await.unwrap();
    assert_eq!(fixture.receive().await, "hello");
    assert!(fixture.commits.try_recv().is_err());
}

#[tokio::test]
async fn output_waits_for_its_commit_in_order() {
    let mut fixture = fixture().await;
    fixture.session.root().s_write("one").await.unwrap();
    let (writes, first) = fixture.commit().await;
    assert_eq!(writes, line("one"));
    // The space continues during the commit and holds later output as well.
    fixture.session.root().s_say("between").await.unwrap();
    fixture.session.root().s_write("two").await.unwrap();
    let (writes, second) = fixture.commit().await;
    assert_eq!(writes, line("two"));
    assert!(fixture.received.try_recv().is_err());
    // The order is kept even if the second commit completes first.
    second.send(Ok(())).unwrap();
    tokio::task::yield_now().await;
    assert!(fixture.received.try_recv().is_err() && fixture.safe.lock().unwrap().is_empty());
    first.send(Ok(())).unwrap();
    let received = [fixture.receive().await, fixture.receive().await, fixture.receive().await];
    assert_eq!(received, ["one", "between", "two"]);
    assert_eq!(*fixture.safe.lock().unwrap(), ["one", "two"]);
}

#[tokio::test]
async fn failed_journal_ends_every_connection_silently() {
    let mut fixture = fixture().await;
    fixture.session.root().s_write("one").await.unwrap();
    let (_, done) = fixture.commit().await;
    done.send(Err(JournalError::failed("the disk is gone"))).unwrap();
    assert_eq!(fixture.session.ended().await, Error::PeerBroke("internal error".into()));
    assert!(fixture.received.try_recv().is_err());
}

#[tokio::test]
async fn moved_space_breaks_its_connections_with_that_reason() {
    let mut fixture = fixture().await;
    fixture.session.root().s_write("one").await.unwrap();
    let (_, done) = fixture.commit().await;
    done.send(Err(JournalError::Moved)).unwrap();
    assert_eq!(fixture.session.ended().await, Error::PeerBroke("moved".into()));
    assert!(fixture.received.try_recv().is_err());
}

#[tokio::test]
async fn large_held_output_respects_the_hard_limit() {
    let mut fixture = fixture().await;
    fixture.session.root().s_write("one").await.unwrap();
    let (_, done) = fixture.commit().await;
    // Three times the hard limit of one peer:
    let long = "x".repeat(60_000);
    let session = fixture.session;
    let talking = tokio::spawn(async move {
        for _ in 0..400 {
            session.root().s_say(&long).await.unwrap();
        }
        session
    });
    // The space pauses reading once it holds too much output; then the sender waits.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    done.send(Ok(())).unwrap();
    let session = tokio::time::timeout(TIMEOUT, talking).await.unwrap().unwrap();
    assert_eq!(fixture.received.recv().await.as_deref(), Some("one"));
    for _ in 0..400 {
        let received = tokio::time::timeout(TIMEOUT, fixture.received.recv()).await.unwrap();
        assert_eq!(received.map(|received| received.len()), Some(60_000));
    }
    drop(session);
}

#[tokio::test]
async fn shutdown_waits_for_pending_commits() {
    let mut fixture = fixture().await;
    fixture.session.root().s_write("last").await.unwrap();
    let (_, done) = fixture.commit().await;
    let shutdown = tokio::spawn(fixture.server.shutdown(Duration::from_secs(30)));
    tokio::task::yield_now().await;
    done.send(Ok(())).unwrap();
    shutdown.await.unwrap();
    assert_eq!(fixture.received.recv().await.as_deref(), Some("last"));
    assert_eq!(fixture.session.ended().await, Error::PeerClosed);
}

/// A server without TLS. Its paused clock advances only when all tasks are idle.
struct IdleFixture {
    server: Server,
    tokens: Tokens,
    commits: mpsc::UnboundedReceiver<(Vec<Write>, Completion)>,
}

impl IdleFixture {
    fn new() -> Self {
        let (sender_of_commits, commits) = mpsc::unbounded_channel();
        let journal = Arc::new(ManualJournal(sender_of_commits));
        let root = |_: &mut Scope| Ok::<_, CallError>(ServerRoot(SafeLines::default()));
        let mut config = Config::default();
        // All connections of these tests are of one user.
        config.connections_per_user = 1000;
        let space = SpaceHandle::start_durable(config, [], journal, root).unwrap();
        let tokens = Tokens::new();
        let server = Server::builder().space(space.space()).authenticator(tokens.clone());
        Self { server: server.start().unwrap(), tokens, commits }
    }

    async fn join(&self) -> (ClientSession<ClientRoot>, mpsc::UnboundedReceiver<String>) {
        let (near, far) = tokio::io::duplex(4096);
        self.server.accept(far);
        let (sender, received) = mpsc::unbounded_channel();
        let client = Client::builder().root(ClientRoot(sender));
        let client = client.token(self.tokens.issue(User::new(1, "Ada")));
        (client.connect_stream(near).await.unwrap(), received)
    }

    async fn commit(&mut self) -> Completion {
        self.commits.recv().await.unwrap().1
    }
}

/// A duration above the idle limit.
const TEN_MINUTES: Duration = Duration::from_secs(600);

#[tokio::test(start_paused = true)]
async fn slow_commit_does_not_trigger_the_idle_limit() {
    let mut fixture = IdleFixture::new();
    let (ada, mut received) = fixture.join().await;
    ada.root().s_write("one").await.unwrap();
    let done = fixture.commit().await;
    tokio::time::sleep(TEN_MINUTES).await;
    done.send(Ok(())).unwrap();
    assert_eq!(received.recv().await.unwrap(), "one");
    // The pings have changed the current channel and restored it.
    ada.root().s_say("two").await.unwrap();
    assert_eq!(received.recv().await.unwrap(), "two");
}

#[tokio::test(start_paused = true)]
async fn newcomer_waits_for_a_slow_commit() {
    let mut fixture = IdleFixture::new();
    let (ada, _received) = fixture.join().await;
    ada.root().s_write("one").await.unwrap();
    let done = fixture.commit().await;
    // The negotiation is not held back, and pings keep the connection until its state is safe.
    let saving = async {
        tokio::time::sleep(TEN_MINUTES).await;
        done.send(Ok(())).unwrap();
    };
    let ((newcomer, mut received), ()) = tokio::join!(fixture.join(), saving);
    newcomer.root().s_say("here").await.unwrap();
    assert_eq!(received.recv().await.unwrap(), "here");
}

#[tokio::test(start_paused = true)]
async fn newcomer_waits_for_many_commits_in_a_row() {
    let mut fixture = IdleFixture::new();
    let (ada, _received) = fixture.join().await;
    let mut commits = Vec::new();
    for _ in 0..10 {
        ada.root().s_write("line").await.unwrap();
        commits.push(fixture.commit().await);
    }
    // Each takes less time than the interval of pings, and together they exceed the idle limit.
    let saving = async {
        for done in commits {
            tokio::time::sleep(Duration::from_secs(20)).await;
            done.send(Ok(())).unwrap();
        }
    };
    let ((newcomer, mut received), ()) = tokio::join!(fixture.join(), saving);
    newcomer.root().s_say("here").await.unwrap();
    assert_eq!(received.recv().await.unwrap(), "here");
}

#[tokio::test(start_paused = true)]
async fn paused_peers_do_not_trigger_the_idle_limit() {
    let mut fixture = IdleFixture::new();
    let (ada, mut received) = fixture.join().await;
    // More clients than messages that the space's inbox can hold.
    let mut others = Vec::new();
    for _ in 0..200 {
        others.push(fixture.join().await);
    }
    // Enough commits are pending that the space pauses reading.
    let mut commits = Vec::new();
    for _ in 0..64 {
        ada.root().s_write("line").await.unwrap();
        commits.push(fixture.commit().await);
    }
    // Newcomers negotiate nevertheless, and wait for their state.
    let saving = async {
        tokio::time::sleep(TEN_MINUTES).await;
        commits.into_iter().for_each(|done| done.send(Ok(())).unwrap());
    };
    let (newcomer, ()) = tokio::join!(fixture.join(), saving);
    others.push(newcomer);
    for _ in 0..64 {
        assert_eq!(received.recv().await.unwrap(), "line");
    }
    tokio::time::sleep(TEN_MINUTES).await;
    ada.root().s_say("all here").await.unwrap();
    for (_, received) in &mut others {
        while received.recv().await.unwrap() != "all here" {}
    }
}
