//! The four golden vectors in `tests/data`.

use std::fmt::Write as _;

use comqc::{
    Message, Recorder, Rule,
    carrier::Packet,
    decode_calls,
    message::{self, Header},
    oaut::{IID_IDISPATCH, Invoke, Variant, flags},
    security::{Security, Value},
};

use crate::ship::{
    Log, Q1, Q2, Q3, Q4, ShipCall, ShipRecorder, class, context_a, context_b, guid, recorder,
};

fn q1() -> Vec<u8> {
    let mut recorder = recorder();
    let mut ship = ShipRecorder::new(&mut recorder);
    ship.customer_id(4).unwrap();
    ship.order_id(1204).unwrap();
    ship.line_item(12).unwrap();
    ship.process().unwrap();
    recorder.finish().unwrap()
}

fn q2() -> Vec<u8> {
    let partition = guid("{41E90F3E-56C1-4633-81C3-6E8BAC8BDD70}");
    let mut recorder = Recorder::new(class(), Some(partition), &context_a()).unwrap();
    ShipRecorder::late_bound(&mut recorder).customer_id(4).unwrap();
    recorder.set_context(&context_b()).unwrap();
    ShipRecorder::late_bound(&mut recorder).line_item(12).unwrap();
    let arguments = vec![Variant::Bstr("Zürich".into()), Variant::Bool(true), Variant::R8(1.5)];
    recorder.invoke(&Invoke::method(5, 0x0409, arguments)).unwrap();
    recorder.set_context(&context_a()).unwrap();
    ShipRecorder::late_bound(&mut recorder).process().unwrap();
    recorder.finish().unwrap()
}

