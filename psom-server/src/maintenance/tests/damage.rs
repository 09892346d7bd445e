//! Damage to the database file.

use std::fs;

use super::*;

/// Creates two meetings with many entries, and returns their states.
async fn filled(directory: &Path) -> [Table; 2] {
    let store = open(directory).await;
    let mut tables = [Table::new(), Table::new()];
    for (meeting, table) in ["team", "other"].iter().zip(&mut tables) {
        store.create(stored(meeting)).await.unwrap();
        let text = |number| format!("the {meeting}'s value {number}").repeat(5);
        table.extend((0..400).map(|number| (format!("key/{number}"), text(number))));
        let writes = table.iter().map(|(key, value)| save(key, value)).collect();
        store.journal(meeting).commit(writes).await.unwrap();
    }
    store.close().await.unwrap();
    tables
}

/// Returns the position of a text in the database.
fn find(directory: &Path, text: &str) -> usize {
    let bytes = fs::read(database_file(directory)).unwrap();
    bytes.windows(text.len()).position(|window| window == text.as_bytes()).unwrap()
}

fn overwrite(directory: &Path, at: usize, bytes: &[u8]) {
    let mut all = fs::read(database_file(directory)).unwrap();
    all[at..at + bytes.len()].copy_from_slice(bytes);
    fs::write(database_file(directory), all).unwrap();
}

async fn loaded(directory: &Path) -> Result<Vec<Table>, Error> {
    let store = SqliteStore::open(directory, Durability::Process).await?;
    let mut tables = Vec::new();
    for meeting in store.meetings().await? {
        tables.push(store.load(&meeting.id).await?);
    }
    // The tables are in the order of their creation.
    tables.reverse();
    Ok(tables)
}

#[tokio::test]
async fn damaged_value_is_refused_with_its_key() {
    let directory = Directory::new();
    let [team, mut other] = filled(&directory).await;
    // A tool changes one value, and a bad disk changes the other.
    change(&directory, "UPDATE state SET value = 'x' WHERE meeting = 'other' AND key = 'key/7'");
    let store = open(&directory).await;
    assert_eq!(store.load("team").await.unwrap(), team);
    let refused = store.load("other").await.unwrap_err();
    let named = |key: &str| Error::Entry { meeting: "other".into(), key: key.into() };
    assert_eq!(refused, named("key/7"));
    assert!(refused.to_string().contains("psom store repair"), "{refused}");
    store.close().await.unwrap();
    overwrite(&directory, find(&directory, "other's value 123"), b"o\xffher");

    let report = check(&directory).await.unwrap();
    let sentence =
        |key| format!("The state of the meeting \"other\" is damaged at the key {key:?}.");
    assert_eq!((report.meetings, report.entries), (2, 798));
    let mut problems = report.problems;
    problems.retain(|problem| !problem.starts_with("SQLite finds"));
    problems.sort();
    assert_eq!(problems, [sentence("key/123"), sentence("key/7")]);

    let repair = repair(&directory).await.unwrap();
    assert_eq!(repair.lost, problems);
    assert_eq!((repair.report.meetings, repair.report.entries), (2, 798));
    let kept = repair.kept.unwrap();
    assert!(kept.file_name().unwrap().to_str().unwrap().starts_with("meetings.db.damaged-2"));
    assert!(
        fs::read(kept).unwrap().windows(6).any(|window| window == b"o\xffher'"),
        "the copy is unchanged"
    );
    other.retain(|key, _| !["key/7", "key/123"].contains(&key.as_str()));
    assert_eq!(loaded(&directory).await.unwrap(), [team, other]);
    assert_eq!(check(&directory).await.unwrap().problems, [""; 0]);
}

#[tokio::test]
async fn damaged_title_is_refused_and_repair_keeps_the_state() {
    let directory = Directory::new();
    let [team, other] = filled(&directory).await;
    change(&directory, "UPDATE meetings SET title = 'x' WHERE id = 'team'");
    assert_eq!(loaded(&directory).await, Err(Error::Meeting("team".into())));
    let problems = check(&directory).await.unwrap().problems;
    assert_eq!(problems, ["The entry of the meeting \"team\" is damaged."]);
    let repair = repair(&directory).await.unwrap();
    assert_eq!(repair.lost, ["The title of the meeting \"team\" is lost."]);
    assert_eq!(loaded(&directory).await.unwrap(), [team, other]);
    let titles = open(&directory).await.meetings().await.unwrap();
    let titles: Vec<_> = titles.into_iter().map(|meeting| meeting.title).collect();
    assert_eq!(titles, [Some("The other".into()), None]);
}

