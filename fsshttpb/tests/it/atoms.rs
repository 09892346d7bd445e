//! Compact integers, identifiers, items and headers.

use bytes::Bytes;
use fsshttpb::{
    DecodeError, Rule,
    atom::{
        Atom, BinaryItem, Blob, Budget, CellId, CompactU64, ExtendedGuid, FileChunk, Guid, Reader,
        SerialNumber, StringItem, Writer,
    },
    object::{Body, Element, Header, ObjectTable as _, types},
};
use proptest::prelude::*;

fn read<T: Atom>(bytes: &[u8]) -> Result<(T, usize), DecodeError> {
    let bytes = Bytes::copy_from_slice(bytes);
    let budget = Budget::for_input(bytes.len());
    let mut reader = Reader::new(&bytes, &budget);
    let value = T::read(&mut reader)?;
    Ok((value, reader.offset()))
}

fn write(value: &impl Atom) -> Vec<u8> {
    let mut bytes = vec![];
    value.write(&mut Writer::append(&mut bytes));
    bytes
}

fn comes_back<T: Atom + PartialEq + std::fmt::Debug>(value: &T) -> Vec<u8> {
    let bytes = write(value);
    let (back, len) = read::<T>(&bytes).unwrap();
    assert_eq!(&back, value);
    assert_eq!(len, bytes.len());
    bytes
}

fn returns<T: Atom + PartialEq + std::fmt::Debug>(value: &T) -> usize {
    let bytes = comes_back(value);
    for len in 0..bytes.len() {
        assert!(read::<T>(&bytes[..len]).is_err());
    }
    bytes.len()
}

const GUID: Guid = Guid::from_u128(0x84DEFAB9_AAA3_4A0D_A3A8_520C77AC7073);

#[test]
fn compact_integers_take_the_shortest_form() {
    for (value, len) in
        [(0, 1), (1, 1), (0x7F, 1), (0x80, 2), (0x3FFF, 2), (0x4000, 3), (0x1F_FFFF, 3)]
    {
        assert_eq!(returns(&CompactU64(value)), len, "{value:#x}");
    }
    for bits in 21..=49 {
        assert_eq!(returns(&CompactU64((1 << bits) - 1)), (bits as usize).div_ceil(7));
    }
    for value in [1 << 49, u64::MAX] {
        assert_eq!(returns(&CompactU64(value)), 9);
    }
    assert_eq!(write(&CompactU64(0x7F)), [0xFF]);
    assert_eq!(write(&CompactU64(300)), [0xB2, 0x04]);
}

#[test]
fn longer_forms_of_a_compact_integer_are_read() {
    assert_eq!(read(&[0x0A, 0x00]).unwrap(), (CompactU64(2), 2));
    assert_eq!(read(&[0x80, 5, 0, 0, 0, 0, 0, 0, 0]).unwrap(), (CompactU64(5), 9));
}

#[test]
fn guids_print_as_usual_and_come_back() {
    assert_eq!(write(&GUID)[..6], [0xB9, 0xFA, 0xDE, 0x84, 0xA3, 0xAA]);
    assert_eq!(GUID.to_string(), "{84DEFAB9-AAA3-4A0D-A3A8-520C77AC7073}");
    assert_eq!(GUID.to_string().parse(), Ok(GUID));
    for text in [
        "",
        "{84DEFAB9}",
        "{84DEFAB9-AAA3-4A0D-A3A8-520C77AC707G}",
        "{+4DEFAB9-AAA3-4A0D-A3A8-520C77AC7073}",
    ] {
        assert!(text.parse::<Guid>().is_err(), "{text}");
    }
}

#[test]
fn extended_guids_have_five_forms() {
    for (value, len) in [
        (0, 17),
        (31, 17),
        (32, 18),
        (1023, 18),
        (1024, 19),
        (0x1_FFFF, 19),
        (0x2_0000, 21),
        (u32::MAX, 21),
    ] {
        assert_eq!(returns(&ExtendedGuid::new(GUID, value)), len, "{value}");
    }
    assert_eq!(write(&ExtendedGuid::NULL), [0]);
}

