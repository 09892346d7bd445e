//! Part names and the children behind them.

use super::common::{Child, given, heard, notes, pair};
use psom::Error;

/// Connects the client's object for "given" to the server's part.
fn connect(pair: &mut super::common::Pair, part: &'static str) {
    pair.on_client(0, move |ear, cx| {
        let given = ear.given;
        assert_eq!(cx.peers().connect(part, given), 1);
    });
}

fn note(pair: &mut super::common::Pair) {
    pair.on_client(0, |ear, cx| {
        let given = ear.given;
        cx.try_tell(given, |_, cx| drop(cx.peers().s_note("hello"))).unwrap();
    });
}

#[test]
fn server_connects_a_child_of_the_client() {
    let mut pair = pair(1);
    pair.on_client(0, |_, cx| drop(cx.peers().s_child("GIVEN")));
    note(&mut pair);
    assert_eq!(notes(&mut pair)[1..], ["connect GIVEN: true"]);
    assert_eq!(given(&mut pair), ["connected", "hello"]);
}

#[test]
fn client_connects_a_fixed_part() {
    let mut pair = pair(1);
    pair.on_server(|hub, cx| hub.fixed = Some(cx.add(Child::default())));
    connect(&mut pair, "FiXed");
    note(&mut pair);
    assert_eq!(given(&mut pair), ["connected", "hello"]);
    let notes = pair.on_server(|hub, cx| cx.get(hub.fixed.unwrap()).unwrap().notes.clone());
    assert_eq!(notes, ["hello"]);
}

#[test]
fn factory_creates_a_family_of_children() {
    let mut pair = pair(1);
    connect(&mut pair, "child.17");
    note(&mut pair);
    assert_eq!(given(&mut pair), ["connected", "hello"]);
    assert_eq!(pair.server_stats().objects, 2);
}

#[test]
fn unknown_part_is_closed_and_the_connection_continues() {
    for part in ["nothing", "child.", "child.017", "child.x", "child.1000", "fixed"] {
        let mut pair = pair(1);
        connect(&mut pair, part);
        assert_eq!(given(&mut pair), ["connected", "disconnected"], "{part}");
        pair.on_client(0, |_, cx| drop(cx.peers().s_say("still here")));
        assert_eq!(heard(&mut pair, 0), ["1: still here"]);
        assert_eq!(pair.server_stats().objects, 1);
    }
}

#[test]
fn peer_can_connect_one_object_only_a_few_times() {
    let mut pair = pair(1);
    pair.on_server(|hub, cx| hub.fixed = Some(cx.add(Child::default())));
    for _ in 0..20 {
        pair.on_client(0, |_, cx| {
            let child = cx.add(super::common::EarChild::default());
            cx.peers().connect("fixed", child);
        });
    }
    let peers = pair.server_stats().peers;
    assert_eq!(peers, 1 + 16, "the root's and the child's");
    assert!(pair.client_error(0).is_none());
}

#[test]
fn factory_can_break_the_connection() {
    let mut pair = pair(1);
    connect(&mut pair, "forbidden");
    assert_eq!(pair.client_error(0), Some(&Error::PeerBroke("hands off".into())));
}

#[test]
fn children_stay_connected_when_their_parent_is_closed() {
    let mut pair = pair(1);
    pair.on_client(0, |_, cx| drop(cx.peers().s_child("given")));
    // The child's own child, then the child goes.
    let grandchild = pair.on_server(|hub, cx| {
        let grandchild = cx.add(Child::default());
        let child = hub.made[0];
        cx.try_tell(child, move |_, cx| {
            // The client's child knows no parts, so it answers with OP_CLOSE.
            cx.peers().connect("anything", grandchild);
        })
        .unwrap();
        grandchild
    });
    assert!(pair.on_server(move |_, cx| cx.get(grandchild).is_ok()));
    pair.on_client(0, |_, cx| drop(cx.peers().s_child("taken")));
    pair.on_server(|hub, cx| assert!(cx.remove(hub.made[0])));
    pair.on_client(0, |ear, cx| {
        let taken = ear.taken;
        cx.try_tell(taken, |_, cx| drop(cx.peers().s_note("still connected"))).unwrap();
    });
    let taken = pair.on_client(0, |ear, cx| cx.get(ear.taken).unwrap().notes.clone());
    assert_eq!(taken, ["connected", "still connected"]);
}
