//! The first bytes of a connection (ruling 11).

use std::time::Duration;

use psom::{
    Config, Credentials, Error, ProxyHeader,
    error::{DecodeError, LostReason},
    testing::{Script, hex},
    wire::auth::SIGNATURE,
};

use super::{common::*, neighbours::Neighbours};

fn server() -> Script<ServerRoot> {
    Script::server(Config::default(), ServerRoot::new)
}

fn behind_a_proxy() -> Script<ServerRoot> {
    let mut config = Config::default();
    config.proxy_header = ProxyHeader::Always;
    Script::server(config, ServerRoot::new)
}

fn authentication(length: u32, token: &[u8]) -> Vec<u8> {
    [&hex("70773200 00000000")[..], &length.to_be_bytes(), token].concat()
}

/// Asserts that the connection is closed at once, without an answer.
fn assert_closed_silently<T: psom::DistributedObject>(script: &mut Script<T>, bytes: &[u8]) {
    assert_eq!(script.send(bytes), [0; 0]);
    assert_eq!(script.error(), Some(&DecodeError::Authentication.into()));
    assert!(script.is_closed());
}

#[test]
fn ruling_11_valid_token_is_answered_with_the_signature() {
    assert_eq!(server().send(&authentication(5, b"token")), SIGNATURE);
    assert_eq!(server().send(&authentication(4096, &[b'x'; 4096])), SIGNATURE);
}

#[test]
fn ruling_11_malformed_authentication_closes_without_an_answer() {
    let cases = [
        hex("70773201"),
        hex("16"),
        hex("70773200 00000001"),
        hex("70773200 0001"),
        authentication(0, b""),
        authentication(5, b"to en"),
        authentication(5, b"tok\0n"),
        authentication(5, b"tok\xc3n"),
    ];
    for bytes in cases {
        assert_closed_silently(&mut server(), &bytes);
    }
}

#[test]
fn ruling_11_token_has_at_most_4096_bytes() {
    // The length alone is enough for the refusal.
    assert_closed_silently(&mut server(), &authentication(4097, b""));
    assert_closed_silently(&mut server(), &authentication(u32::MAX, b""));
}

/// Checks that no record's bytes start like an authentication (ruling 5).
#[test]
fn ruling_05_record_before_authentication_is_refused() {
    for record in [close(), set_channel(0), break_with("x"), message(&[0, 6]), open(2)] {
        assert_closed_silently(&mut server(), &record);
    }
}

#[test]
fn ruling_11_client_has_120_seconds_to_send_its_token() {
    let mut script = server();
    script.send(&authentication(5, b"tok"));
    assert_eq!(script.advance(Duration::from_millis(119_999)), [0; 0]);
    assert_eq!(script.error(), None);
    assert_eq!(script.advance(Duration::from_millis(1)), [0; 0], "no answer either");
    assert_eq!(script.error(), Some(&Error::TimedOut("no authentication in time")));
    assert!(script.is_closed());

    let mut script = server();
    script.send(&authentication(5, b"tok"));
    script.advance(Duration::from_millis(119_999));
    assert_eq!(script.send(b"en"), SIGNATURE);
}

#[test]
fn server_has_120_seconds_to_answer() {
    let mut script = client(&[]);
    script.send(&SIGNATURE[..3]);
    assert_eq!(script.advance(Duration::from_millis(119_999)), [0; 0]);
    assert_eq!(script.error(), None);
    assert_eq!(script.advance(Duration::from_millis(1)), [0; 0]);
    assert_eq!(script.error(), Some(&Error::TimedOut("no authentication in time")));
    assert!(script.is_closed());
}

#[test]
fn ruling_11_proxy_header_precedes_the_signature() {
    let header = [&hex("00000003")[..], b"abc"].concat();
    let bytes = [header, authentication(5, b"token")].concat();
    assert_eq!(behind_a_proxy().send(&bytes), SIGNATURE);
    let credentials = Credentials { token: "token".into(), proxy_header: Some(b"abc".to_vec()) };
    let mut written = Vec::new();
    credentials.write(&mut written);
    assert_eq!(written, bytes);
    let empty = [hex("00000000"), authentication(5, b"token")].concat();
    assert_eq!(behind_a_proxy().send(&empty), SIGNATURE);
}

#[test]
fn proxy_header_is_read_only_where_it_is_expected() {
    let header = [&hex("00000003")[..], b"abc"].concat();
    assert_closed_silently(&mut server(), &[header, authentication(5, b"token")].concat());
    // If a proxy header is expected, the signature reads as a length that is too large.
    assert_closed_silently(&mut behind_a_proxy(), &authentication(5, b"token"));
    assert_closed_silently(&mut behind_a_proxy(), &hex("00001001"));
}

#[test]
fn optional_proxy_header_is_recognized_by_its_first_byte() {
    let mut config = Config::default();
    config.proxy_header = ProxyHeader::Optional;
    let script = || Script::server(config.clone(), ServerRoot::new);
    let header = [&hex("00000003")[..], b"abc"].concat();
    assert_eq!(script().send(&authentication(5, b"token")), SIGNATURE);
    assert_eq!(script().send(&[header, authentication(5, b"token")].concat()), SIGNATURE);
    assert_closed_silently(&mut script(), &hex("00001001"));
    assert_closed_silently(&mut script(), b"GET / HTTP/1.1");
}

#[test]
fn client_accepts_only_the_signature_as_an_answer() {
    for answer in [&b"p"[..], b"HTTP", &[0x16], &hex("70773201")] {
        let mut script = client(&[]);
        match answer {
            b"p" => assert_eq!((script.send(answer), script.error()), (vec![], None)),
            _ => assert_closed_silently(&mut script, answer),
        }
    }
}

#[test]
fn close_after_the_token_is_a_refusal() {
    let mut script = client(&[]);
    script.hang_up();
    assert_eq!(script.error(), Some(&Error::Refused));
    let mut script = client(&SIGNATURE);
    script.hang_up();
    assert_eq!(script.error(), Some(&Error::Lost(LostReason::Eof)));
}

#[test]
fn bytes_after_the_token_are_read_after_the_verdict() {
    let mut script = server();
    let everything = Handshake::open().then(&[say("hello")]).bytes();
    let answer = [server_hello(&protocols()), set_channel(2), said("hello")].concat();
    assert_eq!(script.send(&everything), answer);
}

#[test]
fn new_connection_starts_from_the_beginning() {
    let mut lost = Handshake::open().script();
    lost.hang_up();
    assert_eq!(lost.error(), Some(&Error::Lost(LostReason::Eof)));
    assert_eq!((lost.stats().connections, lost.stats().peers), (0, 0));
    // The state of another connection to the same server does not carry over.
    let mut neighbours = Neighbours::new();
    neighbours.enter(&Handshake::open().bytes());
    let again = neighbours.connect(&auth());
    assert_eq!(neighbours.take(again), SIGNATURE);
    let answer = neighbours.send(again, &set_channel(2));
    assert_eq!(answer, early_farewell("channel 2 is not open"));
}
