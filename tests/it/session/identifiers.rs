//! Proxy identifiers, connects and closes (section 2.2.2, ruling 2).

use psom::{
    Context, ObjectRef,
    error::PeerMisbehaved,
    testing::{Script, hex},
};

use super::common::*;

/// Returns a client that has connected the child under its number 1.
fn with_connected_child() -> Handshake {
    Handshake::open().then(&[connect(0, "child", CHILD_CLIENT_HASH)])
}

fn close_child(script: &mut Script<ServerRoot>) {
    let close =
        |_: &mut ServerChild, cx: &mut Context<ServerChild>| assert_eq!(cx.peers().close(), 1);
    script.on_root(move |root, cx| cx.try_tell(root.child, close).unwrap());
}

#[test]
fn ruling_02_message_carries_the_sender_identifier() {
    let mut script = with_connected_child().script();
    // The client's 1 is the server's -1; each side sends its own identifier.
    let answer = script.send(&call(1, S_KNOCK, &[&5i32]));
    assert_eq!(answer, [set_channel(2), call(-1, C_OPEN, &[&5i32])].concat());
    assert_eq!(child_received(&mut script), [5]);
}

#[test]
fn ruling_02_connect_carries_the_parent_and_both_sides_count() {
    let mut script = with_connected_child().script();
    script.send(&connect(1, "grandchild", CHILD_CLIENT_HASH));
    let answer = script.send(&call(2, S_KNOCK, &[&7i32]));
    assert_eq!(answer, [set_channel(2), call(-2, C_OPEN, &[&7i32])].concat());
    assert_eq!(child_received(&mut script), [0; 0], "the grandchild is another object");
}

#[test]
fn ruling_02_directions_count_independently() {
    let mut script = with_connected_child().script();
    let connects = |root: &mut ServerRoot, cx: &mut Context<ServerRoot>| {
        let another = cx.add(ServerChild::default());
        cx.peers().connect("child", root.child) + cx.peers().connect("child", another)
    };
    assert_eq!(script.on_root(connects), 2);
    let child = connect(0, "child", CHILD_SERVER_HASH);
    assert_eq!(script.take(), [set_channel(2), child.clone(), child].concat());
    // The server's 1 and 2 are the client's -1 and -2; the client's own 1 still names its connect.
    assert_eq!(script.send(&call(-1, S_KNOCK, &[&1i32])), call(1, C_OPEN, &[&1i32]));
    assert_eq!(script.send(&call(-2, S_KNOCK, &[&2i32])), call(2, C_OPEN, &[&2i32]));
    assert_eq!(script.send(&call(1, S_KNOCK, &[&3i32])), call(-1, C_OPEN, &[&3i32]));
    assert_eq!(child_received(&mut script), [1, 3]);
}

#[test]
fn ruling_02_failed_connect_consumes_its_number() {
    let mut script = Handshake::open().script();
    let answer = script.send(&connect(0, "nowhere", CHILD_CLIENT_HASH));
    assert_eq!(answer, [set_channel(2), hex("16 00000002 86ff")].concat());
    script.send(&connect(0, "child", CHILD_CLIENT_HASH));
    assert_eq!(script.send(&call(2, S_KNOCK, &[&5i32])), call(-2, C_OPEN, &[&5i32]));
    assert_eq!(script.error(), None);
}

#[test]
fn calls_to_a_failed_connect_are_dropped_and_counted() {
    let mut script = Handshake::open().script();
    let knock = call(1, S_KNOCK, &[&5i32]);
    script.send(&[connect(0, "nowhere", 32), knock.clone(), op_close(1)].concat());
    assert_eq!((script.error(), script.stats().dropped), (None, 1));
    breaks(&mut script, &knock, unknown(-1), &farewell("proxy -1 is not connected"));
}

#[test]
fn peer_that_confirms_no_close_is_disconnected() {
    // The default of `Config::unconfirmed_close_limit`.
    const LIMIT: usize = 16_384;
    let unconfirmed = [set_channel(2), connect(0, "nowhere", 32).repeat(LIMIT + 1)].concat();
    let call = call(0, S_REFER, &[&0i32]);

    let mut script = with_connected_child().script();
    script.send(&unconfirmed);
    script.send(&op_close(2));
    script.send(&connect(0, "nowhere", 32));
    assert_eq!(script.error(), None, "as many as the limit are allowed");
    let text = farewell("more than 16384 closed objects are not confirmed");
    breaks(&mut script, &call, PeerMisbehaved::TooManyUnconfirmedCloses(LIMIT), &text);
}

#[test]
fn ruling_02_identifiers_are_never_reused() {
    let handshake =
        with_connected_child().then(&[op_close(1), connect(0, "child", CHILD_CLIENT_HASH)]);
    let answer = handshake.script().send(&call(2, S_KNOCK, &[&5i32]));
    assert_eq!(answer, call(-2, C_OPEN, &[&5i32]));
    handshake.refuses(&call(1, S_KNOCK, &[&5i32]), unknown(-1), "proxy -1 is not connected");
}

