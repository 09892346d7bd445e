#![expect(clippy::cast_possible_truncation, clippy::unwrap_used, reason = "tests")]

mod damage;
mod full;
mod killed;
mod missing_database;
#[cfg(unix)]
mod open_files;
mod stopped;
mod wal;

use std::{collections::BTreeMap, path::Path};

use psom::{Committing, Write};

use crate::{
    data_directory::DataDirectory,
    files::BlobConfig,
    maintenance::{Repair, Report},
    store::*,
    testing::Directory,
};

async fn check(data: &Path) -> Result<Report, Error> {
    crate::maintenance::check(data, &BlobConfig::Local).await
}

async fn repair(data: &Path) -> Result<Repair, Error> {
    crate::maintenance::repair(data, &BlobConfig::Local).await
}

type Table = BTreeMap<String, String>;

async fn open(directory: &Path) -> SqliteStore {
    SqliteStore::open(directory, Durability::Process).await.unwrap()
}

fn stored(id: &str) -> StoredMeeting {
    StoredMeeting { id: id.into(), title: Some(format!("The {id}")), created: 1_700_000_000_123 }
}

fn save(key: impl Into<String>, value: impl Into<String>) -> Write {
    Write { key: key.into(), value: Some(value.into()) }
}

fn erase(key: &str) -> Write {
    Write { key: key.into(), value: None }
}