#[test]
fn the_long_extended_guid_has_its_guid_first() {
    let bytes = write(&ExtendedGuid::new(GUID, 0x1122_3344));
    assert_eq!(bytes[0], 0x80);
    assert_eq!(bytes[1..17], GUID.0);
    assert_eq!(bytes[17..], [0x44, 0x33, 0x22, 0x11]);
}

#[test]
fn other_first_bytes_are_errors_with_their_rule() {
    for first in [0x01, 0x02, 0x03, 0x08, 0x10, 0x88] {
        let bytes = [[first; 1].to_vec(), vec![0; 30]].concat();
        let error = read::<ExtendedGuid>(&bytes).unwrap_err();
        assert_eq!(error, DecodeError::new(0, Rule::ExtendedGuid(first)));
    }
    let error = read::<SerialNumber>(&[7; 30]).unwrap_err();
    assert_eq!(error, DecodeError::new(0, Rule::SerialNumber(7)));
}

#[test]
fn serial_numbers_and_cells_come_back() {
    assert_eq!(returns(&SerialNumber::NULL), 1);
    assert_eq!(returns(&SerialNumber::new(GUID, 7)), 25);
    assert_eq!(returns(&CellId(ExtendedGuid::new(GUID, 1), ExtendedGuid::NULL)), 18);
    let chunk = FileChunk { start: CompactU64(3), length: CompactU64(900) };
    assert_eq!(returns(&chunk), 3);
    for text in ["-", "{84DEFAB9-AAA3-4A0D-A3A8-520C77AC7073},5"] {
        assert_eq!(text.parse::<ExtendedGuid>().unwrap().to_string(), text);
    }
    assert!("{84DEFAB9-AAA3-4A0D-A3A8-520C77AC7073},5000000000".parse::<ExtendedGuid>().is_err());
}

#[test]
fn items_and_arrays_come_back() {
    returns(&BinaryItem::from(vec![1, 2, 3]));
    returns(&StringItem("Grüße \u{1F600}".into()));
    returns(&vec![ExtendedGuid::NULL, ExtendedGuid::new(GUID, 4)]);
    returns(&vec![CellId::NULL]);
    // A string counts UTF-16 units and has no terminator.
    assert_eq!(write(&StringItem("ab".into())), [0x05, b'a', 0, b'b', 0]);
}

#[test]
fn a_text_with_a_count_of_bytes_is_read_as_utf_8() {
    let (text, _) = read::<StringItem>(&[0x05, b'a', b'b']).unwrap();
    assert_eq!(text.0, "ab");
    assert!(read::<StringItem>(&[0x05, b'a', 0]).is_err());
}

/// Checks each length to which a text can be cut. A text without zero bytes that is cut in the
/// middle is the same bytes as a text in UTF-8.
fn cut_texts_are_errors(text: &StringItem) {
    let bytes = write(text);
    let units = text.0.encode_utf16().count();
    let head = bytes.len() - 2 * units;
    let middle = head + units;
    for len in 0..bytes.len() {
        let is_utf_8 = len == middle && !bytes[head..len].contains(&0);
        match read::<StringItem>(&bytes[..len]) {
            Ok(_) => assert!(is_utf_8, "{text:?} cut to {len} bytes"),
            Err(error) => assert!(!is_utf_8 && error.offset <= len, "{text:?}: {error}"),
        }
    }
}

#[test]
fn a_cut_text_is_an_error() {
    for text in ["a", "Grüße \u{1F600}", "漢字漢字", &"ab".repeat(100)] {
        cut_texts_are_errors(&StringItem(text.into()));
    }
}

