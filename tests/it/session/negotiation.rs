//! version, addProtocol and doneProtocols (ruling 4).

use psom::{
    error::{PeerIncompatible, PeerMisbehaved},
    testing::Script,
};

use super::common::*;

/// The version in force for the hall, on a server whose client announces these.
fn version_in_force(sums: &[(i32, i64)]) -> i32 {
    let mut script = Stage::open_with(&add_protocol(HALL, sums)).script();
    script.on_root(|_, cx| cx.peer_infos()[0].version)
}

fn order(what: &'static str) -> (PeerMisbehaved, String) {
    (PeerMisbehaved::VersioningOrder(what), format!("versioning out of order: {what}"))
}

#[test]
fn ruling_04_sums_of_hashes_wrap_in_64_bits() {
    // 9223372036854775807 + 2
    let announced = add_protocol(DESK, &[(1, -9223372036854775807), (2, 63)]);
    let mut script = Script::server(psom::Config::default(), Hall::new);
    let answer = script.send(&Stage::versioned().bytes());
    assert!(answer.windows(announced.len()).any(|bytes| bytes == announced));
    assert_eq!(script.error(), None, "the client's sum of version 1 wraps as well");
}

#[test]
fn ruling_04_unknown_names_and_versions_are_ignored() {
    assert_eq!(version_in_force(&[(9, 1), (1, 1100), (-3, 5)]), 1);
    let unknown = add_protocol("Test.Cellar", &[(1, 1), (2, 2)]);
    let known = add_protocol(HALL, &HALL_SUMS);
    let mut script = Stage::open_with(&[unknown.clone(), known, unknown].concat()).script();
    assert_eq!(script.send(&say("hello")), [set_channel(2), said("hello")].concat());
}

#[test]
fn ruling_04_interface_names_match_exactly() {
    let stage = Stage::admitted();
    let stage = stage.then(&[client_versioning(&add_protocol("test.hall", &HALL_SUMS))]);
    let error = PeerIncompatible { interface: HALL, ours: vec![1, 2], theirs: vec![] };
    let reason = "no common version of Test.Hall: we offer [1, 2], the peer offers []";
    stage.refuses(&open(2), error, reason);
}

#[test]
fn ruling_04_highest_common_version_is_used() {
    assert_eq!(version_in_force(&HALL_SUMS), 2);
    assert_eq!(version_in_force(&[(2, 2200), (1, 1100)]), 2);
    assert_eq!(version_in_force(&[(1, 1100), (3, 7)]), 1);
    assert_eq!(version_in_force(&[(2, 2200)]), 2);
}

#[test]
fn versions_of_one_name_may_arrive_in_several_calls() {
    let calls = HALL_SUMS.map(|sum| add_protocol(HALL, &[sum])).concat();
    let mut script = Stage::open_with(&calls).script();
    assert_eq!(script.on_root(|_, cx| cx.peer_infos()[0].version), 2);
}

#[test]
fn ruling_04_common_version_with_another_sum_is_refused() {
    let differs = |interface, version| PeerMisbehaved::ProtocolHash { interface, version };
    let stage = Stage::greeted();
    // One version's own half, the other's sum, and a sum beside a right one.
    for sums in [&[(1, 1000)][..], &[(1, 2200)], &[(2, 2200), (1, 1101)]] {
        let reason = "hashes of Test.Hall version 1 differ";
        stage.refuses(&add_protocol(HALL, sums), differs(HALL, 1), reason);
    }
    let reason = "hashes of Test.Desk version 2 differ";
    stage.refuses(&add_protocol(DESK, &[(2, 0)]), differs(DESK, 2), reason);
    let reason = format!("hashes of {CONN_MGR} version 1 differ");
    stage.refuses(&add_protocol(CONN_MGR, &[(1, 0)]), differs(CONN_MGR, 1), &reason);
}

#[test]
fn client_refuses_another_sum_too() {
    let hello = server_hello(&add_protocol(HALL, &[(1, 1)]));
    let error = PeerMisbehaved::ProtocolHash { interface: HALL, version: 1 };
    let reason = "hashes of Test.Hall version 1 differ";
    guest_refuses(&[], &hello, error, &announced_and(early_farewell(reason)));
}

/// What a client sends when the server lets it in, and then the rest.
fn announced_and(rest: Vec<u8>) -> Vec<u8> {
    [client_versioning(&protocols()), rest].concat()
}