fn table<const N: usize>(entries: [(&str, &str); N]) -> Table {
    entries.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// Changes the database with another connection.
fn change(directory: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(database_file(directory)).unwrap();
    connection.execute_batch(sql).unwrap();
}

#[tokio::test]
async fn pending_changes_of_all_meetings_share_a_transaction() {
    let directory = Directory::new();
    let store = open(&directory).await;
    let meetings: Vec<String> = (0..20).map(|number| format!("meeting{number}")).collect();
    let created: Vec<_> = meetings.iter().map(|id| store.create(stored(id))).collect();
    for created in created {
        created.await.unwrap();
    }
    assert_eq!(store.transactions(), 1);
    let journals: Vec<_> = meetings.iter().map(|id| store.journal(id)).collect();
    // No other task runs on this thread in between.
    let commits: Vec<Committing> = (0..1000)
        .map(|turn| journals[turn % 20].commit(vec![save(turn.to_string(), "x")]))
        .collect();
    for commit in commits {
        commit.await.unwrap();
    }
    assert_eq!(store.transactions(), 2);
    assert_eq!(store.load("meeting7").await.unwrap().len(), 50);
}

#[tokio::test]
async fn transaction_size_is_bounded() {
    let directory = Directory::new();
    let store = open(&directory).await;
    store.create(stored("team")).await.unwrap();
    let journal = store.journal("team");
    let megabyte = "x".repeat(1 << 20);
    let commits: Vec<Committing> =
        (0..9).map(|turn| journal.commit(vec![save(turn.to_string(), &megabyte)])).collect();
    for commit in commits {
        commit.await.unwrap();
    }
    // Three of them fit into 4 MiB, four do not.
    assert_eq!(store.transactions(), 1 + 3);
    let larger = save("larger", megabyte.repeat(5));
    journal.commit(vec![larger]).await.unwrap();
    assert_eq!(store.load("team").await.unwrap().len(), 10);
}

#[tokio::test]
async fn state_is_complete_after_a_restart() {
    let directory = Directory::new();
    for durability in [Durability::Full, Durability::Process] {
        let id = format!("{durability:?}");
        let store = SqliteStore::open(&directory, durability).await.unwrap();
        store.create(StoredMeeting { title: None, ..stored(&id) }).await.unwrap();
        let odd = vec![save("", ""), save("ключ/'\"\0", "{\"a\":\"ü\n\"}"), save("z", "\0")];
        // The commit is not awaited, because closing writes it.
        drop(store.journal(&id).commit(odd));
        store.close().await.unwrap();
        assert!(
            !beside(&database_file(&directory), "-wal").exists(),
            "all of it is in the database"
        );
    }
    let store = open(&directory).await;
    let meetings = store.meetings().await.unwrap();
    let expected = ["Full", "Process"].map(|id| StoredMeeting { title: None, ..stored(id) });
    assert_eq!(meetings, expected);
    let odd = table([("", ""), ("z", "\0"), ("ключ/'\"\0", "{\"a\":\"ü\n\"}")]);
    for meeting in meetings {
        assert_eq!(store.load(&meeting.id).await.unwrap(), odd);
    }
}

#[tokio::test]
async fn deleted_meeting_leaves_no_state_to_a_later_one() {
    let directory = Directory::new();
    let store = open(&directory).await;
    store.create(stored("team")).await.unwrap();
    store.create(stored("other")).await.unwrap();
    let old = store.journal("team");
    old.commit(vec![save("a", "1")]).await.unwrap();
    store.journal("other").commit(vec![save("a", "2")]).await.unwrap();
    store.delete("team").await.unwrap();
    assert_eq!(store.load("team").await, Err(Error::NoMeeting("team".into())));
    assert_eq!(store.delete("team").await, Err(Error::NoMeeting("team".into())));
    assert!(old.commit(vec![save("b", "late")]).await.is_err());
    assert!(store.journal("team").commit(vec![save("b", "early")]).await.is_err());

    store.create(stored("team")).await.unwrap();
    assert!(old.commit(vec![save("b", "later")]).await.is_err());
    assert_eq!(store.load("team").await.unwrap(), Table::new());
    assert_eq!(store.load("other").await.unwrap(), table([("a", "2")]));
    store.close().await.unwrap();
    let report = check(&directory).await.unwrap();
    assert_eq!((report.meetings, report.entries, report.problems.len()), (2, 1, 0));
}

#[tokio::test]
async fn reading_does_not_prevent_checkpoints() {
    let directory = Directory::new();
    let store = open(&directory).await;
    store.create(stored("team")).await.unwrap();
    let (journal, text) = (store.journal("team"), "x".repeat(1 << 16));
    let mut most = 0;
    for turn in 0..400 {
        journal.commit(vec![save((turn % 8).to_string(), &text)]).await.unwrap();
        assert!(!store.load("team").await.unwrap().is_empty());
        let log = beside(&database_file(&directory), "-wal");
        most = most.max(log.metadata().unwrap().len());
    }
    // More than 25 MB were written.
    assert!((1..8 << 20).contains(&most), "{most}");
}

#[tokio::test]
async fn foreign_and_newer_databases_are_not_changed() {
    let directory = Directory::new();
    open(&directory).await.close().await.unwrap();
    change(&directory, "PRAGMA user_version = 2");
    let before = std::fs::read(database_file(&directory)).unwrap();
    let newer = Error::Newer { path: database_file(&directory), version: 2, known: 1 };
    let opened = SqliteStore::open(&directory, Durability::Full).await;
    assert_eq!(opened.unwrap_err(), newer);
    assert!(newer.to_string().contains("run the psom that wrote it"), "{newer}");
    assert_eq!(check(&directory).await, Err(newer.clone()));
    assert_eq!(repair(&directory).await, Err(newer));
    assert_eq!(std::fs::read(database_file(&directory)).unwrap(), before);

    change(&directory, "PRAGMA user_version = 1; PRAGMA application_id = 7");
    let before = std::fs::read(database_file(&directory)).unwrap();
    let foreign = Error::Foreign(database_file(&directory));
    let opened = SqliteStore::open(&directory, Durability::Full).await;
    assert_eq!(opened.unwrap_err(), foreign);
    assert_eq!(check(&directory).await, Err(foreign.clone()));
    assert_eq!(repair(&directory).await, Err(foreign));
    assert_eq!(std::fs::read(database_file(&directory)).unwrap(), before);
}

#[tokio::test]
async fn check_needs_a_stopped_server_and_a_database() {
    let directory = Directory::new();
    let nothing = Error::NoFile(database_file(&directory));
    assert_eq!(check(&directory).await, Err(nothing.clone()));
    assert_eq!(repair(&directory).await, Err(nothing));
    assert_eq!(std::fs::read_dir(&*directory).unwrap().count(), 0, "and nothing is created");

    open(&directory).await.close().await.unwrap();
    let home = DataDirectory::open(&directory).unwrap();
    let locked = Error::Locked(directory.to_path_buf());
    assert_eq!(check(&directory).await, Err(locked.clone()));
    assert_eq!(repair(&directory).await, Err(locked));
    drop(home);
    assert_eq!(check(&directory).await, Ok(Report::default()));
    let repair = repair(&directory).await.unwrap();
    assert_eq!((repair.kept, repair.lost.len()), (None, 0), "nothing to repair");
}