#[test]
fn a_count_above_the_bytes_is_an_error() {
    let error = read::<Vec<ExtendedGuid>>(&[0xFC, 0xFF, 0xFF, 0, 0]).unwrap_err();
    assert!(matches!(error.rule, Rule::Count { .. }), "{error}");
}

#[test]
fn starts_and_ends_take_the_form_that_office_writes() {
    let start = |number, len| {
        let mut bytes = vec![];
        Header { number, compound: false, len }.write(&mut Writer::append(&mut bytes));
        let bytes = Bytes::from(bytes);
        let budget = Budget::for_input(0);
        let header = Header::read(&mut Reader::new(&bytes, &budget)).unwrap();
        assert_eq!(header, Header { number, compound: false, len });
        bytes.len()
    };
    for (number, len, bytes) in [
        (0x3F, 126, 2),
        (0x3F, 127, 4),
        (0x40, 0, 4),
        (0x3FFF, 0x7FFE, 4),
        (0x16, 0x7FFF, 7),
        (0x16, 1 << 40, 10),
    ] {
        assert_eq!(start(number, len), bytes, "{number:#x} {len}");
    }
    assert_eq!(Element::new(types::LeafNode {}).to_bytes(), [0xFC, 0x00, 0x7D]);
    assert_eq!(Element::new(types::Knowledge {}).to_bytes(), [0x84, 0x00, 0x41]);
    assert_eq!(Element::new(types::Request {}).to_bytes(), [0x06, 0x02, 0x00, 0x00, 0x03, 0x01]);
}

#[test]
fn a_wrong_end_and_a_wrong_compound_bit_are_errors() {
    let read = |bytes: &[u8]| Element::read(&Blob::from(bytes)).unwrap_err();
    let error = read(&[0xFC, 0x00, 0x41]);
    assert_eq!(error, DecodeError::new(2, Rule::End { open: 0x1F, found: 0x10 }));
    assert_eq!(read(&[0x41]), DecodeError::new(0, Rule::StrayEnd(0x10)));
    let rule = Rule::Compound { number: 0x1F, compound: false };
    assert_eq!(read(&[0xF8, 0x00]), DecodeError::new(0, rule));
    assert_eq!(read(&[0xFC, 0x00]).rule, Rule::Truncated { needed: 1, left: 0 });
    let deep = [0xFC, 0x00].repeat(100);
    assert!(matches!(read(&deep).rule, Rule::Depth(_)));
}

#[test]
fn the_type_table_has_each_type_once() {
    let numbers: std::collections::BTreeSet<_> =
        Body::TYPES.iter().map(|info| info.number).collect();
    assert_eq!(numbers.len(), Body::TYPES.len());
    assert_eq!(Body::TYPES.len(), 82);
    assert!(Body::TYPES.iter().all(|info| info.compound || info.children.is_empty()));
    assert!(size_of::<Element>() <= 136, "{}", size_of::<Element>());
}

#[test]
fn the_key_of_a_hierarchy_filter_is_raw_pairs() {
    let ids = [ExtendedGuid::new(GUID, 1), ExtendedGuid::new(GUID, 2)];
    let key = types::HierarchyKey::new(&ids);
    assert_eq!(key.0.len(), 40);
    assert_eq!(key.ids(), Some(ids.to_vec()));
    assert_eq!(types::HierarchyKey(vec![0; 21].into()).ids(), None);
}

proptest! {
    #[test]
    fn any_compact_integer_comes_back(value: u64) {
        returns(&CompactU64(value));
    }

    #[test]
    fn any_extended_guid_comes_back(guid: [u8; 16], value: u32) {
        returns(&ExtendedGuid::new(Guid(guid), value));
    }

    #[test]
    fn any_text_comes_back(text: String) {
        comes_back(&StringItem(text.clone()));
        cut_texts_are_errors(&StringItem(text));
    }

    #[test]
    fn any_serial_number_comes_back(guid: [u8; 16], value: u64) {
        returns(&SerialNumber::new(Guid(guid), value));
    }
}
