//! OP_CONNECT: hashes, versions and part names (rulings 3 and 9).

use psom::{
    Error,
    error::{PeerIncompatible, PeerMisbehaved},
};

use super::common::*;

/// A client that announces the desk in these versions alone.
fn with_desk(sums: &[(i32, i64)]) -> Stage {
    Stage::open_with(&[add_protocol(HALL, &HALL_SUMS), add_protocol(DESK, sums)].concat())
}

/// A client that knows no desk at all.
fn without_desk() -> Stage {
    Stage::open_with(&add_protocol(HALL, &HALL_SUMS))
}

fn no_desk(theirs: Vec<i32>) -> PeerIncompatible {
    PeerIncompatible { interface: DESK, ours: vec![1, 2], theirs }
}

#[test]
fn ruling_03_connect_carries_the_sender_hash_of_the_version() {
    for (sums, client_hash, server_hash) in [(&DESK_SUMS[..1], 2, i64::MAX), (&DESK_SUMS, 32, 31)] {
        let mut script = with_desk(sums).script();
        script.send(&connect(0, "desk", client_hash));
        assert_eq!(script.error(), None);
        script.on_root(|hall, cx| assert_eq!(cx.peers().connect("seat", hall.desk), 1));
        assert_eq!(script.take(), [set_channel(2), connect(0, "seat", server_hash)].concat());
    }
}

#[test]
fn ruling_03_client_sends_and_expects_the_same_hashes() {
    let mut script = open_guest();
    script.take();
    script.on_root(|guest, cx| assert_eq!(cx.peers().connect("desk", guest.seat.unwrap()), 1));
    assert_eq!(script.take(), connect(0, "desk", DESK_CLIENT_HASH));
    script.send(&[connect(0, "desk", DESK_SERVER_HASH), call(1, C_OPEN, &[&5i32])].concat());
    assert_eq!(script.error(), None);
    let heard = script.on_root(|guest, cx| cx.get(guest.seat.unwrap()).unwrap().heard.clone());
    assert_eq!(heard, [5]);
}

#[test]
fn ruling_03_mismatched_hash_is_refused() {
    let hash = |hash, version| PeerMisbehaved::ConnectHash { hash, interface: DESK, version };
    // The server's own half, the sum, and version 1's.
    for wrong in [DESK_SERVER_HASH, 63, 2] {
        let reason = format!("hash {wrong} is not Test.Desk version 2");
        with_desk(&DESK_SUMS).refuses(&connect(0, "desk", wrong), hash(wrong, 2), &reason);
    }
    let old = with_desk(&DESK_SUMS[..1]);
    old.refuses(&connect(0, "desk", 32), hash(32, 1), "hash 32 is not Test.Desk version 1");
}

#[test]
fn ruling_03_connect_without_a_common_version_is_refused() {
    let desk = connect(0, "desk", DESK_CLIENT_HASH);
    let reason = "no common version of Test.Desk: we offer [1, 2], the peer offers ";
    without_desk().refuses(&desk, no_desk(vec![]), &format!("{reason}[]"));
    with_desk(&[(7, 1)]).refuses(&desk, no_desk(vec![7]), &format!("{reason}[7]"));
}

#[test]
fn own_connect_without_a_common_version_is_an_error() {
    let mut script = without_desk().script();
    let refused = script.on_root(|hall, cx| {
        let peer = cx.peer_infos()[0].id;
        cx.peer(peer).unwrap().connect("seat", hall.desk)
    });
    assert_eq!(refused, Err(Error::PeerIncompatible(no_desk(vec![]))));
    // No number is used up: the next connect is the first.
    assert_eq!((script.take(), script.error()), (vec![], None));
}

#[test]
fn ruling_03_unknown_part_name_keeps_the_connection() {
    let mut script = Stage::open().script();
    for part in ["nowhere", "desk.", "desk.x", "desk.07", "desk.0", "", "desk.1.2", "déšk"] {
        script.send(&connect(0, part, DESK_CLIENT_HASH));
        assert_eq!(script.error(), None, "{part}");
    }
    // A number that is a close each time: the part was not found.
    assert_eq!(script.stats().peers, 1);
    assert_eq!(script.send(&connect(0, "nowhere", 0)), op_close(-9));
}

#[test]
fn factory_can_refuse_its_caller() {
    let locked = PeerMisbehaved::Application("the vault is locked".into());
    Stage::open().refuses(&connect(0, "vault", 32), locked, "the vault is locked");
}

#[test]
fn ruling_09_part_names_match_without_regard_to_case() {
    let mut script = Stage::open().script();
    let parts = ["desk", "Desk", "DESK", "Desk.3", "dEsK.12"];
    for part in parts {
        script.send(&connect(0, part, DESK_CLIENT_HASH));
    }
    // Each is connected, as is the root.
    assert_eq!((script.error(), script.stats().peers), (None, 6));
    for number in 1..=3 {
        script.send(&call(number, S_KNOCK, &[&number]));
    }
    assert_eq!(desk_heard(&mut script), [1, 2, 3], "all three are the one desk");
}

#[test]
fn ruling_09_part_names_are_sent_as_declared() {
    let mut script = Stage::open().script();
    script.on_root(|hall, cx| assert_eq!(cx.peers().connect("contentManager", hall.desk), 1));
    let connect = connect(0, "contentManager", DESK_SERVER_HASH);
    assert_eq!(script.take(), [set_channel(2), connect].concat());
}

#[test]
fn connect_and_call_can_share_a_write() {
    let mut script = Stage::open().script();
    let calls = [connect(0, "desk", DESK_CLIENT_HASH), call(1, S_KNOCK, &[&5i32])];
    script.send(&calls.concat());
    assert_eq!(desk_heard(&mut script), [5]);

    script.take();
    script.on_root(|_, cx| {
        let seat = cx.add(Desk::default());
        assert_eq!(cx.peers().connect("seat", seat), 1);
        cx.try_tell(seat, |_, cx| assert_eq!(cx.peers().c_open(9).reached, 1)).unwrap();
    });
    let sent = [connect(0, "seat", DESK_SERVER_HASH), call(1, C_OPEN, &[&9i32])];
    assert_eq!(script.take(), sent.concat());
}

/// The factory has made a desk that lives while it is connected, and it never was.
#[test]
fn refused_connect_leaves_no_object_behind() {
    let wrong_hash = connect(0, "desk.7", 1);
    let mut script = Stage::open().script();
    script.send(&wrong_hash);
    assert_eq!((script.stats().connections, script.stats().objects), (0, 2));
    let mut script = without_desk().script();
    script.send(&connect(0, "desk.7", DESK_CLIENT_HASH));
    assert_eq!((script.stats().connections, script.stats().objects), (0, 2));
}

#[test]
fn only_the_root_is_connected_without_a_connect() {
    let mut script = Stage::open().script();
    assert_eq!((script.stats().objects, script.stats().peers), (2, 1));
    assert_eq!(heard(&mut script), [""; 0]);
}
