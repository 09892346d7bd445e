//! Close and Break (ruling 10).

use bytes::Bytes;
use psom::{
    Error,
    error::{PeerMisbehaved, Violation},
    wire::record::{Batch, Record},
};

use super::{common::*, neighbours::Neighbours};

/// The farewell of a client that has channel 2 open.
fn parting() -> Vec<u8> {
    [close(), set_channel(0), close()].concat()
}

#[test]
fn ruling_10_close_on_channel_0_ends_the_connection_without_an_answer() {
    for stage in [Stage::admitted(), Stage::versioned(), Stage::open().then(&[set_channel(0)])] {
        let mut script = stage.script();
        assert_eq!(script.send(&close()), [0; 0]);
        assert_eq!((script.error(), script.is_closed()), (Some(&Error::PeerClosed), true));
    }
}

#[test]
fn ruling_10_close_on_channel_2_only_disconnects_its_objects() {
    let mut script = Stage::open().then(&[connect(0, "desk", DESK_CLIENT_HASH)]).script();
    assert_eq!(script.stats().peers, 2);
    assert_eq!(script.send(&close()), [0; 0], "they are disconnected without messages");
    assert_eq!((script.stats().peers, script.error()), (0, None));
    assert_eq!(heard(&mut script), ["left"]);
    script.on_root(|_, cx| assert_eq!(cx.peers().c_said("x").reached, 0));
    assert_eq!(script.send(&[set_channel(0), close()].concat()), [0; 0]);
    assert_eq!(script.error(), Some(&Error::PeerClosed));
}

#[test]
fn ruling_10_channel_2_closes_before_channel_0() {
    let mut script = Stage::open().script();
    script.on_root(|_, cx| {
        let peer = cx.peer_infos()[0].id;
        cx.peer(peer).unwrap().hang_up();
    });
    assert_eq!(script.take(), [set_channel(2), parting()].concat());
    assert_eq!((script.error(), script.is_closed()), (Some(&Error::Closed), true));
    // A channel that the peer has closed is not closed again.
    let mut script = Stage::open().then(&[close(), set_channel(0)]).script();
    let reason = "record type 0x05 is unknown";
    let error = psom::error::DecodeError::RecordType(5);
    breaks(&mut script, &[5], error, &early_farewell(reason));
}

#[test]
fn complete_farewell_is_read_at_once() {
    let mut script = Stage::open().script();
    let sent = script.send(&[say("bye"), parting()].concat());
    assert_eq!(sent, [set_channel(2), said("bye")].concat());
    assert_eq!(script.error(), Some(&Error::PeerClosed));
    assert_eq!(heard(&mut script), ["bye", "left"]);
}

#[test]
fn client_reads_the_farewell_of_a_server() {
    let mut script = open_guest();
    script.take();
    assert_eq!(script.send(&parting()), [0; 0]);
    assert_eq!((script.error(), script.is_closed()), (Some(&Error::PeerClosed), true));
}

fn broken(reason: &[u8]) -> Error {
    let mut script = Stage::open().then(&[set_channel(0)]).script();
    let length = (reason.len() as u32).to_be_bytes();
    assert_eq!(script.send(&[&[6], &length[..], reason].concat()), [0; 0]);
    script.error().cloned().unwrap()
}

#[test]
fn ruling_10_break_on_channel_0_reports_the_reason() {
    assert_eq!(broken(b"bye"), Error::PeerBroke("bye".into()));
    assert_eq!(broken(b""), Error::PeerBroke(String::new()));
}

#[test]
fn ruling_10_long_break_reason_is_read() {
    assert_eq!(broken(&[b'x'; 10_000]), Error::PeerBroke("x".repeat(10_000)));
}

#[test]
fn ruling_10_break_reason_is_shown_escaped() {
    let reason = [b"caf\xc3\xa9 \xff\0\x1b[31m\r\n".to_vec()].concat();
    let shown = r"caf\xc3\xa9 \xff\x00\x1b[31m\r\n";
    assert_eq!(broken(&reason), Error::PeerBroke(shown.into()));
}

