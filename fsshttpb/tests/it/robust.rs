//! Truncated and changed captures give an error with offset and rule, or another valid tree.

use allocation_counter::measure;
use fsshttpb::{message::Message, package::Package, store::Store};
use proptest::prelude::*;

use crate::support::{CAPTURES, EXAMPLES, SHAREPOINT, capture, outside};

/// Returns the memory that decoding may take.
fn limit(len: usize) -> u64 {
    16 * len as u64 + 64 * 1024
}

/// Decodes bytes and checks the limit and the round trip.
fn decode(bytes: &[u8]) {
    let mut result = None;
    let used = measure(|| result = Some(Message::read(bytes)));
    assert!(used.bytes_max <= limit(bytes.len()), "{} for {} bytes", used.bytes_max, bytes.len());
    match result.unwrap() {
        Ok(message) => assert_eq!(message.to_bytes(), bytes),
        Err(error) => {
            assert!(error.offset <= bytes.len(), "{error}");
            assert!(error.to_string().starts_with("offset 0x"), "{error}");
        }
    }
}

fn messages() -> Vec<Vec<u8>> {
    let inside = CAPTURES.into_iter().chain(EXAMPLES).map(capture);
    inside.chain(SHAREPOINT.into_iter().filter_map(outside)).collect()
}

#[test]
fn each_truncation_is_an_error_within_the_memory_limit() {
    for bytes in messages() {
        for len in 0..bytes.len() {
            assert!(Message::read(&bytes[..len]).is_err());
            decode(&bytes[..len]);
        }
    }
}

#[test]
fn bit_flips_respect_the_memory_limit() {
    for mut bytes in messages() {
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            decode(&bytes);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

/// Reads files outside the project; see `support::outside`.
#[test]
fn damaged_packages_respect_the_memory_limit() {
    let Some(bytes) = outside("onenote/AlternativePackaging.one") else { return };
    let check = |bytes: &[u8]| {
        let mut result = None;
        let used = measure(|| result = Some(Package::read(bytes)));
        assert!(used.bytes_max <= limit(bytes.len()), "{}", used.bytes_max);
        if let Ok(package) = result.unwrap() {
            assert_eq!(package.to_bytes().len(), bytes.len());
        }
    };
    for len in (0..bytes.len()).step_by(29) {
        check(&bytes[..len]);
    }
    let mut bytes = bytes;
    for bit in (0..bytes.len() * 8).step_by(37) {
        bytes[bit / 8] ^= 1 << (bit % 8);
        check(&bytes);
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn message_of_smallest_objects_is_refused() {
    let prefix = &capture("thread-request-contents-85")[..16];
    // Objects of two and three bytes: an empty BLOB, a Knowledge object with its end, an array of
    // null identifiers.
    let empty_blob = [0x10, 0x00].repeat(300_000);
    let knowledge = [0x84, 0x00, 0x41].repeat(200_000);
    let deep = [0x84, 0x00].repeat(100_000);
    let mut nulls = vec![0xA2, 0x02, 0xFE, 0xFF];
    nulls.extend([0; 300_000]);
    for objects in [empty_blob, knowledge, deep, nulls] {
        let bytes = [prefix, &objects].concat();
        assert!(Message::read(&bytes).is_err());
        decode(&bytes);
    }
}

#[test]
fn damaged_answers_do_not_panic_in_the_store() {
    let mut server = Store::from_file(&crate::documents::docx()).unwrap();
    let query = fsshttpb::message::Operation::QueryChanges(Default::default());
    let mut bytes = crate::files::ask(&mut server, query).to_bytes();
    // The first 6 KB hold the manifests and some leaves; the last 2 KB hold the index.
    let len = bytes.len();
    for place in (0..6_000).chain(len - 2_000..len) {
        let old = bytes[place];
        bytes[place] = old.wrapping_mul(31).wrapping_add(7);
        if let Ok(response) = fsshttpb::message::Response::read(&bytes)
            && let Ok(store) = Store::from_response(&response)
        {
            let _ = store.file();
        }
        bytes[place] = old;
    }
}

proptest! {
    #[test]
    fn any_bytes_decode_or_fail(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let prefix = &capture("thread-request-contents-85")[..12];
        decode(&bytes);
        decode(&[prefix, &bytes].concat());
        let _ = Package::read(&bytes);
    }
}
