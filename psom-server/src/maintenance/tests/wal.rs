//! Damage to the write-ahead log.

use std::fs;

use super::*;

const TURNS: usize = 30;

/// Creates the store of a killed process, whose commits are only in the log, and returns the log.
async fn killed(directory: &Path) -> Vec<u8> {
    let running = Directory::new();
    let store = SqliteStore::open(&running, Durability::Full).await.unwrap();
    store.create(stored("team")).await.unwrap();
    let journal = store.journal("team");
    for turn in 0..TURNS {
        journal.commit(vec![save(format!("{turn:03}"), "x".repeat(turn * 200))]).await.unwrap();
    }
    fs::copy(database_file(&running), database_file(directory)).unwrap();
    fs::read(beside(&database_file(&running), "-wal")).unwrap()
}

fn leave(directory: &Path, log: &[u8]) {
    fs::write(beside(&database_file(directory), "-wal"), log).unwrap();
}

/// Returns the number of turns, which must be consecutive from the first.
async fn turns(directory: &Path) -> Result<usize, Error> {
    let store = SqliteStore::open(directory, Durability::Full).await?;
    let table = store.load("team").await?;
    let expected = (0..table.len()).map(|turn| (format!("{turn:03}"), "x".repeat(turn * 200)));
    assert_eq!(table, expected.collect::<Table>());
    store.close().await?;
    Ok(table.len())
}

#[tokio::test]
async fn damage_inside_the_log_is_refused_with_its_position() {
    let directory = Directory::new();
    let mut log = killed(&directory).await;
    let frame = 24 + 4096;
    let damaged = 32 + (log.len() - 32) / frame / 2 * frame;
    log[damaged + 1000] ^= 1;
    leave(&directory, &log);
    let path = database_file(&directory);
    let refused = Error::Log { path, at: damaged };
    assert_eq!(turns(&directory).await, Err(refused.clone()));
    assert!(refused.to_string().contains(&format!("damaged at byte {damaged}")), "{refused}");
    let problems = check(&directory).await.unwrap().problems;
    assert_eq!(problems, [refused.to_string()]);
    assert_eq!(turns(&directory).await, Err(refused), "the check has changed nothing");

    let repair = repair(&directory).await.unwrap();
    assert_eq!(repair.lost.len(), 1, "{:?}", repair.lost);
    assert!(repair.lost[0].contains(&format!("byte {damaged}")), "{:?}", repair.lost);
    assert_eq!(fs::read(beside(&repair.kept.unwrap(), "-wal")).unwrap(), log);
    let there = turns(&directory).await.unwrap();
    assert!((1..TURNS).contains(&there), "{there}");
}

#[tokio::test]
async fn damaged_checksum_hides_no_later_transaction() {
    let original = Directory::new();
    let log = killed(&original).await;
    let length = 24 + 4096;
    let frames = log[32..].chunks_exact(length).enumerate();
    // The last frame of a turn has the size of the database.
    let commits: Vec<usize> =
        frames.filter(|(_, frame)| frame[4..8] != [0; 4]).map(|(index, _)| index).collect();
    let second_last = commits[commits.len() - 2];
    for byte in 16..24 {
        // A frame of the last turn shows that the turn before it was on the disk.
        let mut log = log[..32 + (second_last + 2) * length].to_vec();
        log[32 + second_last * length + byte] ^= 1;
        let directory = Directory::new();
        fs::copy(database_file(&original), database_file(&directory)).unwrap();
        leave(&directory, &log);
        let at = 32 + second_last * length;
        let refused = Error::Log { path: database_file(&directory), at };
        assert_eq!(turns(&directory).await, Err(refused), "byte {byte}");
    }
}