#[tokio::test]
async fn stray_state_is_reported_and_kept() {
    let directory = Directory::new();
    let [team, other] = filled(&directory).await;
    change(&directory, "DELETE FROM meetings WHERE id = 'team'");
    let problems = check(&directory).await.unwrap().problems;
    assert_eq!(problems, ["There is state of a meeting \"team\", but no such meeting."]);
    let refused = SqliteStore::open(&directory, Durability::Process).await.unwrap_err();
    assert_eq!(refused, Error::Stray("team".into()), "starting would remove its files");
    repair(&directory).await.unwrap();
    assert_eq!(loaded(&directory).await.unwrap(), [team, other]);
}

#[tokio::test]
async fn orphaned_entries_are_reported_and_removed() {
    let directory = Directory::new();
    let store = open(&directory).await;
    store.create(stored("team")).await.unwrap();
    let keys = ["content/7/a", "content/7/a/b", "content/8/a", "contents"];
    let state = keys.map(|key| save(key, r#"{"lastId":8,"lastOrder":0}"#));
    store.journal("team").commit(state.into()).await.unwrap();
    store.close().await.unwrap();
    let problems = ["content/7", "content/8"].map(|content| {
        format!(
            "The state of the meeting \"team\" has entries below {content:?}, but no such content."
        )
    });
    assert_eq!(check(&directory).await.unwrap().problems, problems);
    let repair = repair(&directory).await.unwrap();
    let ends = [" Removed \"content/7\" (2 entries).", " Removed \"content/8\" (1 entry)."];
    assert_eq!(repair.lost, [0, 1].map(|n| format!("{}{}", problems[n], ends[n])));
    assert_eq!(repair.report.entries, 1);
    let well = check(&directory).await.unwrap();
    assert_eq!((well.problems.len(), well.entries), (0, 1));
}

#[tokio::test]
async fn lost_page_is_refused_and_its_keys_are_listed() {
    let directory = Directory::new();
    let [team, other] = filled(&directory).await;
    let page = find(&directory, "team's value 200") / 4096 * 4096;
    overwrite(&directory, page, &[0xa5; 4096]);
    let refused = SqliteStore::open(&directory, Durability::Full).await.unwrap_err();
    assert!(
        matches!(&refused, Error::File { path, .. } if *path == database_file(&directory)),
        "{refused}"
    );
    assert!(!check(&directory).await.unwrap().problems.is_empty());

    let repair = repair(&directory).await.unwrap();
    let tables = loaded(&directory).await.unwrap();
    assert_eq!(tables[1], other);
    let mut lost = team.clone();
    lost.retain(|key, value| tables[0].get(key) != Some(value));
    assert!((1..40).contains(&lost.len()), "what was on one page: {}", lost.len());
    assert_eq!(tables[0].len() + lost.len(), team.len(), "no other entry was added");
    for key in lost.keys() {
        let named = repair.lost.iter().any(|sentence| sentence.contains(&format!("{key:?}")));
        assert!(named, "{key} is lost");
    }
    assert_eq!(repair.report.entries, 800 - lost.len());
}

#[tokio::test]
async fn file_that_is_not_a_database_is_kept_by_a_repair() {
    let directory = Directory::new();
    filled(&directory).await;
    overwrite(&directory, 0, &[0; 100]);
    let refused = SqliteStore::open(&directory, Durability::Full).await.unwrap_err();
    assert!(matches!(refused, Error::File { .. }), "{refused}");
    assert_eq!(check(&directory).await.unwrap().problems.len(), 1);
    let repair = repair(&directory).await.unwrap();
    assert_eq!(repair.lost, ["No row could be read."]);
    assert!(repair.kept.unwrap().metadata().unwrap().len() > 100_000);
    assert_eq!(loaded(&directory).await, Ok(Vec::new()));
}

#[tokio::test]
async fn no_damaged_byte_loads_wrong_data() {
    let directory = Directory::new();
    let tables = filled(&directory).await;
    let whole = fs::read(database_file(&directory)).unwrap();
    let mut random = 11u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) as usize % below
    };
    let (mut refused, mut repaired) = (0, 0);
    for round in 0..60 {
        let damaged = Directory::new();
        // Every second change is in the header of a page.
        let at = match round % 2 {
            0 => next(whole.len()),
            _ => next(whole.len() / 4096) * 4096 + next(200),
        };
        let flip = 1 << next(8);
        fs::write(database_file(&damaged), &whole).unwrap();
        overwrite(&damaged, at, &[whole[at] ^ flip]);
        let Err(error) = loaded(&damaged).await.map(|loaded| assert_eq!(loaded, tables)) else {
            continue;
        };
        refused += 1;
        match repair(&damaged).await {
            Ok(repair) => {
                assert!(!repair.report.problems.is_empty(), "byte {at}: {error}");
                repaired += 1;
            }
            Err(Error::Newer { .. } | Error::Foreign(_)) => continue,
            Err(error) => panic!("byte {at}: {error}"),
        }
        let store = open(&damaged).await;
        for (meeting, table) in ["team", "other"].iter().zip(&tables) {
            let Ok(saved) = store.load(meeting).await else { continue };
            let right = |(key, value): (&String, &String)| table.get(key) == Some(value);
            assert!(saved.iter().all(right), "byte {at}");
        }
        assert_eq!(check_after(&store, &damaged).await, [""; 0], "byte {at}");
    }
    assert!(refused >= 20 && repaired >= 15, "{refused} {repaired}");
}

