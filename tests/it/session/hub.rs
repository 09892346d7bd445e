//! A hub whose driver is the test.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use psom::{
    Config, Context, Credentials, Error, Handle, Session, User,
    error::Misuse,
    hub::{Chunk, Hub, Input, Output},
    session::Event,
    space::ConnectionKey,
};

use super::common::*;

/// Connects a client that has opened channel 2, and returns its connection.
fn connect(hub: &mut Hub, now: Instant, config: &Arc<Config>) -> ConnectionKey {
    let mut session = Session::server(Arc::clone(config), now);
    let mut batch = session.receive(now, Handshake::open().bytes().into());
    let event = session.next_event(now, &mut batch);
    assert!(matches!(event, Some(Event::Authenticate(_))));
    session.keep(&batch);
    hub.accept(now, session, User::new(1, "Ada")).unwrap()
}

/// Passes an input. Returns the connections that have ended, with the bytes that were sent on them.
async fn closed_by(hub: &mut Hub, now: Instant, input: Input) -> Vec<(ConnectionKey, Vec<u8>)> {
    let (mut sent, mut closed) = (Vec::new(), Vec::new());
    hub.handle_input(now, input).await;
    loop {
        match hub.poll_output() {
            Output::Send(key, chunk) => sent.push((key, chunk.as_ref().to_vec())),
            Output::Closed(key, _) => closed.push(key),
            Output::Timeout(_) => break,
            _ => {}
        }
    }
    let bytes = |key| sent.iter().filter(move |(at, _)| *at == key).flat_map(|(_, bytes)| bytes);
    closed.into_iter().map(|key| (key, bytes(key).copied().collect())).collect()
}

#[tokio::test]
async fn newcomer_replaces_no_connection_that_ends_during_a_commit() {
    let (now, config) = (Instant::now(), Arc::new(Config::default()));
    let root = |scope: &mut _| Ok::<_, Misuse>(ServerRoot::new(scope));
    let (mut hub, root) = Hub::new(now, Arc::clone(&config), true, [], root).unwrap();
    let leaving = connect(&mut hub, now, &config);
    assert_eq!(closed_by(&mut hub, now, Input::Timeout).await, []);
    let save = Input::run(root, |_: &mut ServerRoot, cx| cx.save("key", "value"));
    assert_eq!(closed_by(&mut hub, now, save).await, []);
    let end = Input::End(leaving, Error::Closed);
    assert_eq!(closed_by(&mut hub, now, end).await, []);
    let newcomer = connect(&mut hub, now, &config);
    assert_ne!(newcomer, leaving);
    assert_eq!(hub.stats().connections, 2);
    let ended = closed_by(&mut hub, now, Input::Committed(Ok(()))).await;
    let farewell = [set_channel(2), close(), set_channel(0), close()].concat();
    assert_eq!(ended, [(leaving, farewell)]);
    assert_eq!(hub.stats().connections, 1);
}

/// Runs a function on the root. Returns for each send of the hub whether the driver may delay it.
async fn delayable_sends(
    hub: &mut Hub,
    now: Instant,
    root: Handle<ServerRoot>,
    run: impl FnOnce(&mut ServerRoot, &mut Context<ServerRoot>) + Send + 'static,
) -> Vec<bool> {
    hub.handle_input(now, Input::run(root, run)).await;
    let mut sends = Vec::new();
    loop {
        match hub.poll_output() {
            Output::Send(_, chunk) => sends.push(matches!(chunk, Chunk::Delayable(_))),
            Output::Timeout(_) => return sends,
            _ => {}
        }
    }
}

#[tokio::test]
async fn output_may_be_delayed_if_all_its_calls_may() {
    let (now, config) = (Instant::now(), Arc::new(Config::default()));
    let root = |scope: &mut _| Ok::<_, Misuse>(ServerRoot::new(scope));
    let (mut hub, root) = Hub::new(now, Arc::clone(&config), false, [], root).unwrap();
    connect(&mut hub, now, &config);
    assert_eq!(closed_by(&mut hub, now, Input::Timeout).await, []);
    let delayable = |cx: &mut Context<ServerRoot>| {
        let mut peers = cx.peers();
        peers.allow_delay();
        assert_eq!(peers.c_said("later").reached, 1);
    };
    let urgent = |cx: &mut Context<ServerRoot>| assert_eq!(cx.peers().c_said("now").reached, 1);
    // The first call selects the channel.
    for _ in 0..2 {
        let sends = delayable_sends(&mut hub, now, root, move |_, cx| delayable(cx));
        assert_eq!(sends.await, [true]);
    }
    let sends = delayable_sends(&mut hub, now, root, move |_, cx| (delayable(cx), urgent(cx)).0);
    assert_eq!(sends.await, [false]);
    let sends = delayable_sends(&mut hub, now, root, move |_, cx| (urgent(cx), delayable(cx)).1);
    assert_eq!(sends.await, [false]);
}

