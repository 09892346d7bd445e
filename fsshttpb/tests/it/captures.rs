//! Captures decode to the expected trees and encode to the same bytes.

use fsshttpb::{
    message::Message,
    object::types::{UserAgent, UserAgentVersion},
    print,
};

use crate::support::{CAPTURES, EXAMPLES, SHAREPOINT, capture, outside, tree};

#[test]
fn captures_decode_to_the_expected_trees() {
    for name in CAPTURES {
        let message = Message::read(&capture(name)).unwrap();
        assert_eq!(print::message(&message), tree(name), "{name}");
    }
}

#[test]
fn captures_and_examples_encode_to_the_same_bytes() {
    for name in CAPTURES.into_iter().chain(EXAMPLES) {
        let bytes = capture(name);
        let message = Message::read(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(message.to_bytes(), bytes, "{name}");
        print::check(message.root(), 12).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// Reads files outside the project; see `support::outside`.
#[test]
fn sharepoint_fixtures_decode_and_encode() {
    for file in SHAREPOINT {
        let Some(bytes) = outside(file) else { continue };
        let message = Message::read(&bytes).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(message.to_bytes(), bytes, "{file}");
        println!("{file}\n{}", print::message(&message));
    }
}

#[test]
fn the_version_of_a_user_agent_is_a_packed_build_number() {
    for (name, parts) in [
        ("thread-request-word-online-197", (15, 4481, 1000)),
        ("thread-request-arguments-88", (14, 4735, 2001)),
        ("article-request-88", (14, 4761, 1000)),
    ] {
        let message = Message::read(&capture(name)).unwrap();
        let agent = message.root().child::<UserAgent>().unwrap();
        assert_eq!(agent.first::<UserAgentVersion>().unwrap().parts(), parts, "{name}");
    }
}

#[test]
fn messages_of_newer_versions_are_read() {
    for version in [12, 13, 14, 99] {
        let mut bytes = capture("thread-request-contents-85");
        bytes[0] = version;
        assert_eq!(Message::read(&bytes).unwrap().to_bytes(), bytes);
    }
    let answer = fsshttpb::message::Response::with(&[], vec![]).to_bytes();
    assert_eq!(answer[..4], [12, 0, 11, 0]);
}
