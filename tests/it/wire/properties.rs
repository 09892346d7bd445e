//! Round trips of every type, and random bytes as input.

use bytes::Bytes;
use proptest::{collection::vec, prelude::*};
use psom::{
    interface::Parameters as _,
    wire::{Decode, Decoder, Encode, Encoder, operation::Operation, record::Batch},
};

fn round_trip<T: Encode + Decode>(value: &T) -> T {
    let mut bytes = Vec::new();
    value.encode(&mut Encoder::new(&mut bytes));
    let bytes = Bytes::from(bytes);
    let mut input = Decoder::new(&bytes);
    let value = T::decode(&mut input).unwrap();
    input.finish().unwrap();
    value
}

/// Generates text with every kind of character, including U+0000 and characters above U+FFFF.
fn text() -> impl Strategy<Value = String> {
    vec(
        prop_oneof![
            any::<char>(),
            Just('\0'),
            Just('🎉'),
            Just('ü'),
            proptest::char::range(' ', '~')
        ],
        0..400,
    )
    .prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn integers_round_trip(a: i16, b: i32, c: i64, d: u32, e: u64) {
        prop_assert_eq!(round_trip(&a), a);
        prop_assert_eq!(round_trip(&b), b);
        prop_assert_eq!(round_trip(&c), c);
        prop_assert_eq!(round_trip(&d), d);
        prop_assert_eq!(round_trip(&e), e);
    }

    #[test]
    fn integers_at_length_boundaries_round_trip(shift in 0u32..63, by in -2i64..=2) {
        for value in [(1i64 << shift).wrapping_add(by), (-1i64 << shift).wrapping_add(by)] {
            prop_assert_eq!(round_trip(&value), value);
        }
    }

    #[test]
    fn doubles_round_trip(value: f64) {
        prop_assert_eq!(round_trip(&value).to_bits(), value.to_bits());
    }

    #[test]
    fn strings_round_trip(value in text()) {
        prop_assert_eq!(round_trip(&value), value);
    }

    #[test]
    fn arrays_round_trip(
        bytes in vec(any::<u8>(), 0..200),
        numbers in vec(vec(any::<i64>(), 0..10), 0..10),
        texts in vec(vec(text(), 0..4), 0..4),
        flags in vec(any::<bool>(), 0..20),
    ) {
        prop_assert_eq!(&round_trip(&bytes), &bytes);
        prop_assert_eq!(round_trip(&Bytes::from(bytes.clone())), bytes);
        prop_assert_eq!(round_trip(&numbers), numbers);
        prop_assert_eq!(round_trip(&texts), texts);
        prop_assert_eq!(round_trip(&flags), flags);
    }

    #[test]
    fn random_bytes_decode_or_fail_cleanly(bytes in vec(any::<u8>(), 0..300)) {
        let bytes = Bytes::from(bytes);
        type Everything = (String, Vec<i32>, Vec<Vec<String>>, f64, bool, Bytes, psom::ObjectRef);
        let _ = Everything::decode(&mut Decoder::new(&bytes));
        let _ = Vec::<String>::decode(&mut Decoder::new(&bytes));
        let _ = Operation::read(&bytes, 0..bytes.len());
        let mut batch = Batch::new(bytes);
        while let Ok(Some(_)) = batch.next_record(1 << 20) {}
    }

    #[test]
    fn array_allocates_no_more_than_its_bytes_justify(count: i32, rest in vec(any::<u8>(), 0..64)) {
        let mut bytes = Vec::new();
        count.encode(&mut Encoder::new(&mut bytes));
        bytes.extend(rest);
        let bytes = Bytes::from(bytes);
        let used = allocation_counter::measure(|| {
            let _ = Vec::<Vec<i64>>::decode(&mut Decoder::new(&bytes));
        });
        prop_assert!(used.bytes_max < 16 * 1024, "{} bytes", used.bytes_max);
    }
}
