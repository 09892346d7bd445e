//! Measures the cost of durable commits and the gain of group commit, on this machine and disk.
//!
//! ```text
//! cargo run --release --manifest-path benches/Cargo.toml --bin store -- [DIRECTORY]
//! ```
//!
//! Each meeting commits a turn as soon as the previous turn is safe. The directory selects the disk;
//! the default is the current directory.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use psom::Write;
use psom_server::store::{Durability, MeetingStore, SqliteStore, StoredMeeting};
use tokio::task::JoinSet;

const ROUNDS: usize = 7;
const MEETINGS: [usize; 3] = [1, 10, 100];
/// The duration of one measurement.
const ROUND_TIME: Duration = Duration::from_secs(1);

/// Returns commits per second, and commits per transaction.
async fn measure(directory: &Path, durability: Durability, meetings: usize) -> [f64; 2] {
    let directory = directory.join(format!("store-bench-{}", std::process::id()));
    std::fs::create_dir(&directory).unwrap();
    let store = SqliteStore::open(&directory, durability).await.unwrap();
    for meeting in 0..meetings {
        let id = meeting.to_string();
        store.create(StoredMeeting { id, title: None, created: 0 }).await.unwrap();
    }
    let before = store.transactions();
    let (mut tasks, begin) = (JoinSet::new(), Instant::now());
    for meeting in 0..meetings {
        let journal = store.journal(&meeting.to_string());
        tasks.spawn(async move {
            let mut turns = 0_u64;
            while begin.elapsed() < ROUND_TIME {
                // A new annotation, and the order of all annotations.
                let annotation = format!("content/7/annotation/{turns}");
                let turn = [(annotation, "x".repeat(300)), ("order".into(), turns.to_string())];
                let turn = turn.map(|(key, value)| Write { key, value: Some(value) });
                journal.commit(turn.into()).await.unwrap();
                turns += 1;
            }
            turns
        });
    }
    let turns: u64 = tasks.join_all().await.iter().sum();
    let seconds = begin.elapsed().as_secs_f64();
    let transactions = store.transactions() - before;
    store.close().await.unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
    [turns as f64 / seconds, turns as f64 / transactions as f64]
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[tokio::main]
async fn main() {
    let directory = std::env::args_os().nth(1).map_or_else(|| ".".into(), PathBuf::from);
    // The rounds alternate, so that other load on the machine affects all kinds equally.
    let kinds = [Durability::Full, Durability::Process];
    let mut measured = vec![[const { Vec::new() }; 2]; kinds.len() * MEETINGS.len()];
    for _ in 0..ROUNDS {
        for (index, into) in measured.iter_mut().enumerate() {
            let (kind, meetings) = (kinds[index % 2], MEETINGS[index / 2]);
            let [rate, group] = measure(&directory, kind, meetings).await;
            into[0].push(rate);
            into[1].push(group);
        }
    }
    let medians: Vec<[f64; 2]> = measured.into_iter().map(|values| values.map(median)).collect();
    println!("Medians of {ROUNDS} rounds; a turn is two writes of about 350 bytes.");
    println!("meetings     full/s    group   gain  process/s    group   gain  process:full");
    for (row, meetings) in medians.chunks(2).zip(MEETINGS) {
        let [[full, full_group], [process, process_group]] = [row[0], row[1]];
        println!(
            "{meetings:>8} {full:>10.0} {full_group:>8.1} {:>5.1}x {process:>10.0} \
             {process_group:>8.1} {:>5.1}x {:>12.1}x",
            full / medians[0][0],
            process / medians[1][0],
            process / full,
        );
    }
}
