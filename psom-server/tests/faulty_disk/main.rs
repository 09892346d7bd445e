//! The SQLite store on a disk that fails. In each run, the machine crashes several times while the store
//! writes. The state that a crash leaves is that of a prefix of the commits, with every commit that the
//! store has confirmed or shown to a reader.
//!
//! This is a program of its own, because its file layer replaces SQLite's in the whole process.
#![forbid(unsafe_code)]
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod disk;

use std::{collections::BTreeMap, path::Path};

use psom::Write;
use psom_server::{
    Durability,
    store::{MeetingStore as _, SqliteStore, StoredMeeting},
};

use self::disk::{FAULTS, Fault, disk, lock};

/// Enough runs to inject each fault at many points.
const RUNS: u64 = 120;

/// The number of crashes in a run. Each later store opens what the crash before it has left.
const CRASHES: u64 = 3;

const MEETING: &str = "meeting";

type State = BTreeMap<String, String>;

/// The commits between two crashes, and how many of them must survive the second.
struct Commits {
    /// The state after each number of commits.
    states: Vec<State>,
    /// The number of commits that the store has confirmed or shown.
    safe: usize,
}

/// The results of all runs.
#[derive(Default)]
struct Totals {
    faults: BTreeMap<Fault, u32>,
    /// The commits that the store has confirmed or shown, and those of them that a crash has lost.
    safe: usize,
    broken: usize,
    /// The other commits that a crash has lost.
    lost: usize,
}

#[tokio::test(start_paused = true)]
async fn confirmed_commits_survive_every_fault_and_a_crash() {
    let totals = crash_repeatedly(Durability::Full, RUNS).await;
    assert_eq!(totals.broken, 0, "of {} safe commits", totals.safe);
    let missing: Vec<_> = FAULTS.iter().filter(|at| !totals.faults.contains_key(at)).collect();
    assert!(missing.is_empty(), "these faults did not occur: {missing:?}");
    // A store that confirms nothing, or a disk that loses nothing, would pass as well.
    assert!(totals.safe > 1_000 && totals.lost > 100, "{} {}", totals.safe, totals.lost);
}

/// Shows that the check above notices a store that confirms too early.
#[tokio::test(start_paused = true)]
async fn store_without_syncs_loses_commits_but_not_their_order() {
    assert!(crash_repeatedly(Durability::Process, RUNS / 4).await.broken > 0);
}

async fn crash_repeatedly(durability: Durability, runs: u64) -> Totals {
    disk::register();
    let mut totals = Totals::default();
    for seed in 0..runs {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut data = tempfile::tempdir().unwrap();
        let mut known = State::new();
        for crash in 0..CRASHES {
            let disk = disk(data.path(), rng.u64(..));
            let commits = run(data.path(), durability, &mut rng, known).await;
            let left = tempfile::tempdir().unwrap();
            lock(&disk).leave(left.path());
            lock(&disk).faults.iter().for_each(|(kind, count)| {
                *totals.faults.entry(*kind).or_default() += count;
            });
            known = load(left.path(), durability).await;
            let found = commits.states.iter().rposition(|state| *state == known);
            let found = found.unwrap_or_else(|| {
                panic!("seed {seed}, crash {crash}: no prefix of the commits is left")
            });
            totals.safe += commits.safe;
            totals.broken += commits.safe.saturating_sub(found);
            totals.lost += commits.states.len() - 1 - found.max(commits.safe);
            data = left;
        }
    }
    totals
}

/// Opens a store with this state, and writes commits until a fault ends it or enough are written.
async fn run(
    data: &Path,
    durability: Durability,
    rng: &mut fastrand::Rng,
    known: State,
) -> Commits {
    let store = SqliteStore::open(data, durability).await.unwrap();
    if store.meetings().await.unwrap().is_empty() {
        let meeting = StoredMeeting { id: MEETING.into(), title: None, created: 0 };
        store.create(meeting).await.unwrap();
    }
    let journal = store.journal(MEETING);
    let mut commits = Commits { states: vec![known], safe: 0 };
    let fault = FAULTS[rng.usize(..FAULTS.len())];
    lock(&disk(data, 0)).inject(rng.u32(..150), fault);
    for _ in 0..rng.usize(1..30) {
        // Several commits that are under way together become one transaction.
        let mut pending = Vec::new();
        for _ in 0..rng.usize(1..5) {
            let writes = writes(rng, commits.states.len());
            let mut state = commits.states.last().unwrap().clone();
            writes.iter().for_each(|write| write.clone().apply(&mut state));
            commits.states.push(state);
            pending.push(journal.commit(writes));
        }
        if rng.u8(..4) == 0
            && let Ok(shown) = store.load(MEETING).await
        {
            let at = commits.states.iter().rposition(|state| *state == shown);
            commits.safe = at.expect("a reader sees the state after a commit");
        }
        let before = commits.states.len() - 1 - pending.len();
        let mut has_failed = false;
        for (index, commit) in pending.into_iter().enumerate() {
            let result = commit.await;
            assert!(result.is_err() || !has_failed, "a commit after a failed one is confirmed");
            has_failed = result.is_err();
            if !has_failed {
                commits.safe = commits.safe.max(before + index + 1);
            }
        }
        if has_failed {
            return commits;
        }
    }
    if rng.bool() {
        // The log is copied to the database.
        let _ = store.close().await;
    }
    commits
}

fn writes(rng: &mut fastrand::Rng, number: usize) -> Vec<Write> {
    let count = Write { key: "count".into(), value: Some(number.to_string()) };
    let text = format!("{number} ").repeat(rng.usize(1..2_000));
    let key = format!("key {}", rng.u32(..8));
    let value = (rng.u8(..5) > 0).then_some(text);
    vec![count, Write { key, value }]
}

/// Reads the state that a crash has left, on a disk without faults.
async fn load(data: &Path, durability: Durability) -> State {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(data).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let store = SqliteStore::open(copy.path(), durability).await.unwrap();
    // Without syncs, a crash can lose the meeting as well.
    let is_known = !store.meetings().await.unwrap().is_empty();
    let state = if is_known { store.load(MEETING).await.unwrap() } else { State::new() };
    store.close().await.unwrap();
    state
}
