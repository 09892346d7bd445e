//! Part names and children.

use super::common::{ServerChild, given, notes, pair, received};
use psom::Error;

/// Connects the client's object `given` to a part of the server.
fn connect(pair: &mut super::common::Pair, part: &'static str) {
    pair.on_client(0, move |client, cx| {
        let given = client.given;
        assert_eq!(cx.peers().connect(part, given), 1);
    });
}

fn note(pair: &mut super::common::Pair) {
    pair.on_client(0, |client, cx| {
        let given = client.given;
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
    pair.on_server(|root, cx| root.fixed = Some(cx.add(ServerChild::default())));
    connect(&mut pair, "FiXed");
    note(&mut pair);
    assert_eq!(given(&mut pair), ["connected", "hello"]);
    let notes = pair.on_server(|root, cx| cx.get(root.fixed.unwrap()).unwrap().notes.clone());
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
        assert_eq!(received(&mut pair, 0), ["1: still here"]);
        assert_eq!(pair.server_stats().objects, 1);
    }
}

#[test]
fn peer_can_connect_one_object_only_a_few_times() {
    let mut pair = pair(1);
    pair.on_server(|root, cx| root.fixed = Some(cx.add(ServerChild::default())));
    for _ in 0..20 {
        pair.on_client(0, |_, cx| {
            let child = cx.add(super::common::ClientChild::default());
            let _ = cx.peers().connect("fixed", child);
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
    assert_eq!(pair.client_error(0), Some(&Error::PeerBroke("the part is forbidden".into())));
}

#[test]
fn children_stay_connected_when_their_parent_is_closed() {
    let mut pair = pair(1);
    pair.on_client(0, |_, cx| drop(cx.peers().s_child("given")));
    // Connect the child's own child, then close the child.
    let grandchild = pair.on_server(|root, cx| {
        let grandchild = cx.add(ServerChild::default());
        let child = root.children[0];
        cx.try_tell(child, move |_, cx| {
            // The client's child has no parts, so it answers with OP_CLOSE.
            let _ = cx.peers().connect("anything", grandchild);
        })
        .unwrap();
        grandchild
    });
    assert!(pair.on_server(move |_, cx| cx.get(grandchild).is_ok()));
    pair.on_client(0, |_, cx| drop(cx.peers().s_child("taken")));
    pair.on_server(|root, cx| assert!(cx.remove(root.children[0])));
    pair.on_client(0, |client, cx| {
        let taken = client.taken;
        cx.try_tell(taken, |_, cx| drop(cx.peers().s_note("still connected"))).unwrap();
    });
    let taken = pair.on_client(0, |client, cx| cx.get(client.taken).unwrap().notes.clone());
    assert_eq!(taken, ["connected", "still connected"]);
}
