//! The database ends the session of a running commit, or crashes while a commit runs: before the commit takes
//! effect, or after that and before its answer.

use std::sync::atomic::AtomicBool;

use sqlx::{Connection as _, PgConnection, raw_sql};
use tokio::{sync::watch, task::yield_now};

use super::{server::PostgresServer, *};

/// The part of a query that finds the session with which a node writes: only writers hold advisory locks.
const WRITER: &str = "FROM pg_stat_activity AS activity \
    JOIN pg_locks AS held ON held.pid = activity.pid AND held.locktype = 'advisory' \
    WHERE activity.datname = current_database()";

/// How the running commit ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Terminated,
    Crashed,
}

/// A server with the meeting of a node, whose commits the test can stop.
struct Stage {
    server: PostgresServer,
    database: String,
    url: String,
    one: PostgresStore,
}

impl Stage {
    /// Starts a server of its own. Without PostgreSQL, returns `None`.
    async fn open() -> Option<Self> {
        let server = PostgresServer::start()?;
        let url = server.create_database();
        let database = url.rsplit('/').next().unwrap().to_owned();
        let one = open(&url, "one").await;
        one.create(stored("team")).await.unwrap();
        one.journal("team").commit(vec![save("value", "0")]).await.unwrap();
        Some(Self { server, database, url, one })
    }

    fn execute(&self, sql: &str) -> String {
        self.server.execute(&self.database, sql)
    }

    /// Returns the saved value of the meeting.
    fn saved(&self) -> String {
        self.execute("SELECT value FROM psom.state WHERE key = 'value'")
    }

    /// Waits until the commit waits for this event, and ends its session or the database then.
    async fn end(&self, event: &str, end: End) {
        let waits = format!("{WRITER} AND {event}");
        let sql = match end {
            End::Terminated => format!(
                // The second argument is the time in milliseconds to wait for the end of the session.
                "SELECT count(pg_terminate_backend(activity.pid, 60000)) {waits}"
            ),
            End::Crashed => format!("SELECT count(*) {waits}"),
        };
        while self.execute(&sql) == "0" {
            yield_now().await;
        }
        if end == End::Crashed {
            self.server.crash_and_wait();
        }
    }
}

async fn commit_ends_before_its_effect(end: End) {
    let Some(stage) = Stage::open().await else { return };
    let mut holder = PgConnection::connect(&stage.url).await.unwrap();
    let lock = "BEGIN; SELECT FROM psom.meetings WHERE id = 'team' FOR UPDATE";
    raw_sql(lock).execute(&mut holder).await.unwrap();
    let journal = stage.one.journal("team");
    let commit = tokio::spawn(journal.commit(vec![save("value", "1")]));
    stage.end("activity.wait_event_type = 'Lock'", end).await;
    if end == End::Terminated {
        // The lock of the test is still there.
        assert_eq!(stage.saved(), "0");
        assert!(!commit.is_finished());
    }
    drop(holder);
    commit.await.unwrap().unwrap();
    assert_eq!(stage.saved(), "1");
    stage.one.close().await.unwrap();
}

async fn commit_ends_after_its_effect(end: End) {
    let Some(stage) = Stage::open().await else { return };
    // Without the standby, a commit takes effect and then waits.
    stage.execute("ALTER SYSTEM SET synchronous_standby_names = 'missing'");
    stage.execute("SELECT pg_reload_conf()");
    let journal = stage.one.journal("team");
    let (acknowledged, is_last) = (watch::Sender::new(0), Arc::new(AtomicBool::new(false)));
    let (last, stops) = (acknowledged.subscribe(), Arc::clone(&is_last));
    let committing = tokio::spawn(async move {
        // The first commits can be faster than the new setting.
        for number in 1.. {
            journal.commit(vec![save("value", number.to_string())]).await.unwrap();
            acknowledged.send_replace(number);
            if stops.load(Ordering::SeqCst) {
                return;
            }
        }
    });
    stage.end("activity.wait_event = 'SyncRep'", end).await;
    // The commit after the last acknowledged one is saved, and is not acknowledged.
    let saved = *last.borrow() + 1;
    assert_eq!(stage.saved(), saved.to_string());
    is_last.store(true, Ordering::SeqCst);
    stage.execute("ALTER SYSTEM RESET synchronous_standby_names");
    stage.execute("SELECT pg_reload_conf()");
    committing.await.unwrap();
    assert_eq!(stage.saved(), last.borrow().to_string());
    assert_eq!(*last.borrow(), saved);
    assert_eq!(*stage.one.health().borrow(), Health::Good);
    assert_eq!(stage.one.node.metrics.lost_leases.load(Ordering::Relaxed), 0);
    stage.one.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commit_is_repeated_if_its_session_ends_before_its_effect() {
    commit_ends_before_its_effect(End::Terminated).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commit_is_repeated_if_the_database_crashes_before_its_effect() {
    commit_ends_before_its_effect(End::Crashed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commit_is_acknowledged_once_if_its_session_ends_after_its_effect() {
    commit_ends_after_its_effect(End::Terminated).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commit_is_acknowledged_once_if_the_database_crashes_after_its_effect() {
    commit_ends_after_its_effect(End::Crashed).await;
}
