//! version, addProtocol and doneProtocols (ruling 4).

use psom::{
    error::{PeerIncompatible, PeerMisbehaved},
    testing::Script,
};

use super::common::*;

/// Returns the version in force for the root, on a server whose client announces these.
fn version_in_force(sums: &[(i32, i64)]) -> i32 {
    let mut script = Handshake::open_with(&add_protocol(ROOT, sums)).script();
    script.on_root(|_, cx| cx.peer_infos()[0].version)
}

fn order(what: &'static str) -> (PeerMisbehaved, String) {
    (PeerMisbehaved::VersioningOrder(what), format!("versioning out of order: {what}"))
}

#[test]
fn ruling_04_sums_of_hashes_wrap_in_64_bits() {
    // 9223372036854775807 + 2
    let announced = add_protocol(CHILD, &[(1, -9223372036854775807), (2, 63)]);
    let mut script = Script::server(psom::Config::default(), ServerRoot::new);
    let answer = script.send(&Handshake::versioned().bytes());
    assert!(answer.windows(announced.len()).any(|bytes| bytes == announced));
    assert_eq!(script.error(), None, "the client's sum of version 1 wraps as well");
}

#[test]
fn ruling_04_unknown_names_and_versions_are_ignored() {
    assert_eq!(version_in_force(&[(9, 1), (1, 1100), (-3, 5)]), 1);
    let unknown = add_protocol("Test.Cellar", &[(1, 1), (2, 2)]);
    let known = add_protocol(ROOT, &ROOT_SUMS);
    let mut script = Handshake::open_with(&[unknown.clone(), known, unknown].concat()).script();
    assert_eq!(script.send(&say("hello")), [set_channel(2), said("hello")].concat());
}

#[test]
fn ruling_04_interface_names_match_exactly() {
    let handshake = Handshake::authenticated();
    let handshake = handshake.then(&[client_versioning(&add_protocol("test.root", &ROOT_SUMS))]);
    let error = PeerIncompatible { interface: ROOT, ours: vec![1, 2], theirs: vec![] };
    let reason = "no common version of Test.Root: we offer [1, 2], the peer offers []";
    handshake.refuses(&open(2), error, reason);
}

#[test]
fn ruling_04_highest_common_version_is_used() {
    assert_eq!(version_in_force(&ROOT_SUMS), 2);
    assert_eq!(version_in_force(&[(2, 2200), (1, 1100)]), 2);
    assert_eq!(version_in_force(&[(1, 1100), (3, 7)]), 1);
    assert_eq!(version_in_force(&[(2, 2200)]), 2);
}

#[test]
fn versions_of_one_name_may_arrive_in_several_calls() {
    let calls = ROOT_SUMS.map(|sum| add_protocol(ROOT, &[sum])).concat();
    let mut script = Handshake::open_with(&calls).script();
    assert_eq!(script.on_root(|_, cx| cx.peer_infos()[0].version), 2);
}

#[test]
fn ruling_04_common_version_with_another_sum_is_refused() {
    let differs = |interface, version| PeerMisbehaved::ProtocolHash { interface, version };
    let handshake = Handshake::greeted();
    // These are one half's own hash, another version's sum, and a wrong sum next to a right one.
    for sums in [&[(1, 1000)][..], &[(1, 2200)], &[(2, 2200), (1, 1101)]] {
        let reason = "hashes of Test.Root version 1 differ";
        handshake.refuses(&add_protocol(ROOT, sums), differs(ROOT, 1), reason);
    }
    let reason = "hashes of Test.Child version 2 differ";
    handshake.refuses(&add_protocol(CHILD, &[(2, 0)]), differs(CHILD, 2), reason);
    let reason = format!("hashes of {CONN_MGR} version 1 differ");
    handshake.refuses(&add_protocol(CONN_MGR, &[(1, 0)]), differs(CONN_MGR, 1), &reason);
}

#[test]
fn client_refuses_another_sum_too() {
    let hello = server_hello(&add_protocol(ROOT, &[(1, 1)]));
    let error = PeerMisbehaved::ProtocolHash { interface: ROOT, version: 1 };
    let reason = "hashes of Test.Root version 1 differ";
    client_refuses(&[], &hello, error, &announced_and(early_farewell(reason)));
}

/// Returns the client's bytes after its authentication, followed by `rest`.
fn announced_and(rest: Vec<u8>) -> Vec<u8> {
    [client_versioning(&protocols()), rest].concat()
}

