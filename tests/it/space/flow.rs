//! Peers that read more slowly than the server sends.

use super::common::{ClientRoot, ServerRoot};
use psom::{
    CallError, Config, Context, Error,
    error::{Misuse, PeerMisbehaved},
    testing::{Pair, Script},
};

fn marks() -> Config {
    let mut config = Config::default();
    config.soft_limit = 1000;
    config.hard_limit = 10_000;
    config
}

/// Feeds a server's output to a client and returns the calls that the client has received.
struct Reader {
    server: Script<ServerRoot>,
    client: Script<ClientRoot>,
}

impl Reader {
    /// Creates a server whose peer reads nothing until [`Self::read`].
    fn new() -> Self {
        let mut server = Script::server(marks(), |_| ServerRoot::default());
        let mut client = Script::client(Config::default(), "token", ClientRoot::new);
        let mut up = client.take();
        while !up.is_empty() {
            let down = server.send(&up);
            up = client.send(&down);
        }
        Self { server, client }
    }

    fn send(&mut self, send: impl FnOnce(&mut Context<ServerRoot>) + Send + 'static) {
        self.server.on_root(|_, cx| send(cx));
    }

    fn read(&mut self) -> Vec<String> {
        let down = self.server.take();
        self.client.send(&down);
        self.client.on_root(|client, _| std::mem::take(&mut client.received))
    }
}

#[test]
fn below_the_soft_limit_every_call_arrives() {
    let mut reader = Reader::new();
    for x in 0..5 {
        reader.send(move |cx| drop(cx.peers().c_place(x)));
    }
    assert_eq!(reader.read(), ["place 0", "place 1", "place 2", "place 3", "place 4"]);
}

#[test]
fn above_the_soft_limit_only_the_newest_latest_call_arrives() {
    let mut reader = Reader::new();
    let long = "x".repeat(1500);
    let filler = long;
    reader.send(move |cx| drop(cx.peers().c_said(1, &filler)));
    for x in 0..100 {
        reader.send(move |cx| {
            cx.peers().c_place(x);
            cx.peers().c_new(x);
        });
    }
    let received = reader.read();
    let places: Vec<_> = received.iter().filter(|line| line.starts_with("place")).collect();
    assert_eq!(places, ["place 99"], "all older ones were replaced");
    assert_eq!(received.iter().filter(|line| line.starts_with("new")).count(), 100, "others not");
    // The newest call keeps its own place, after the calls children before it.
    assert_eq!(received[received.len() - 2..], ["place 99", "new 99"]);
}

#[test]
fn latest_calls_are_replaced_per_parameter_value() {
    let mut reader = Reader::new();
    let long = "x".repeat(1500);
    reader.send(move |cx| drop(cx.peers().c_said(1, &long)));
    for x in 0..100 {
        reader.send(move |cx| {
            cx.peers().c_point(7, x);
            cx.peers().c_point(8, -x);
        });
    }
    let mut received = reader.read();
    received.retain(|line| line.starts_with("point"));
    assert_eq!(received, ["point 7 99", "point 8 -99"]);
}

#[test]
fn large_latest_calls_are_replaced_too() {
    let mut reader = Reader::new();
    let long = "x".repeat(1500);
    reader.send(move |cx| drop(cx.peers().c_said(1, &long)));
    // Above the size from which a group's peers share the bytes:
    for x in 0..20 {
        reader.send(move |cx| drop(cx.peers().c_picture(&vec![x; 5000])));
    }
    assert!(reader.server.error().is_none(), "twenty of them are more than the hard mark");
    let pictures = reader.read().into_iter().filter(|line| line.starts_with("picture"));
    assert_eq!(pictures.collect::<Vec<_>>(), ["picture 19"]);
}

#[test]
fn calls_already_taken_are_not_replaced() {
    let mut reader = Reader::new();
    let long = "x".repeat(1500);
    reader.send(move |cx| drop(cx.peers().c_said(1, &long)));
    reader.send(|cx| drop(cx.peers().c_place(1)));
    assert_eq!(reader.read().last().unwrap(), "place 1");
    reader.send(|cx| drop(cx.peers().c_place(2)));
    assert_eq!(reader.read(), ["place 2"]);
}

#[test]
fn above_the_hard_limit_the_connection_is_broken() {
    let mut reader = Reader::new();
    for _ in 0..100 {
        let text = "x".repeat(500);
        reader.send(move |cx| drop(cx.peers().c_said(1, &text)));
    }
    assert_eq!(reader.server.error(), Some(&PeerMisbehaved::SlowConsumer("hard_limit").into()));
    assert!(reader.server.is_closed());
    let farewell = reader.server.take();
    // At most half of the soft limit is handed to a transport before it is accepted.
    assert!(farewell.len() < 1000, "{} bytes", farewell.len());
    reader.client.send(&farewell);
    assert_eq!(reader.client.error(), Some(&Error::PeerBroke("slow consumer (hard_limit)".into())));
    assert_eq!(reader.server.stats().connections, 0);
}

#[test]
fn call_above_the_record_limit_is_an_error() {
    let mut config = Config::default();
    config.record_limit = 1000;
    let mut pair = Pair::server(config, |_| ServerRoot::default());
    pair.join(ClientRoot::new);
    let sent = pair.on_server(|_, cx| cx.peers().c_sent(vec![0; 2000].into()).ok());
    assert!(matches!(sent, Err(CallError::Misuse(Misuse::CallTooLong { limit: 1000, .. }))));
    assert!(pair.client_error(0).is_none());
}

#[test]
fn too_long_string_is_an_error() {
    let mut pair = super::common::pair(1);
    let sent = pair.on_server(|_, cx| cx.peers().c_said(1, &"ü".repeat(40_000)).ok());
    assert_eq!(sent, Err(Misuse::StringTooLong(80_000).into()));
    let fits = pair.on_server(|_, cx| cx.peers().c_said(1, &"x".repeat(65_535)).ok());
    assert_eq!(fits, Ok(()));
    assert_eq!(super::common::received(&mut pair, 0).len(), 1);
}

#[test]
fn replacing_calls_keeps_the_order() {
    let mut reader = Reader::new();
    let filler = "x".repeat(1500);
    reader.send(move |cx| drop(cx.peers().c_said(1, &filler)));
    // Enough calls that the slots of replaced calls are compacted several times.
    for x in 0..1000 {
        reader.send(move |cx| drop(cx.peers().c_place(x)));
    }
    reader.send(|cx| drop(cx.peers().c_new(1)));
    reader.send(|cx| drop(cx.peers().c_place(1000)));
    let received = reader.read();
    assert_eq!(received[1..], ["new 1", "place 1000"]);
}

#[test]
fn large_answers_are_flushed_within_a_batch() {
    let mut pair = super::common::pair(2);
    // One batch of messages with far more bytes of answers than one flush holds.
    pair.on_client(0, |_, cx| {
        for _ in 0..200 {
            cx.peers().s_say(&"x".repeat(5000));
        }
    });
    for client in 0..2 {
        assert_eq!(super::common::received(&mut pair, client).len(), 200);
    }
    assert!(pair.server_error(0).is_none());
}