#[test]
fn ruling_10_break_on_channel_2_acts_like_close() {
    let mut script = Stage::open().script();
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
        Stage::open().refuses(&call(0, S_FORBIDDEN, &[&text]), error, &shown);
    };
    refuses("x", 3000, "x".repeat(1024));
    refuses("ü", 3000, "?".repeat(1024));
    refuses("a\n\u{7f}é\0~ b", 1, "a????~ b".into());
}

#[test]
fn peer_can_be_expelled_with_a_reason() {
    let mut script = Stage::open().script();
    script.on_root(|_, cx| {
        let peer = cx.peer_infos()[0].id;
        cx.peer(peer).unwrap().expel(Violation::new("go home"));
    });
    assert_eq!(script.take(), farewell("go home"));
    let error = PeerMisbehaved::Application("go home".into());
    assert_eq!(script.error(), Some(&error.into()));
    assert_eq!(heard(&mut script), ["left"]);
}

#[test]
fn break_replaces_the_backlog_of_a_slow_consumer() {
    let mut script = Stage::open().script();
    script.on_root(|_, cx| {
        for _ in 0..9 {
            assert_eq!(cx.peers().c_bytes(&[7; 1_000_000]).reached, 1);
        }
    });
    assert_eq!(script.take(), farewell("slow consumer"));
    assert_eq!(script.error(), Some(&PeerMisbehaved::SlowConsumer.into()));
}

#[test]
fn break_of_a_slow_consumer_follows_a_whole_record() {
    let mut neighbours = Neighbours::new();
    neighbours.enter(&Stage::open().bytes());
    let connection = 0;
    // Arguments of this length stand in the queue apart from the header before them.
    neighbours.hear(connection, &say(&"x".repeat(10_000)));
    let mut sent = neighbours.queue(connection).pop().unwrap().as_ref().to_vec();
    neighbours.end_slow(connection);
    sent.extend(neighbours.take(connection));

    let mut batch = Batch::new(Bytes::from(sent));
    let mut last = None;
    while let Ok(Some(record)) = batch.next_record(1 << 20) {
        last = Some(record);
    }
    let Some(Record::Break(place)) = last else { panic!("the last record is {last:?}") };
    assert_eq!(&batch.bytes()[place], b"slow consumer");
}

/// A turn that ends the connection of its only peer and then does something more.
fn nothing_behind_the_parting(more: fn(&mut Hall, &mut psom::Context<Hall>, psom::PeerId)) {
    let mut script = Stage::open().then(&[connect(0, "desk", DESK_CLIENT_HASH)]).script();
    script.on_root(move |hall, cx| {
        let peer = cx.peer_infos()[0].id;
        cx.peer(peer).unwrap().hang_up();
        more(hall, cx, peer);
    });
    assert_eq!(script.take(), [set_channel(2), parting()].concat());
    assert_eq!((script.error(), script.stats().connections), (Some(&Error::Closed), 0));
}

#[test]
fn no_call_follows_a_farewell() {
    nothing_behind_the_parting(|_, cx, _| assert_eq!(cx.peers().c_said("x").reached, 0));
}

#[test]
fn no_connect_follows_a_farewell() {
    nothing_behind_the_parting(|hall, cx, peer| {
        let connected = cx.peer(peer).map(|mut peer| peer.connect("seat", hall.desk));
        assert_ne!(connected, Some(Ok(())));
    });
}

#[test]
fn no_close_follows_a_farewell() {
    nothing_behind_the_parting(|hall, cx, _| assert!(cx.remove(hall.desk)));
}

#[test]
fn queued_calls_precede_the_farewell() {
    let mut script = Stage::open().script();
    script.on_root(|_, cx| {
        let peer = cx.peer_infos()[0].id;
        assert_eq!(cx.peers().c_said("before").reached, 1);
        cx.peer(peer).unwrap().hang_up();
    });
    let sent = [set_channel(2), said("before"), set_channel(2), parting()];
    assert_eq!(script.take(), sent.concat());
}
