//! Captures, hex dumps and interface definitions.

use psom_inspect::{Inspector, dump, idl::Document};
use psom_objects::interfaces::catalog;

/// Checks that a dump is read or refused, and is never longer than its text.
pub fn hex_dump(bytes: &[u8]) {
    if let Ok(read) = dump::read(bytes.to_vec()) {
        assert!(read.len() <= bytes.len());
    }
}

/// Checks that a capture is decoded to its end: every byte belongs to an event.
pub fn capture(bytes: &[u8]) {
    let inspector = Inspector::new(catalog());
    let transcript = inspector.read(bytes.to_vec());
    assert_eq!(transcript.length(), bytes.len());
    for event in transcript.events() {
        let _ = format!("{event:?}");
    }
}

/// Checks that a definition that is read and printed is read as the same definition.
pub fn idl(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(document) = Document::parse(text) else { return };
    let printed = document.to_string();
    let again = Document::parse(&printed).expect("our own notation");
    assert_eq!(again.to_string(), printed);
}
