//! The specification's wire examples, and examples derived from its algorithms.

use std::fmt::Debug;

use bytes::Bytes;
use psom::{
    PsomType,
    testing::hex,
    wire::{Decode, Decoder, Encode, Encoder, ProxyId, auth, operation, record},
};
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../data/vectors.json")).unwrap()
}

fn encoded(value: &(impl Encode + ?Sized)) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.encode(&mut Encoder::new(&mut bytes));
    bytes
}

fn decoded<T: Decode>(bytes: &[u8]) -> Result<T, psom::error::DecodeError> {
    let bytes = Bytes::copy_from_slice(bytes);
    let mut input = Decoder::new(&bytes);
    let value = T::decode(&mut input)?;
    input.finish().map(|_| value)
}

fn both_ways<T: Encode + Decode + PartialEq + Debug>(value: T, bytes: &[u8]) {
    assert_eq!(encoded(&value), bytes, "{value:?} encodes");
    assert_eq!(decoded::<T>(bytes).unwrap(), value, "{value:?} decodes");
}

#[test]
fn every_vector_encodes_and_decodes() {
    let vectors = vectors();
    for vector in vectors["generic_int"].as_array().unwrap() {
        let text = vector["value"].as_str().unwrap();
        let bytes = hex(vector["hex"].as_str().unwrap());
        match vector["type"].as_str().unwrap() {
            "Int32" => both_ways::<i32>(text.parse().unwrap(), &bytes),
            "Int64" => both_ways::<i64>(text.parse().unwrap(), &bytes),
            other => panic!("no such integer type: {other}"),
        }
    }
    for vector in vectors["string"].as_array().unwrap() {
        let text = vector["value"].as_str().unwrap();
        both_ways(text.to_owned(), &hex(vector["hex"].as_str().unwrap()));
    }
}

/// Encodes a call as an RpcMessage.
fn call(proxy: ProxyId, method: u8, arguments: &[&dyn Encode]) -> Vec<u8> {
    let mut bytes = Vec::new();
    record::write_message(&mut bytes, |out| body(out, proxy, method, arguments));
    bytes
}

fn body(out: &mut Vec<u8>, proxy: ProxyId, method: u8, arguments: &[&dyn Encode]) {
    operation::write_call(out, proxy, method);
    let mut out = Encoder::new(out);
    arguments.iter().for_each(|argument| argument.encode(&mut out));
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes);
    bytes
}

/// Reads the sender's identifier of a vector as the receiver does, and negates it back.
fn sender(wire: i32) -> ProxyId {
    let there = decoded::<psom::wire::WireProxyId>(&encoded(&-wire)).unwrap();
    there.receive().unwrap()
}

#[test]
fn every_message_vector_is_encoded_exactly() {
    const CONN_MGR: &str = "Microsoft.Rtc.Server.DataMCU.Meeting.Pod.ConnMgr";
    const MEETING: &str = "Microsoft.Rtc.Server.DataMCU.Meeting.Meeting";
    let root = ProxyId::ROOT;
    let credentials =
        auth::Credentials { token: "3000000000000000E36032154C544908".into(), proxy_header: None };
    let messages = [
        written(|out| record::write_break(out, "bye")),
        written(|out| credentials.write(out)),
        auth::SIGNATURE.to_vec(),
        written(|out| record::write_set_channel(out, 0)),
        call(root, 1, &[&8322047979521208965i64]),
        call(root, 2, &[&CONN_MGR, &[1i32], &[100633220832999761i64]]),
        call(root, 3, &[]),
        call(root, 1, &[&-8221414758688209204i64]),
        call(root, 2, &[&MEETING, &[1i32], &[-2007473133263860314i64]]),
        written(|out| {
            record::write_open(out, 2, |out| {
                let arguments: [&dyn Encode; 3] =
                    [&"TODO-ryanfa-remove", &"NotUsed", &-7932100958924279543i64];
                body(out, root, 5, &arguments);
            });
        }),
        written(|out| record::write_set_channel(out, 2)),
        call(root, 4, &[&"http://example.com/conference/1015"]),
        written(|out| {
            record::write_message(out, |out| {
                operation::write_connect(out, root, "contentUserManager", 5320330165687787020)
                    .unwrap();
            });
        }),
        call(root, 1, &[]),
        call(sender(-2), 4, &[&"Hello World", &1i32]),
        call(
            sender(1),
            1,
            &[&[1i64], &["sip:ryanf0@rtcdev.nttest.microsoft.com"], &["Ryan0 Farm0"]],
        ),
        call(sender(2), 5, &[&1i32, &1i32, &0i64, &1i64]),
    ];
    let vectors = vectors();
    let expected = vectors["message"].as_array().unwrap();
    assert_eq!(messages.len(), expected.len());
    for (message, vector) in messages.iter().zip(expected) {
        assert_eq!(*message, hex(vector["hex"].as_str().unwrap()), "{}", vector["what"]);
    }
}