/// Returns the frames of transactions that follow frame `after` one after another. Each transaction
/// is its number of frames, and whether its last frame has a commit mark.
fn frames(log: &[u8], after: usize, fill: u8, transactions: &[(usize, bool)]) -> Vec<Vec<u8>> {
    let length = 24 + 4096;
    let sum = |bytes: &[u8], [mut first, mut second]: [u32; 2]| {
        for pair in bytes.chunks_exact(8) {
            let [one, two] = [0, 4].map(|at| {
                let word = pair[at..at + 4].try_into().unwrap();
                if log[3] & 1 == 1 { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
            });
            first = first.wrapping_add(one).wrapping_add(second);
            second = second.wrapping_add(two).wrapping_add(first);
        }
        [first, second]
    };
    let head = &log[32 + after * length..];
    let mut before = [16, 20].map(|at| u32::from_be_bytes(head[at..at + 4].try_into().unwrap()));
    let mut frames = Vec::new();
    for (count, ends) in transactions {
        for number in 1..=*count {
            let size = if *ends && number == *count { 9u32 } else { 0 };
            let mut frame = [1u32.to_be_bytes(), size.to_be_bytes()].concat();
            let page = vec![fill.wrapping_add(frames.len() as u8); 4096];
            before = sum(&page, sum(&frame, before));
            frame.extend(&log[16..24]);
            frame.extend(before.iter().flat_map(|word| word.to_be_bytes()));
            frame.extend(page);
            frames.push(frame);
        }
    }
    frames
}

#[tokio::test]
async fn frames_of_a_failed_transaction_are_not_damage() {
    let directory = Directory::new();
    let log = killed(&directory).await;
    let whole = (log.len() - 32) / (24 + 4096);
    // A large transaction fails. A small one overwrites its first frames. The machine then writes all
    // frames of a third one except the second, and crashes.
    let failed = frames(&log, whole - 1, 100, &[(20, false)]);
    let written = frames(&log, whole - 1, 200, &[(3, true), (3, true)]);
    let mut torn = failed;
    for (at, frame) in written.iter().enumerate().filter(|(at, _)| *at != 4) {
        torn[at].clone_from(frame);
    }
    let whole_log = |frames: &[Vec<u8>]| [&*log, &*frames.concat()].concat();
    assert_eq!(crate::store::wal::damage_position(&whole_log(&torn)), None);
    // The third transaction continues the second, which shows that the second was on the disk.
    let mut damaged = frames(&log, whole - 1, 200, &[(3, true), (3, true), (1, false)]);
    damaged[4][1000] ^= 1;
    let at = log.len() + 4 * (24 + 4096);
    assert_eq!(crate::store::wal::damage_position(&whole_log(&damaged)), Some(at));
}

#[tokio::test]
async fn truncated_log_is_read_to_its_end() {
    let directory = Directory::new();
    let log = killed(&directory).await;
    leave(&directory, &log);
    assert_eq!(turns(&directory).await, Ok(TURNS));
    for cut in [1, 100, 4096, 20_000] {
        let directory = Directory::new();
        killed(&directory).await;
        leave(&directory, &log[..log.len() - cut]);
        let there = turns(&directory).await.unwrap();
        assert!((TURNS - 5..TURNS).contains(&there), "{cut}: {there}");
    }
}

#[tokio::test]
async fn damaged_log_byte_loses_at_most_the_last_turn() {
    let original = Directory::new();
    let log = killed(&original).await;
    let database = fs::read(database_file(&original)).unwrap();
    let (mut random, mut refused) = (3u64, 0);
    for _ in 0..40 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let at = (random >> 33) as usize % log.len();
        let directory = Directory::new();
        fs::write(database_file(&directory), &database).unwrap();
        let mut log = log.clone();
        log[at] ^= 1 << ((random >> 29) & 7);
        leave(&directory, &log);
        match turns(&directory).await {
            Ok(there) => assert!(there >= TURNS - 1, "byte {at}: {there}"),
            Err(error) => {
                assert!(matches!(error, Error::Log { .. }), "byte {at}: {error}");
                refused += 1;
            }
        }
    }
    assert!(refused >= 30, "{refused}");
}
