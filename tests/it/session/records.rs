//! Unknown, incomplete and oversized records.

use psom::{
    Config, Error,
    error::DecodeError,
    testing::{Script, hex},
};

use super::common::*;

#[test]
fn unknown_record_type_ends_the_connection() {
    for kind in [0x01, 0x05, 0x07, 0x15, 0x36, 0x70, 0xff] {
        let reason = format!("record type 0x{kind:02x} is unknown");
        for handshake in [Handshake::authenticated(), Handshake::versioned(), Handshake::open()] {
            handshake.refuses(&[kind], DecodeError::RecordType(kind), &reason);
        }
    }
}

#[test]
fn ruling_22_record_above_the_limit_is_refused_by_its_header() {
    let error = |length| DecodeError::RecordTooLong(length);
    let cases = [
        ("16 00100001", (1 << 20) + 1),
        ("16 ffffffff", u32::MAX),
        ("06 00100001", (1 << 20) + 1),
        ("37 00000002 00100001", (1 << 20) + 1),
    ];
    for (header, length) in cases {
        let reason = format!("a record of {length} bytes is over the limit");
        let mut script = Handshake::open().script();
        breaks(&mut script, &hex(header), error(length), &farewell(&reason));
        // The header is refused in the same way if it arrives byte by byte.
        let mut script = Handshake::open().script();
        let sent: Vec<u8> = hex(header).iter().flat_map(|byte| script.send(&[*byte])).collect();
        assert_eq!((sent, script.error()), (farewell(&reason), Some(&error(length).into())));
    }
}

#[test]
fn record_of_exactly_the_limit_is_read() {
    let bytes = vec![7u8; (1 << 20) - 2 - 1 - 4];
    let call = call(0, S_LISTS, &[&Vec::<i32>::new(), &bytes]);
    assert_eq!(call.len(), 5 + (1 << 20));
    let mut script = Handshake::open().script();
    script.send(&call);
    assert_eq!(received(&mut script).len(), 1);
    assert_eq!(script.error(), None);
}

#[test]
fn record_limit_is_configurable() {
    let mut config = Config::default();
    config.record_limit = 200;
    let mut script = Script::server(config, ServerRoot::new);
    script.send(&Handshake::open().bytes());
    script.send(&say(&"x".repeat(196)));
    assert_eq!(received(&mut script).len(), 1);
    assert_eq!(script.error(), None);
    script.send(&say(&"x".repeat(197)));
    let error = Error::Decode(DecodeError::RecordTooLong(201));
    assert_eq!(script.error(), Some(&error));
}

#[test]
fn incomplete_record_waits_for_the_rest() {
    let mut script = Handshake::open().script();
    let call = say("hello");
    for byte in &call[..call.len() - 1] {
        assert_eq!(script.send(&[*byte]), [0; 0]);
    }
    assert_eq!(received(&mut script), [""; 0]);
    assert_eq!(script.error(), None);
    let answer = script.send(&call[call.len() - 1..]);
    assert_eq!(answer, [set_channel(2), said("hello")].concat());
}

#[test]
fn record_lengths_are_big_endian() {
    assert_eq!(message(&[1; 258])[..5], hex("16 00000102"));
    let mut script = Handshake::open().script();
    script.send(&hex("16 00000002 00 07"));
    assert_eq!(received(&mut script), ["nothing"]);
    assert_eq!(set_channel(2), hex("04 00000002"));
    assert_eq!(break_with("bye"), hex("06 00000003 627965"));
}
