//! Stored messages survive a kill.

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use comqc::queue::{FolderError, FolderQueue, Queue, SqliteQueue, Stage, Step};

use crate::ship::{Q1, Q2};

/// The application of every queue here.
const APPLICATION: &str = "Shop";
/// The environment variable that makes this test binary the process that is killed.
const VICTIM: &str = "COMQC_VICTIM_QUEUE";

fn folder(path: &Path) -> FolderQueue {
    FolderQueue::open(path, APPLICATION).unwrap()
}

fn sqlite(path: &Path) -> SqliteQueue {
    SqliteQueue::open(path.join("queue.db")).unwrap()
}

/// Checks the rules that every durable queue must follow.
fn check<Q: Queue>(open: impl Fn() -> Q) {
    let mut queue = open();
    let (first, second) = (queue.send(Q1, 10).unwrap(), queue.send(Q2, 20).unwrap());
    assert!(second > first);
    // A taken message is not taken twice, and the second one is not due yet.
    assert_eq!(queue.take(15).unwrap().unwrap().body, Q1);
    assert!(queue.take(15).unwrap().is_none());
    assert_eq!(queue.take(20).unwrap().unwrap().entry.id, second);
    drop(queue);
    // Both were taken and not played.
    let mut queue = open();
    assert_eq!(queue.take(20).unwrap().unwrap().body, Q1);
    let step = Step { stage: Stage::Retry(2), tries: 1, due: 300 };
    queue.put_back(first, step).unwrap();
    drop(queue);
    let mut queue = open();
    assert_eq!(queue.take(20).unwrap().unwrap().entry.id, second);
    queue.finish(second).unwrap();
    drop(queue);
    let mut queue = open();
    let entries = queue.list().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].id, entries[0].step, entries[0].size_bytes), (first, step, 448));
    assert!(queue.take(299).unwrap().is_none());
    assert_eq!(queue.body(first).unwrap().unwrap(), Q1);
    assert_eq!(queue.body(99).unwrap(), None);
    assert_eq!(queue.move_messages(Stage::Retry(2), Stage::Dead, 300).unwrap(), 1);
    assert!(queue.take(u64::MAX).unwrap().is_none());
    queue.remove_stage(Stage::Retry(2)).unwrap();
    drop(queue);
    let mut queue = open();
    assert!(!queue.stages().unwrap().contains(&Stage::Retry(2)));
    assert_eq!(queue.list().unwrap()[0].step.stage, Stage::Dead);
    assert_eq!(queue.move_messages(Stage::Dead, Stage::Input, 400).unwrap(), 1);
    assert_eq!(queue.take(400).unwrap().unwrap().body, Q1);
    queue.finish(first).unwrap();
    // Finishing a message that does not exist changes nothing.
    queue.finish(first).unwrap();
    queue.put_back(first, step).unwrap();
    assert_eq!(queue.list().unwrap(), []);
}

#[test]
fn folder_queue_keeps_messages_until_they_are_played() {
    let place = tempfile::tempdir().unwrap();
    check(|| folder(place.path()));
}

#[test]
fn sqlite_queue_keeps_messages_until_they_are_played() {
    let place = tempfile::tempdir().unwrap();
    check(|| sqlite(place.path()));
}

/// Runs in the process that is killed: takes a message and waits.
#[test]
fn victim_takes_a_message_and_waits() {
    let Some(place) = env::var_os(VICTIM) else { return };
    let place = Path::new(&place);
    if place.join("queue.db").exists() {
        take_and_wait(&mut sqlite(place));
    } else {
        take_and_wait(&mut folder(place));
    }
}

fn take_and_wait(queue: &mut impl Queue) {
    let taken = queue.take(u64::MAX).unwrap().unwrap();
    println!("taken {}", taken.entry.id);
    // The parent kills this process while it reads.
    let _ = std::io::stdin().read_line(&mut String::new());
}

fn victim(place: &Path) -> Child {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["durability::victim_takes_a_message_and_waits", "--exact", "--nocapture"])
        .env(VICTIM, place)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let taken = lines.map_while(Result::ok).any(|line| line.contains("taken 1"));
    assert!(taken);
    child
}

#[test]
fn message_that_was_taken_is_available_after_a_kill() {
    let place = tempfile::tempdir().unwrap();
    folder(place.path()).send(Q1, 0).unwrap();
    let mut child = victim(place.path());
    // The queue has one listener at a time.
    let refused = FolderQueue::open(place.path(), APPLICATION);
    assert!(matches!(refused, Err(FolderError::InUse(_))));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(folder(place.path()).take(0).unwrap().unwrap().body, Q1);

    let place = tempfile::tempdir().unwrap();
    sqlite(place.path()).send(Q2, 0).unwrap();
    let mut child = victim(place.path());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(sqlite(place.path()).take(0).unwrap().unwrap().body, Q2);
}

#[test]
fn folder_holds_one_file_for_each_message() {
    let place = tempfile::tempdir().unwrap();
    let mut queue = folder(place.path());
    let id = queue.send(Q1, 7).unwrap();
    let file = |path: &str| place.path().join(path);
    assert_eq!(std::fs::read(file("Shop/00000000000000000001-0-7.comqc")).unwrap(), Q1);
    queue.put_back(id, Step { stage: Stage::Retry(4), tries: 2, due: 9 }).unwrap();
    assert!(file("Shop_4/00000000000000000001-2-9.comqc").exists());
    // A removed folder is a removed queue; files with other names are left alone.
    std::fs::remove_dir(file("Shop_1")).unwrap();
    std::fs::write(file("Shop/readme.txt"), "hello").unwrap();
    drop(queue);
    let queue = folder(place.path());
    assert!(!queue.stages().unwrap().contains(&Stage::Retry(1)));
    assert_eq!(queue.list().unwrap().len(), 1);
}

#[test]
fn message_that_was_not_written_in_full_is_not_in_the_queue() {
    let place = tempfile::tempdir().unwrap();
    folder(place.path()).send(Q1, 0).unwrap();
    std::fs::write(place.path().join("tmp/2"), &Q1[..100]).unwrap();
    assert_eq!(folder(place.path()).list().unwrap().len(), 1);
    assert!(!place.path().join("tmp/2").exists());
}

#[test]
fn invalid_folder_names_are_refused() {
    let place = tempfile::tempdir().unwrap();
    for name in ["", "..", ".a", "a/b", "a\\b", "tmp", "lock", "a\0b"] {
        let refused = FolderQueue::open(place.path(), name);
        assert!(matches!(refused, Err(FolderError::Name(_))), "{name}");
    }
}