#[test]
fn every_message_vector_decodes() {
    let vectors = vectors();
    let is_record = |vector: &&Value| !vector["what"].as_str().unwrap().contains("authentication");
    for vector in vectors["message"].as_array().unwrap().iter().filter(is_record) {
        let bytes = hex(vector["hex"].as_str().unwrap());
        let mut batch = record::Batch::new(bytes.clone().into());
        let record = batch.next_record(1000).unwrap().unwrap();
        assert!(batch.rest().is_empty());
        let mut again = Vec::new();
        let rewrite = |place| match operation::Operation::read(batch.bytes(), place).unwrap() {
            operation::Operation::Call { proxy, method, arguments } => {
                let ours = proxy.receive().unwrap().get();
                [encoded(&-ours), vec![method as u8], bytes[arguments].to_vec()].concat()
            }
            operation::Operation::Connect { parent, part, hash } => {
                assert_eq!(parent.receive().unwrap(), ProxyId::ROOT);
                written(|out| operation::write_connect(out, ProxyId::ROOT, &part, hash).unwrap())
            }
            operation::Operation::Close { .. } => panic!("no vector closes"),
        };
        match record {
            record::Record::SetChannel(channel) => record::write_set_channel(&mut again, channel),
            record::Record::Break(reason) => {
                let reason = std::str::from_utf8(&bytes[reason]).unwrap();
                record::write_break(&mut again, reason);
            }
            record::Record::Message(place) => {
                let body = rewrite(place);
                record::write_message(&mut again, |out| out.extend(body));
            }
            record::Record::Open { channel, body } => {
                let body = rewrite(body);
                record::write_open(&mut again, channel, |out| out.extend(body));
            }
            record::Record::Close => panic!("no vector closes"),
        }
        assert_eq!(again, bytes, "{}", vector["what"]);
    }
}

#[test]
fn every_invalid_vector_is_rejected() {
    let vectors = vectors();
    for vector in vectors["reject"].as_array().unwrap() {
        let bytes = hex(vector["hex"].as_str().unwrap());
        let rejected = match vector["type"].as_str().unwrap_or("Int64") {
            "Int32" => decoded::<i32>(&bytes).is_err(),
            "Int64" => decoded::<i64>(&bytes).is_err() && decoded::<i32>(&bytes).is_err(),
            "Int32[]" => decoded::<Vec<i32>>(&bytes).is_err(),
            "String" => decoded::<String>(&bytes).is_err(),
            other => panic!("no such type: {other}"),
        };
        assert!(rejected, "{}", vector["what"]);
    }
}

#[test]
fn overlong_integers_are_accepted() {
    for long in ["8000", "810000", "82000000", "8300000000", "85000000000000"] {
        assert_eq!(decoded::<i64>(&hex(long)), Ok(0), "{long}");
    }
    assert_eq!(decoded::<i64>(&hex("8900ff")), Ok(-255));
    assert_eq!(decoded::<i32>(&hex("8b80000000")), Ok(i32::MIN));
    assert_eq!(decoded::<i64>(&hex("8f8000000000000000")), Ok(i64::MIN));
}

