//! The packet of the message queue (MS-MQMQ sections 2.2.19 and 2.2.20).

use comqc::{
    ReadError, Rule,
    carrier::{Packet, QueueName},
    queue::body_of,
};

use crate::ship::{Q1, Q4, guid, patched};

fn check(bytes: &[u8], rule: Rule, offset: usize) {
    assert_eq!(Packet::read(bytes).map(drop), Err(ReadError { rule, offset }));
}

#[test]
fn malformed_packets_are_refused() {
    check(&patched(Q4, 0, &[0x11]), Rule::PacketSignature, 0);
    check(&patched(Q4, 4, b"M"), Rule::PacketSignature, 0);
    check(&Q4[..15], Rule::PacketSignature, 0);
    check(&patched(Q4, 8, &[0x98]), Rule::PacketSize, 8);
    check(&Q4[..656], Rule::PacketSize, 8);
    // Destination of kind 1, its length, its NUL.
    check(&patched(Q4, 0x3D, &[0x04]), Rule::PacketQueue, 0x40);
    check(&patched(Q4, 0x40, &[57]), Rule::PacketQueue, 0x40);
    check(&patched(Q4, 0x40, &[56]), Rule::PacketQueue, 0x40);
    check(&patched(Q4, 0x40, &[0xFF, 0xFF]), Rule::PacketTruncated, 0x42);
    check(&patched(Q4, 0x3E, &[0]), Rule::PacketProperties, 0x3C);
    check(&patched(Q4, 0x9D, &[0xFF]), Rule::PacketProperties, 0x7C);
    check(&patched(Q4, 0xB1, &[0xFF]), Rule::PacketProperties, 0x7C);
}

#[test]
fn packet_with_another_extension_carries_no_calls() {
    let bytes = patched(Q4, 0xC2, &[0]);
    let packet = Packet::read(&bytes).unwrap();
    assert_eq!(packet.calls().unwrap_err().rule, Rule::PacketExtension);
    assert_eq!(body_of(&bytes).unwrap_err().rule, Rule::PacketExtension);
    assert_eq!(body_of(Q4).unwrap(), Q1);
    assert_eq!(body_of(Q1).unwrap(), Q1);
}

#[test]
fn packets_with_every_part_survive() {
    let id = guid("{557358D1-9150-9595-4997-B6E611EA26C6}");
    let mut packet = Packet::read(Q4).unwrap();
    packet.queues = [
        QueueName::Public(id),
        QueueName::Private { kind: 2, id: 7 },
        QueueName::Foreign { manager: id, id: 9 },
    ];
    packet.connector = Some(id);
    // A transaction with a connector; a security header with parts of 5, 0, 3, 1 and 0 bytes.
    let mut transaction = vec![1, 0, 0, 0];
    transaction.resize(36, 0xAB);
    packet.sections.transaction = Some(transaction);
    let mut security = vec![0, 0, 5, 0, 0, 0, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    security.resize(16 + 8 + 4 + 4, 0xCD);
    packet.sections.security = Some(security);
    packet.sections.trailing = vec![1, 2, 3, 4];
    packet.properties.label.clear();
    let bytes = packet.write().unwrap();
    let mut read = Packet::read(&bytes).unwrap();
    assert_ne!(read.user_flags, packet.user_flags);
    read.user_flags = packet.user_flags;
    assert_eq!(read, packet);
    for length in 0..bytes.len() {
        assert!(Packet::read(&bytes[..length]).is_err());
        // With the size corrected, the parts are missing.
        if length >= 16 {
            let size = u32::try_from(length).unwrap();
            let short = patched(&bytes[..length], 8, &size.to_le_bytes());
            assert!(Packet::read(&short).is_err() || length >= bytes.len() - 4, "{length}");
        }
    }
}

#[test]
fn packet_above_4_mib_cannot_be_written() {
    let body = vec![0; 4 << 20];
    assert!(Packet::with_calls("OS:a\\b", "", &body[..]).unwrap().write().is_err());
    assert!(Packet::with_calls("OS:a\\b", &"x".repeat(255), Q1).is_err());
}
