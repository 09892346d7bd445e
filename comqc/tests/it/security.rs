//! The Security ORPC Extension (MS-COM section 2.2.3.2).

use comqc::{
    ReadError, Rule,
    security::{CALLER, Collection, Property, Security, SecurityContext, Sid, Value, property},
};

use crate::ship::{context_a, context_b, patched};

fn check(bytes: &[u8], rule: Rule, offset: usize) {
    assert_eq!(Security::read(bytes, 0).map(drop), Err(ReadError { rule, offset }));
}

#[test]
fn malformed_extensions_are_refused() {
    let good = context_a().to_bytes().unwrap();
    assert_eq!((good.len(), context_b().to_bytes().unwrap().len()), (64, 80));
    check(&patched(&good, 0, &[2]), Rule::SecurityVersion, 0);
    check(&patched(&good, 2, &[0]), Rule::SecurityVersion, 0);
    check(&patched(&good, 4, &[1]), Rule::SecurityStyle, 4);
    check(&patched(&good, 6, &[0]), Rule::SecurityChain, 6);
    check(&patched(&good, 6, &[1]), Rule::SecurityTrailing, 20);
    check(&patched(&good, 6, &[3]), Rule::SecurityTruncated, 64);
    check(&patched(&good, 8, &[2]), Rule::SecurityChain, 8);
    check(&patched(&good, 20, &[1]), Rule::SecurityChain, 20);
    check(&patched(&good, 10, &[0]), Rule::SecurityEmpty, 10);
    check(&patched(&good, 14, &[3]), Rule::SecurityProperty, 12);
    // The SID: its revision, its count, its size.
    check(&patched(&good, 28, &[2]), Rule::SecurityProperty, 24);
    check(&patched(&good, 29, &[2]), Rule::SecurityProperty, 24);
    check(&patched(&good, 29, &[0]), Rule::SecurityProperty, 24);
    check(&good[..63], Rule::SecurityTruncated, 60);
    check(&good[..7], Rule::SecurityTruncated, 6);
}

#[test]
fn sids_are_text() {
    for text in ["S-1-5-18", "S-1-5-21-1000-2000-3000-1104", "S-1-0xAABBCCDDEEFF-1", "S-1-0-0"] {
        let sid: Sid = text.parse().unwrap();
        assert_eq!(sid.to_string(), text);
        assert_eq!(Sid::from_bytes(sid.as_bytes()), Some(sid));
    }
    let too_many = format!("S-1-5{}", "-1".repeat(16));
    for text in
        ["S-1-5", "S-2-5-18", "S-1-5-x", "S-1-5-4294967296", "S-1-0x1000000000000-1", "", &too_many]
    {
        assert!(text.parse::<Sid>().is_err(), "{text}");
    }
}

#[test]
fn properties_of_every_kind_survive() {
    let name = |name: &str| name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    let mut context = context_b();
    context.append = false;
    let data: Vec<u8> = vec![1, 2, 3, 4, 5];
    context.collections.push(Collection {
        kind: CALLER,
        properties: vec![
            Property { kind: property::NAME, data: name("DOM\\Ada") },
            Property { kind: property::SUPPLIED_NAME, data: name("") },
            Property { kind: 0x0BFF, data: data.clone().into() },
        ],
    });
    let bytes = context.to_bytes().unwrap();
    let read = Security::read(&bytes, 0).unwrap();
    assert_eq!(read.to_context(), context);
    assert_eq!(read.to_context().to_bytes().unwrap(), bytes);
    let values: Vec<_> = read.properties().map(|(_, _, property)| property.value()).collect();
    let expected = [Value::Name("DOM\\Ada".into()), Value::Name(String::new()), Value::Other(data)];
    assert_eq!(values[5..], expected);
    assert_eq!(read.caller().unwrap(), "S-1-5-21-1000-2000-3000-1104");
}

#[test]
fn supplied_name_is_the_caller() {
    let bytes = SecurityContext::supplied("sip:ada@example.com").to_bytes().unwrap();
    let read = Security::read(&bytes, 0).unwrap();
    assert_eq!(read.caller().unwrap(), "sip:ada@example.com");
}

#[test]
fn context_that_is_too_large_cannot_be_written() {
    assert!(SecurityContext::supplied(&"x".repeat(40_000)).to_bytes().is_err());
}
