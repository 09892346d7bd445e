//! The wire format of PSOM.

use bytes::Bytes;
use psom::wire::{
    Decode, Decoder, Encode, Encoder,
    auth::{self, Credentials},
    operation::Operation,
    record::{self, Batch},
};

/// The maximum size of a value. The form in which strings are written can be half as long again as
/// another accepted form, and must not exceed the limit of strings.
const MAX_VALUE_BYTES: usize = 40_000;

const RECORD_LIMIT: u32 = 1 << 20;

/// Checks that records are read in order and without gaps, and that the length of each is known
/// from its header.
pub fn records(bytes: &[u8]) {
    let mut batch = Batch::new(Bytes::copy_from_slice(bytes));
    loop {
        let before = batch.rest().len();
        let length = record::length(batch.rest(), RECORD_LIMIT);
        match batch.next_record(RECORD_LIMIT) {
            Ok(Some(_)) => {
                let read = before - batch.rest().len();
                assert!(read > 0, "a record has bytes");
                assert_eq!(length.ok().flatten(), Some(read));
            }
            Ok(None) => {
                assert_eq!(batch.rest().len(), before, "an incomplete record stays");
                return;
            }
            Err(_) => return,
        }
    }
}

/// Checks that an operation is read or refused.
pub fn operation(bytes: &[u8]) {
    let bytes = Bytes::copy_from_slice(bytes);
    let _ = Operation::read(&bytes, 0..bytes.len());
}

/// Checks that every value that is read can be written, and is then read as the same value.
fn value<T: Decode + Encode + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if bytes.len() > MAX_VALUE_BYTES {
        return;
    }
    let source = Bytes::copy_from_slice(bytes);
    let mut input = Decoder::new(&source);
    let Ok(value) = T::decode(&mut input) else { return };
    let mut written = Vec::new();
    let mut out = Encoder::new(&mut written);
    value.encode(&mut out);
    let written = Bytes::from(written);
    let mut again = Decoder::new(&written);
    assert_eq!(T::decode(&mut again).as_ref(), Ok(&value));
    assert_eq!(again.remaining(), 0);
}

/// Checks integers of every type.
pub fn integers(bytes: &[u8]) {
    value::<i64>(bytes);
    value::<i32>(bytes);
    value::<i16>(bytes);
    value::<u64>(bytes);
    value::<u32>(bytes);
    value::<u8>(bytes);
    value::<bool>(bytes);
}

/// Checks strings.
pub fn strings(bytes: &[u8]) {
    value::<String>(bytes);
}

/// Checks arrays, also nested ones.
pub fn arrays(bytes: &[u8]) {
    value::<Vec<i32>>(bytes);
    value::<Vec<i64>>(bytes);
    value::<Vec<String>>(bytes);
    value::<Vec<Vec<String>>>(bytes);
    value::<Vec<Vec<i32>>>(bytes);
    value::<Bytes>(bytes);
}

/// Checks the authentication, with and without a proxy header, and its answer.
pub fn authentication(bytes: &[u8]) {
    for proxy_header in [false, true] {
        let mut batch = Batch::new(Bytes::copy_from_slice(bytes));
        if let Ok(Some(credentials)) = Credentials::read(&mut batch, proxy_header) {
            let mut written = Vec::new();
            credentials.write(&mut written);
            assert_eq!(written, bytes[..bytes.len() - batch.rest().len()]);
        }
    }
    let _ = auth::read_answer(&mut Batch::new(Bytes::copy_from_slice(bytes)));
}
