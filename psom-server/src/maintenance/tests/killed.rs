//! A process that is killed while it writes.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use super::*;

/// The environment variable with the store of the process that will be killed.
const DATA: &str = "PSOM_TEST_STORE";
const CHILD: &str = "maintenance::tests::killed::writes_until_it_is_killed";
const ROUNDS: u64 = 10;
const MEETINGS: [&str; 2] = ["even", "odd"];

/// Returns the writes of turn `number`, which have various sizes.
fn turn(number: u64) -> Vec<Write> {
    let text = number.to_string().repeat((number % 97) as usize + 1);
    let erased = erase(&format!("now/{}", number.saturating_sub(2)));
    vec![save(format!("turn/{number:08}"), text), erased, save(format!("now/{number}"), "")]
}

/// Returns the number of turns, and checks that the store has exactly these.
async fn turns(store: &SqliteStore) -> u64 {
    let [even, odd] = [store.load("even").await.unwrap(), store.load("odd").await.unwrap()];
    let is_turn = |key: &&String| key.starts_with("turn/");
    let count = even.keys().chain(odd.keys()).filter(is_turn).count() as u64;
    let mut expected = [Table::new(), Table::new()];
    for number in 0..count {
        let table = &mut expected[(number % 2) as usize];
        for Write { key, value } in turn(number) {
            match value {
                Some(value) => drop(table.insert(key, value)),
                None => drop(table.remove(&key)),
            }
        }
    }
    assert_eq!([even, odd], expected, "a prefix of what was written, across the meetings");
    count
}

#[tokio::test]
#[ignore = "the test below runs it and kills it"]
async fn writes_until_it_is_killed() {
    let data = std::env::var_os(DATA).unwrap();
    let store = SqliteStore::open(Path::new(&data), Durability::Full).await.unwrap();
    let journals = MEETINGS.map(|meeting| store.journal(meeting));
    let mut waiting = std::collections::VecDeque::new();
    for number in turns(&store).await.. {
        let commit = journals[(number % 2) as usize].commit(turn(number));
        waiting.push_back((number, commit));
        if waiting.len() == 64 {
            let (number, commit) = waiting.pop_front().unwrap();
            commit.await.unwrap();
            println!("safe {number}");
        }
    }
}

/// Runs the process until it has printed a count of numbers, kills it, and returns the last number.
fn run(directory: &Path, lines: u64) -> Option<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([CHILD, "--exact", "--ignored", "--nocapture"])
        .env(DATA, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    // The first line can begin with the name of the test. Lines before the kill count as well.
    let mut numbers = said.filter_map(|line| line.split("safe ").nth(1)?.parse().ok());
    let last = numbers.by_ref().take(lines as usize).last();
    child.kill().unwrap();
    let last = numbers.last().or(last);
    child.wait().unwrap();
    last
}

#[tokio::test]
async fn confirmed_turns_survive_a_kill_without_gaps() {
    let directory = Directory::new();
    let store = open(&directory).await;
    for meeting in MEETINGS {
        store.create(stored(meeting)).await.unwrap();
    }
    store.close().await.unwrap();
    let mut random = 5u64;
    for round in 0..ROUNDS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let said = run(&directory, 1 + (random >> 33) % 300);
        let said = said.expect("the process has printed a line before it was killed");
        let store = open(&directory).await;
        let there = turns(&store).await;
        assert!(there > said, "round {round}: {said} was confirmed, but there are {there}");
        store.close().await.unwrap();
    }
}
