//! SetChannel and RPCOpen (ruling 5).

use psom::error::{DecodeError, PeerMisbehaved};

use super::common::*;

fn not_open(channel: u32) -> PeerMisbehaved {
    PeerMisbehaved::ChannelNotOpen(channel)
}

fn cannot_open(channel: u32) -> (PeerMisbehaved, String) {
    (PeerMisbehaved::CannotOpen(channel), format!("channel {channel} cannot be opened"))
}

#[test]
fn ruling_05_set_channel_to_a_closed_channel_is_refused() {
    for channel in [1, 3, 4, u32::MAX] {
        let reason = format!("channel {channel} is not open");
        Handshake::open().refuses(&set_channel(channel), not_open(channel), &reason);
    }
    Handshake::versioned().refuses(&set_channel(2), not_open(2), "channel 2 is not open");
    let hello = [psom::wire::auth::SIGNATURE.to_vec(), set_channel(2)].concat();
    let answer = early_farewell("channel 2 is not open");
    let answer = [client_versioning(&protocols()), answer].concat();
    client_refuses(&[], &hello, not_open(2), &answer);
}

#[test]
fn ruling_05_only_channel_2_opens_and_only_once() {
    for channel in [0, 1, 3, u32::MAX] {
        let (error, reason) = cannot_open(channel);
        Handshake::versioned().refuses(&open(channel), error, &reason);
    }
    let (error, reason) = cannot_open(2);
    Handshake::open().refuses(&open(2), error.clone(), &reason);
    let on_channel_0 = [set_channel(0), open(2)].concat();
    Handshake::open().refuses(&on_channel_0, error, &reason);
}

#[test]
fn ruling_05_server_cannot_open_a_channel() {
    let (error, reason) = cannot_open(2);
    let early = [psom::wire::auth::SIGNATURE.to_vec(), open(2)].concat();
    let answer = [client_versioning(&protocols()), early_farewell(&reason)].concat();
    client_refuses(&[], &early, error.clone(), &answer);
    client_refuses(&server_hello(&protocols()), &open(2), error, &farewell(&reason));
}

#[test]
fn channel_cannot_open_before_versioning_is_done() {
    let error = PeerMisbehaved::OpenBeforeVersioning;
    let reason = "channel opened before versioning was done";
    for handshake in [
        Handshake::authenticated(),
        Handshake::greeted(),
        Handshake::greeted().then(&[protocols()]),
    ] {
        handshake.refuses(&open(2), error.clone(), reason);
    }
}

#[test]
fn lookup_is_valid_only_inside_rpc_open() {
    let refuses = |bytes: &[u8]| {
        Handshake::versioned().refuses(bytes, PeerMisbehaved::Lookup, "lookup belongs in RPCOpen");
    };
    let arguments = encoded(&[&"", &"", &0i64]);
    refuses(&raw_call(0, LOOKUP, &arguments));
    let opens = |body: Vec<u8>| {
        let mut bytes = vec![];
        psom::wire::record::write_open(&mut bytes, 2, |out| out.extend(body));
        bytes
    };
    // RPCOpen with another method, another object, a connect, or a close instead of lookup.
    refuses(&opens(vec![0, SERVER_PING as u8]));
    refuses(&opens([vec![1, LOOKUP as u8], arguments].concat()));
    refuses(&opens([vec![0x84], encoded(&[&0i32, &"", &0i64])].concat()));
    refuses(&opens(vec![0x86, 0]));
}

#[test]
fn lookup_arguments_are_ignored() {
    let odd = open_with(2, &[&"anything at all", &"", &i64::MIN]);
    let mut script = Handshake::versioned().then(&[odd, set_channel(2)]).script();
    assert_eq!(script.send(&say("hello")), [set_channel(2), said("hello")].concat());
}

#[test]
fn lookup_arguments_have_to_decode() {
    let (cut, left) = (DecodeError::Truncated, DecodeError::TrailingBytes);
    let reason = "the message ends inside a value";
    Handshake::versioned().refuses(&open_with(2, &[&"", &""]), cut.clone(), reason);
    Handshake::versioned().refuses(&open_with(2, &[]), cut, reason);
    let reason = "bytes are left after the last parameter";
    Handshake::versioned().refuses(&open_with(2, &[&"", &"", &0i64, &0i64]), left, reason);
}

#[test]
fn ruling_05_current_channel_is_0_until_set() {
    // A client that does not set channel 0 is on it by default, like a server.
    let versioning = client_versioning(&protocols())[set_channel(0).len()..].to_vec();
    let handshake = Handshake::authenticated().then(&[versioning, open(2), set_channel(2)]);
    assert_eq!(handshake.script().send(&say("hello")), [set_channel(2), said("hello")].concat());
    // RPCOpen does not set the channel: the next message still addresses ConnMgr.
    let still_0 = Handshake::versioned().then(&[open(2), call(0, SERVER_PING, &[])]);
    assert_eq!(still_0.script().error(), None);
}

#[test]
fn ruling_05_directions_have_independent_channels() {
    let mut script = Handshake::open().script();
    assert_eq!(script.send(&say("one")), [set_channel(2), said("one")].concat());
    // The client switches to channel 0 and back; the server's channel stays the same.
    let ping = [set_channel(0), call(0, SERVER_PING, &[]), set_channel(2)].concat();
    assert_eq!(script.send(&[ping, say("two")].concat()), said("two"));
    // The server switches to channel 0 for its ping; the client's channel stays the same.
    let ping = [set_channel(0), call(0, CLIENT_PING, &[])].concat();
    assert_eq!(script.advance(std::time::Duration::from_secs(30)), ping);
    assert_eq!(script.send(&say("three")), [set_channel(2), said("three")].concat());
    assert_eq!(received(&mut script), ["one", "two", "three"]);
}

#[test]
fn current_channel_can_be_set_again() {
    let mut script = Handshake::open().script();
    let twice = [set_channel(2), set_channel(0), set_channel(0), set_channel(2)].concat();
    script.send(&[twice, say("hello")].concat());
    assert_eq!(received(&mut script), ["hello"]);
    assert_eq!(script.error(), None);
}

#[test]
fn message_on_a_closed_channel_is_refused() {
    let closed = || Handshake::open().then(&[close()]);
    for bytes in [say("x"), close(), break_with("x"), connect(0, "child", 32), set_channel(2)] {
        let mut script = closed().script();
        let answer = early_farewell("channel 2 is not open");
        breaks(&mut script, &bytes, not_open(2), &answer);
    }
    let mut script = closed().script();
    let ping = [set_channel(0), call(0, SERVER_PING, &[])].concat();
    assert_eq!((script.send(&ping), script.error()), (vec![], None), "channel 0 is still open");
}

#[test]
fn client_opens_channel_2_when_both_sides_are_done() {
    let mut script = client(&[]);
    let hello = server_hello(&protocols());
    let (before, done) = hello.split_at(hello.len() - done_protocols().len());
    assert_eq!(script.send(before), client_versioning(&protocols()));
    assert_eq!(script.send(done), [open(2), set_channel(2)].concat());
    script.on_root(|_, cx| assert_eq!(cx.peers().s_nothing().reached, 1));
    assert_eq!(script.take(), call(0, S_NOTHING, &[]));
}
