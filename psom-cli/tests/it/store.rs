//! `psom store`, as an operator uses it.

use std::{
    fs::{self, File},
    path::Path,
    process::Command,
};

use psom::Write;
use psom_server::store::{Durability, MeetingStore as _, SqliteStore, StoredMeeting};
use rusqlite::Connection;

use crate::support::{Running, Stage, psom};

/// Runs `psom store`: the exit status, standard output, standard error.
fn store(directory: &Path, command: &str) -> (Option<i32>, String, String) {
    let mut psom = Command::new(env!("CARGO_BIN_EXE_psom"));
    psom.args(["store", command, "--data"]).arg(directory).env("PSOM_LOG", "error");
    let output = psom.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn a_store_is_checked_and_repaired() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let (status, _, error) = store(directory, "check");
    assert_eq!(status, Some(1));
    assert!(error.contains("there is no ") && error.contains("--data"), "{error}");

    let sqlite = SqliteStore::open(directory, Durability::Full).await.unwrap();
    let id = String::from("team");
    sqlite.create(StoredMeeting { id, title: None, created: 0 }).await.unwrap();
    let turn = ["one", "two", "three"].map(|key| (key, format!("the value of {key}")));
    let turn = turn.map(|(key, value)| Write { key: key.into(), value: Some(value) });
    sqlite.journal("team").commit(turn.into()).await.unwrap();
    sqlite.close().await.unwrap();
    let well = (Some(0), "The store is intact: 1 meeting with 3 entries.\n".into(), String::new());
    assert_eq!(store(directory, "check"), well);
    assert_eq!(store(directory, "repair"), well);

    let database = directory.join("meetings.db");
    let mut bytes = fs::read(&database).unwrap();
    let at = bytes.windows(16).position(|window| window == b"the value of two").unwrap();
    bytes[at] = b'T';
    fs::write(&database, bytes).unwrap();
    let sentence = "The state of the meeting \"team\" is damaged at the key \"two\".\n";
    let (status, said, error) = store(directory, "check");
    assert_eq!((status, said.as_str()), (Some(1), sentence));
    assert!(error.contains("(1 problem)") && error.contains("psom store repair"), "{error}");

    let lock = File::create(directory.join("lock")).unwrap();
    lock.lock().unwrap();
    for command in ["check", "repair"] {
        let (status, said, error) = store(directory, command);
        assert_eq!((status, said.as_str()), (Some(1), ""));
        assert!(error.contains("a server runs on ") && error.contains("stop it"), "{error}");
    }
    drop(lock);

    let (status, said, error) = store(directory, "repair");
    assert_eq!((status, said.lines().next()), (Some(1), Some(sentence.trim_end())));
    assert!(said.contains("Recovered 1 meeting with 2 entries; the damaged store is kept as "));
    assert!(error.contains("some data could not be recovered"), "{error}");
    let well = (Some(0), "The store is intact: 1 meeting with 2 entries.\n".into(), String::new());
    assert_eq!(store(directory, "check"), well);
}

#[test]
fn check_names_files_that_it_has_not_read() {
    let mut stage = Stage::open(&["--files", "memory:///"]);
    // The server is killed.
    stage.server.child.kill().unwrap();
    stage.server.child.wait().unwrap();
    let data = stage.file("psom-data");
    let (status, said, _) = store(&data, "check");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(status, Some(0));
    assert!(lines[0].starts_with("The store is intact: 1 meeting with "), "{said}");
    let where_not = "Files at memory:/// were not checked; --files memory:/// checks them.";
    assert_eq!(lines[1..], [where_not]);
}

#[tokio::test]
async fn a_copy_of_the_data_directory_is_a_backup() {
    let mut stage = Stage::open(&[]);
    fs::write(stage.file("plan.txt"), "hello").unwrap();
    stage.ok(&["share", &stage.link, "plan.txt"]);
    stage.server.child.kill().unwrap();
    stage.server.child.wait().unwrap();
    let [data, backup] = ["psom-data", "backup"].map(|name| stage.file(name));
    let copied = Command::new("cp").arg("-a").args([&data, &backup]).status().unwrap();
    assert!(copied.success());
    fs::remove_dir_all(&data).unwrap();
    let (status, said, _) = store(&backup, "check");
    assert_eq!(status, Some(0), "{said}");
    let store = SqliteStore::open(&backup, Durability::Full).await.unwrap();
    assert!(store.load("demo").await.unwrap().contains_key("content/1"));
    store.close().await.unwrap();
    let deep = ["store", "check", "--deep", "--data", "backup"];
    assert!(stage.ok(&deep).starts_with("The store is intact: 1 meeting"));
    let mut files = fs::read_dir(backup.join("meetings/demo/files")).unwrap();
    fs::write(files.next().unwrap().unwrap().path(), [0; 16]).unwrap();
    let error = stage.fails(&deep);
    assert!(
        error.contains("1 file is damaged;") && error.contains("share the files again"),
        "{error}"
    );
}

#[test]
fn an_unknown_durability_is_rejected() {
    let mut psom = Command::new(env!("CARGO_BIN_EXE_psom"));
    let output = psom.args(["serve", "--durability", "none"]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("full") && error.contains("process"), "{error}");
}

#[tokio::test]
async fn a_server_that_cannot_save_exits_with_an_error() {
    let mut stage = Stage::open(&[]);
    // Its table is dropped.
    let database = stage.file("psom-data/meetings.db");
    Connection::open(database).unwrap().execute_batch("DROP TABLE state").unwrap();
    let ask = ["--question", "When?", "--choice", "now", "--choice", "later"];
    stage.run(&[&["poll", &stage.link, "create", "Lunch"], &ask[..]].concat());
    assert_eq!(stage.server.child.wait().unwrap().code(), Some(1));
    let log = fs::read_to_string(stage.file("server.log")).unwrap();
    let said = log.lines().last().unwrap();
    assert!(
        said.starts_with("error: the store failed: ") && said.contains("no such table"),
        "{log}"
    );
    assert!(said.ends_with("start the server again (acknowledged changes are saved)"), "{log}");
}

#[test]
fn the_backup_of_a_running_server_can_be_served() {
    let stage = Stage::open(&[]);
    fs::write(stage.file("Plan.txt"), "12345").unwrap();
    stage.ok(&["share", &stage.link, "Plan.txt"]);
    let copied = stage.ok(&["store", "backup", "copy"]);
    assert!(
        copied.starts_with("Copied 1 meeting with ") && copied.contains(" 1 file "),
        "{copied}"
    );
    assert!(stage.fails(&["store", "backup", "copy"]).contains("copy is not empty"));
    assert!(stage.fails(&["store", "backup", "other", "--data", "no"]).contains("there is no "));
    // The server continues, and the copy does not contain its later changes.
    stage.ok(&["delete", &stage.link, "Plan.txt"]);
    assert!(stage.ok(&["store", "check", "--deep", "--data", "copy"]).contains("is intact"));
    let mut serve = psom(stage.directory.path());
    serve.args(["serve", "--demo", "--data", "copy", "--listen", "127.0.0.1:0"]);
    let mut copy = Running::start(serve.args(["--http", "127.0.0.1:0"]));
    (0..4).for_each(|_| drop(copy.line()));
    let link = copy.line();
    let link = link.strip_prefix("presenter").unwrap().trim();
    stage.ok(&["get", link, "Plan.txt", "-o", "restored.txt"]);
    assert_eq!(fs::read(stage.file("restored.txt")).unwrap(), b"12345");
    copy.interrupt();
}
