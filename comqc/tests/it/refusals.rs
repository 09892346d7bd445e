//! Every condition that the specification rejects, with its rule and offset.

use comqc::{
    Message, ReadError, Rule, decode_calls,
    message::{self, Container, Header, MethodHeader},
    queue::{MemoryQueue, Outcome, Played, Player, Queue as _, play_next},
};

use crate::ship::{Log, Q1, Q2, Q3, ShipCall, class, context_a, context_b, patched};

fn check(bytes: &[u8], rule: Rule, offset: usize) {
    let error = Message::read(bytes).map(drop).unwrap_err();
    assert_eq!(error, ReadError { rule, offset }, "{error}");
}

/// Replaces bytes of Q1.
fn q1(offset: usize, new: &[u8]) -> Vec<u8> {
    patched(Q1, offset, new)
}

// Headers from which the tests build messages.

fn chdr() -> Header<'static> {
    let text: Vec<u8> =
        class().to_string().encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    Header::Container(Container {
        message_size: 0,
        reserved_3: [0; 32],
        reserved_4: [0; 8],
        class: class(),
        text: text.into(),
        padding: vec![0; 6].into(),
    })
}

fn part() -> Header<'static> {
    Header::Partition { id: class() }
}

fn secd() -> Header<'static> {
    let data = context_a().to_bytes().unwrap();
    Header::Security { header_padding: 0, data: data.into(), data_padding: vec![].into() }
}

fn secr(offset: u32) -> Header<'static> {
    Header::SecurityReference { offset, padding: 0 }
}

fn method(has_interface: bool) -> Header<'static> {
    Header::Method(MethodHeader {
        interface: has_interface.then(class),
        opnum: 3,
        padding_1: 0,
        data: vec![].into(),
        padding_2: vec![].into(),
    })
}

fn meth() -> Header<'static> {
    method(true)
}

fn smth() -> Header<'static> {
    method(false)
}

fn unknown(size: usize) -> Header<'static> {
    Header::Unknown { signature: *b"CALR", body: vec![0x5A; size - 8].into() }
}

