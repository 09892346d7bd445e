//! Kills a server again and again while it stores calls in a file journal, and checks that nothing that
//! it has acknowledged is missing.
//!
//! ```text
//! cargo run --release -p psom-tests --bin kill_journal -- 200
//! ```
//! The program starts itself as the server. Four clients send numbers. The server saves each number and
//! answers it; the answer is released when the number is safe. After a random number of answers, the
//! server is killed, and the journal must contain every answered number. The journal is compacted often,
//! so that kills also hit compactions.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a check that cannot run has failed")]
#![expect(clippy::print_stdout, reason = "a program that reports its result")]

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};

use psom::{
    Admission, Authenticator, Client, Context, Memory, Refused, SavedValues, Server, User,
    distributed_object,
    journal::{File, FileOptions},
    psom_interface,
    wire::auth::Credentials,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// The number of clients that send numbers at the same time.
const CLIENTS: usize = 4;

/// The number of calls of a client that wait for their answers.
const MAX_UNANSWERED: usize = 16;

/// The maximum number of answers after which the server is killed.
const MAX_ANSWERS: usize = 2_000;

/// The size above which the journal is compacted.
const COMPACTION_BYTES: u64 = 32 << 10;

#[psom_interface(name = "Test.Numbers", version = 1, hash = 0x8f2b_51c6_0d3e_9a47)]
trait NumbersServer {
    fn s_store(&mut self, cx: &mut Context<Self>, number: i64);
}

#[psom_interface(name = "Test.Numbers", version = 1, hash = 0x31d0_7ab9_e6c4_528f)]
trait NumbersClient {
    fn c_stored(&mut self, number: i64);
}

#[distributed_object(serves = NumbersServer, calls = NumbersClient)]
struct Numbers(Memory);

impl NumbersServer for Numbers {
    fn s_store(&mut self, cx: &mut Context<Self>, number: i64) {
        // A few keys with several values each keep the saved state small, so that compaction has work.
        self.0.save(cx, &format!("number/{number}"), &number).unwrap();
        self.0.save(cx, "last", &number).unwrap();
        cx.caller().c_stored(number);
    }
}

#[distributed_object(serves = NumbersClient, calls = NumbersServer)]
struct Sender(mpsc::UnboundedSender<i64>);

impl NumbersClient for Sender {
    fn c_stored(&mut self, number: i64) {
        let _ = self.0.send(number);
    }
}

/// Admits everybody.
struct Anyone;

impl Authenticator for Anyone {
    async fn authenticate(&self, _: Credentials) -> Result<Admission, Refused> {
        Ok(User::new(1, "sender").into())
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", path] => runtime.block_on(serve(path.into())),
        [kills] => runtime.block_on(kill(kills.parse().unwrap())),
        _ => panic!("give the number of kills"),
    }
}

async fn serve(path: PathBuf) {
    let journal = FileOptions::default().min_compaction_bytes(COMPACTION_BYTES).open(path).unwrap();
    let root = |_: &mut _, saved: SavedValues<'_>| Ok::<_, psom::Error>(Numbers(saved.memory()));
    let server = Server::builder().durable(journal, root).authenticator(Anyone).start().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    loop {
        server.accept(listener.accept().await.unwrap().0);
    }
}

async fn kill(kills: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("numbers.journal");
    let start = Instant::now();
    let (mut next, mut acknowledged) = (0, BTreeSet::new());
    for round in 0..kills {
        let before = acknowledged.len();
        round_of(&path, &mut next, &mut acknowledged).await;
        let journal = File::open(&path).unwrap();
        let saved = SavedValues::new(journal.saved(), "");
        let stored: BTreeSet<i64> =
            saved.below("number").unwrap().into_iter().map(|(_, number)| number).collect();
        let missing: Vec<_> = acknowledged.difference(&stored).collect();
        assert!(missing.is_empty(), "round {round}: {missing:?} were acknowledged and are missing");
        let unknown = stored.iter().find(|number| **number >= next);
        assert!(unknown.is_none(), "round {round}: {unknown:?} was never sent");
        let new = acknowledged.len() - before;
        println!("{round}: {new} acknowledged, {} stored", stored.len());
    }
    let count = acknowledged.len();
    println!("{kills} kills, {count} acknowledged numbers, none missing, {:?}", start.elapsed());
}

/// Starts the server, sends numbers, and kills the server after a random number of answers.
async fn round_of(path: &Path, next: &mut i64, acknowledged: &mut BTreeSet<i64>) {
    let (mut server, address) = start(path);
    let (answers, mut answered) = mpsc::unbounded_channel();
    let mut sessions = Vec::new();
    for _ in 0..CLIENTS {
        let stream = TcpStream::connect(&address).await.unwrap();
        let client = Client::builder().root(Sender(answers.clone())).token("token");
        sessions.push(client.connect_stream(stream).await.unwrap());
    }
    let mut budget = fastrand::usize(1..MAX_ANSWERS);
    let mut unanswered = 0;
    while budget > 0 {
        while unanswered < CLIENTS * MAX_UNANSWERED {
            let session = &sessions[fastrand::usize(..CLIENTS)];
            session.root().s_store(*next).await.unwrap();
            *next += 1;
            unanswered += 1;
        }
        acknowledged.insert(answered.recv().await.unwrap());
        (unanswered, budget) = (unanswered - 1, budget - 1);
    }
    server.kill().unwrap();
    server.wait().unwrap();
    // Answers that were on their way are acknowledgments as well.
    for session in &sessions {
        session.ended().await;
    }
    while let Ok(number) = answered.try_recv() {
        acknowledged.insert(number);
    }
}

fn start(path: &Path) -> (Child, String) {
    let mut server = Command::new(std::env::current_exe().unwrap())
        .args(["serve", path.to_str().unwrap()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut address = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut address).unwrap();
    (server, address.trim().to_owned())
}
