//! Automation data: reading never panics, and every value that is read can be written and read
//! again.
#![no_main]

use comqc::{
    ndr::{Reader, Writer},
    oaut::{Invoke, Variant, read_variant, write_variant},
};
use libfuzzer_sys::fuzz_target;

fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut Writer::new(&mut bytes));
    bytes
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = read_variant(&mut Reader::new(bytes, 0)) {
        let again = written(|writer| write_variant(writer, &value).expect("a value that was read"));
        let value: Variant = read_variant(&mut Reader::new(&again, 0)).expect("our own value");
        // Compared as bytes: a NaN does not equal itself.
        assert_eq!(written(|writer| write_variant(writer, &value).expect("it was read")), again);
    }
    if let Ok(invoke) = Invoke::read(&mut Reader::new(bytes, 0)) {
        let again = written(|writer| invoke.write(writer).expect("a call that was read"));
        assert!(Invoke::read(&mut Reader::new(&again, 0)).is_ok());
    }
});
