//! Simulated clusters: see `docs/simulation.md`.

use std::sync::atomic::{AtomicU64, Ordering};

use psom_tests::simulation::{CLUSTER_FAULTS, Summary, Weakness, run_cluster};

/// Enough runs to meet every kind of fault several times.
const CLUSTERS: u64 = 60;

/// Runs one seed after another on several threads, and returns the figures of each thread.
fn run_seeds(seeds: u64) -> Summary {
    let next = AtomicU64::new(1);
    let run = || {
        let mut total = Summary::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > seeds {
                return total;
            }
            let run = run_cluster(seed, None, &mut |_| {});
            total.add(&run.unwrap_or_else(|failure| panic!("{failure}")));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut total = Summary::default();
    std::thread::scope(|scope| {
        #[expect(clippy::needless_collect, reason = "all threads run before one is joined")]
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        threads.into_iter().for_each(|thread| total.add(&thread.join().unwrap()));
    });
    total
}

#[test]
fn simulated_clusters_keep_every_invariant() {
    let total = run_seeds(CLUSTERS);
    let missing = CLUSTER_FAULTS.iter().filter(|kind| !total.faults.contains_key(*kind));
    let missing: Vec<_> = missing.collect();
    assert!(missing.is_empty(), "these never occurred: {missing:?}");
    assert!(total.faults["owners that acknowledged"] > CLUSTERS, "{total:?}");
    assert!(total.actions > 100 * CLUSTERS, "{total:?}");
}

/// Returns what the first run reports in which a weakness is noticed.
fn first_failure(weakness: Weakness, seeds: u64) -> String {
    let mut failures =
        (1..=seeds).filter_map(|seed| run_cluster(seed, Some(weakness), &mut |_| {}).err());
    let failure = failures.next().unwrap_or_else(|| panic!("{weakness:?} is not noticed"));
    failure.to_string()
}

/// The weaknesses that the first seeds notice. `docs/simulation.md` lists all.
const NOTICED_EARLY: [Weakness; 4] = [
    Weakness::NoFence,
    Weakness::LongAcknowledgeTime,
    Weakness::SameEpoch,
    Weakness::EarlyAcknowledgement,
];

#[test]
fn broken_rules_of_a_cluster_are_noticed() {
    for weakness in NOTICED_EARLY {
        println!("{weakness:?}: {}", first_failure(weakness, 100));
    }
}

#[test]
fn nodes_that_acknowledge_after_their_leases_are_noticed() {
    let failure = first_failure(Weakness::LongAcknowledgeTime, 100);
    assert!(failure.contains("acknowledgements overlap"), "{failure}");
}

#[test]
fn two_runs_of_a_cluster_have_the_same_story() {
    let tell = |seed| {
        let mut story = Vec::new();
        let summary = run_cluster(seed, None, &mut |line| story.push(line.to_owned())).unwrap();
        (story, summary)
    };
    let (first, second) = (tell(3), tell(3));
    assert!(first == second && first.0.len() > 100);
    assert_ne!(first.0, tell(2).0);
}