/// Prints a message in the format of the listings beside the vectors.
fn listing(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut calls = Message::read(bytes).unwrap().calls();
    let mut number = 0;
    for header in message::headers(bytes) {
        let (offset, header) = header.unwrap();
        write!(text, "{offset:04x} ").unwrap();
        match header {
            Header::Container(container) => {
                let units =
                    container.text.chunks(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
                let name = String::from_utf16(&units.collect::<Vec<_>>()).unwrap();
                let name = name.replace('\0', "\\x00");
                let size = 80 + 36 + container.text.len() + container.padding.len();
                let (total, class) = (container.message_size, container.class);
                let pad = container.padding.len();
                let target = message::TARGET_STRUCTURE;
                writeln!(text, "CHDR size={size} message={total} target={target} clsid={class} name='{name}' pad={pad}").unwrap();
            }
            Header::Partition { id } => writeln!(text, "PART {id}").unwrap(),
            Header::Security { data, data_padding, .. } => {
                let size = 16 + data.len() + data_padding.len();
                write!(text, "SECD size={size} data={} v1.1 style=0", data.len()).unwrap();
                let mut last = None;
                for (kind, place, property) in Security::read(&data, 0).unwrap().properties() {
                    if last != Some(place) {
                        let end = if last.is_some() { "]" } else { "" };
                        write!(text, "{end} {kind:04x}[").unwrap();
                    } else {
                        text.push(' ');
                    }
                    last = Some(place);
                    write!(text, "{:04x}={}", property.kind, hex(&property.data)).unwrap();
                }
                writeln!(text, "]").unwrap();
            }
            Header::SecurityReference { offset, .. } => {
                writeln!(text, "SECR -> {offset:04x}").unwrap()
            }
            Header::Method(method) => {
                let call = calls.next().unwrap();
                number += 1;
                let name = if method.interface.is_some() { "METH" } else { "SMTH" };
                let size = call.data_offset - offset + method.data.len() + method.padding_2.len();
                let (iid, opnum, length) = (call.interface, call.opnum, call.data.len());
                writeln!(text, "{name} size={size} call#{number} iid={iid} opnum={opnum} rep=0x10 flags=0x1000 data={length} {}", hex(call.data)).unwrap();
            }
            Header::Unknown { .. } => unreachable!("the vectors have none"),
        }
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn played(bytes: &[u8]) -> Vec<String> {
    let mut log = Log::default();
    for call in decode_calls::<ShipCall>(&Message::read(bytes).unwrap()).unwrap() {
        call.play(&mut log);
    }
    log.0
}

#[test]
fn vectors_decode_to_the_listings_beside_them() {
    assert_eq!(listing(Q1), include_str!("../data/q1.txt"));
    assert_eq!(listing(Q2), include_str!("../data/q2.txt"));
}

#[test]
fn recorder_writes_q1_byte_for_byte() {
    assert_eq!(q1(), Q1);
    assert_eq!(Q1.len(), 448);
    assert_eq!(played(Q1), ["customer 4", "order 1204", "item 12", "process"]);
}

#[test]
fn recorder_writes_q2_byte_for_byte() {
    assert_eq!(q2(), Q2);
    assert_eq!(Q2.len(), 1000);
}

#[test]
fn recorder_writes_q3_byte_for_byte() {
    let mut recorder = recorder();
    ShipRecorder::new(&mut recorder).describe(7, "Anvil", 2.5).unwrap();
    assert_eq!(recorder.finish().unwrap(), Q3);
    assert_eq!(Q3.len(), 368);
    assert_eq!(played(Q3), ["7 x Anvil, 2.5 kg"]);
}

#[test]
fn packet_writer_writes_q4_byte_for_byte() {
    let mut packet = Packet::with_calls("OS:server\\private$\\qcshipapp", "QCShip", Q1).unwrap();
    packet.time_to_reach_queue = 345_600;
    packet.source = guid("{557358D1-9150-9595-4997-B6E611EA26C6}");
    packet.message_id = 2286;
    packet.sent = 0x4411_05E6;
    assert_eq!(packet.write().unwrap(), Q4);
    assert_eq!(Q4.len(), 660);
    let read = Packet::read(Q4).unwrap();
    assert_eq!(read.calls().unwrap(), Q1);
    assert_eq!((read.label(), read.base_flags & 7), ("QCShip".to_owned(), 3));
    assert_eq!(read.write().unwrap(), Q4);
}

#[test]
fn late_bound_calls_of_q2_have_the_listed_arguments() {
    let message = Message::read(Q2).unwrap();
    let calls: Vec<_> = message.calls().collect();
    assert!(calls.iter().all(|call| call.interface == IID_IDISPATCH && call.opnum == 6));
    assert_eq!(calls.iter().map(|call| call.data.len()).collect::<Vec<_>>(), [100, 92, 180, 56]);
    let invokes: Vec<_> =
        calls.iter().map(|call| Invoke::read(&mut call.arguments()).unwrap()).collect();
    assert_eq!(invokes[0], Invoke::put(1, 0x0409, flags::PROPERTY_PUT, Variant::I4(4)));
    assert_eq!(invokes[1], Invoke::method(3, 0x0409, vec![Variant::I4(12)]));
    assert_eq!(
        invokes[2].arguments,
        [Variant::R8(1.5), Variant::Bool(true), Variant::Bstr("Zürich".into())]
    );
    assert_eq!(invokes[3], Invoke::method(4, 0x0409, vec![]));
    let callers: Vec<_> = calls.iter().map(|call| call.security.caller().unwrap()).collect();
    let [a, b] = ["S-1-5-18", "S-1-5-21-1000-2000-3000-1104"];
    assert_eq!(callers, [a, b, b, a]);
    let property = calls[1].security.properties().nth(2).unwrap().2;
    assert_eq!(property.value(), Value::Number(16));
}

#[test]
fn unknown_dispid_of_q2_refuses_the_whole_message() {
    let error = decode_calls::<ShipCall>(&Message::read(Q2).unwrap()).unwrap_err();
    // The third call, at 0x2A8, is DISPID 5.
    assert_eq!((error.rule, error.offset), (Rule::UnknownMethod, 0x2A8 + 8));
}

#[test]
fn all_four_optimizations_are_used() {
    let mut recorder = recorder();
    let other = guid("11111111-2222-3333-4444-555555555555");
    let call = |recorder: &mut Recorder, interface, context| {
        recorder.set_context(context).unwrap();
        recorder.call(interface, 3, |_| Ok(())).unwrap();
    };
    let (a, b, ship) = (&context_a(), &context_b(), guid("5E0C1A30-7B1D-4C6E-9E5F-0A1B2C3D4E5F"));
    call(&mut recorder, ship, a); // SECD METH
    call(&mut recorder, ship, a); // same interface and context
    call(&mut recorder, other, a); // same context
    call(&mut recorder, other, b); // SECD SMTH
    call(&mut recorder, ship, a); // SECR METH
    call(&mut recorder, ship, b); // SECR SMTH
    call(&mut recorder, other, b); // METH
    let bytes = recorder.finish().unwrap();
    let signatures: Vec<_> = message::headers(&bytes)
        .map(|header| String::from_utf8(header.unwrap().1.signature().to_vec()).unwrap())
        .collect();
    let expected = "CHDR SECD METH SMTH METH SECD SMTH SECR METH SECR SMTH METH";
    assert_eq!(signatures.join(" "), expected);
    let calls: Vec<_> = Message::read(&bytes).unwrap().calls().collect();
    let interfaces: Vec<_> = calls.iter().map(|call| call.interface).collect();
    assert_eq!(interfaces, [ship, ship, other, other, ship, ship, other]);
    let callers: Vec<_> = calls.iter().map(|call| call.security.to_context()).collect();
    let expected = [a, a, a, b, a, b, b].map(Clone::clone);
    assert_eq!(callers, expected);
}

#[test]
fn headers_are_written_back_without_loss() {
    for bytes in [Q1, Q2, Q3] {
        let headers: Vec<_> = message::headers(bytes).map(|header| header.unwrap().1).collect();
        assert_eq!(message::write_headers(&headers).unwrap(), bytes);
    }
}

#[test]
fn recorder_without_calls_sends_nothing() {
    assert_eq!(recorder().finish(), None);
}

#[test]
fn failed_write_leaves_the_message_unchanged() {
    let mut recorder = recorder();
    ShipRecorder::new(&mut recorder).process().unwrap();
    let size = recorder.size_bytes();
    let mut nested = Variant::I4(1);
    for _ in 0..40 {
        nested = Variant::VariantRef(nested.into());
    }
    recorder.set_context(&context_b()).unwrap();
    assert!(recorder.invoke(&Invoke::method(1, 0, vec![nested])).is_err());
    assert_eq!((recorder.size_bytes(), recorder.call_count()), (size, 1));
    // The context is not lost with the failed call.
    ShipRecorder::new(&mut recorder).process().unwrap();
    let bytes = recorder.finish().unwrap();
    let last = Message::read(&bytes).unwrap().calls().last().unwrap();
    assert_eq!(last.security.to_context(), context_b());
}
