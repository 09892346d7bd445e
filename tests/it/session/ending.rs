//! Close and Break (ruling 10).

use bytes::Bytes;
use psom::{
    Config, Error,
    error::{PeerMisbehaved, Violation},
    wire::record::{Batch, Record},
};

use super::{common::*, neighbours::Neighbours};

/// Returns the farewell of a client with channel 2 open.
fn farewell_of_a_client() -> Vec<u8> {
    [close(), set_channel(0), close()].concat()
}

#[test]
fn ruling_10_close_on_channel_0_ends_the_connection_silently() {
    for handshake in [
        Handshake::authenticated(),
        Handshake::versioned(),
        Handshake::open().then(&[set_channel(0)]),
    ] {
        let mut script = handshake.script();
        assert_eq!(script.send(&close()), [0; 0]);
        assert_eq!((script.error(), script.is_closed()), (Some(&Error::PeerClosed), true));
    }
}

#[test]
fn ruling_10_close_on_channel_2_only_disconnects_its_objects() {
    let mut script = Handshake::open().then(&[connect(0, "child", CHILD_CLIENT_HASH)]).script();
    assert_eq!(script.stats().peers, 2);
    assert_eq!(script.send(&close()), [0; 0], "they are disconnected without messages");
    assert_eq!((script.stats().peers, script.error()), (0, None));
    assert_eq!(received(&mut script), ["left"]);
    script.on_root(|_, cx| assert_eq!(cx.peers().c_said("x").reached, 0));
    assert_eq!(script.send(&[set_channel(0), close()].concat()), [0; 0]);
    assert_eq!(script.error(), Some(&Error::PeerClosed));
}

#[test]
fn ruling_10_channel_2_closes_before_channel_0() {
    let mut script = Handshake::open().script();
    script.on_root(|_, cx| {
        let peer = cx.peer_infos()[0].id;
        cx.peer(peer).unwrap().hang_up();
    });
    assert_eq!(script.take(), [set_channel(2), farewell_of_a_client()].concat());
    assert_eq!((script.error(), script.is_closed()), (Some(&Error::Closed), true));
    // A channel closed by the peer is not closed again.
    let mut script = Handshake::open().then(&[close(), set_channel(0)]).script();
    let reason = "record type 0x05 is unknown";
    let error = psom::error::DecodeError::RecordType(5);
    breaks(&mut script, &[5], error, &early_farewell(reason));
}

#[test]
fn complete_farewell_is_read_at_once() {
    let mut script = Handshake::open().script();
    let sent = script.send(&[say("bye"), farewell_of_a_client()].concat());
    assert_eq!(sent, [set_channel(2), said("bye")].concat());
    assert_eq!(script.error(), Some(&Error::PeerClosed));
    assert_eq!(received(&mut script), ["bye", "left"]);
}

#[test]
fn client_reads_the_farewell_of_a_server() {
    let mut script = open_client();
    script.take();
    assert_eq!(script.send(&farewell_of_a_client()), [0; 0]);
    assert_eq!((script.error(), script.is_closed()), (Some(&Error::PeerClosed), true));
}

fn break_bytes(reason: &[u8]) -> Error {
    let mut script = Handshake::open().then(&[set_channel(0)]).script();
    let length = (reason.len() as u32).to_be_bytes();
    assert_eq!(script.send(&[&[6], &length[..], reason].concat()), [0; 0]);
    script.error().cloned().unwrap()
}

#[test]
fn ruling_10_break_on_channel_0_reports_the_reason() {
    assert_eq!(break_bytes(b"bye"), Error::PeerBroke("bye".into()));
    assert_eq!(break_bytes(b""), Error::PeerBroke(String::new()));
}

#[test]
fn ruling_10_long_break_reason_is_read() {
    assert_eq!(break_bytes(&[b'x'; 10_000]), Error::PeerBroke("x".repeat(10_000)));
}

#[test]
fn ruling_10_break_reason_is_shown_escaped() {
    let reason = [b"caf\xc3\xa9 \xff\0\x1b[31m\r\n".to_vec()].concat();
    let shown = r"caf\xc3\xa9 \xff\x00\x1b[31m\r\n";
    assert_eq!(break_bytes(&reason), Error::PeerBroke(shown.into()));
}

#[test]
fn ruling_10_break_on_channel_2_acts_like_close() {
    let mut script = Handshake::open().script();
    assert_eq!(script.send(&break_with("tired")), [0; 0]);
    assert_eq!((script.stats().peers, script.error()), (0, None));
    script.send(&[set_channel(0), call(0, SERVER_PING, &[])].concat());
    assert_eq!(script.error(), None);
}

