//! Errors of one connection do not affect another.

use std::time::Duration;

use psom::{
    Config, Error,
    error::{LostReason, PeerMisbehaved},
    testing::Pair,
};

use super::{common::*, neighbours::Neighbours};

fn two_clients() -> Pair<ServerRoot, ClientRoot> {
    let mut pair = Pair::server(Config::default(), ServerRoot::new);
    pair.join(ClientRoot::new);
    pair.join(ClientRoot::new);
    pair
}

/// Asserts that the second client is served as before.
fn still_served(pair: &mut Pair<ServerRoot, ClientRoot>) {
    assert_eq!((pair.server_error(1), pair.client_error(1)), (None, None));
    pair.on_client(1, |_, cx| assert_eq!(cx.peers().s_say("still here").reached, 1));
    let received = pair.on_client(1, |client, _| client.received.clone());
    assert_eq!(received.last().map(String::as_str), Some("still here"));
    assert_eq!(pair.server_stats().peers, 1);
}

#[test]
fn violation_ends_only_its_own_connection() {
    let mut pair = two_clients();
    pair.on_client(0, |_, cx| assert_eq!(cx.peers().s_forbidden("no dogs").reached, 1));
    let error = PeerMisbehaved::Application("no dogs".into());
    assert_eq!(pair.server_error(0), Some(&error.into()));
    assert_eq!(pair.client_error(0), Some(&Error::PeerBroke("no dogs".into())));
    still_served(&mut pair);
}

#[test]
fn close_ends_only_its_own_connection() {
    let mut pair = two_clients();
    pair.close_client(0);
    assert_eq!(pair.server_error(0), Some(&Error::PeerClosed));
    assert_eq!(pair.client_error(0), Some(&Error::Closed));
    still_served(&mut pair);
}

#[test]
fn lost_transport_ends_only_its_own_connection() {
    let mut pair = two_clients();
    pair.drop_client(0);
    let lost = Error::Lost(LostReason::Eof);
    assert_eq!((pair.server_error(0), pair.client_error(0)), (Some(&lost), Some(&lost)));
    still_served(&mut pair);
}

#[test]
fn hanging_up_ends_only_that_peer() {
    let mut pair = two_clients();
    pair.on_server(|_, cx| {
        let first = cx.peer_infos()[0].id;
        cx.peer(first).unwrap().hang_up();
    });
    assert_eq!(pair.client_error(0), Some(&Error::PeerClosed));
    still_served(&mut pair);
}

#[test]
fn group_call_reaches_every_peer_with_the_method() {
    let old = Handshake::open_with(&add_protocol(ROOT, &ROOT_SUMS[..1]));
    let mut neighbours = Neighbours::new();
    neighbours.enter(&old.bytes());
    // The root sends the text to all its peers.
    let answer = neighbours.send(1, &call(0, S_SHOUT, &[&"x"]));
    assert_eq!(answer, [set_channel(2), call(0, C_SHOUTED, &[&"x"])].concat());
    assert_eq!(neighbours.take(0), [0; 0]);
    assert!(!neighbours.is_over(0));
}

#[test]
fn identifiers_are_counted_for_each_connection() {
    let mut neighbours = Neighbours::new();
    let child = connect(0, "child", CHILD_CLIENT_HASH);
    neighbours
        .enter(&Handshake::open().then(&[child.clone(), child.clone(), child.clone()]).bytes());
    let answer = neighbours.send(1, &[child, call(1, S_KNOCK, &[&5i32])].concat());
    assert_eq!(answer, [set_channel(2), call(-1, C_OPEN, &[&5i32])].concat());
}

#[test]
fn silent_client_is_ended_alone() {
    let mut neighbours = Neighbours::new();
    neighbours.enter(&Handshake::open().bytes());
    for _ in 0..4 {
        neighbours.advance(Duration::from_secs(30));
        neighbours.receive(1, &[set_channel(0), call(0, SERVER_PING, &[])].concat());
    }
    assert!(neighbours.take(0).ends_with(&farewell("nothing received for too long")));
    assert!(neighbours.is_over(0) && !neighbours.is_over(1));
}

const MS: Duration = Duration::from_millis(1);

#[test]
fn hub_waits_for_slow_readers_250_ms_in_5_s() {
    let mut config = Config::default();
    (config.soft_limit, config.hard_limit) = (8 * 1024, 256 * 1024);
    let mut neighbours = Neighbours::with(config);
    neighbours.enter(&Handshake::open().bytes());
    // The first peer reads nothing; the second receives everything.
    neighbours.stalled = true;
    for _ in 0..20 {
        neighbours.receive(1, &call(0, S_SHOUT, &[&"x".repeat(8 * 1024)]));
        neighbours.take(1);
    }
    let busy_ms = (0..4900).filter(|_| {
        neighbours.advance(MS);
        neighbours.is_busy()
    });
    let busy_ms = busy_ms.count();
    assert!((240..=250).contains(&busy_ms), "{busy_ms} ms");
    assert!(!neighbours.is_over(0), "it has room up to the hard limit");
}

/// A call that the root sends to all its peers, with 8 KiB of text.
fn long_shout() -> Vec<u8> {
    call(0, S_SHOUT, &[&"x".repeat(8 * 1024)])
}

