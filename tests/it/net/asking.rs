//! Peers that ask for much.

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
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    sync::{Semaphore, mpsc},
};

use super::common::{SOON, eventually};

/// More than the hard mark.
const ANSWER: usize = 300 * 1024;

#[psom_interface(name = "Test.Shelf", version = 1, hash = 4_711)]
pub trait ShelfServer {
    fn s_save(&mut self, cx: &mut Context<Self>);
    fn s_ask(&mut self, cx: &mut Context<Self>, book: i32);
}

#[psom_interface(name = "Test.Shelf", version = 1, hash = 8_150)]
pub trait ShelfClient {
    fn c_book(&mut self, cx: &mut Context<Self>, book: i32, text: &[u8]);
}

/// Counts how often it was asked, and how often it has saved.
#[distributed_object(serves = ShelfServer, calls = ShelfClient)]
struct Shelf(Arc<AtomicUsize>, Arc<AtomicUsize>);

impl ShelfServer for Shelf {
    fn s_save(&mut self, cx: &mut Context<Self>) {
        cx.save("key", "text");
        self.1.fetch_add(1, Ordering::Relaxed);
    }

    fn s_ask(&mut self, cx: &mut Context<Self>, book: i32) {
        self.0.fetch_add(1, Ordering::Relaxed);
        cx.caller().c_book(book, &vec![7; ANSWER]);
    }
}

#[distributed_object(serves = ShelfClient, calls = ShelfServer)]
struct Reader(mpsc::UnboundedSender<i32>);

impl ShelfClient for Reader {
    fn c_book(&mut self, _: &mut Context<Self>, book: i32, text: &[u8]) {
        assert_eq!(text.len(), ANSWER);
        let _ = self.0.send(book);
    }
}

/// A journal that waits for a permit.
struct Slow(Arc<Semaphore>);

impl Journal for Slow {
    fn commit(&self, _: Vec<Write>) -> Committing {
        let permits = self.0.clone();
        Box::pin(async move {
            permits.acquire().await.unwrap().forget();
            Ok(())
        })
    }
}

struct World {
    server: Server,
    tokens: Tokens,
    space: SpaceHandle<Shelf>,
    asked: Arc<AtomicUsize>,
    saved: Arc<AtomicUsize>,
    permits: Arc<Semaphore>,
}

impl World {
    fn new() -> Self {
        let mut config = Config::default();
        (config.soft_mark, config.hard_mark) = (64 * 1024, 256 * 1024);
        let (asked, saved) = (Arc::default(), Arc::default());
        let permits = Arc::new(Semaphore::new(0));
        let shelf = Shelf(Arc::clone(&asked), Arc::clone(&saved));
        let journal = Arc::new(Slow(permits.clone()));
        let root = move |_: &mut Scope| Ok::<_, CallError>(shelf);
        let space = SpaceHandle::start_durable(config.clone(), [], journal, root).unwrap();
        let tokens = Tokens::new();
        let server = Server::builder().space(space.space()).authenticator(tokens.clone());
        Self {
            server: server.config(config).start().unwrap(),
            tokens,
            space,
            asked,
            saved,
            permits,
        }
    }

    async fn join(&self) -> (ClientSession<Reader>, mpsc::UnboundedReceiver<i32>) {
        let (near, far) = tokio::io::duplex(4096);
        self.server.accept(far);
        let (say, books) = mpsc::unbounded_channel();
        let client = Client::builder().root(Reader(say));
        let client = client.token(self.tokens.issue(User::new(1, "Ada")));
        (client.connect_stream(near).await.unwrap(), books)
    }