#[test]
fn ruling_04_root_without_a_common_version_fails_at_open() {
    let handshake = Handshake::authenticated();
    let handshake = handshake.then(&[client_versioning(&add_protocol(ROOT, &[(7, 1), (9, 1)]))]);
    let mut script = handshake.script();
    assert_eq!((script.send(&call(0, SERVER_PING, &[])), script.error()), (vec![], None));
    let error = PeerIncompatible { interface: ROOT, ours: vec![1, 2], theirs: vec![7, 9] };
    let reason = "no common version of Test.Root: we offer [1, 2], the peer offers [7, 9]";
    handshake.refuses(&open(2), error, reason);
}

#[test]
fn client_opens_no_root_without_a_common_version() {
    let hello = server_hello(&add_protocol(ROOT, &[(7, 1)]));
    let error = PeerIncompatible { interface: ROOT, ours: vec![1, 2], theirs: vec![7] };
    let reason = "no common version of Test.Root: we offer [1, 2], the peer offers [7]";
    client_refuses(&[], &hello, error, &announced_and(early_farewell(reason)));
}

#[test]
fn ruling_04_announcement_after_done_protocols_is_refused() {
    let after =
        |call| (PeerMisbehaved::AfterDoneProtocols(call), format!("{call} after doneProtocols"));
    let calls = [
        (version(CONN_MGR_CLIENT_HASH), after("version")),
        (add_protocol(ROOT, &ROOT_SUMS), after("addProtocol")),
        (done_protocols(), after("doneProtocols")),
    ];
    for (bytes, (error, reason)) in calls {
        Handshake::versioned().refuses(&bytes, error.clone(), &reason);
        let on_channel_0 = [set_channel(0), bytes.clone()].concat();
        Handshake::open().refuses(&on_channel_0, error.clone(), &reason);
        // A server that does the same; only its hash differs.
        client_refuses(&hello_of_a_server(), &bytes, error, &farewell(&reason));
    }
}

fn hello_of_a_server() -> Vec<u8> {
    server_hello(&protocols())
}

#[test]
fn version_call_is_first_and_unique() {
    let (first, reason) = order("version has to come first");
    Handshake::authenticated().refuses(&add_protocol(ROOT, &ROOT_SUMS), first.clone(), &reason);
    Handshake::authenticated().refuses(&done_protocols(), first, &reason);
    let (twice, reason) = order("version came twice");
    Handshake::greeted().refuses(&version(CONN_MGR_CLIENT_HASH), twice, &reason);
}

#[test]
fn conn_mgr_hash_is_the_sender_hash() {
    // Each side sends the hash of its own half; every other hash is refused.
    for hash in [CONN_MGR_SERVER_HASH, 7] {
        let reason = format!("ConnMgr hash {hash} is unknown");
        let error = PeerMisbehaved::ConnMgrHash(hash);
        Handshake::authenticated().refuses(&version(hash), error, &reason);
    }
    let hello = [psom::wire::auth::SIGNATURE.to_vec(), version(CONN_MGR_CLIENT_HASH)].concat();
    let reason = format!("ConnMgr hash {CONN_MGR_CLIENT_HASH} is unknown");
    let error = PeerMisbehaved::ConnMgrHash(CONN_MGR_CLIENT_HASH);
    client_refuses(&[], &hello, error, &announced_and(early_farewell(&reason)));
}

#[test]
fn protocol_has_as_many_versions_as_hashes() {
    let uneven = call(0, ADD_PROTOCOL, &[&ROOT, &vec![1i32, 2], &vec![1100i64]]);
    let error = PeerMisbehaved::ProtocolLists { versions: 2, hashes: 1 };
    Handshake::greeted().refuses(&uneven, error.clone(), "addProtocol has 2 versions and 1 hashes");
    // The same holds for an unknown name.
    let uneven = call(0, ADD_PROTOCOL, &[&"Test.Cellar", &vec![1i32, 2], &vec![1100i64]]);
    Handshake::greeted().refuses(&uneven, error, "addProtocol has 2 versions and 1 hashes");
}

#[test]
fn server_announces_its_protocols_after_the_client() {
    let mut script = Handshake::greeted().then(&[protocols()]).script();
    let hello = server_hello(&protocols());
    // The signature was sent earlier.
    assert_eq!(script.send(&done_protocols()), hello[4..]);
}

#[test]
fn client_announces_its_protocols_after_authentication() {
    let mut script = Script::client(psom::Config::default(), TOKEN, ClientRoot::new);
    assert_eq!(script.take(), auth());
    assert_eq!(script.send(&psom::wire::auth::SIGNATURE), client_versioning(&protocols()));
}
