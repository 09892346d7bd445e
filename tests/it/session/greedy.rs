//! Greedy peers, which send as much as they can, beside honest ones.

use fastrand::Rng;

use super::{common::*, neighbours::Neighbours};

const GREEDY: usize = 10;
const HONEST: usize = 3;

/// The maximum number of turns that an honest peer waits for its answer: the turn in progress, and one
/// for each other peer, because each can end a turn with a large output once before the next peer is
/// read.
const MAX_WAIT_TURNS: usize = GREEDY + HONEST;

/// Returns what a greedy peer sends at a time: many calls of one kind.
fn greed(rng: &mut Rng) -> Vec<u8> {
    let count = rng.usize(1..400);
    let long = "x".repeat(rng.usize(..2000));
    let one = match rng.u8(..5) {
        0 => say("again"),
        1 => say(&long),
        2 => call(0, S_SHOUT, &[&long]),
        3 => call(0, S_NUMBERS, &[&1i16, &2i32, &3i64, &4u32, &5u64]),
        _ => call(0, S_NOTHING, &[]),
    };
    one.repeat(count)
}

#[test]
fn honest_peers_wait_a_few_turns_beside_greedy_ones() {
    for seed in 0..20 {
        let mut rng = Rng::with_seed(seed);
        let mut config = psom::Config::default();
        // No rate limit applies, so that only the turns protect the honest peers.
        config.calls_per_second = 0;
        let mut neighbours = Neighbours::with(config);
        let mut connect = |count| -> Vec<usize> {
            (0..count).map(|_| neighbours.connect(&Handshake::open().bytes())).collect()
        };
        let (greedy, honest) = (connect(GREEDY), connect(HONEST));
        let mut waits = Vec::new();
        for _ in 0..40 {
            for peer in &greedy {
                if !neighbours.is_over(*peer) && rng.u8(..3) > 0 {
                    neighbours.receive(*peer, &greed(&mut rng));
                }
                neighbours.take(*peer);
            }
            // A peer with unread answers is a slow reader, for which the hub waits.
            honest.iter().for_each(|peer| drop(neighbours.take(*peer)));
            let peer = honest[rng.usize(..HONEST)];
            neighbours.receive(peer, &say("honest"));
            let mut turns = 1;
            while neighbours.sent(peer).is_empty() {
                assert!(turns <= MAX_WAIT_TURNS, "seed {seed}: {turns} turns");
                neighbours.turn();
                turns += 1;
            }
            waits.push(turns);
        }
        assert!(honest.iter().all(|peer| !neighbours.is_over(*peer)), "seed {seed}: {waits:?}");
    }
}
