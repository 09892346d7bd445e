//! The Automation types: sizes on the wire, round trips and refusals.

use comqc::{
    Guid, ReadError, Rule,
    ndr::{Reader, Writer},
    oaut::{
        Bound, Bstr, Currency, Date, Decimal, Elements, FromArgument, Invoke, Object, SafeArray,
        ToArgument, Variant, flags, write_bstr, write_variant,
    },
};

use crate::ship::guid;

fn written(value: &impl ToArgument) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.write(&mut Writer::new(&mut bytes)).unwrap();
    bytes
}

fn read<T: FromArgument>(bytes: &[u8]) -> Result<T, ReadError> {
    T::read(&mut Reader::new(bytes, 0))
}

/// Returns the size of a VARIANT without its referent and the padding after that.
fn size(value: &Variant) -> usize {
    written(value).len() - 8
}

fn text(length: usize) -> Variant {
    Variant::Bstr("x".repeat(length).as_str().into())
}

fn by_ref(value: Variant) -> Variant {
    Variant::ByRef(value.into())
}

fn object(data: &[u8]) -> Object {
    let class = guid("812DF40E-BD88-11D0-8A6D-00C04FC340EE");
    Object { reserved_2: 1, class, data: data.to_vec() }
}

fn array(elements: Elements) -> SafeArray {
    SafeArray::new(elements)
}

/// Returns one value of every type.
fn values() -> Vec<Variant> {
    let mut matrix = array(Elements::Longs(3, [1, 2, 3, 4, 5, 6].into()));
    matrix.bounds = vec![Bound { count: 2, lower: -1 }, Bound { count: 3, lower: 1 }];
    let texts = Elements::Bstrs(vec!["a".into(), Bstr::NULL, "Zürich".into()].into());
    let mixed = vec![Variant::Empty, Variant::R8(0.5), text(3), by_ref(Variant::I4(3))];
    let nested = Variant::Array(array(Elements::Variants(mixed.into())).into());
    vec![
        Variant::Empty,
        Variant::Null,
        Variant::I1(-1),
        Variant::UI1(255),
        Variant::I2(-2),
        Variant::UI2(65_535),
        Variant::I4(-4),
        Variant::UI4(u32::MAX),
        Variant::I8(i64::MIN),
        Variant::UI8(u64::MAX),
        Variant::Int(-7),
        Variant::UInt(7),
        Variant::R4(1.25),
        Variant::R8(-2.5),
        Variant::Currency(Currency(-12_345)),
        Variant::Date(Date(36_526.25)),
        text(5),
        Variant::Bstr(Bstr::NULL),
        Variant::Bstr("".into()),
        Variant::Bstr(Bstr::from_bytes([1, 2, 3])),
        Variant::Bool(true),
        Variant::Bool(false),
        Variant::MISSING,
        Variant::Decimal(Decimal::new(-123_456_789_012_345_678_901_234, 5).unwrap()),
        Variant::Dispatch(None),
        Variant::Unknown(None),
        Variant::Array(array(Elements::Bytes(0x11, [1, 2, 3].into())).into()),
        Variant::Array(array(Elements::Words(0xB, [0, 0xFFFF].into())).into()),
        Variant::Array(array(Elements::Hypers(7, [1, 2].into())).into()),
        Variant::Array(array(Elements::Bytes(0x10, [].into())).into()),
        Variant::Array(matrix.into()),
        Variant::Array(array(texts).into()),
        nested,
        Variant::NullArray(8),
    ]
}

