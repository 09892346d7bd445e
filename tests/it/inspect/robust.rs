//! Damaged and random bytes.

use proptest::{collection::vec, prelude::*};
use psom::session::Role;
use psom_inspect::{EventKind, dump};

use super::common::{client, inspector, lines, server, texts};

#[test]
fn undecodable_bytes_are_reported_with_their_offset() {
    let mut bytes = client();
    bytes.extend([0x99, 1, 2, 3]);
    let transcript = inspector().read(bytes);
    let lines = lines(&transcript);
    assert_eq!(lines.len(), 9);
    assert_eq!(lines[8], "216 -- the last 4 bytes are lost: record type 0x99 is unknown");
}

#[test]
fn truncated_capture_resumes_at_the_next_set_channel() {
    let whole = server();
    let events = lines(&inspector().sent_by(Role::Server).read(whole.clone()));
    let decode = |bytes: Vec<u8>| lines(&inspector().sent_by(Role::Server).read(bytes));
    // The server's last messages are on channel 2.
    let change = whole.windows(5).rposition(|bytes| bytes == [4, 0, 0, 0, 2]).unwrap();
    let texts = |lines: &[String]| -> Vec<String> {
        let text = |line: &String| line.splitn(3, ' ').last().map(str::to_owned);
        lines.iter().filter_map(text).collect()
    };
    let rest = events.iter().filter(|line| {
        line.split(' ').next().is_some_and(|offset| offset.parse::<usize>().unwrap() >= change)
    });
    let rest: Vec<_> = texts(&rest.cloned().collect::<Vec<_>>());
    assert!(rest.len() > 2 && rest[0].contains("set channel #2"), "{rest:?}");
    // Some bytes of an earlier message:
    let late = decode([&[0x99, 7, 0x16, 0xff][..], &whole[change..]].concat());
    assert_eq!(late[0], "0 -- 4 undecodable bytes: record type 0x99 is unknown");
    assert_eq!(texts(&late[1..]), rest);
    // A record longer than the capture:
    let late = decode([&[0x16, 0, 1, 0, 0, 7][..], &whole[change..]].concat());
    assert_eq!(late[0], "0 -- 6 undecodable bytes: the capture ends inside a record");
    assert_eq!(texts(&late[1..]), rest);
    // Bytes like those of a channel change do not count without a message after them.
    for no_record in [
        &[4, 0, 0, 0, 2][..],
        &[4, 0, 0, 0, 9, 0x16, 0, 0, 0, 1, 7],
        &[4, 0, 0, 0, 2, 0x16, 0, 0, 0, 9, 7],
    ] {
        let lost = decode([&[0x99], no_record].concat());
        let length = no_record.len() + 1;
        let expected =
            format!("0 -- the last {length} bytes are lost: record type 0x99 is unknown");
        assert_eq!(lost, [expected]);
    }
}

