//! Simulated meetings: see `docs/simulation.md`.

use std::sync::atomic::{AtomicU64, Ordering};

use psom_tests::simulation::{self, FAULTS, Summary};

/// Enough meetings to meet every kind of fault several times.
const MEETINGS: u64 = 200;

#[test]
fn simulated_meetings_keep_every_invariant() {
    let next = AtomicU64::new(1);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let run = || {
        let mut total = Summary::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > MEETINGS {
                return total;
            }
            total
                .add(&simulation::run(seed, &mut |_| {}).unwrap_or_else(|error| panic!("{error}")));
        }
    };
    let totals: Vec<_> = std::thread::scope(|scope| {
        #[expect(clippy::needless_collect, reason = "all threads run before one is joined")]
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut total = Summary::default();
    totals.iter().for_each(|one| total.add(one));
    let missing: Vec<_> = FAULTS.iter().filter(|kind| !total.faults.contains_key(*kind)).collect();
    assert!(missing.is_empty(), "these faults never took effect: {missing:?}");
    assert!(total.actions > 100 * MEETINGS && total.events > 1_000 * MEETINGS, "{total:?}");
    // The limit is checked in each turn. Without any wait, the greedy clients would be too modest.
    assert!(total.longest_wait > 0, "{total:?}");
}

/// The seeds beyond the suite's whose runs once broke an invariant (`docs/simulation.md`).
const PAST_BUGS: [u64; 3] = [1012, 3435, 3738];

#[test]
fn seeds_of_past_bugs_keep_every_invariant() {
    for seed in PAST_BUGS {
        simulation::run(seed, &mut |_| {}).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn two_runs_of_a_seed_have_the_same_story() {
    let tell = |seed| {
        let mut story = Vec::new();
        let summary = simulation::run(seed, &mut |line| story.push(line.to_owned())).unwrap();
        (story, summary)
    };
    let (first, second) = (tell(3), tell(3));
    assert!(first == second && first.0.len() > 100);
    assert_ne!(first.0, tell(2).0);
}

/// The seeds of replays, and the number of commands of each.
const REPLAYS: std::ops::RangeInclusive<u64> = 1..=8;
const COMMANDS: u32 = 250;

#[test]
fn replayed_commands_survive_kills_and_equal_live_ones() {
    let (mut server, mut client) = (0, 0);
    for seed in REPLAYS {
        let kills = simulation::replay_under_kills(seed, COMMANDS);
        let kills = kills.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(kills.commands, COMMANDS);
        (server, client) = (server + kills.server, client + kills.client);
    }
    assert!(server >= 200 && client >= 200, "{server}, {client}");
}