#[test]
fn ruling_10_sent_reasons_are_ascii_of_at_most_1024_bytes() {
    let refuses = |text: &'static str, repeat, shown: String| {
        let text = text.repeat(repeat);
        let error = PeerMisbehaved::Application(text.clone().into());
        Handshake::open().refuses(&call(0, S_FORBIDDEN, &[&text]), error, &shown);
    };
    refuses("x", 3000, "x".repeat(1024));
    refuses("ü", 3000, "?".repeat(1024));
    refuses("a\n\u{7f}é\0~ b", 1, "a????~ b".into());
}

#[test]
fn peer_can_be_expelled_with_a_reason() {
    let mut script = Handshake::open().script();
    script.on_root(|_, cx| {
        let peer = cx.peer_infos()[0].id;
        cx.peer(peer).unwrap().expel(Violation::new("go home"));
    });
    assert_eq!(script.take(), farewell("go home"));
    let error = PeerMisbehaved::Application("go home".into());
    assert_eq!(script.error(), Some(&error.into()));
    assert_eq!(received(&mut script), ["left"]);
}

#[test]
fn removed_peer_gets_the_reason_and_has_broken_no_rule() {
    let mut script = Handshake::open().script();
    script.on_root(|_, cx| {
        let peer = cx.peer_infos()[0].id;
        cx.peer(peer).unwrap().remove("go home");
    });
    assert_eq!(script.take(), farewell("go home"));
    assert_eq!(script.error(), Some(&Error::Removed("go home".into())));
    assert_eq!(received(&mut script), ["left"]);
}

#[test]
fn break_replaces_the_backlog_of_a_slow_consumer() {
    let mut script = Handshake::open().script();
    script.on_root(|_, cx| {
        for _ in 0..9 {
            assert_eq!(cx.peers().c_bytes(&[7; 1_000_000]).reached, 1);
        }
    });
    assert_eq!(script.take(), farewell("slow consumer (hard_limit)"));
    assert_eq!(script.error(), Some(&PeerMisbehaved::SlowConsumer("hard_limit").into()));
}

#[test]
fn break_of_a_slow_consumer_follows_a_whole_record() {
    let mut config = Config::default();
    // Half of it is handed to the transport at a time.
    config.soft_limit = 8 * 1024;
    let mut neighbours = Neighbours::with(config.clone());
    neighbours.enter(&Handshake::open().bytes());
    // Arguments of this length wait in the queue apart from the header before them.
    neighbours.receive(0, &say(&"x".repeat(10_000)));
    let in_flight = neighbours.sent(0).len();
    assert_eq!(in_flight, 4 * 1024);
    neighbours.stalled = true;
    neighbours.advance(config.stall_timeout);
    let sent = neighbours.take(0);
    assert!(sent.len() > in_flight + 5_000, "the record is completed");

    let mut batch = Batch::new(Bytes::from(sent));
    let mut last = None;
    while let Ok(Some(record)) = batch.next_record(1 << 20) {
        last = Some(record);
    }
    let Some(Record::Break(place)) = last else { panic!("the last record is {last:?}") };
    assert_eq!(&batch.bytes()[place], b"slow consumer (stall_timeout)");
}

/// Ends the connection of the only peer and then does something more in the same turn.
fn check_nothing_follows_the_farewell(
    more: fn(&mut ServerRoot, &mut psom::Context<ServerRoot>, psom::PeerId),
) {
    let mut script = Handshake::open().then(&[connect(0, "child", CHILD_CLIENT_HASH)]).script();
    script.on_root(move |root, cx| {
        let peer = cx.peer_infos()[0].id;
        cx.peer(peer).unwrap().hang_up();
        more(root, cx, peer);
    });
    assert_eq!(script.take(), [set_channel(2), farewell_of_a_client()].concat());
    assert_eq!((script.error(), script.stats().connections), (Some(&Error::Closed), 0));
}

#[test]
fn no_call_follows_a_farewell() {
    check_nothing_follows_the_farewell(|_, cx, _| assert_eq!(cx.peers().c_said("x").reached, 0));
}

#[test]
fn no_connect_follows_a_farewell() {
    check_nothing_follows_the_farewell(|root, cx, peer| {
        let connected = cx.peer(peer).map(|mut peer| peer.connect("child", root.child));
        assert_ne!(connected, Some(Ok(())));
    });
}

#[test]
fn no_close_follows_a_farewell() {
    check_nothing_follows_the_farewell(|root, cx, _| assert!(cx.remove(root.child)));
}

#[test]
fn queued_calls_precede_the_farewell() {
    let mut script = Handshake::open().script();
    script.on_root(|_, cx| {
        let peer = cx.peer_infos()[0].id;
        assert_eq!(cx.peers().c_said("before").reached, 1);
        cx.peer(peer).unwrap().hang_up();
    });
    let sent = [set_channel(2), said("before"), set_channel(2), farewell_of_a_client()];
    assert_eq!(script.take(), sent.concat());
}
