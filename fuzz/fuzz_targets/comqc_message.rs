//! Messages: reading never panics, and rewriting preserves the headers.
#![no_main]

use comqc::message::{self, Message};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(message) = Message::read(bytes) else { return };
    let headers: Vec<_> = message.headers().map(|(_, header)| header).collect();
    assert_eq!(message::write_headers(&headers).expect("headers that were read"), bytes);
    assert_eq!(message.calls().count(), message.call_count());
    for call in message.calls() {
        let context = call.security.to_context().to_bytes().expect("a context that was read");
        assert!(comqc::security::Security::read(&context, 0).is_ok());
    }
});