#[test]
fn sizes_are_those_that_windows_writes() {
    for (value, expected) in [
        (Variant::Empty, 20),
        (Variant::Null, 20),
        (Variant::I1(1), 21),
        (Variant::I2(1), 22),
        (Variant::Bool(true), 22),
        (Variant::I4(1), 24),
        (Variant::UI4(1), 24),
        (Variant::R4(1.0), 24),
        (Variant::R8(1.0), 32),
        (Variant::Date(Date(1.0)), 32),
        (Variant::Currency(Currency(1)), 32),
        (Variant::Decimal(Decimal::default()), 40),
        (text(12), 60),
        (by_ref(Variant::I2(1)), 26),
        (by_ref(Variant::UI4(1)), 28),
        (by_ref(text(12)), 64),
        (by_ref(Variant::R8(1.0)), 32),
        (by_ref(Variant::Decimal(Decimal::default())), 40),
        (Variant::VariantRef(Variant::R8(1.0).into()), 64),
    ] {
        assert_eq!(size(&value), expected, "{value:?}");
        // The size in units of 8 bytes comes first.
        assert_eq!(usize::from(written(&value)[8]), expected.div_ceil(8), "{value:?}");
    }
}

#[test]
fn bstr_sizes_are_those_that_windows_writes() {
    for (value, expected) in [
        (Bstr::NULL, 12),
        (Bstr::from(""), 12),
        (Bstr::from_bytes([1, 2, 3]), 16),
        (Bstr::from("thirteen char"), 38),
    ] {
        let mut bytes = Vec::new();
        write_bstr(&mut Writer::new(&mut bytes), &value).unwrap();
        assert_eq!(bytes.len(), 4 + expected, "{value:?}");
        assert_eq!(bytes[..4], *b"User");
        assert_eq!(read::<Bstr>(&bytes), Ok(value));
    }
}

#[test]
fn safe_array_header_grows_by_8_bytes_per_dimension() {
    let mut one = array(Elements::Bytes(0x11, [].into()));
    assert_eq!(written(&one).len(), 44);
    one.bounds.push(Bound { count: 0, lower: 0 });
    assert_eq!(written(&one).len(), 52);
    let hypers = array(Elements::Hypers(0x14, [1].into()));
    assert_eq!(written(&hypers).len(), 56);
}

#[test]
fn bounds_are_in_natural_order() {
    let mut matrix = array(Elements::Bytes(0x11, [0; 6].into()));
    matrix.bounds = vec![Bound { count: 2, lower: 5 }, Bound { count: 3, lower: -9 }];
    let bytes = written(&matrix);
    assert_eq!(bytes[32..40], [2, 0, 0, 0, 5, 0, 0, 0]);
    assert_eq!(read::<SafeArray>(&bytes), Ok(matrix));
}

#[test]
fn switch_of_an_array_lacks_the_element_type() {
    let array = array(Elements::Longs(3, [1].into()));
    let plain = written(&Variant::Array(array.clone().into()));
    assert_eq!(
        (plain[16..18].to_vec(), plain[24..28].to_vec()),
        (vec![3, 0x20], vec![0, 0x20, 0, 0])
    );
    let reference = written(&by_ref(Variant::Array(array.into())));
    assert_eq!(reference[24..28], [0, 0x60, 0, 0]);
}

#[test]
fn every_value_survives_plain_and_by_reference() {
    for value in values() {
        let mut cases = vec![value.clone(), Variant::VariantRef(value.clone().into())];
        if !matches!(value, Variant::Empty | Variant::Null) {
            cases.push(by_ref(value));
        }
        for case in cases {
            let bytes = written(&case);
            let mut reader = Reader::new(&bytes, 0);
            assert_eq!(Variant::read(&mut reader).as_ref(), Ok(&case));
            assert_eq!(reader.remaining(), 0, "{case:?}");
            assert_eq!(written(&Variant::read(&mut Reader::new(&bytes, 0)).unwrap()), bytes);
        }
    }
}

#[test]
fn object_in_a_variant_keeps_its_bytes_and_padding() {
    let bytes = written(&Variant::Dispatch(Some(object(b"12345").into())));
    let Ok(Variant::Dispatch(Some(kept))) = read(&bytes) else { panic!("an object") };
    // The object's bytes start 52 bytes after the start of the VARIANT.
    assert_eq!(kept.data, [b"12345", &[0; 7][..]].concat());
    for variant in [
        Variant::Unknown(Some(object(b"123456789012").into())),
        by_ref(Variant::Dispatch(Some(object(b"12345678").into()))),
    ] {
        let bytes = written(&variant);
        assert_eq!(read::<Variant>(&bytes), Ok(variant));
    }
}