    /// One whose bytes move by hand.
    async fn join_by_hand(&self) -> ByHand {
        let (near, far) = tokio::io::duplex(4096);
        self.server.accept(far);
        let (say, books) = mpsc::unbounded_channel();
        let token = self.tokens.issue(User::new(2, "Bob"));
        let script = Script::client(Config::default(), &token, |_| Reader(say));
        let mut by_hand = ByHand { stream: near, script, books };
        let peers = self.space.stats().await.unwrap().peers;
        let up = by_hand.script.take();
        by_hand.stream.write_all(&up).await.unwrap();
        // Until it opens the channel.
        while by_hand.read().await.first() != Some(&0x37) {}
        eventually(async || self.space.stats().await.unwrap().peers > peers).await;
        by_hand
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

struct ByHand {
    stream: DuplexStream,
    script: Script<Reader>,
    books: mpsc::UnboundedReceiver<i32>,
}

impl ByHand {
    /// Asks for books, all at once.
    async fn ask(&mut self, books: Range<i32>) {
        self.script.on_root(move |_, cx| {
            for book in books {
                cx.peers().s_ask(book);
            }
        });
        let up = self.script.take();
        self.stream.write_all(&up).await.unwrap();
    }

    /// Reads something, and says what it has led to.
    async fn read(&mut self) -> Vec<u8> {
        let mut down = vec![0; 4096];
        let count = tokio::time::timeout(SOON, self.stream.read(&mut down)).await.unwrap().unwrap();
        let up = self.script.send(&down[..count]);
        self.stream.write_all(&up).await.unwrap();
        up
    }

    async fn has_all(&mut self, books: Range<i32>) {
        for book in books {
            while self.books.is_empty() {
                assert!(self.script.error().is_none(), "{:?}", self.script.error());
                self.read().await;
            }
            assert_eq!(self.books.try_recv(), Ok(book));
        }
    }
}

#[tokio::test]
async fn large_replies_are_paced_without_delaying_others() {
    let world = World::new();
    let (ada, mut books) = world.join().await;
    let mut bob = world.join_by_hand().await;
    // Some at once, and more when nobody listens any more.
    bob.ask(0..25).await;
    eventually(async || world.asked() > 0).await;
    for from in [25, 50, 75] {
        bob.ask(from..from + 25).await;
    }
    // Bob reads nothing; Ada is served as ever.
    for round in 0..10 {
        ada.root().s_ask(round).await.unwrap();
        assert_eq!(tokio::time::timeout(SOON, books.recv()).await.unwrap(), Some(round));
    }
    assert!(world.asked() <= 10 + 2, "Bob is asked to read first");
    // Far more than the hard mark, and all of it arrives.
    bob.has_all(0..100).await;
    assert_eq!(world.asked(), 10 + 100);
    // And what Bob says then is heard.
    bob.ask(100..101).await;
    bob.has_all(100..101).await;
}

#[tokio::test]
async fn replies_held_by_the_journal_count_against_the_budget() {
    let world = World::new();
    let (ada, mut books) = world.join().await;
    let mut bob = world.join_by_hand().await;
    ada.root().s_save().await.unwrap();
    bob.ask(0..100).await;
    eventually(async || world.asked() > 0).await;
    ada.root().s_ask(7).await.unwrap();
    eventually(async || world.asked() > 1).await;
    for _ in 0..10 {
        world.space.stats().await.unwrap();
    }
    assert!(world.asked() <= 3, "nothing gathers for Bob while the journal is slow");
    assert!(books.try_recv().is_err(), "nothing leaves before it is safe");
    world.permits.add_permits(1);
    bob.has_all(0..100).await;
    assert_eq!(tokio::time::timeout(SOON, books.recv()).await.unwrap(), Some(7));
}

#[tokio::test]
async fn input_of_a_paused_peer_is_drained_when_it_leaves() {
    let world = World::new();
    let mut bob = world.join_by_hand().await;
    // He asks for much, says something, asks for far too much, and goes without having read.
    bob.script.on_root(|_, cx| {
        cx.peers().s_ask(0);
        cx.peers().s_save();
        for book in 1..50 {
            cx.peers().s_ask(book);
        }
    });
    let up = bob.script.take();
    bob.stream.write_all(&up).await.unwrap();
    eventually(async || world.asked() == 1).await;
    assert_eq!(world.saved.load(Ordering::Relaxed), 0, "he is asked to read first");
    drop(bob);
    world.permits.add_permits(1);
    eventually(async || world.space.stats().await.unwrap().connections == 0).await;
    assert_eq!(world.saved.load(Ordering::Relaxed), 1);
    assert!(world.asked() < 10, "{}", world.asked());
}
