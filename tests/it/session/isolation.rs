//! What one connection does wrong reaches no other.

use std::time::Duration;

use psom::{
    Config, Error,
    error::{LostReason, PeerMisbehaved},
    testing::Pair,
};

use super::{common::*, neighbours::Neighbours};

fn two_guests() -> Pair<Hall, Guest> {
    let mut pair = Pair::server(Config::default(), Hall::new);
    pair.join(Guest::new);
    pair.join(Guest::new);
    pair
}

/// The second guest is served as before.
fn goes_on(pair: &mut Pair<Hall, Guest>) {
    assert_eq!((pair.server_error(1), pair.client_error(1)), (None, None));
    pair.on_client(1, |_, cx| assert_eq!(cx.peers().s_say("still here").reached, 1));
    let heard = pair.on_client(1, |guest, _| guest.heard.clone());
    assert_eq!(heard.last().map(String::as_str), Some("still here"));
    assert_eq!(pair.server_stats().peers, 1);
}

#[test]
fn violation_ends_only_its_own_connection() {
    let mut pair = two_guests();
    pair.on_client(0, |_, cx| assert_eq!(cx.peers().s_forbidden("no dogs").reached, 1));
    let error = PeerMisbehaved::Application("no dogs".into());
    assert_eq!(pair.server_error(0), Some(&error.into()));
    assert_eq!(pair.client_error(0), Some(&Error::PeerBroke("no dogs".into())));
    goes_on(&mut pair);
}

#[test]
fn close_ends_only_its_own_connection() {
    let mut pair = two_guests();
    pair.close_client(0);
    assert_eq!(pair.server_error(0), Some(&Error::PeerClosed));
    assert_eq!(pair.client_error(0), Some(&Error::Closed));
    goes_on(&mut pair);
}

#[test]
fn lost_transport_ends_only_its_own_connection() {
    let mut pair = two_guests();
    pair.drop_client(0);
    let lost = Error::Lost(LostReason::Eof);
    assert_eq!((pair.server_error(0), pair.client_error(0)), (Some(&lost), Some(&lost)));
    goes_on(&mut pair);
}

#[test]
fn hanging_up_ends_only_that_peer() {
    let mut pair = two_guests();
    pair.on_server(|_, cx| {
        let first = cx.peer_infos()[0].id;
        cx.peer(first).unwrap().hang_up();
    });
    assert_eq!(pair.client_error(0), Some(&Error::PeerClosed));
    goes_on(&mut pair);
}

#[test]
fn group_call_reaches_every_peer_with_the_method() {
    let old = Stage::open_with(&add_protocol(HALL, &HALL_SUMS[..1]));
    let mut neighbours = Neighbours::new();
    neighbours.enter(&old.bytes());
    // The hall repeats it to all its peers.
    let answer = neighbours.send(1, &call(0, S_SHOUT, &[&"x"]));
    assert_eq!(answer, [set_channel(2), call(0, C_SHOUTED, &[&"x"])].concat());
    assert_eq!(neighbours.take(0), [0; 0]);
    assert!(!neighbours.is_over(0));
}

#[test]
fn identifiers_are_counted_for_each_connection() {
    let mut neighbours = Neighbours::new();
    let desk = connect(0, "desk", DESK_CLIENT_HASH);
    neighbours.enter(&Stage::open().then(&[desk.clone(), desk.clone(), desk.clone()]).bytes());
    let answer = neighbours.send(1, &[desk, call(1, S_KNOCK, &[&5i32])].concat());
    assert_eq!(answer, [set_channel(2), call(-1, C_OPEN, &[&5i32])].concat());
}

#[test]
fn silent_client_is_ended_alone() {
    let mut neighbours = Neighbours::new();
    neighbours.enter(&Stage::open().bytes());
    for _ in 0..4 {
        neighbours.advance(Duration::from_secs(30));
        neighbours.hear(1, &[set_channel(0), call(0, SERVER_PING, &[])].concat());
    }
    assert!(neighbours.take(0).ends_with(&farewell("nothing received for too long")));
    assert!(neighbours.is_over(0) && !neighbours.is_over(1));
}