#[test]
fn object_structure_has_the_fields_of_the_specification() {
    let bytes = written(&object(b"data"));
    assert_eq!(bytes[..12], [0, 0, 0, 0, 32, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(Guid::from_bytes(bytes[12..28].try_into().unwrap()), object(b"").class);
    assert_eq!(bytes[28..], [0, 0, 0, 0, b'd', b'a', b't', b'a']);
    assert_eq!(read::<Object>(&bytes), Ok(object(b"data")));
}

#[test]
fn typed_arguments_survive() {
    fn check<T: ToArgument + FromArgument + PartialEq + std::fmt::Debug>(value: T) {
        assert_eq!(read::<T>(&written(&value)).as_ref(), Ok(&value));
        assert_eq!(T::from_variant(&value.to_variant()), Some(value));
    }
    check(-1i8);
    check(255u8);
    check(-2i16);
    check(2u16);
    check(-3i32);
    check(3u32);
    check(i64::MIN);
    check(u64::MAX);
    check(0.5f32);
    check(-0.5f64);
    check(true);
    check("Zürich 🚲".to_owned());
    check(Bstr::from("x"));
    check(Currency(1));
    check(Date(2.5));
    check(Decimal::new(15, 1).unwrap());
    check(Variant::I4(1));
    check(array(Elements::Longs(3, [1, 2].into())));
    check(object(b"12345678"));
}

#[test]
fn integers_of_late_bound_calls_convert_if_they_fit() {
    assert_eq!(i32::from_variant(&Variant::I2(-5)), Some(-5));
    assert_eq!(u8::from_variant(&by_ref(Variant::I4(255))), Some(255));
    assert_eq!(u8::from_variant(&Variant::I4(256)), None);
    assert_eq!(i32::from_variant(&Variant::R8(1.0)), None);
    assert_eq!(f64::from_variant(&Variant::R4(0.5)), Some(0.5));
    assert_eq!(String::from_variant(&Variant::Bstr(Bstr::NULL)), Some(String::new()));
    assert_eq!(i32::from_variant(&Variant::MISSING), None);
}

#[test]
fn malformed_values_are_refused() {
    fn check<T: FromArgument + std::fmt::Debug>(bytes: &[u8], rule: Rule, offset: usize) {
        assert_eq!(read::<T>(bytes).unwrap_err(), ReadError { rule, offset });
    }
    let patched = crate::ship::patched;
    let text = written(&Bstr::from("abc"));
    check::<Bstr>(&patched(&text, 12, &[4]), Rule::CountMismatch, 12);
    check::<Bstr>(&patched(&text, 8, &[8]), Rule::BstrSize, 8);
    check::<Bstr>(&patched(&text, 4, &[0xFF; 4]), Rule::DataTruncated, 4);
    check::<bool>(&[1, 0], Rule::BooleanValue, 0);
    let variant = written(&Variant::I4(1));
    check::<Variant>(&patched(&variant, 0, &[0; 4]), Rule::NullElement, 0);
    check::<Variant>(&patched(&variant, 24, &[4]), Rule::VariantSwitch, 24);
    let record = patched(&patched(&variant, 16, &[0x24]), 24, &[0x24]);
    check::<Variant>(&record, Rule::VariantType, 16);
    let direct = patched(&patched(&variant, 16, &[0xC]), 24, &[0xC]);
    check::<Variant>(&direct, Rule::VariantType, 16);
    let empty_reference = patched(&patched(&variant, 16, &[0, 0x40]), 24, &[0, 0x40]);
    check::<Variant>(&empty_reference, Rule::VariantType, 16);
    let object = written(&Variant::Unknown(Some(object(b"12345678").into())));
    check::<Variant>(&patched(&object, 32, &[31]), Rule::ObjectHeader, 32);
    check::<Variant>(&patched(&object, 8, &[99]), Rule::VariantSize, 8);
    check::<Variant>(&patched(&object, 8, &[5]), Rule::ObjectLength, 32);
}

#[test]
fn malformed_arrays_are_refused() {
    let patched = crate::ship::patched;
    let good = written(&array(Elements::Longs(3, [7, 8].into())));
    for (offset, new, rule, place) in [
        (4, &[2][..], Rule::ArrayShape, 8),
        (4, &[0xFF; 4], Rule::DataTruncated, 4),
        (12, &[8], Rule::ArrayShape, 12),
        (18, &[2], Rule::ArrayType, 20),
        (20, &[2], Rule::ArrayType, 20),
        (20, &[0x0D, 0x80], Rule::ObjectLength, 20),
        (20, &[9], Rule::ObjectLength, 20),
        (28, &[0; 4], Rule::NullElement, 28),
        (32, &[3], Rule::ArrayShape, 12),
        (40, &[3], Rule::CountMismatch, 40),
    ] {
        let error = read::<SafeArray>(&patched(&good, offset, new)).unwrap_err();
        assert_eq!((error.rule, error.offset), (rule, place), "{offset}");
    }
    let huge = patched(&patched(&good, 24, &[0xFF; 4]), 40, &[0xFF; 4]);
    assert_eq!(read::<SafeArray>(&huge).unwrap_err().rule, Rule::DataTruncated);
    let texts = written(&array(Elements::Bstrs(vec!["a".into()].into())));
    let error = read::<SafeArray>(&patched(&texts, 44, &[0; 4])).unwrap_err();
    assert_eq!((error.rule, error.offset), (Rule::NullElement, 44));
}

#[test]
fn array_without_its_own_type_takes_it_from_the_variant() {
    let array = Variant::Array(array(Elements::Longs(4, [1].into())).into());
    let mut bytes = written(&array);
    // The referent, 20 bytes and the array's fields precede the type.
    bytes[46..48].fill(0);
    assert_eq!(read::<Variant>(&bytes), Ok(array));
}

#[test]
fn nesting_has_a_limit_on_both_sides() {
    let nested =
        |depth| (0..depth).fold(Variant::I4(1), |inner, _| Variant::VariantRef(inner.into()));
    let deepest = nested(32);
    let bytes = written(&deepest);
    assert_eq!(read::<Variant>(&bytes), Ok(deepest));
    let mut out = Vec::new();
    assert!(write_variant(&mut Writer::new(&mut out), &nested(33)).is_err());
    // A hand-made one: each level is a by-reference VARIANT.
    let mut deep = b"User".to_vec();
    for _ in 0..100_000 {
        deep.resize(deep.len().next_multiple_of(8), 0);
        deep.extend([
            1, 0, 0, 0, 0, 0, 0, 0, 0xC, 0x40, 0, 0, 0, 0, 0, 0, 0xC, 0x40, 0, 0, 16, 0, 0, 0,
        ]);
        deep.extend(b"User");
    }
    assert_eq!(read::<Variant>(&deep).unwrap_err().rule, Rule::VariantDepth);
}

#[test]
fn late_bound_calls_carry_references_names_and_gaps() {
    let reference = by_ref(Variant::I4(5));
    let whole = Variant::VariantRef(text(2).into());
    let invoke = Invoke {
        dispid: -4,
        locale: 0x0407,
        flags: flags::METHOD,
        // Named arguments first, then the positional ones in reverse.
        arguments: vec![reference.clone(), Variant::MISSING, whole.clone(), Variant::I4(1)],
        names: vec![3],
    };
    let mut bytes = Vec::new();
    invoke.write(&mut Writer::new(&mut bytes)).unwrap();
    bytes.extend([0xEE; 5]);
    let read = Invoke::read(&mut Reader::new(&bytes, 0)).unwrap();
    assert_eq!(read, invoke);
    let ordered = read.by_position(4).unwrap();
    let expected = [Variant::I4(1), whole, Variant::MISSING, reference];
    assert_eq!(ordered.into_iter().flatten().cloned().collect::<Vec<_>>(), expected);
    assert_eq!(read.by_position(3), None);
    let twice = Invoke { names: vec![1], ..invoke.clone() };
    assert_eq!(twice.by_position(4), None);
    let too_many = Invoke { names: vec![0; 5], ..invoke };
    assert!(too_many.write(&mut Writer::new(&mut bytes)).is_err());
}

#[test]
fn malformed_late_bound_calls_are_refused() {
    let patched = crate::ship::patched;
    let invoke = Invoke::method(1, 0, vec![by_ref(Variant::I4(5))]);
    let mut good = Vec::new();
    invoke.write(&mut Writer::new(&mut good)).unwrap();
    let error = |bytes: &[u8]| {
        let error = Invoke::read(&mut Reader::new(bytes, 0)).unwrap_err();
        (error.rule, error.offset)
    };
    // The counts of arguments and of names.
    assert_eq!(error(&patched(&good, 36, &[2])), (Rule::CountMismatch, 36));
    assert_eq!(error(&patched(&good, 40, &[1])), (Rule::CountMismatch, 36));
    assert_eq!(error(&patched(&good, 44, &[0xFF])), (Rule::DataTruncated, 44));
    // The references follow the empty VARIANT at 0x38: their count, their indices.
    let references = 0x38 + 20;
    assert_eq!(good[references..references + 12], [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(error(&patched(&good, references, &[2])), (Rule::CountMismatch, references));
    assert_eq!(error(&patched(&good, references + 8, &[1])), (Rule::ByRefIndex, references + 8));
    let plain = Invoke::method(1, 0, vec![Variant::I4(1)]);
    let mut taken = Vec::new();
    plain.write(&mut Writer::new(&mut taken)).unwrap();
    taken.truncate(taken.len() - 12);
    // The by-reference VARIANT is aligned anew after its referent.
    let referent = references + 20;
    taken.extend(&good[references..referent]);
    taken.extend([0; 4]);
    taken.extend(&good[referent..]);
    assert_eq!(error(&taken).0, Rule::ByRefIndex);
}

#[test]
fn numbers_print_as_people_write_them() {
    assert_eq!(Currency(-12_345).to_string(), "-1.2345");
    assert_eq!(Currency(i64::MIN).to_string(), "-922337203685477.5808");
    assert_eq!(Decimal::new(-15, 1).unwrap().to_string(), "-1.5");
    assert_eq!(Decimal::new(5, 3).unwrap().to_string(), "0.005");
    assert_eq!(Decimal::new(1 << 96, 0), None);
    assert_eq!(Decimal::new(1, 29), None);
    assert_eq!(Date(25_569.5).to_unix_seconds(), 43_200.0);
    assert_eq!(Date::from_unix_seconds(43_200.0), Date(25_569.5));
    // 1899-12-29, 06:00.
    assert_eq!(Date(-1.25).to_unix_seconds(), -2_209_226_400.0);
    assert_eq!(Date::from_unix_seconds(-2_209_226_400.0), Date(-1.25));
}

#[test]
fn alignment_counts_from_the_start_of_the_data() {
    let mut bytes = vec![0; 3];
    let mut writer = Writer::new(&mut bytes);
    writer.u8(1);
    writer.u16(2);
    writer.u8(3);
    writer.f64(4.0);
    assert_eq!(writer.position(), 16);
    let mut reader = Reader::new(&bytes[3..], 0);
    assert_eq!(
        (reader.u8(), reader.u16(), reader.u8(), reader.f64()),
        (Ok(1), Ok(2), Ok(3), Ok(4.0))
    );
}
