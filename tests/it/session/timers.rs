//! Keepalive and idle limit (ruling 12).

use std::time::Duration;

use psom::{
    Config, Error,
    testing::{Pair, Script},
};

use super::common::*;

const IDLE: Error = Error::TimedOut("nothing received for too long");
const IDLE_REASON: &str = "nothing received for too long";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn server_ping() -> Vec<u8> {
    call(0, CLIENT_PING, &[])
}

fn client_ping() -> Vec<u8> {
    call(0, SERVER_PING, &[])
}

#[test]
fn ruling_12_server_pings_every_30_seconds() {
    let mut script = Handshake::open().script();
    for _ in 0..10 {
        assert_eq!(script.advance(Duration::from_millis(29_999)), [0; 0]);
        assert_eq!(script.advance(Duration::from_millis(1)), server_ping());
        script.send(&[set_channel(0), client_ping(), set_channel(2)].concat());
    }
    assert_eq!(script.error(), None);
}

#[test]
fn ruling_12_client_pings_every_30_seconds() {
    let mut script = open_client();
    // Channel 2 is current until the first ping, channel 0 afterwards.
    assert_eq!(script.advance(Duration::from_millis(29_999)), [0; 0]);
    assert_eq!(script.advance(Duration::from_millis(1)), [set_channel(0), client_ping()].concat());
    for _ in 0..10 {
        script.send(&[set_channel(0), server_ping(), set_channel(2)].concat());
        assert_eq!(script.advance(Duration::from_millis(29_999)), [0; 0]);
        assert_eq!(script.advance(Duration::from_millis(1)), client_ping());
    }
    assert_eq!(script.error(), None);
}

#[test]
fn traffic_does_not_postpone_pings() {
    let mut script = Handshake::open().script();
    script.advance(seconds(29));
    script.send(&say("hello"));
    assert_eq!(script.advance(seconds(1)), [set_channel(0), server_ping()].concat());
}

#[test]
fn ruling_12_server_ends_after_90_seconds_of_silence() {
    let mut script = Handshake::open().script();
    script.advance(Duration::from_millis(89_999));
    assert_eq!(script.error(), None);
    assert!(script.advance(Duration::from_millis(1)).ends_with(&farewell(IDLE_REASON)));
    assert_eq!((script.error(), script.is_closed()), (Some(&IDLE), true));
    assert_eq!(script.advance(seconds(300)), [0; 0], "no timer is left");
}

#[test]
fn ruling_12_client_ends_after_90_seconds_of_silence() {
    let mut script = open_client();
    script.advance(Duration::from_millis(89_999));
    assert_eq!(script.error(), None);
    assert!(script.advance(Duration::from_millis(1)).ends_with(&farewell(IDLE_REASON)));
    assert_eq!((script.error(), script.is_closed()), (Some(&IDLE), true));
}

#[test]
fn idle_limit_applies_before_channel_2_opens() {
    for handshake in [Handshake::authenticated(), Handshake::versioned()] {
        let mut script = handshake.script();
        assert!(script.advance(seconds(90)).ends_with(&early_farewell(IDLE_REASON)));
        assert_eq!(script.error(), Some(&IDLE));
    }
}

#[test]
fn any_received_byte_resets_the_idle_limit() {
    let mut script = Handshake::open().script();
    for byte in say("hello") {
        script.advance(seconds(89));
        script.send(&[byte]);
        assert_eq!(script.error(), None);
    }
    assert_eq!(received(&mut script), ["hello"]);
}

#[test]
fn ruling_12_timers_are_configurable() {
    let mut config = Config::default();
    config.ping_interval = seconds(5);
    config.idle_timeout = seconds(12);
    let mut script = Script::server(config, ServerRoot::new);
    script.send(&Handshake::open().bytes());
    assert_eq!(script.advance(seconds(5)), server_ping());
    assert_eq!(script.advance(seconds(5)), server_ping());
    assert_eq!(script.advance(seconds(2)), farewell(IDLE_REASON));
}

#[test]
fn pings_keep_both_sides_alive() {
    let mut pair = Pair::<ServerRoot, ClientRoot>::server(Config::default(), ServerRoot::new);
    let guests = [pair.join(ClientRoot::new), pair.join(ClientRoot::new)];
    pair.advance(seconds(24 * 60 * 60));
    for client in guests {
        assert_eq!((pair.server_error(client), pair.client_error(client)), (None, None));
    }
}

#[test]
fn ended_connection_has_no_timers() {
    let mut script = Handshake::open().script();
    script.send(&[close(), set_channel(0), close()].concat());
    assert_eq!(script.error(), Some(&Error::PeerClosed));
    assert_eq!(script.advance(seconds(600)), [0; 0]);
    assert_eq!(script.error(), Some(&Error::PeerClosed));
}
