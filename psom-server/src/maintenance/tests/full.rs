//! A full disk and other temporary obstacles.

use std::sync::atomic::Ordering;

use super::*;

/// Limits the database to a number of pages of 4 KiB, from the next transaction on.
fn limit(store: &SqliteStore, pages: u64) {
    store.max_pages.store(pages, Ordering::Relaxed);
}

/// Returns the number of entries that another program sees.
fn seen(directory: &Path) -> i64 {
    let connection = schema::open_read_only(&database_file(directory)).unwrap();
    connection.query_row("SELECT count(*) FROM state", [], |row| row.get(0)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn commits_wait_while_the_disk_is_full() {
    let directory = Directory::new();
    let store = open(&directory).await;
    store.create(stored("team")).await.unwrap();
    let journal = store.journal("team");
    journal.commit(vec![save("before", "1")]).await.unwrap();
    limit(&store, 20);
    let mut health = store.health();
    assert_eq!(*health.borrow_and_update(), Health::Good);
    let page = "x".repeat(4096);
    let turn = (0..30).map(|number| save(format!("large/{number}"), &page)).collect();
    let large = tokio::spawn(journal.commit(turn));
    let small = tokio::spawn(journal.commit(vec![save("small", "1")]));
    // The obstacle is published once, after several tries.
    health.changed().await.unwrap();
    assert_eq!(*health.borrow_and_update(), Health::Waiting("the disk is full"));
    let transactions = store.transactions();
    let again = tokio::time::timeout(std::time::Duration::from_secs(60), health.changed()).await;
    assert!(again.is_err(), "nothing changes within a minute");
    assert!(!large.is_finished() && !small.is_finished());
    assert_eq!(seen(&directory), 1, "a turn is written completely or not at all");
    assert_eq!(store.transactions(), transactions);

    limit(&store, u64::from(u32::MAX));
    large.await.unwrap().unwrap();
    small.await.unwrap().unwrap();
    assert_eq!(*health.borrow(), Health::Good);
    assert_eq!(store.load("team").await.unwrap().len(), 32);
    store.close().await.unwrap();
    assert_eq!(check(&directory).await.unwrap().problems, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_disk_space() {
    let directory = Directory::new();
    let store = open(&directory).await;
    store.create(stored("team")).await.unwrap();
    limit(&store, 6);
    let mut health = store.health();
    drop(store.journal("team").commit(vec![save("large", "x".repeat(1 << 16))]));
    let wait = async {
        health.wait_for(|health| *health != Health::Good).await.unwrap();
        limit(&store, u64::from(u32::MAX));
    };
    // The store closes only after the obstacle has passed.
    let (closed, ()) = tokio::join!(store.close(), wait);
    closed.unwrap();
    assert_eq!(open(&directory).await.load("team").await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn commits_wait_while_another_program_locks_the_database() {
    let directory = Directory::new();
    let store = open(&directory).await;
    store.create(stored("team")).await.unwrap();
    let other = schema::open(&database_file(&directory), Durability::Full).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let commit = tokio::spawn(store.journal("team").commit(vec![save("a", "1")]));
    let mut health = store.health();
    let told = health.wait_for(|health| *health != Health::Good).await.unwrap().clone();
    assert_eq!(told, Health::Waiting("another program has locked the database"));
    assert!(!commit.is_finished());
    other.execute_batch("ROLLBACK").unwrap();
    commit.await.unwrap().unwrap();
    assert_eq!(store.load("team").await.unwrap(), table([("a", "1")]));
}

#[tokio::test]
async fn other_failures_end_the_store() {
    let directory = Directory::new();
    let store = open(&directory).await;
    store.create(stored("team")).await.unwrap();
    let journal = store.journal("team");
    change(&directory, "DROP TABLE state");
    let (first, second) = (journal.commit(vec![save("a", "1")]), store.create(stored("other")));
    let why = first.await.unwrap_err().to_string();
    assert!(why.starts_with("the store failed: ") && why.contains("no such table"), "{why}");
    assert_eq!(second.await.unwrap_err().to_string(), why, "of the same transaction");
    assert_eq!(journal.commit(vec![save("a", "2")]).await.unwrap_err().to_string(), why);
    assert_eq!(store.load("team").await.unwrap_err().to_string(), why);
    assert!(matches!(&*store.health().borrow(), Health::Failed(error) if error.to_string() == why));
    assert_eq!(store.close().await.unwrap_err().to_string(), why);
}
