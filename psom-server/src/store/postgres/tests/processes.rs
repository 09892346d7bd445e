//! Nodes as processes, of which one is suspended or killed while it commits.

use std::{
    env,
    io::{BufRead as _, BufReader, Lines},
    process::{Child, ChildStdout, Command, Stdio},
};

use super::{server::shared_server, *};

/// The environment variable with the database of the process.
const URL: &str = "PSOM_TEST_CLUSTER";
const CHILD: &str = "store::postgres::tests::processes::commits_until_it_is_stopped";

#[tokio::test]
#[ignore = "the tests below run it and stop it"]
async fn commits_until_it_is_stopped() {
    let one = open(&env::var(URL).unwrap(), "one").await;
    one.create(stored("team")).await.unwrap();
    let journal = one.journal("team");
    for turn in 0.. {
        let commit = journal.commit(vec![save(format!("{turn:08}"), "one")]).await;
        if is_moved(&commit) {
            println!("\nmoved");
            return;
        }
        commit.unwrap();
        println!("\nsafe {turn}");
    }
}

/// A process that commits turns and prints their numbers.
struct Committer {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Committer {
    fn start(url: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args([CHILD, "--exact", "--ignored", "--nocapture"])
            .env(URL, url)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Returns the next acknowledged turn, or `None` when the meeting has moved or the process has ended.
    fn next(&mut self) -> Option<usize> {
        loop {
            let line = self.lines.next()?.unwrap();
            if let Some(turn) = line.strip_prefix("safe ") {
                return turn.parse().ok();
            }
            if line == "moved" {
                return None;
            }
        }
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }
}

/// Takes the meeting over when the lease of its owner has expired, and commits a turn. Returns the turns of
/// the owner.
async fn take_over(two: &PostgresStore) -> usize {
    while two.claim("team").await.unwrap() != Claim::Owned {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let state = two.load("team").await.unwrap();
    two.journal("team").commit(vec![save("next", "two")]).await.unwrap();
    state.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspended_owner_acknowledges_nothing_afterwards() {
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let two = open(&url, "two").await;
    let mut one = Committer::start(&url);
    for turn in 0..50 {
        assert_eq!(one.next(), Some(turn));
    }
    one.signal("-STOP");
    let saved = take_over(&two).await;
    one.signal("-CONT");
    // The rest of its output is from before the suspension.
    let acknowledged = 50 + std::iter::from_fn(|| one.next()).count();
    assert!(acknowledged <= saved, "{acknowledged} turns were acknowledged, {saved} are saved");
    one.child.wait().unwrap();
    let state = two.load("team").await.unwrap();
    assert_eq!(state.len(), saved + 1, "the owner wrote nothing afterwards");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_owner_leaves_every_acknowledged_turn() {
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let two = open(&url, "two").await;
    let mut one = Committer::start(&url);
    for turn in 0..50 {
        assert_eq!(one.next(), Some(turn));
    }
    one.signal("-KILL");
    let acknowledged = 50 + std::iter::from_fn(|| one.next()).count();
    one.child.wait().unwrap();
    let saved = take_over(&two).await;
    assert!(acknowledged <= saved, "{acknowledged} turns were acknowledged, {saved} are saved");
}