/// Returns three peers, of which the hub waits for the first, which reads nothing. The second has called, and
/// the third, whose number is returned, has received the calls.
fn beside_a_stalled_peer() -> (Neighbours, usize) {
    let mut config = Config::default();
    (config.soft_limit, config.hard_limit) = (8 * 1024, 256 * 1024);
    let mut neighbours = Neighbours::with(config);
    neighbours.enter(&Handshake::open().bytes());
    let third = neighbours.connect(&Handshake::open().bytes());
    neighbours.take(third);
    neighbours.stalled = true;
    for _ in 0..20 {
        neighbours.receive(1, &long_shout());
        neighbours.take(1);
        neighbours.take(third);
    }
    assert!(neighbours.is_busy());
    (neighbours, third)
}

#[test]
fn small_calls_pass_while_the_hub_waits_for_slow_readers() {
    let (mut neighbours, other) = beside_a_stalled_peer();
    let long = long_shout();

    // Every 10 ms, the hub handles one message of each peer, first those that have waited longest.
    neighbours.receive(other, &[call(0, S_SHOUT, &[&"a"]), call(0, S_SHOUT, &[&"b"])].concat());
    neighbours.advance(10 * MS);
    assert!(neighbours.take(other).ends_with(&call(0, C_SHOUTED, &[&"a"])));
    neighbours.advance(9 * MS);
    assert_eq!(neighbours.take(other), [0; 0]);
    neighbours.advance(MS);
    assert!(neighbours.take(other).ends_with(&call(0, C_SHOUTED, &[&"b"])));

    // Long messages stop when they have filled three quarters of the hard limit for the stalled peer.
    for _ in 0..20 {
        neighbours.receive(1, &long);
    }
    for _ in 0..15 {
        neighbours.advance(10 * MS);
        neighbours.take(1);
        neighbours.take(other);
    }
    neighbours.receive(other, &call(0, S_SHOUT, &[&"c"]));
    neighbours.advance(50 * MS);
    assert!(neighbours.is_busy() && !neighbours.is_over(0));
    assert_eq!(neighbours.take(other), [0; 0]);
    neighbours.advance(50 * MS);
    assert!(!neighbours.is_busy());
    assert!(neighbours.take(other).ends_with(&call(0, C_SHOUTED, &[&"c"])));
}

/// Calls from the second peer until the hub waits for slow readers. Returns the number of calls.
fn call_until_busy(neighbours: &mut Neighbours, call: &[u8]) -> usize {
    let calls = (1..20).find(|_| {
        neighbours.receive(1, call);
        neighbours.take(1);
        neighbours.is_busy()
    });
    calls.expect("the hub waits when the send queue of the fast peer is half full")
}

#[test]
fn stalled_peer_does_not_use_up_the_time_of_a_fast_one() {
    let (mut neighbours, fast) = beside_a_stalled_peer();
    let shout = long_shout();
    for _ in 0..6 {
        neighbours.advance(50 * MS);
        neighbours.take(fast);
    }
    assert!(!neighbours.is_busy(), "the stalled peer has used up the limit");

    // The fast peer pauses. The hub waits for it, and continues as soon as it reads on.
    let calls = call_until_busy(&mut neighbours, &shout);
    neighbours.advance(100 * MS);
    assert!(neighbours.is_busy());
    let received = neighbours.take(fast).len();
    assert!((calls * 8 * 1024..).contains(&received), "{received} bytes of {calls} calls");
    assert!(!neighbours.is_busy());

    // It pauses again, and for too long.
    call_until_busy(&mut neighbours, &shout);
    neighbours.advance(249 * MS);
    assert!(neighbours.is_busy());
    neighbours.advance(2 * MS);
    assert!(!neighbours.is_busy());
    assert!(neighbours.is_over(0) && !neighbours.is_over(fast));
}

#[test]
fn peer_waits_at_most_one_turn_for_a_busy_one() {
    let mut neighbours = Neighbours::new();
    neighbours.enter(&Handshake::open().bytes());
    let busy: Vec<u8> = (0..1000).flat_map(|_| say("BUSY")).collect();
    let answer = said("BUSY").len();
    neighbours.receive(0, &busy);
    let first = neighbours.sent(0).len() / answer;
    assert_eq!(first, 64, "one turn");
    neighbours.receive(1, &say("hello"));
    assert_eq!(
        neighbours.sent(1),
        [set_channel(2), said("hello")].concat(),
        "answered in the next turn"
    );
    assert!(neighbours.sent(0).len() / answer <= 2 * first, "while the other had one turn");
}

#[test]
fn stopped_process_drops_no_peer() {
    let ping = call(0, SERVER_PING, &[]);
    // The first event after the stop is a late timer, or the bytes of one peer.
    for timer_first in [true, false] {
        for seconds in [90, 3600, 100_000] {
            let mut neighbours = Neighbours::new();
            neighbours.enter(&Handshake::open().bytes());
            neighbours.advance(Duration::from_secs(29));
            for link in [0, 1] {
                neighbours.send(link, &[set_channel(0), ping.clone()].concat());
            }
            neighbours.advance(Duration::from_secs(20));
            neighbours.stop_process(Duration::from_secs(seconds));
            if timer_first {
                neighbours.turn();
            }
            neighbours.send(0, &ping);
            neighbours.turn();
            neighbours.advance(Duration::from_secs(20));
            assert!(!neighbours.is_over(0) && !neighbours.is_over(1), "{timer_first} {seconds}");
            neighbours.send(1, &ping);
            neighbours.advance(Duration::from_secs(60));
            assert!(!neighbours.is_over(0) && !neighbours.is_over(1), "{timer_first} {seconds}");
            // Real silence still ends a connection.
            neighbours.advance(Duration::from_secs(91));
            assert!(neighbours.is_over(0) && neighbours.is_over(1));
        }
    }
}