#[test]
fn negative_zero_is_only_the_irregular_form_of_its_type() {
    assert_eq!(decoded::<i32>(&hex("8800")), Ok(i32::MIN));
    assert_eq!(decoded::<i64>(&hex("8d000000000000")), Ok(i64::MIN));
    assert!(decoded::<i64>(&hex("8800")).is_err());
    assert!(decoded::<i32>(&hex("890000")).is_err());
    assert!(decoded::<i16>(&hex("8800")).is_err());
}

#[test]
fn unsigned_integers_have_their_own_range() {
    both_ways(u64::MAX, &hex("87ffffffffffffffff"));
    both_ways(u32::MAX, &hex("83ffffffff"));
    assert!(decoded::<u32>(&hex("8500ffffffffff")).is_err());
    assert!(decoded::<u32>(&hex("ff")).is_err());
    assert!(decoded::<u64>(&hex("8801")).is_err());
    assert!(decoded::<i64>(&hex("87ffffffffffffffff")).is_err());
}

#[test]
fn boolean_is_0_or_1() {
    both_ways(true, &[1]);
    both_ways(false, &[0]);
    assert!(decoded::<bool>(&[2]).is_err());
}

#[test]
fn double_is_eight_bytes_big_endian() {
    both_ways(-1.5f64, &hex("bff8000000000000"));
    assert!(decoded::<f64>(&[0; 7]).is_err());
}

#[test]
fn array_of_arrays_matches_section_3_1_1_1_1() {
    both_ways(vec![vec![7u8], vec![9u8]], &hex("02 01 07 01 09"));
}

#[test]
fn bytes_are_received_without_copying() {
    let message = Bytes::from(hex("03 010203"));
    let bytes = Bytes::decode(&mut Decoder::new(&message)).unwrap();
    assert_eq!(bytes.as_ptr(), message[1..].as_ptr());
}

#[test]
fn strings_of_other_encoders_are_accepted() {
    let masked = |plain: &[u8]| {
        let mut bytes = (plain.len() as u16).to_be_bytes().to_vec();
        let masks = (1..=plain.len()).rev().map(|d| (d as u8).wrapping_mul(17).wrapping_neg());
        bytes.extend(plain.iter().zip(masks).map(|(byte, mask)| byte ^ mask));
        bytes
    };
    let read = |plain: &[u8]| decoded::<String>(&masked(plain));
    assert_eq!(read("🎉".as_bytes()).unwrap(), "🎉", "four bytes");
    assert_eq!(read(&[0xed, 0xa0, 0xbc, 0xed, 0xbe, 0x89]).unwrap(), "🎉", "two surrogates");
    assert_eq!(read(&[b'a', 0, b'b']).unwrap(), "a\0b", "a plain zero");
    assert_eq!(read(&[0xc0, 0x80]).unwrap(), "\0", "a zero of two bytes");
    assert_eq!(read(&[0xed, 0xa0, 0xbc]).unwrap(), "\u{fffd}", "a lone surrogate");
    for malformed in [
        &[0x80][..],
        &[0xc3],
        &[0xc1, 0x81],
        &[0xe0, 0x80, 0x80],
        &[0xf0, 0x80, 0x80, 0x80],
        &[0xf5, 0x80, 0x80, 0x80],
        &[0xf4, 0x90, 0x80, 0x80],
        &[0xe2, 0x28, 0xa1],
        &[0xff],
    ] {
        assert!(read(malformed).is_err(), "{malformed:02x?}");
    }
}

#[test]
fn null_reference_is_8c() {
    assert_eq!(encoded(&psom::ObjectRef::NULL), [0x8c]);
    assert!(decoded::<psom::ObjectRef>(&[0x8c]).unwrap().is_null());
    let there = decoded::<psom::ObjectRef>(&[0xfe]).unwrap();
    assert_eq!(there.proxy_id().unwrap().get(), 2, "the sender's -2 is our 2");
    assert_eq!(<psom::ObjectRef as PsomType>::TYPE.to_string(), "DistributedObject");
}
