//! Captures decode to the trees of the facts and encode to the same bytes.

use fsshttpb::{message::Message, print};

use crate::support::{CAPTURES, EXAMPLES, SHAREPOINT, capture, outside, tree};

#[test]
fn captures_decode_to_the_trees_of_the_facts() {
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
