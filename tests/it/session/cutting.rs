//! The result does not depend on where the transport cuts the bytes.

use psom::{
    Config, Error,
    testing::{Pair, Script},
};

use super::common::*;

/// The observable result of a conversation on a server.
type Traces = (Vec<u8>, Vec<String>, Option<Error>);

/// Returns a handshake, calls, successful and failed connects, a close, a violation, and bytes
/// after it.
pub(crate) fn conversation() -> Vec<u8> {
    let handshake = Handshake::open().then(&[
        say("hello"),
        connect(0, "nowhere", CHILD_CLIENT_HASH),
        connect(0, "child", CHILD_CLIENT_HASH),
        call(2, S_KNOCK, &[&300i32]),
        set_channel(0),
        call(0, SERVER_PING, &[]),
        set_channel(2),
        call(0, S_LISTS, &[&vec![1i32, 70_000], &vec![4u8; 40]]),
        op_close(2),
        raw_call(0, 9, &[]),
        say("too late"),
    ]);
    handshake.bytes()
}

fn served<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Traces {
    let mut script = Script::server(Config::default(), ServerRoot::new);
    let sent = pieces.into_iter().flat_map(|piece| script.send(piece)).collect();
    (sent, received(&mut script), script.error().cloned())
}

#[test]
fn input_can_arrive_in_pieces_of_any_length() {
    let bytes = conversation();
    let whole = served([&bytes[..]]);
    assert_eq!(whole.1.len(), 3, "two calls and the parting");
    for length in 1..bytes.len() {
        assert_eq!(served(bytes.chunks(length)), whole, "pieces of {length}");
    }
}

#[test]
fn input_can_be_cut_at_any_byte() {
    let bytes = conversation();
    let whole = served([&bytes[..]]);
    for cut in 1..bytes.len() {
        let (first, second) = bytes.split_at(cut);
        assert_eq!(served([first, second]), whole, "cut at {cut}");
    }
}

#[test]
fn client_input_can_arrive_in_pieces() {
    let calls = [set_channel(2), said("hello"), call(0, C_NUMBERS, &[&300i32, &-1i64])].concat();
    let bytes = [server_hello(&protocols()), calls, close(), set_channel(0), close()].concat();
    let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut script = client(&[]);
        let sent: Vec<u8> = pieces.flat_map(|piece| script.send(piece)).collect();
        (sent, client_received(&mut script), script.error().cloned())
    };
    let whole = read(&mut [&bytes[..]].into_iter());
    assert_eq!(whole.1, ["hello", "300 -1"]);
    assert_eq!(whole.2, Some(Error::PeerClosed));
    for length in 1..bytes.len() {
        assert_eq!(read(&mut bytes.chunks(length)), whole, "pieces of {length}");
    }
}

#[test]
fn both_sides_can_be_cut_at_once() {
    for length in 1..64 {
        let mut pair = Pair::<ServerRoot, ClientRoot>::server(Config::default(), ServerRoot::new);
        pair.set_max_piece_bytes(length);
        let client = pair.join(ClientRoot::new);
        pair.on_client(client, |_, cx| assert_eq!(cx.peers().s_say("hello").reached, 1));
        assert_eq!(pair.on_client(client, |client, _| client.received.clone()), ["hello"]);
    }
}
