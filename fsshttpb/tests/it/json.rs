//! A tree as JSON.

use fsshttpb::{
    Rule,
    message::Message,
    object::{Element, MAX_DEPTH, types},
    print,
};

use crate::support::{CAPTURES, EXAMPLES, SHAREPOINT, capture, outside};

#[test]
fn messages_come_back_from_json_with_the_same_bytes() {
    let inside = CAPTURES.into_iter().chain(EXAMPLES).map(capture);
    for bytes in inside.chain(SHAREPOINT.into_iter().filter_map(outside)) {
        let message = Message::read(&bytes).unwrap();
        let json = serde_json::to_string_pretty(&message).unwrap();
        let back: Message = serde_json::from_str(&json).unwrap();
        assert_eq!(back, message);
        assert_eq!(back.to_bytes(), bytes);
    }
}

#[test]
fn unknown_objects_and_long_forms_survive_json() {
    let prefix = &capture("thread-request-contents-85")[..12];
    let request: &[&[u8]] = &[
        &[0x06, 0x02, 0x00, 0x00],             // Request
        &[0xAE, 0x00, 0x02, 0x00, 0x00],       // a package in a needless 32-bit start
        &[0x06, 0x7F, 0x02, 0x00, 0xAA],       // type 0xFE0, compound, one byte
        &[0x0A, 0x7F, 0x04, 0x00, 0x01, 0x02], // type 0xFE1, two bytes
        &[0x83, 0x3F],                         // end of 0xFE0
        &[0x57, 0x00],                         // end of the package in 16 bits
        &[0x03, 0x01],                         // end Request
    ];
    let bytes = [prefix, &request.concat()].concat();
    let message = Message::read(&bytes).unwrap();
    assert!(
        print::message(&message).contains("Unknown data[1] aa  [0xfe0 compound len 1, 32-bit]")
    );
    assert_eq!(message.to_bytes(), bytes);
    let json = serde_json::to_string(&message).unwrap();
    let back: Message = serde_json::from_str(&json).unwrap();
    assert_eq!(back.to_bytes(), bytes);
    let error = print::check(message.root(), 12).unwrap_err();
    assert_eq!((error.offset, error.rule), (16, Rule::NotShortest));
}

#[test]
fn the_deepest_message_survives_json() {
    let mut element = Element::new(types::Knowledge {});
    for _ in 2..MAX_DEPTH {
        element = Element::with(types::Knowledge {}, vec![element]);
    }
    let message =
        Message::Request(fsshttpb::message::Request::new(types::Request {}, vec![element]));
    let bytes = message.to_bytes();
    assert_eq!(Message::read(&bytes).unwrap(), message);
    let json = serde_json::to_string(&serde_json::json!([[{ "content": [message] }]])).unwrap();
    let back: serde_json::Value = serde_json::from_str(&json).unwrap();
    let back: Message = serde_json::from_value(back[0][0]["content"][0].clone()).unwrap();
    assert_eq!(back.to_bytes(), bytes);
}
