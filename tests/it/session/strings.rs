//! Strings (rulings 7 and 13).

use psom::{error::DecodeError, error::Misuse, testing::hex};

use super::common::*;

/// Encodes a string parameter from unmasked bytes (section 6.2).
fn masked(bytes: &[u8]) -> Vec<u8> {
    let mask = |from_end: usize| (from_end as u8 + 1).wrapping_mul(17).wrapping_neg();
    let masked = bytes.iter().rev().enumerate().map(|(i, byte)| byte ^ mask(i));
    let masked: Vec<u8> = masked.collect::<Vec<_>>().into_iter().rev().collect();
    [(bytes.len() as u16).to_be_bytes().to_vec(), masked].concat()
}

fn text(hex_bytes: &str) -> Vec<u8> {
    raw_call(0, S_SAY, &masked(&hex(hex_bytes)))
}

#[test]
fn ruling_07_text_is_sent_as_masked_code_units() {
    let mut script = Handshake::open().script();
    let cases = [
        ("Zoë", "5a 6f c3ab"),
        // A supplementary character is two surrogates of three bytes each.
        ("🎉 done", "edA0bc edBE89 20 64 6f 6e 65"),
        ("a\0b", "61 c080 62"),
        ("", ""),
    ];
    for (said, bytes) in cases {
        script.on_root(move |_, cx| assert_eq!(cx.peers().c_said(said).reached, 1));
        let call = raw_call(0, C_SAID, &masked(&hex(bytes)));
        assert!(script.take().ends_with(&call), "{said:?}");
    }
    script.on_root(|_, cx| assert_eq!(cx.peers().c_said("a\0b").reached, 1));
    assert!(script.take().ends_with(&hex("0004 dd0d5e8d")), "the bytes of the vectors");
}

#[test]
fn ruling_07_four_byte_utf_8_and_plain_zero_are_accepted() {
    let mut script = Handshake::open().script();
    for bytes in ["eda0bc edbe89", "f09f8e89", "61 00 62", "61 c080 62", "e4bc9a"] {
        script.send(&text(bytes));
    }
    assert_eq!(received(&mut script), ["🎉", "🎉", "a\0b", "a\0b", "会"]);
}

#[test]
fn ruling_07_lone_surrogate_becomes_u_fffd() {
    let mut script = Handshake::open().script();
    // These are a high surrogate, a low surrogate, and two surrogates in the wrong order.
    for bytes in ["61 eda0bc 62", "edbe89", "edbe89 eda0bc"] {
        script.send(&text(bytes));
    }
    assert_eq!(received(&mut script), ["a\u{fffd}b", "\u{fffd}", "\u{fffd}\u{fffd}"]);
}

#[test]
fn ruling_07_other_malformed_bytes_are_refused() {
    let cases = [
        "80",         // a continuation byte without a lead byte
        "c3",         // truncated
        "e4bc",       // truncated
        "c341",       // a lead byte without a continuation byte
        "c1bf",       // overlong
        "e080af",     // overlong
        "f0808080",   // overlong
        "f4908080",   // above U+10FFFF
        "f888808080", // five bytes
        "ff",
    ];
    for bytes in cases {
        Handshake::open().refuses(&text(bytes), DecodeError::String, "a string is not UTF-8");
    }
}

#[test]
fn ruling_07_owned_and_borrowed_text_decode_alike() {
    let shout = |bytes: &[u8]| raw_call(0, S_SHOUT, &masked(bytes));
    let mut script = Handshake::open().script();
    let cases = [&hex("61 f09f8e89")[..], &hex("61 00"), &hex("61 eda0bc"), "é".as_bytes()];
    for bytes in cases {
        script.send(&shout(bytes));
    }
    assert_eq!(received(&mut script), ["A🎉", "A\0", "A\u{fffd}", "É"]);
    Handshake::open().refuses(&shout(&[0x80]), DecodeError::String, "a string is not UTF-8");
}

#[test]
fn ruling_07_string_above_65535_bytes_is_an_error() {
    let mut script = Handshake::open().script();
    // 21,846 characters of three bytes each are 65,538 bytes.
    let long = "会".repeat(21_846);
    let error = script.on_root(move |_, cx| cx.peers().c_said(&long).ok());
    assert_eq!(error, Err(Misuse::StringTooLong(65_538).into()));
    assert_eq!((script.take(), script.error()), (vec![], None));
    let fits = "会".repeat(21_845);
    script.on_root(move |_, cx| cx.peers().c_said(&fits).ok()).unwrap();
    assert_eq!(script.take().len(), 5 /* SetChannel */ + 5 + 2 + 2 + 65_535);
}

#[test]
fn too_long_part_name_consumes_no_number() {
    let mut script = Handshake::open().script();
    let connect_long = |root: &mut ServerRoot, cx: &mut psom::Context<ServerRoot>| {
        let peer = cx.peer_infos()[0].id;
        cx.peer(peer).unwrap().connect("x".repeat(65_536), root.child)
    };
    assert_eq!(script.on_root(connect_long), Err(Misuse::StringTooLong(65_536).into()));
    script.on_root(|root, cx| assert_eq!(cx.peers().connect("child", root.child), 1));
    assert_eq!(script.send(&call(-1, S_KNOCK, &[&5i32])).last(), Some(&5));
    assert_eq!(script.error(), None, "the first connect that went out is number 1");
}

#[test]
fn string_longer_than_its_message_is_refused() {
    let cut = raw_call(0, S_SAY, &hex("0005 61"));
    let reason = "the message ends inside a value";
    Handshake::open().refuses(&cut, DecodeError::Truncated, reason);
    Handshake::open().refuses(&raw_call(0, S_SAY, &[0]), DecodeError::Truncated, reason);
}

/// Annotations count positions in UTF-16 code units. A string keeps its number of code units on
/// the wire, so a position means the same on both sides.
#[test]
fn ruling_13_text_keeps_its_utf_16_length() {
    let mut script = Handshake::open().script();
    let sent = ["a🎉b", "a\0b", "Zoë", "会议"];
    for text in sent {
        script.send(&say(text));
    }
    script.send(&text("61 eda0bc 62"));
    let lengths = received(&mut script).into_iter().map(|text| text.encode_utf16().count());
    assert_eq!(lengths.collect::<Vec<_>>(), [4, 3, 3, 2, 3]);
}
