//! OP_CONNECT: hashes, versions and part names (rulings 3 and 9).

use psom::{
    Error,
    error::{PeerIncompatible, PeerMisbehaved},
};

use super::common::*;

/// Returns a client that announces the child only in these versions.
fn with_child(sums: &[(i32, i64)]) -> Handshake {
    Handshake::open_with(&[add_protocol(ROOT, &ROOT_SUMS), add_protocol(CHILD, sums)].concat())
}

/// Returns a client that does not announce the child.
fn without_child() -> Handshake {
    Handshake::open_with(&add_protocol(ROOT, &ROOT_SUMS))
}

fn no_child_version(theirs: Vec<i32>) -> PeerIncompatible {
    PeerIncompatible { interface: CHILD, ours: vec![1, 2], theirs }
}

#[test]
fn ruling_03_connect_carries_the_sender_hash_of_the_version() {
    for (sums, client_hash, server_hash) in [(&CHILD_SUMS[..1], 2, i64::MAX), (&CHILD_SUMS, 32, 31)]
    {
        let mut script = with_child(sums).script();
        script.send(&connect(0, "child", client_hash));
        assert_eq!(script.error(), None);
        script.on_root(|root, cx| assert_eq!(cx.peers().connect("child", root.child), 1));
        assert_eq!(script.take(), [set_channel(2), connect(0, "child", server_hash)].concat());
    }
}

#[test]
fn ruling_03_client_sends_and_expects_the_same_hashes() {
    let mut script = open_client();
    script.take();
    script.on_root(|client, cx| assert_eq!(cx.peers().connect("child", client.child.unwrap()), 1));
    assert_eq!(script.take(), connect(0, "child", CHILD_CLIENT_HASH));
    script.send(&[connect(0, "child", CHILD_SERVER_HASH), call(1, C_OPEN, &[&5i32])].concat());
    assert_eq!(script.error(), None);
    let received =
        script.on_root(|client, cx| cx.get(client.child.unwrap()).unwrap().received.clone());
    assert_eq!(received, [5]);
}

#[test]
fn ruling_03_mismatched_hash_is_refused() {
    let hash = |hash, version| PeerMisbehaved::ConnectHash { hash, interface: CHILD, version };
    // The server's own hash, the sum, and the hash of version 1:
    for wrong in [CHILD_SERVER_HASH, 63, 2] {
        let reason = format!("hash {wrong} is not Test.Child version 2");
        with_child(&CHILD_SUMS).refuses(&connect(0, "child", wrong), hash(wrong, 2), &reason);
    }
    let old = with_child(&CHILD_SUMS[..1]);
    old.refuses(&connect(0, "child", 32), hash(32, 1), "hash 32 is not Test.Child version 1");
}

#[test]
fn ruling_03_connect_without_a_common_version_is_refused() {
    let child = connect(0, "child", CHILD_CLIENT_HASH);
    let reason = "no common version of Test.Child: we offer [1, 2], the peer offers ";
    without_child().refuses(&child, no_child_version(vec![]), &format!("{reason}[]"));
    with_child(&[(7, 1)]).refuses(&child, no_child_version(vec![7]), &format!("{reason}[7]"));
}

#[test]
fn own_connect_without_a_common_version_is_an_error() {
    let mut script = without_child().script();
    let refused = script.on_root(|root, cx| {
        let peer = cx.peer_infos()[0].id;
        cx.peer(peer).unwrap().connect("child", root.child)
    });
    assert_eq!(refused, Err(Error::PeerIncompatible(no_child_version(vec![]))));
    // No number was consumed: the next connect has number 1.
    assert_eq!((script.take(), script.error()), (vec![], None));
}

#[test]
fn ruling_03_unknown_part_name_keeps_the_connection() {
    let mut script = Handshake::open().script();
    for part in ["nowhere", "child.", "child.x", "child.07", "child.0", "", "child.1.2", "chïld"] {
        script.send(&connect(0, part, CHILD_CLIENT_HASH));
        assert_eq!(script.error(), None, "{part}");
    }
    // Each number is answered with a close: the part was not found.
    assert_eq!(script.stats().peers, 1);
    assert_eq!(script.send(&connect(0, "nowhere", 0)), op_close(-9));
}

#[test]
fn factory_can_refuse_its_caller() {
    let locked = PeerMisbehaved::Application("the part is locked".into());
    Handshake::open().refuses(&connect(0, "locked", 32), locked, "the part is locked");
}

#[test]
fn ruling_09_part_names_match_without_regard_to_case() {
    let mut script = Handshake::open().script();
    let parts = ["child", "Child", "CHILD", "Child.3", "cHiLd.12"];
    for part in parts {
        script.send(&connect(0, part, CHILD_CLIENT_HASH));
    }
    // Each of them is connected, as is the root.
    assert_eq!((script.error(), script.stats().peers), (None, 6));
    for number in 1..=3 {
        script.send(&call(number, S_KNOCK, &[&number]));
    }
    assert_eq!(child_received(&mut script), [1, 2, 3], "all three name the same child");
}

#[test]
fn ruling_09_part_names_are_sent_as_declared() {
    let mut script = Handshake::open().script();
    script.on_root(|root, cx| assert_eq!(cx.peers().connect("contentManager", root.child), 1));
    let connect = connect(0, "contentManager", CHILD_SERVER_HASH);
    assert_eq!(script.take(), [set_channel(2), connect].concat());
}

#[test]
fn connect_and_call_can_share_a_write() {
    let mut script = Handshake::open().script();
    let calls = [connect(0, "child", CHILD_CLIENT_HASH), call(1, S_KNOCK, &[&5i32])];
    script.send(&calls.concat());
    assert_eq!(child_received(&mut script), [5]);

    script.take();
    script.on_root(|_, cx| {
        let child = cx.add(ServerChild::default());
        assert_eq!(cx.peers().connect("child", child), 1);
        cx.try_tell(child, |_, cx| assert_eq!(cx.peers().c_open(9).reached, 1)).unwrap();
    });
    let sent = [connect(0, "child", CHILD_SERVER_HASH), call(1, C_OPEN, &[&9i32])];
    assert_eq!(script.take(), sent.concat());
}

/// Checks a factory that adds an object while connected, although the connect fails.
#[test]
fn refused_connect_leaves_no_object_behind() {
    let wrong_hash = connect(0, "child.7", 1);
    let mut script = Handshake::open().script();
    script.send(&wrong_hash);
    assert_eq!((script.stats().connections, script.stats().objects), (0, 2));
    let mut script = without_child().script();
    script.send(&connect(0, "child.7", CHILD_CLIENT_HASH));
    assert_eq!((script.stats().connections, script.stats().objects), (0, 2));
}

#[test]
fn only_the_root_is_connected_without_a_connect() {
    let mut script = Handshake::open().script();
    assert_eq!((script.stats().objects, script.stats().peers), (2, 1));
    assert_eq!(received(&mut script), [""; 0]);
}