async fn check_after(store: &SqliteStore, directory: &Path) -> Vec<String> {
    store.close().await.unwrap();
    check(directory).await.unwrap().problems
}

#[tokio::test]
async fn store_that_lost_its_end_loses_only_the_rows_there() {
    let directory = Directory::new();
    let states = filled(&directory).await;
    let path = database_file(&directory);
    let length = fs::metadata(&path).unwrap().len();
    // Removes the last page, and a part of the page before it.
    fs::File::options().write(true).open(&path).unwrap().set_len(length - 5000).unwrap();
    let repair = repair(&directory).await.unwrap();
    assert!(repair.report.problems.contains(&"The file has lost its last 5000 bytes.".into()));
    assert!(!repair.lost.is_empty());
    let loaded = loaded(&directory).await.unwrap();
    assert_eq!(loaded.len(), 2);
    let kept: usize = loaded.iter().map(Table::len).sum();
    assert!(kept > 700, "{kept} of 800 entries");
    for (table, state) in loaded.iter().zip(&states) {
        assert!(table.iter().all(|entry| state.get(entry.0) == Some(entry.1)));
    }
    assert_eq!(check(&directory).await.unwrap().problems, [""; 0]);
    let left = fs::read_dir(&*directory).unwrap().filter_map(Result::ok);
    assert!(left.into_iter().all(|file| !file.file_name().to_string_lossy().contains("padded")));
}

#[tokio::test]
async fn damaged_meeting_is_set_aside_and_the_others_run() {
    use psom_objects::types::Role;

    use crate::{AdmissionError, Options, Server, StartError};

    let directory = Directory::new();
    let start = async |strict| {
        let address = || "127.0.0.1:0".to_owned();
        let (data, listen, http) = (directory.to_path_buf(), address(), address());
        Server::start(Options { data, listen, http, strict, ..Options::default() }).await
    };
    let admit = async |server: &Server, meeting: &str| {
        server.admit(meeting, "sip:ada@example.com", "Ada", Role::Attendee).await.map(drop)
    };
    let server = start(true).await.unwrap();
    for meeting in ["team", "other", "third"] {
        server.create_meeting(meeting, None).await.unwrap();
        admit(&server, meeting).await.unwrap();
    }
    server.shutdown(std::time::Duration::ZERO).await;
    change(&directory, "UPDATE state SET value = 'x' WHERE meeting = 'team'");
    change(&directory, "UPDATE meetings SET title = 'x' WHERE id = 'third'");
    assert!(matches!(start(true).await, Err(StartError::Store(Error::Meeting(_)))));

    let server = start(false).await.unwrap();
    admit(&server, "other").await.unwrap();
    for aside in ["team", "third"] {
        let refused = admit(&server, aside).await;
        assert!(matches!(refused, Err(AdmissionError::NoMeeting(_))), "{refused:?}");
        let refused = server.create_meeting(aside, None).await;
        assert!(matches!(refused, Err(AdmissionError::MeetingExists)), "{refused:?}");
    }
    assert!(server.end_meeting("third").await.unwrap());
    server.create_meeting("third", None).await.unwrap();
    server.shutdown(std::time::Duration::ZERO).await;
    // The state of the other one is kept for a repair.
    repair(&directory).await.unwrap();
    let server = start(true).await.unwrap();
    admit(&server, "team").await.unwrap();
    server.shutdown(std::time::Duration::ZERO).await;
}