#[tokio::test]
async fn client_waits_for_a_server_that_reads_nothing() {
    let (now, config) = (Instant::now(), Arc::new(Config::default()));
    let root = |scope: &mut _| Ok::<_, Misuse>(ClientRoot::new(scope));
    let (mut hub, _) = Hub::new(now, config, false, [], root).unwrap();
    let credentials = Credentials { token: "token".into(), proxy_header: None };
    hub.connect(now, &credentials).unwrap();
    assert_eq!(closed_by(&mut hub, now, Input::Timeout).await, []);
    // The transport accepts nothing. A server ends such a connection after 10 s.
    assert!(hub.stats().in_flight_bytes > 0);
    for seconds in 1..60 {
        let later = now + Duration::from_secs(seconds);
        assert_eq!(closed_by(&mut hub, later, Input::Timeout).await, []);
    }
    assert_eq!(hub.stats().connections, 1);
}

#[tokio::test]
async fn peer_is_read_again_when_its_last_reply_was_replaced() {
    let mut config = Config::default();
    config.soft_limit = 1000;
    let (now, config) = (Instant::now(), Arc::new(config));
    let root = |scope: &mut _| Ok::<_, Misuse>(ServerRoot::new(scope));
    let (mut hub, root) = Hub::new(now, Arc::clone(&config), false, [], root).unwrap();
    let peer = connect(&mut hub, now, &config);
    assert_eq!(closed_by(&mut hub, now, Input::Timeout).await, []);
    let text = "x".repeat(2000);
    let filler = text.clone();
    let fill = Input::run(root, move |_: &mut ServerRoot, cx| drop(cx.peers().c_said(&filler)));
    assert_eq!(closed_by(&mut hub, now, fill).await, []);
    // The replies exceed the soft limit. A call that can be replaced is the last of them.
    let load = Input::Received(peer, call(0, S_LOAD, &[&text.as_str()]).into());
    assert_eq!(closed_by(&mut hub, now, load).await, []);
    assert_eq!(hub.stats().paused, 1);
    let replace = Input::run(root, |_: &mut ServerRoot, cx| drop(cx.peers().c_progress(100)));
    assert_eq!(closed_by(&mut hub, now, replace).await, []);
    while hub.stats().queued_bytes > 0 {
        let written = Input::Written(peer, hub.stats().in_flight_bytes);
        assert_eq!(closed_by(&mut hub, now, written).await, []);
    }
    // The driver need not report the last bytes, because they are few.
    let left = hub.stats().in_flight_bytes;
    assert!(left > 0 && left <= config.soft_limit / 2, "{left} bytes");
    assert_eq!(hub.stats().paused, 0);
}

#[tokio::test]
async fn peer_is_read_again_when_few_bytes_of_a_long_reply_are_left() {
    let mut config = Config::default();
    config.soft_limit = 1000;
    let (now, config) = (Instant::now(), Arc::new(config));
    let mut unreported = 0;
    for length in 2000..2500 {
        let root = |scope: &mut _| Ok::<_, Misuse>(ServerRoot::new(scope));
        let (mut hub, _) = Hub::new(now, Arc::clone(&config), false, [], root).unwrap();
        let peer = connect(&mut hub, now, &config);
        assert_eq!(closed_by(&mut hub, now, Input::Timeout).await, []);
        let text = "x".repeat(length);
        let load = Input::Received(peer, call(0, S_LOAD, &[&text.as_str()]).into());
        assert_eq!(closed_by(&mut hub, now, load).await, []);
        assert_eq!(hub.stats().paused, 1);
        while hub.stats().queued_bytes > 0 {
            let written = Input::Written(peer, hub.stats().in_flight_bytes);
            assert_eq!(closed_by(&mut hub, now, written).await, []);
        }
        // The driver reports more bytes than these.
        if hub.stats().in_flight_bytes <= hub.report_bytes() {
            unreported += 1;
            assert_eq!(hub.stats().paused, 0, "{length} bytes");
        }
    }
    assert!(unreported > 0);
}
