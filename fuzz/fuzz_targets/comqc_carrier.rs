//! Packets: reading and carving never panic, and carved ranges are in order and do not overlap.
#![no_main]

use comqc::carrier::{Packet, carve};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(packet) = Packet::read(bytes) {
        let again = packet.write().expect("a packet that was read");
        assert_eq!(Packet::read(&again).map(|packet| packet.body.into_owned()), Ok(packet.body.to_vec()));
    }
    let mut end = 0;
    for found in carve(bytes) {
        assert!(found.range.start >= end && found.range.end > found.range.start);
        end = found.range.end;
        assert!(end <= bytes.len());
    }
});