/// Writes headers and the message size.
fn message(headers: &[Header<'static>]) -> Vec<u8> {
    let mut bytes = message::write_headers(headers).unwrap();
    let size = u32::try_from(bytes.len()).unwrap();
    if bytes.starts_with(b"CHDR") {
        bytes[32..36].copy_from_slice(&size.to_le_bytes());
    }
    bytes
}

// The sizes of the headers in such messages.
const CHDR: usize = 200;
const SECD: usize = 80;
const METH: usize = 48;

#[test]
fn empty_message_is_refused() {
    check(&[], Rule::ContainerFirst, 0);
}

#[test]
fn message_without_container_header_is_refused() {
    check(&message(&[secd(), meth()]), Rule::ContainerFirst, 0);
    check(&message(&[unknown(8), chdr(), secd(), meth()]), Rule::ContainerFirst, 0);
}

#[test]
fn second_container_header_is_refused() {
    let bytes = message(&[chdr(), secd(), chdr(), meth()]);
    check(&bytes, Rule::ContainerOnce, CHDR + SECD);
}

#[test]
fn short_method_first_is_refused() {
    check(&message(&[chdr(), secd(), smth()]), Rule::FirstCallInterface, CHDR + SECD);
}

#[test]
fn method_before_security_is_refused() {
    check(&message(&[chdr(), meth()]), Rule::SecurityBeforeCall, CHDR);
    check(&message(&[chdr(), meth(), secd(), meth()]), Rule::SecurityBeforeCall, CHDR);
}

#[test]
fn message_without_call_is_refused() {
    check(&message(&[chdr()]), Rule::NoCall, CHDR);
    check(&message(&[chdr(), part(), secd()]), Rule::NoCall, CHDR + 24 + SECD);
}

#[test]
fn headers_out_of_order_are_refused() {
    let twice = message(&[chdr(), secd(), secd(), meth()]);
    check(&twice, Rule::HeaderOrder, CHDR + SECD);
    let both = message(&[chdr(), secd(), secr(CHDR as u32), meth()]);
    check(&both, Rule::HeaderOrder, CHDR + SECD);
    let late_partition = message(&[chdr(), secd(), part(), meth()]);
    check(&late_partition, Rule::HeaderOrder, CHDR + SECD);
    let partition_after_call = message(&[chdr(), secd(), meth(), part()]);
    check(&partition_after_call, Rule::HeaderOrder, CHDR + SECD + METH);
    let trailing = message(&[chdr(), secd(), meth(), secd()]);
    check(&trailing, Rule::HeaderOrder, CHDR + SECD + METH);
    let trailing = message(&[chdr(), secd(), meth(), secr(CHDR as u32)]);
    check(&trailing, Rule::HeaderOrder, CHDR + SECD + METH);
}

#[test]
fn second_partition_header_is_refused() {
    check(&message(&[chdr(), part(), part(), secd(), meth()]), Rule::PartitionOnce, CHDR + 24);
}

#[test]
fn size_must_be_a_multiple_of_8() {
    for size in [0xC1u8, 0xC4, 0xC9, 0xCF] {
        check(&q1(4, &[size]), Rule::HeaderSizeMultiple, 4);
    }
    check(&q1(0x11C, &[0x3C]), Rule::HeaderSizeMultiple, 0x11C);
}

#[test]
fn size_past_the_end_is_refused() {
    check(&q1(4, &0x1C8u32.to_le_bytes()), Rule::HeaderPastEnd, 4);
    check(&q1(0x1A4, &[0x28]), Rule::HeaderPastEnd, 0x1A4);
    check(&q1(0x1A4, &0xFFFF_FFF8u32.to_le_bytes()), Rule::HeaderPastEnd, 0x1A4);
}

#[test]
fn size_below_the_fixed_fields_is_refused() {
    check(&q1(4, &[72]), Rule::HeaderSizeTooSmall, 4);
    check(&q1(4, &[0]), Rule::HeaderSizeTooSmall, 4);
    check(&q1(0xCC, &[8]), Rule::HeaderSizeTooSmall, 0xCC);
    check(&q1(0x11C, &[40]), Rule::HeaderSizeTooSmall, 0x11C);
    check(&q1(0x154, &[24]), Rule::HeaderSizeTooSmall, 0x154);
    let mut zero = message(&[chdr(), unknown(8), secd(), meth()]);
    zero[CHDR + 4] = 0;
    check(&zero, Rule::HeaderSizeTooSmall, CHDR + 4);
}

#[test]
fn truncated_header_is_refused() {
    let mut bytes = message(&[chdr(), secd(), meth()]);
    bytes.extend_from_slice(b"SMTH");
    let size = u32::try_from(bytes.len()).unwrap();
    bytes[32..36].copy_from_slice(&size.to_le_bytes());
    check(&bytes, Rule::HeaderTruncated, CHDR + SECD + METH + 4);
}

#[test]
fn wrong_signature_or_version_is_refused() {
    check(&q1(8, &[0]), Rule::MessageSignature, 8);
    check(&q1(23, &[0]), Rule::MessageSignature, 8);
    check(&q1(24, &[2]), Rule::MaximumVersion, 24);
    check(&q1(28, &[0]), Rule::MinimumVersion, 28);
}

#[test]
fn wrong_message_size_is_refused() {
    check(&q1(32, &[0xB8]), Rule::MessageSize, 32);
    check(&q1(32, &[0xC8]), Rule::MessageSize, 32);
    check(&Q1[..0x1A0], Rule::MessageSize, 32);
    check(&[Q1, &[0; 8]].concat(), Rule::MessageSize, 32);
}

#[test]
fn call_target_of_wrong_size_is_refused() {
    check(&q1(68, &[0x74]), Rule::TargetSize, 68);
    check(&q1(68, &[0x70]), Rule::TargetSize, 68);
    check(&q1(68, &[0x80]), Rule::TargetSize, 68);
    check(&q1(68, &u32::MAX.to_le_bytes()), Rule::TargetSize, 68);
    check(&q1(80, &[0]), Rule::TargetStructure, 80);
}

#[test]
fn target_text_is_a_guid_with_nul() {
    check(&q1(0x70, &[0x4D]), Rule::TargetTextSize, 0x70);
    check(&q1(0x70, &[0x56]), Rule::TargetTextSize, 0x70);
    check(&q1(0x70, &u32::MAX.to_le_bytes()), Rule::TargetTextSize, 0x70);
    // The text has no NUL, has two, or is empty without one.
    check(&q1(0x70, &[0x4C]), Rule::TargetTextEnd, 0x74);
    check(&q1(0x70, &[0x50]), Rule::TargetTextEnd, 0x74);
    check(&q1(0x70, &[0]), Rule::TargetTextEnd, 0x74);
    for (offset, unit) in [(0x74, b'('), (0x76, b'G'), (0x86, b'0'), (0xBE, b'0')] {
        check(&q1(offset, &[unit]), Rule::TargetTextSyntax, 0x74);
    }
}

#[test]
fn target_text_may_lack_braces_or_be_empty_or_differ() {
    let short = q1(0x70, &[2, 0, 0, 0, 0, 0]);
    assert_eq!(Message::read(&short).unwrap().class(), class());
    let mut bare = q1(0x70, &[74]);
    bare.copy_within(0x76..0xBE, 0x74);
    bare[0xBC..0xC2].fill(0);
    assert_eq!(Message::read(&bare).unwrap().class(), class());
    assert_eq!(Message::read(&q1(0x76, b"9")).unwrap().class(), class());
}

#[test]
fn partition_header_of_wrong_size_is_refused() {
    check(&patched(Q2, 0xCC, &[0x20]), Rule::PartitionSize, 0xCC);
    check(&patched(Q2, 0xCC, &[0x10]), Rule::PartitionSize, 0xCC);
}

#[test]
fn security_data_past_its_header_is_refused() {
    check(&q1(0xD0, &[0x41]), Rule::SecurityDataSize, 0xD0);
    check(&q1(0xD0, &u32::MAX.to_le_bytes()), Rule::SecurityDataSize, 0xD0);
}

#[test]
fn security_reference_points_to_an_earlier_security_header() {
    for target in [0u32, 0xC8, 0x130, 0x380, 0x390, 0xE1, 0xFFFF_FFF8] {
        let bytes = patched(Q2, 0x388, &target.to_le_bytes());
        check(&bytes, Rule::ReferenceTarget, 0x388);
    }
    assert!(Message::read(&patched(Q2, 0x388, &0x1C8u32.to_le_bytes())).is_ok());
    let ahead = message(&[chdr(), secr(CHDR as u32 + 16), secd(), meth()]);
    check(&ahead, Rule::ReferenceTarget, CHDR + 8);
}

#[test]
fn security_reference_of_wrong_size_is_refused() {
    check(&patched(Q2, 0x384, &[0x18]), Rule::ReferenceSize, 0x384);
    check(&patched(Q2, 0x384, &[0x08]), Rule::ReferenceSize, 0x384);
}

#[test]
fn method_header_fields_are_checked() {
    check(&q1(0x124, &[0]), Rule::DataRepresentation, 0x124);
    check(&q1(0x128, &[1]), Rule::MethodFlags, 0x128);
    check(&q1(0x12C, &[9]), Rule::MarshaledSize, 0x12C);
    check(&q1(0x130, &[0]), Rule::MethodReserved, 0x130);
    check(&q1(0x15C, &[0]), Rule::DataRepresentation, 0x15C);
}

#[test]
fn reserved_fields_and_padding_are_ignored() {
    let mut bytes = Q1.to_vec();
    for place in [36..68, 72..80, 0xC2..0xC8, 0xD4..0xD8, 0x134..0x138, 0x14C..0x150] {
        bytes[place].fill(0xA5);
    }
    let message = Message::read(&bytes).unwrap();
    assert_eq!(decode_calls::<ShipCall>(&message).unwrap().len(), 4);
    let padded = patched(Q2, 0x38C, &[0xA5; 4]);
    assert!(Message::read(&padded).is_ok());
}

#[test]
fn undefined_bytes_after_the_parameters_are_ignored() {
    // The padding becomes part of the marshaled data.
    let longer = q1(0x12C, &[8]);
    let longer = patched(&longer, 0x14C, &[0xDE, 0xAD, 0xBE, 0xEF]);
    let calls = |bytes: &[u8]| decode_calls::<ShipCall>(&Message::read(bytes).unwrap()).unwrap();
    assert_eq!(calls(&longer), calls(Q1));
}

#[test]
fn unknown_headers_are_skipped_and_kept() {
    let bytes = message(&[
        chdr(),
        unknown(16),
        secd(),
        unknown(8),
        meth(),
        unknown(24),
        smth(),
        unknown(40),
    ]);
    let message = Message::read(&bytes).unwrap();
    assert_eq!(message.call_count(), 2);
    let kept = message.headers().filter(|(_, header)| header.signature() == *b"CALR");
    let offsets: Vec<_> = kept.map(|(offset, _)| offset).collect();
    assert_eq!(offsets, [200, 296, 352, 408]);
    let headers: Vec<_> = message.headers().map(|(_, header)| header).collect();
    assert_eq!(message::write_headers(&headers).unwrap(), bytes);
}

#[test]
fn arguments_of_wrong_form_are_refused() {
    let decode = |bytes: &[u8]| decode_calls::<ShipCall>(&Message::read(bytes).unwrap());
    let error = |rule, offset| Err(ReadError { rule, offset });
    assert_eq!(decode(&q1(0x120, &[12])), error(Rule::UnknownMethod, 0x120));
    assert_eq!(decode(&q1(0x120, &[2])), error(Rule::UnknownMethod, 0x120));
    assert_eq!(decode(&q1(0x138, &[0])), error(Rule::UnknownInterface, 0x118));
    assert_eq!(decode(&q1(0x12C, &[3])), error(Rule::DataTruncated, 0x148));
    // A late-bound call with another opnum, no flag, too few or too many arguments, another type.
    assert_eq!(decode(&patched(Q2, 0x138, &[5])), error(Rule::UnknownMethod, 0x138));
    assert_eq!(decode(&patched(Q2, 0x178, &[0])), error(Rule::UnknownMethod, 0x138));
    assert_eq!(decode(&patched(Q2, 0x160, &[9])), error(Rule::UnknownMethod, 0x138));
    assert_eq!(decode(&patched(Q2, 0x248, &[4])), error(Rule::ArgumentCount, 0x248));
    let text = [8, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(decode(&patched(Q2, 0x1A0, &text)), error(Rule::ArgumentType, 0x160));
}

#[test]
fn refused_message_is_never_partly_played() {
    struct Shop(Log);
    impl Player for Shop {
        fn play(&mut self, message: &Message<'_>) -> Result<Outcome, ReadError> {
            for call in decode_calls::<ShipCall>(message)? {
                call.play(&mut self.0);
            }
            Ok(Outcome::Done)
        }
    }
    // Each has a good call before the mistake.
    let late = [
        (q1(0x15C, &[0]), Rule::DataRepresentation),
        (q1(0x158, &[99]), Rule::UnknownMethod),
        (q1(0x164, &[2]), Rule::DataTruncated),
        (q1(0x1A4, &[0x28]), Rule::HeaderPastEnd),
    ];
    for (bytes, rule) in late {
        let (mut queue, mut shop) = (MemoryQueue::default(), Shop(Log::default()));
        queue.send(&bytes, 0).unwrap();
        let (_, played) = play_next(&mut queue, 0, &mut shop, None).unwrap().unwrap();
        assert!(matches!(played, Played::Rejected(error) if error.rule == rule), "{played:?}");
        assert_eq!(shop.0.0, [""; 0]);
    }
}

#[test]
fn every_truncation_is_an_error() {
    for vector in [Q1, Q2, Q3] {
        for length in 0..vector.len() {
            assert!(Message::read(&vector[..length]).is_err(), "{length}");
        }
    }
}

#[test]
fn rule_names_are_unique() {
    let mut names: Vec<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Rule::ALL.len());
    let error = Message::read(&q1(24, &[2])).map(drop).unwrap_err();
    let text = "offset 0x0018: violates `maximum-version`: the maximum version is 1";
    assert_eq!(error.to_string(), text);
}

#[test]
fn second_security_context_is_checked_too() {
    let mut bytes = message(&[chdr(), secd(), meth(), secd(), meth()]);
    bytes[CHDR + SECD + METH + 16] = 7;
    check(&bytes, Rule::SecurityVersion, CHDR + SECD + METH + 16);
    assert_ne!(context_a(), context_b());
}
