//! GenericInt parameters (ruling 6).

use psom::{error::DecodeError, testing::hex};

use super::common::*;

/// Encodes `sNumbers` with these bytes for its Int16, Int32, Int64, UInt32 and UInt64.
fn numbers(bytes: [&str; 5]) -> Vec<u8> {
    raw_call(0, S_NUMBERS, &hex(&bytes.concat()))
}

#[test]
fn ruling_06_shortest_form_is_sent() {
    let mut script = Handshake::open().script();
    let cases = [
        (127, -112, "7f 90"),
        (128, -113, "8080 8871"),
        (i32::MAX, i64::MAX, "837fffffff 877fffffffffffffff"),
        (i32::MIN + 1, 1 << 32, "8b7fffffff 85000100000000"),
        // The two irregular forms:
        (i32::MIN, i64::MIN, "8800 8d000000000000"),
        // Only the smallest Int32 is irregular; the same number in an Int64 is not.
        (0, i32::MIN.into(), "00 8b80000000"),
    ];
    for (plain, large, bytes) in cases {
        script.on_root(move |_, cx| assert_eq!(cx.peers().c_numbers(plain, large).reached, 1));
        assert!(script.take().ends_with(&raw_call(0, C_NUMBERS, &hex(bytes))), "{plain} {large}");
    }
}

#[test]
fn ruling_06_overlong_forms_are_accepted() {
    let mut script = Handshake::open().script();
    script.send(&numbers(["01", "8001", "810001", "8200 0001", "8300 000001"]));
    script.send(&numbers(["8500 0000000001", "870000000000000001", "8801", "00", "8000"]));
    assert_eq!(received(&mut script), ["1 1 1 1 1", "1 1 -1 0 0"]);
}

#[test]
fn ruling_06_irregular_forms_are_accepted_in_their_types() {
    let mut script = Handshake::open().script();
    script.send(&numbers([
        "8a008000",
        "8800",
        "8d000000000000",
        "83ffffffff",
        "87ffffffffffffffff",
    ]));
    let extremes = "-32768 -2147483648 -9223372036854775808 4294967295 18446744073709551615";
    assert_eq!(received(&mut script), [extremes]);
    let range = |name| DecodeError::IntegerRange(name);
    let out = |name: &str| format!("an integer is outside the range of {name}");
    let in_others = [
        (["8800", "00", "00", "00", "00"], "Int16"),
        (["00", "8d000000000000", "00", "00", "00"], "Int32"),
        (["00", "00", "8800", "00", "00"], "Int64"),
    ];
    for (bytes, name) in in_others {
        Handshake::open().refuses(&numbers(bytes), range(name), &out(name));
    }
}

#[test]
fn ruling_06_out_of_range_numbers_are_refused() {
    let cases = [
        (["818000", "00", "00", "00", "00"], "Int16"),
        (["898001", "00", "00", "00", "00"], "Int16"),
        (["00", "8380000000", "00", "00", "00"], "Int32"),
        (["00", "8b80000001", "00", "00", "00"], "Int32"),
        (["00", "00", "878000000000000000", "00", "00"], "Int64"),
        (["00", "00", "8f8000000000000001", "00", "00"], "Int64"),
        (["00", "00", "00", "ff", "00"], "UInt32"),
        (["00", "00", "00", "85000100000000", "00"], "UInt32"),
        (["00", "00", "00", "00", "8801"], "UInt64"),
    ];
    for (bytes, name) in cases {
        let reason = format!("an integer is outside the range of {name}");
        Handshake::open().refuses(&numbers(bytes), DecodeError::IntegerRange(name), &reason);
    }
}

#[test]
fn ruling_06_four_lead_bytes_start_no_integer() {
    for lead in [0x84, 0x86, 0x8c, 0x8e] {
        let call = raw_call(0, S_NUMBERS, &[0, lead, 1, 1, 1, 1, 1, 1, 1, 1]);
        let reason = format!("byte 0x{lead:02x} cannot begin an integer");
        Handshake::open().refuses(&call, DecodeError::IntegerLead(lead), &reason);
    }
    // 0x8c and 0x8e in place of a call's identifier; 0x84 and 0x86 are operations there.
    for lead in [0x8c, 0x8e] {
        let reason = format!("byte 0x{lead:02x} cannot begin an integer");
        Handshake::open().refuses(&message(&[lead, 1]), DecodeError::IntegerLead(lead), &reason);
    }
}

#[test]
fn reference_has_the_range_of_an_identifier() {
    let error = DecodeError::IntegerRange("ProxyId");
    let reason = "an integer is outside the range of ProxyId";
    Handshake::open().refuses(&raw_call(0, S_REFER, &hex("8800")), error, reason);
}
