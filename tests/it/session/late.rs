//! A driver that calls its hub late, for example because its process was suspended.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use psom::{
    Config, Error, Session, User,
    error::Misuse,
    hub::{Hub, Input, Output},
    session::Event,
    space::ConnectionKey,
};

use super::common::*;

/// Returns a server's hub with one client that has authenticated and then sends nothing.
async fn server(now: Instant) -> (Hub, ConnectionKey) {
    let config = Arc::new(Config::default());
    let root = |scope: &mut _| Ok::<_, Misuse>(ServerRoot::new(scope));
    let (mut hub, _) = Hub::new(now, Arc::clone(&config), false, [], root).unwrap();
    let mut session = Session::server(config, now);
    let mut batch = session.receive(now, auth().into());
    let event = session.next_event(now, &mut batch);
    assert!(matches!(event, Some(Event::Authenticate(_))));
    let key = hub.accept(now, session, User::new(1, "Ada")).unwrap();
    assert_eq!(drive(&mut hub, now).await, None);
    (hub, key)
}

/// Passes a timeout and reports all bytes as written. Returns the reason of a closed connection.
async fn drive(hub: &mut Hub, now: Instant) -> Option<Error> {
    hub.handle_input(now, Input::Timeout).await;
    let mut closed = None;
    loop {
        let input = match hub.poll_output() {
            Output::Send(key, chunk) => Input::Written(key, chunk.as_ref().len()),
            Output::Closed(_, error) => {
                closed = Some(error);
                continue;
            }
            Output::Timeout(_) => return closed,
            _ => continue,
        };
        hub.handle_input(now, input).await;
    }
}

const IDLE_FOR_TOO_LONG: Duration = Duration::from_secs(200);

#[tokio::test]
async fn late_driver_can_read_before_it_ends_a_peer() {
    let now = Instant::now();
    let (mut hub, key) = server(now).await;
    let late = now + IDLE_FOR_TOO_LONG;
    assert_eq!(drive(&mut hub, late).await, None);
    // The bytes that arrived while the driver did nothing are read now.
    let greeting = [set_channel(0), version(CONN_MGR_CLIENT_HASH)].concat();
    hub.handle_input(late, Input::Received(key, greeting.into())).await;
    assert_eq!(drive(&mut hub, late + Duration::from_secs(60)).await, None);
}

#[tokio::test]
async fn silent_peer_ends_after_a_late_driver() {
    let now = Instant::now();
    let (mut hub, _) = server(now).await;
    let late = now + IDLE_FOR_TOO_LONG;
    assert_eq!(drive(&mut hub, late).await, None);
    let mut closed = None;
    for seconds in 1..=90 {
        closed = closed.or(drive(&mut hub, late + Duration::from_secs(seconds)).await);
    }
    assert_eq!(closed, Some(Error::TimedOut("nothing received for too long")));
}
