//! Arbitrary bytes cause errors, but neither panics nor large allocations.

use allocation_counter::measure;
use comqc::{
    Message,
    carrier::{Packet, carve},
    ndr::Reader,
    oaut::{FromArgument as _, Invoke, SafeArray, Variant},
    security::Security,
};
use proptest::prelude::*;

use crate::ship::{Q1, Q2, Q3, Q4};

/// Reads bytes as everything. Returns the largest sum of allocated bytes that were in use at once.
fn read_all(bytes: &[u8]) -> u64 {
    measure(|| {
        if let Ok(message) = Message::read(bytes) {
            for call in message.calls() {
                let _ = Invoke::read(&mut call.arguments());
                let _ = call.security.properties().count();
            }
            let _ = message.headers().count();
        }
        let _ = Invoke::read(&mut Reader::new(bytes, 0));
        let _ = Variant::read(&mut Reader::new(bytes, 0));
        let _ = SafeArray::read(&mut Reader::new(bytes, 0));
        let _ = Security::read(bytes, 0);
        if let Ok(packet) = Packet::read(bytes) {
            let _ = packet.calls();
        }
        let _ = carve(bytes).count();
    })
    .bytes_max
}

/// Returns one of the vectors with some bytes changed.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let bases = prop::sample::select(vec![Q1, Q2, Q3, Q4, &Q2[0x2C8..], &Q2[0x2F0..]]);
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8);
    (bases, changes).prop_map(|(base, changes)| {
        let mut bytes = base.to_vec();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn changed_vectors_need_no_more_memory_than_their_size(bytes in mutated()) {
        prop_assert!(read_all(&bytes) <= bytes.len() as u64);
    }

    #[test]
    fn arbitrary_bytes_need_no_more_memory_than_their_size(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        prop_assert!(read_all(&bytes) <= bytes.len() as u64);
    }
}

#[test]
fn many_small_parts_need_no_more_memory_than_their_size() {
    let variants = comqc::oaut::Elements::Variants(vec![Variant::I1(1); 1000].into());
    let texts = comqc::oaut::Elements::Bstrs(vec![comqc::oaut::Bstr::NULL; 1000].into());
    for elements in [variants, texts] {
        let mut bytes = Vec::new();
        let array = SafeArray::new(elements);
        comqc::oaut::write_safe_array(&mut comqc::ndr::Writer::new(&mut bytes), &array).unwrap();
        let used = measure(|| assert!(SafeArray::read(&mut Reader::new(&bytes, 0)).is_ok()));
        assert!(used.bytes_max <= bytes.len() as u64, "{} > {}", used.bytes_max, bytes.len());
    }
}
