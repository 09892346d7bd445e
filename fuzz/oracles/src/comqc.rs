//! Recorded calls: packets, messages and automation data.

use comqc::{
    carrier::{Packet, carve},
    message::{self, Message},
    ndr::{Reader, Writer},
    oaut::{Invoke, Variant, read_variant, write_variant},
    security::Security,
};

/// Checks that reading and carving packets never panic, and that carved ranges are in order and do
/// not overlap.
pub fn carrier(bytes: &[u8]) {
    if let Ok(packet) = Packet::read(bytes) {
        let again = packet.write().expect("a packet that was read");
        let read = Packet::read(&again).map(|packet| packet.body.into_owned());
        assert_eq!(read, Ok(packet.body.to_vec()));
    }
    let mut end = 0;
    for found in carve(bytes) {
        assert!(found.range.start >= end && found.range.end > found.range.start);
        end = found.range.end;
        assert!(end <= bytes.len());
    }
}

/// Checks that reading a message never panics, and that rewriting preserves the headers.
pub fn message(bytes: &[u8]) {
    let Ok(message) = Message::read(bytes) else { return };
    let headers: Vec<_> = message.headers().map(|(_, header)| header).collect();
    assert_eq!(message::write_headers(&headers).expect("headers that were read"), bytes);
    assert_eq!(message.calls().count(), message.call_count());
    for call in message.calls() {
        let context = call.security.to_context().to_bytes().expect("a context that was read");
        assert!(Security::read(&context, 0).is_ok());
    }
}

/// Checks that reading automation data never panics, and that every value that is read can be
/// written and read again.
pub fn automation(bytes: &[u8]) {
    if let Ok(value) = read_variant(&mut Reader::new(bytes, 0)) {
        let again = written(|writer| write_variant(writer, &value).expect("a value that was read"));
        let value: Variant = read_variant(&mut Reader::new(&again, 0)).expect("our own value");
        // Compare the bytes, because a NaN does not equal itself.
        assert_eq!(written(|writer| write_variant(writer, &value).expect("it was read")), again);
    }
    if let Ok(invoke) = Invoke::read(&mut Reader::new(bytes, 0)) {
        let again = written(|writer| invoke.write(writer).expect("a call that was read"));
        assert!(Invoke::read(&mut Reader::new(&again, 0)).is_ok());
    }
}

fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut Writer::new(&mut bytes));
    bytes
}
