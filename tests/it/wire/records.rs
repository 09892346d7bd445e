//! Records, cut at any byte.

use bytes::Bytes;
use psom::wire::record::{self, Batch, Record};

fn stream() -> Vec<u8> {
    let mut bytes = Vec::new();
    record::write_set_channel(&mut bytes, 2);
    record::write_message(&mut bytes, |out| out.extend([0, 1]));
    record::write_open(&mut bytes, 2, |out| out.extend([0, 5]));
    record::write_break(&mut bytes, "bye");
    record::write_close(&mut bytes);
    bytes
}

#[test]
fn incomplete_record_waits_for_the_rest() {
    let whole = stream();
    for length in 0..whole.len() {
        let mut batch = Batch::new(Bytes::copy_from_slice(&whole[..length]));
        let mut read = 0;
        while batch.next_record(100).unwrap().is_some() {
            read += 1;
        }
        let expected = [5, 12, 23, 31].iter().filter(|end| **end <= length).count();
        assert_eq!(read, expected, "after {length} bytes");
    }
}

#[test]
fn records_round_trip() {
    let mut batch = Batch::new(stream().into());
    let mut next = || batch.next_record(100).unwrap().unwrap();
    assert_eq!(next(), Record::SetChannel(2));
    assert_eq!(next(), Record::Message(10..12));
    assert_eq!(next(), Record::Open { channel: 2, body: 21..23 });
    assert_eq!(next(), Record::Break(28..31));
    assert_eq!(next(), Record::Close);
}

#[test]
fn unknown_record_type_is_refused_at_its_first_byte() {
    for kind in (0..=255u8).filter(|kind| ![0x00, 0x04, 0x06, 0x16, 0x37].contains(kind)) {
        assert!(Batch::new(Bytes::copy_from_slice(&[kind])).next_record(100).is_err());
    }
}

#[test]
fn oversized_record_is_refused_by_its_header() {
    for header in [&[0x16, 0, 0, 0, 101][..], &[0x06, 0xff, 0xff, 0xff, 0xff]] {
        assert!(Batch::new(Bytes::copy_from_slice(header)).next_record(100).is_err());
    }
    let open = [0x37, 0, 0, 0, 2, 0, 0, 0, 101];
    assert!(Batch::new(Bytes::copy_from_slice(&open)).next_record(100).is_err());
}