#[test]
fn ruling_02_reference_is_the_sender_identifier() {
    let mut script = with_connected_child().script();
    script.send(&hex("16 00000003 00 05 01"));
    script.send(&hex("16 00000003 00 05 8c"));
    assert_eq!(received(&mut script), ["the child", "null"]);
    script.on_root(|root, cx| cx.caller().c_refer(root.child.into()).ok()).unwrap_err();
    script.on_root(|root, cx| cx.peers().c_refer(root.child.into()).ok()).unwrap();
    script.on_root(|_, cx| cx.peers().c_refer(ObjectRef::NULL).ok()).unwrap();
    let references = hex("16 00000003 00 03 ff  16 00000003 00 03 8c");
    assert_eq!(script.take(), [set_channel(2), references].concat());
}

#[test]
fn client_negates_references_too() {
    let mut script = open_client();
    let child = script.on_root(|client, cx| cx.peers().connect("child", client.child.unwrap()));
    assert_eq!(child, 1);
    script.send(&call(0, C_REFER, &[&-1i32]));
    assert_eq!(client_received(&mut script), ["the child"]);
}

#[test]
fn dangling_reference_is_refused() {
    let refer = |number: i32| call(0, S_REFER, &[&number]);
    with_connected_child().refuses(&refer(2), unknown(-2), "proxy -2 is not connected");
    with_connected_child().refuses(&refer(-1), unknown(1), "proxy 1 is not connected");
    // The root is connected, the child is not.
    with_connected_child().refuses(&refer(0), unknown(0), "proxy 0 is not connected");
}

#[test]
fn tombstone_drops_and_counts_crossing_calls() {
    let mut script = with_connected_child().script();
    close_child(&mut script);
    assert_eq!(script.take(), [set_channel(2), op_close(-1)].concat());

    let crossing = [call(1, S_KNOCK, &[&5i32]), connect(1, "grandchild", CHILD_CLIENT_HASH)];
    // A connect on it fails like any other: a close answers the consumed number.
    assert_eq!(script.send(&crossing.concat()), op_close(-2));
    assert_eq!((child_received(&mut script), script.stats().dropped), (vec![], 2));
    assert_eq!(script.send(&op_close(1)), [0; 0], "the answer to a close is not answered");

    let late = call(1, S_KNOCK, &[&5i32]);
    breaks(&mut script, &late, unknown(-1), &farewell("proxy -1 is not connected"));
}

#[test]
fn close_is_answered_and_a_later_call_is_refused() {
    let mut script = with_connected_child().script();
    let close = [op_close(1), call(1, S_KNOCK, &[&5i32])].concat();
    let answer = [set_channel(2), op_close(-1), farewell("proxy -1 is not connected")].concat();
    breaks(&mut script, &close, unknown(-1), &answer);
}

#[test]
fn crossing_closes_end_without_an_error() {
    let mut script = with_connected_child().script();
    close_child(&mut script);
    script.take();
    assert_eq!(script.send(&op_close(1)), [0; 0]);
    assert_eq!((script.error(), script.stats().peers), (None, 1));
}

#[test]
fn children_of_a_closed_object_stay_connected() {
    let handshake =
        with_connected_child().then(&[connect(1, "grandchild", CHILD_CLIENT_HASH), op_close(1)]);
    let answer = handshake.script().send(&call(2, S_KNOCK, &[&7i32]));
    assert_eq!(answer, call(-2, C_OPEN, &[&7i32]));
}

#[test]
fn unknown_identifiers_are_refused() {
    let handshake = with_connected_child();
    let knock = |proxy| call(proxy, S_KNOCK, &[&5i32]);
    handshake.refuses(&knock(2), unknown(-2), "proxy -2 is not connected");
    handshake.refuses(&knock(-1), unknown(1), "proxy 1 is not connected");
    handshake.refuses(&op_close(2), unknown(-2), "proxy -2 is not connected");
    handshake.refuses(&connect(2, "grandchild", 32), unknown(-2), "proxy -2 is not connected");
    // -2^31 cannot be negated in 32 bits.
    handshake.refuses(&knock(i32::MIN), unknown(i32::MIN), "proxy -2147483648 is not connected");
}

#[test]
fn root_can_be_called_but_not_closed() {
    Handshake::open().refuses(&op_close(0), unknown(0), "proxy 0 is not connected");
}

#[test]
fn conn_mgr_is_the_only_object_on_channel_0() {
    let handshake = Handshake::versioned();
    handshake.refuses(&call(1, SERVER_PING, &[]), unknown(-1), "proxy -1 is not connected");
    handshake.refuses(&op_close(0), unknown(0), "proxy 0 is not connected");
    let child = connect(0, "child", CHILD_CLIENT_HASH);
    handshake.refuses(&child, PeerMisbehaved::ConnMgrChild, "ConnMgr has no children");
}

fn unknown(proxy: i32) -> PeerMisbehaved {
    PeerMisbehaved::UnknownProxy(proxy)
}
