//! Parameters that do not decode (ruling 8). Integers and strings have their own files.

use psom::{error::DecodeError, testing::hex};

use super::common::*;

fn refused(method: i8, arguments: &str, error: DecodeError, reason: &str) {
    Handshake::open().refuses(&raw_call(0, method, &hex(arguments)), error, reason);
}

const LEFT: &str = "bytes are left after the last parameter";
const CUT: &str = "the message ends inside a value";

#[test]
fn parameters_follow_the_declaration_order() {
    let mut script = Handshake::open().script();
    script.send(&call(0, S_NUMBERS, &[&1i16, &2i32, &3i64, &4u32, &5u64]));
    script.send(&call(0, S_VALUES, &[&true, &0xffu8, &-0.5f64]));
    script.send(&call(0, S_LISTS, &[&vec![7i32, -300], &vec![1u8, 0x84]]));
    assert_eq!(received(&mut script), ["1 2 3 4 5", "true 255 -0.5", "[7, -300] [1, 132]"]);
}

#[test]
fn ruling_08_trailing_bytes_are_refused() {
    refused(S_NOTHING, "00", DecodeError::TrailingBytes, LEFT);
    refused(S_SAY, "0000 00", DecodeError::TrailingBytes, LEFT);
    refused(S_NUMBERS, "00 00 00 00 00 00", DecodeError::TrailingBytes, LEFT);
    // Operations other than calls may not have trailing bytes either.
    let close = message(&hex("86 01 00"));
    Handshake::open().then(&[connect(0, "child", 32)]).refuses(
        &close,
        DecodeError::TrailingBytes,
        LEFT,
    );
    let mut connect = [vec![0x84], encoded(&[&0i32, &"child", &32i64])].concat();
    connect.push(0);
    Handshake::open().refuses(&message(&connect), DecodeError::TrailingBytes, LEFT);
    let lookup = open_with(2, &[&"", &"", &0i64, &0i32]);
    Handshake::versioned().refuses(&lookup, DecodeError::TrailingBytes, LEFT);
}

#[test]
fn message_that_ends_inside_a_value_is_refused() {
    refused(S_NUMBERS, "00 00 00", DecodeError::Truncated, CUT);
    refused(S_NUMBERS, "00 8301", DecodeError::Truncated, CUT);
    refused(S_VALUES, "01 ff 00000000000000", DecodeError::Truncated, CUT);
    refused(S_REFER, "", DecodeError::Truncated, CUT);
    for body in ["", "00", "84", "8400", "840000", "86"] {
        Handshake::open().refuses(&message(&hex(body)), DecodeError::Truncated, CUT);
    }
}

#[test]
fn boolean_is_0_or_1() {
    for byte in [2, 0xff] {
        let reason = format!("byte 0x{byte:02x} is not a Boolean");
        let bytes = [vec![byte, 0], vec![0; 8]].concat();
        Handshake::open().refuses(
            &raw_call(0, S_VALUES, &bytes),
            DecodeError::Boolean(byte),
            &reason,
        );
    }
}

#[test]
fn ruling_08_negative_count_is_refused() {
    let reason = "an array has a negative length";
    refused(S_LISTS, "ff 00", DecodeError::NegativeCount, reason);
    refused(S_LISTS, "8800 00", DecodeError::NegativeCount, reason);
    refused(S_LISTS, "00 ff", DecodeError::NegativeCount, reason);
}

#[test]
fn ruling_08_count_above_the_remaining_bytes_is_refused() {
    let reason = "an array is longer than its message";
    refused(S_LISTS, "837fffffff 01", DecodeError::CountTooLarge, reason);
    refused(S_LISTS, "02 01", DecodeError::CountTooLarge, reason);
    refused(S_LISTS, "00 02 01", DecodeError::CountTooLarge, reason);
}

#[test]
fn conn_mgr_arguments_are_checked_as_strictly() {
    let extra = raw_call(0, SERVER_PING, &[0]);
    Handshake::authenticated().refuses(&extra, DecodeError::TrailingBytes, LEFT);
    let count = raw_call(0, ADD_PROTOCOL, &hex("0000 ff"));
    let reason = "an array has a negative length";
    Handshake::greeted().refuses(&count, DecodeError::NegativeCount, reason);
    Handshake::authenticated().refuses(&raw_call(0, VERSION, &[]), DecodeError::Truncated, CUT);
}

#[test]
fn client_refuses_the_same_arguments() {
    let said = raw_call(0, C_SAID, &hex("0000 00"));
    let open = [server_hello(&protocols()), set_channel(2)].concat();
    client_refuses(&open, &said, DecodeError::TrailingBytes, &farewell(LEFT));
}