#[test]
fn ruling_04_root_without_a_common_version_fails_at_open() {
    let stage = Stage::admitted();
    let stage = stage.then(&[client_versioning(&add_protocol(HALL, &[(7, 1), (9, 1)]))]);
    let mut script = stage.script();
    assert_eq!((script.send(&call(0, SERVER_PING, &[])), script.error()), (vec![], None));
    let error = PeerIncompatible { interface: HALL, ours: vec![1, 2], theirs: vec![7, 9] };
    let reason = "no common version of Test.Hall: we offer [1, 2], the peer offers [7, 9]";
    stage.refuses(&open(2), error, reason);
}

#[test]
fn client_opens_no_root_without_a_common_version() {
    let hello = server_hello(&add_protocol(HALL, &[(7, 1)]));
    let error = PeerIncompatible { interface: HALL, ours: vec![1, 2], theirs: vec![7] };
    let reason = "no common version of Test.Hall: we offer [1, 2], the peer offers [7]";
    guest_refuses(&[], &hello, error, &announced_and(early_farewell(reason)));
}

#[test]
fn ruling_04_announcement_after_done_protocols_is_refused() {
    let after =
        |call| (PeerMisbehaved::AfterDoneProtocols(call), format!("{call} after doneProtocols"));
    let calls = [
        (version(CONN_MGR_CLIENT_HASH), after("version")),
        (add_protocol(HALL, &HALL_SUMS), after("addProtocol")),
        (done_protocols(), after("doneProtocols")),
    ];
    for (bytes, (error, reason)) in calls {
        Stage::versioned().refuses(&bytes, error.clone(), &reason);
        let on_channel_0 = [set_channel(0), bytes.clone()].concat();
        Stage::open().refuses(&on_channel_0, error.clone(), &reason);
        // A server that does it: its hash apart, the calls are the same.
        guest_refuses(&guest_hello(), &bytes, error, &farewell(&reason));
    }
}

fn guest_hello() -> Vec<u8> {
    server_hello(&protocols())
}

#[test]
fn version_call_is_first_and_unique() {
    let (first, reason) = order("version has to come first");
    Stage::admitted().refuses(&add_protocol(HALL, &HALL_SUMS), first.clone(), &reason);
    Stage::admitted().refuses(&done_protocols(), first, &reason);
    let (twice, reason) = order("version came twice");
    Stage::greeted().refuses(&version(CONN_MGR_CLIENT_HASH), twice, &reason);
}

#[test]
fn conn_mgr_hash_is_the_sender_hash() {
    // A client shows its own half's, a server its own: the other's, and any other, is refused.
    for hash in [CONN_MGR_SERVER_HASH, 7] {
        let reason = format!("ConnMgr hash {hash} is unknown");
        let error = PeerMisbehaved::ConnMgrHash(hash);
        Stage::admitted().refuses(&version(hash), error, &reason);
    }
    let hello = [psom::wire::auth::SIGNATURE.to_vec(), version(CONN_MGR_CLIENT_HASH)].concat();
    let reason = format!("ConnMgr hash {CONN_MGR_CLIENT_HASH} is unknown");
    let error = PeerMisbehaved::ConnMgrHash(CONN_MGR_CLIENT_HASH);
    guest_refuses(&[], &hello, error, &announced_and(early_farewell(&reason)));
}

#[test]
fn protocol_has_as_many_versions_as_hashes() {
    let uneven = call(0, ADD_PROTOCOL, &[&HALL, &vec![1i32, 2], &vec![1100i64]]);
    let error = PeerMisbehaved::ProtocolLists { versions: 2, hashes: 1 };
    Stage::greeted().refuses(&uneven, error.clone(), "addProtocol has 2 versions and 1 hashes");
    // A name that is not known makes no difference.
    let uneven = call(0, ADD_PROTOCOL, &[&"Test.Cellar", &vec![1i32, 2], &vec![1100i64]]);
    Stage::greeted().refuses(&uneven, error, "addProtocol has 2 versions and 1 hashes");
}

#[test]
fn server_announces_its_protocols_after_the_client() {
    let mut script = Stage::greeted().then(&[protocols()]).script();
    let hello = server_hello(&protocols());
    // The signature went out before.
    assert_eq!(script.send(&done_protocols()), hello[4..]);
}

#[test]
fn client_announces_its_protocols_after_authentication() {
    let mut script = Script::client(psom::Config::default(), TOKEN, Guest::new);
    assert_eq!(script.take(), auth());
    assert_eq!(script.send(&psom::wire::auth::SIGNATURE), client_versioning(&protocols()));
}
