//! Calls of methods (rulings 1 and 8), their order and their versions.

use psom::error::PeerMisbehaved;

use super::common::*;

fn unknown(index: i8, version: i32) -> PeerMisbehaved {
    PeerMisbehaved::UnknownMethod { index, interface: ROOT, version }
}

/// Returns a client that supports only version 1 of the root.
fn old_client() -> Handshake {
    Handshake::open_with(&add_protocol(ROOT, &ROOT_SUMS[..1]))
}

#[test]
fn ruling_01_method_index_is_its_declaration_position() {
    let mut script = Handshake::open().script();
    script.send(&raw_call(0, 7, &[]));
    script.send(&call(0, 1, &[&"first"]));
    script.send(&call(0, 8, &[&"last"]));
    assert_eq!(received(&mut script), ["nothing", "first", "LAST"]);

    script.take();
    script.on_root(|_, cx| assert_eq!(cx.peers().c_shouted("x").reached, 1));
    assert_eq!(script.take(), call(0, 5, &[&"x"]));
}

#[test]
fn ruling_01_conn_mgr_indices_follow_its_declaration() {
    // ping is 6 on the server and 4 on the client; log is 4 and exists only on the server.
    let handshake = Handshake::versioned().then(&[call(0, 6, &[]), call(0, 4, &[&"text"])]);
    assert_eq!(handshake.script().error(), None);
    let mut script = client(&[server_hello(&protocols()), call(0, 4, &[])].concat());
    assert_eq!(script.error(), None);
    let interface = CONN_MGR;
    let error = PeerMisbehaved::UnknownMethod { index: 5, interface, version: 1 };
    let reason = format!("method 5 is not in {CONN_MGR} version 1");
    breaks(&mut script, &call(0, 5, &[]), error, &farewell(&reason));
}

#[test]
fn log_call_has_no_effect() {
    let mut script = Handshake::versioned().script();
    assert_eq!(script.send(&call(0, 4, &[&"anything"])), [0; 0]);
    assert_eq!(script.error(), None);
}

#[test]
fn ruling_08_unknown_method_index_is_refused() {
    for index in [0, 10, 127, -1, -128] {
        let reason = format!("method {index} is not in Test.Root version 2");
        Handshake::open().refuses(&raw_call(0, index, &[]), unknown(index, 2), &reason);
    }
    for index in [0, 7, -1] {
        let (interface, version) = (CONN_MGR, 1);
        let error = PeerMisbehaved::UnknownMethod { index, interface, version };
        let reason = format!("method {index} is not in {CONN_MGR} version 1");
        Handshake::greeted().refuses(&raw_call(0, index, &[]), error, &reason);
    }
}

#[test]
fn method_above_the_negotiated_version_is_unknown() {
    let shout = call(0, S_SHOUT, &[&"x"]);
    let mut script = Handshake::open().script();
    script.send(&shout);
    assert_eq!(received(&mut script), ["X"]);
    old_client().refuses(&shout, unknown(8, 1), "method 8 is not in Test.Root version 1");
}

#[test]
fn calls_are_handled_in_order_of_arrival() {
    let mut script = Handshake::open().script();
    let texts: Vec<String> = (0..100).map(|i| i.to_string()).collect();
    let answers = script.send(&texts.iter().flat_map(|text| say(text)).collect::<Vec<_>>());
    assert_eq!(received(&mut script), texts);
    let expected: Vec<u8> = texts.iter().flat_map(|text| said(text)).collect();
    assert_eq!(answers, [set_channel(2), expected].concat());
}

#[test]
fn only_calls_before_a_violation_are_handled() {
    let mut script = Handshake::open().script();
    let bytes = [say("before"), raw_call(0, 0, &[]), say("behind")].concat();
    let reason = "method 0 is not in Test.Root version 2";
    let answer = [set_channel(2), said("before"), farewell(reason)].concat();
    breaks(&mut script, &bytes, unknown(0, 2), &answer);
    assert_eq!(received(&mut script), ["before", "left"]);
}

#[test]
fn ended_connection_handles_nothing() {
    let mut script = Handshake::open().script();
    script.send(&raw_call(0, 0, &[]));
    assert_eq!(script.send(&say("later")), [0; 0]);
    assert_eq!(received(&mut script), ["left"]);
}

#[test]
fn violation_of_a_handler_breaks_the_caller_with_its_reason() {
    let forbidden = call(0, S_FORBIDDEN, &[&"not in here"]);
    let error = PeerMisbehaved::Application("not in here".into());
    Handshake::open().refuses(&forbidden, error, "not in here");
}

#[test]
fn client_refuses_what_a_server_refuses() {
    let before = [server_hello(&protocols()), set_channel(2)].concat();
    let reason = "method 7 is not in Test.Root version 2";
    client_refuses(&before, &raw_call(0, 7, &[]), unknown(7, 2), &farewell(reason));
    let error = PeerMisbehaved::UnknownProxy(1);
    let reason = "proxy 1 is not connected";
    client_refuses(&before, &raw_call(-1, 1, &[]), error, &farewell(reason));
}
