//! The database ends sessions, or crashes, in the middle of commits.

use super::{
    server::{PostgresServer, shared_server},
    *,
};

/// The number of turns in a test.
const TURNS: usize = 600;

/// The number of turns that are under way at the same time.
const AT_ONCE: usize = 20;

/// Commits turns, calls `disturb` before some of them, and checks that each turn was acknowledged and
/// exists. A turn replaces the value of the turn before, so a repeated statement could bring an old value
/// back.
async fn commit_with(url: &str, disturb: impl Fn(usize)) {
    let one = open(url, "one").await;
    one.create(stored("team")).await.unwrap();
    let journal = one.journal("team");
    let mut commits = std::collections::VecDeque::new();
    for turn in 0..TURNS {
        disturb(turn);
        let writes = vec![save("last", turn.to_string()), save(format!("turn/{turn}"), "x")];
        commits.push_back(journal.commit(writes));
        if commits.len() == AT_ONCE {
            commits.pop_front().unwrap().await.unwrap();
        }
    }
    for commit in commits {
        commit.await.unwrap();
    }
    let state = one.load("team").await.unwrap();
    assert_eq!((state.len(), state["last"].as_str()), (TURNS + 1, "599"));
    assert_eq!(*one.health().borrow(), Health::Good);
    one.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_sessions_lose_and_repeat_nothing() {
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let database = url.rsplit('/').next().unwrap().to_owned();
    commit_with(&url, |turn| {
        if turn % 60 == 30 {
            let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                       WHERE datname = current_database() AND pid <> pg_backend_pid()";
            server.execute(&database, sql);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_of_the_database_loses_and_repeats_nothing() {
    let Some(server) = PostgresServer::start() else { return };
    let url = server.create_database();
    commit_with(&url, |turn| {
        if turn % 300 == 150 {
            server.crash();
        }
    })
    .await;
}