#[test]
fn unreadable_message_does_not_stop_decoding() {
    let mut bytes = client();
    // The length of the name in addProtocol:
    bytes[72] = 0xff;
    let texts = texts(&inspector().read(bytes));
    assert_eq!(
        texts[3],
        "69 undecodable bytes: ConnMgr@0.addProtocol: the message ends inside a value"
    );
    assert_eq!(texts[4], "ConnMgr@0.doneProtocols()");
    assert_eq!(texts[7], r#"contentManager@-2.sReserveTitle("Hello World", 1)"#);
}

#[test]
fn oversized_record_length_allocates_nothing() {
    let mut bytes = server();
    bytes.extend([0x16, 0xff, 0xff, 0xff, 0xff, 0]);
    let last = texts(&inspector().read(bytes)).pop().unwrap();
    assert_eq!(last, "the last 6 bytes are lost: the capture ends inside a record");
}

#[test]
fn array_with_an_oversized_count_is_undecodable() {
    for (count, why) in [
        (&[0x83, 0x7f, 0xff, 0xff, 0xff][..], "the message ends inside a value"),
        (&[0xff][..], "an array has a negative length"),
    ] {
        // ContentUserManager.cUsersRemoved(Int64[]) on a connected contentUserManager.
        let length = u8::try_from(2 + count.len()).unwrap();
        let mut bytes = server();
        bytes.extend([0x16, 0, 0, 0, length, 1, 2]);
        bytes.extend(count);
        let last = texts(&inspector().read(bytes)).pop().unwrap();
        let size = length + 5;
        assert_eq!(
            last,
            format!("{size} undecodable bytes: contentUserManager@1.cUsersRemoved: {why}")
        );
    }
}

#[test]
fn empty_capture_has_no_events() {
    let transcript = inspector().read(Vec::new());
    assert_eq!(transcript.events().count(), 0);
    assert!(!transcript.is_certain());
}

#[test]
fn prefix_of_a_capture_yields_a_prefix_of_its_events() {
    for whole in [client(), server()] {
        let sender = inspector().read(whole.clone()).sender();
        let events = lines(&inspector().sent_by(sender).read(whole.clone()));
        for length in 0..whole.len() {
            let transcript = inspector().sent_by(sender).read(whole[..length].to_vec());
            let mut texts = lines(&transcript);
            let cut = transcript.events().last().is_some_and(|event| {
                matches!(event.kind, EventKind::Lost { length: left, .. } if event.offset + left == length)
            });
            if cut {
                texts.pop();
            }
            // A name may be uncertain while there are only a few calls.
            let plain = |line: &String| line.replace('?', "");
            let texts: Vec<_> = texts.iter().map(plain).collect();
            assert_eq!(texts, events[..texts.len()].to_vec(), "{length} bytes");
            let ends = transcript.events().map(|event| event.offset).last();
            assert!(cut || length == 0 || ends < Some(length));
        }
    }
}

/// Checks that every byte is in exactly one event or after the last one, in order, and that the
/// output is safe for a terminal, for any input.
fn assert_covered(bytes: &[u8], sender: Option<Role>, other: Option<Vec<u8>>) {
    let mut inspector = inspector();
    if let Some(sender) = sender {
        inspector = inspector.sent_by(sender);
    }
    if let Some(other) = other {
        inspector = inspector.other(other);
    }
    let transcript = inspector.read(bytes.to_vec());
    let mut last = None;
    for event in transcript.events() {
        assert!(Some(event.offset) > last, "offsets grow");
        last = Some(event.offset);
        assert!(event.offset < bytes.len());
        if let EventKind::Lost { length, .. } = event.kind {
            assert_eq!(event.offset + length, bytes.len());
        }
        let line = event.kind.to_string();
        assert!(!line.contains(char::is_control), "{line:?}");
        // A double of 8 bytes can print as 300 digits, and one byte of a text as 6 characters.
        assert!(line.len() <= 2000 + bytes.len() * 40, "{} characters", line.len());
    }
    assert_eq!(last.is_none(), bytes.is_empty());
}

/// Records with random bodies, so that decoding goes beyond the first byte.
fn records() -> impl Strategy<Value = Vec<u8>> {
    let body = prop_oneof![
        vec(any::<u8>(), 0..40),
        // Small numbers are plausible identifiers, methods and counts.
        vec(prop_oneof![0..12u8, 240..=255u8, Just(0x84), Just(0x86)], 0..24),
    ];
    let record = (prop_oneof![Just(0x16u8), Just(6), Just(0x37), Just(4), Just(0)], body);
    vec(record, 0..40).prop_map(|records| {
        let mut bytes = Vec::new();
        for (kind, body) in records {
            bytes.push(kind);
            match kind {
                0 => {}
                4 => bytes.extend([0, 0, 0, 2]),
                _ => {
                    bytes.extend(if kind == 0x37 { &[0, 0, 0, 2][..] } else { &[] });
                    bytes.extend((body.len() as u32).to_be_bytes());
                    bytes.extend(&body);
                }
            }
        }
        bytes
    })
}

fn sender() -> impl Strategy<Value = Option<Role>> {
    prop_oneof![Just(None), Just(Some(Role::Client)), Just(Some(Role::Server))]
}

proptest! {
    #[test]
    fn random_bytes_are_covered_by_events(bytes in vec(any::<u8>(), 0..300), sender in sender()) {
        assert_covered(&bytes, sender, None);
    }

    #[test]
    fn random_records_are_covered_by_events(bytes in records(), sender in sender(), other in records()) {
        assert_covered(&bytes, sender, None);
        assert_covered(&bytes, sender, Some(other));
    }

    #[test]
    fn damaged_captures_are_covered_by_events(
        from_client: bool,
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = if from_client { client() } else { server() };
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len() + 1));
        assert_covered(&bytes, None, None);
        assert_covered(&bytes, None, Some(server()));
    }

    #[test]
    fn random_dumps_are_read_or_refused(text in "[0-9a-fx \n,:|*\"]{0,200}", bytes in vec(any::<u8>(), 0..100)) {
        // A text yields at most one byte for two digits.
        if let Ok(read) = dump::read(text.clone().into_bytes()) {
            prop_assert!(read.len() <= text.len() / 2);
        }
        let _ = dump::read(bytes);
    }
}
