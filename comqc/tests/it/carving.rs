//! The search for packets in storage files and memory dumps.

use comqc::{
    ReadError, Rule,
    carrier::{Found, Verdict, carve},
};

use crate::ship::{Q1, Q2, Q4, patched};

/// A generator of noise with a fixed seed (SplitMix64).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).take(count).collect()
    }
}

/// Returns a packet that is damaged in one of five ways: its end, its signature, its size, its
/// body's signature or a header of its body.
fn damaged(way: usize, noise: &mut Noise) -> Vec<u8> {
    match way {
        0 => [&Q4[..400], &noise.bytes(260)].concat(),
        1 => patched(Q4, 4, b"XXXX"),
        2 => patched(Q4, 8, &[0xFF, 0xFF, 0xFF, 0x7F]),
        3 => patched(Q4, 0xD2 + 8, &[0; 16]),
        _ => patched(Q4, 0xD2 + 0x150, b"QQQQ\x03"),
    }
}

#[test]
fn carver_finds_all_packets_in_4_mib_of_noise() {
    for seed in 0..4 {
        let mut noise = Noise(seed);
        let mut bytes = noise.bytes(4 << 20);
        // One packet in each of 40 slots, at a random offset.
        let slot = bytes.len() / 40;
        let mut expected = Vec::new();
        for packet in 0..40 {
            let is_damaged = packet % 8 == 3;
            let content = if is_damaged { damaged(packet / 8, &mut noise) } else { Q4.to_vec() };
            let start = packet * slot + noise.next() as usize % (slot - content.len());
            bytes[start..start + content.len()].copy_from_slice(&content);
            expected.push((start, is_damaged));
        }
        let found: Vec<_> = carve(&bytes).collect();
        assert_eq!(found.len(), 40);
        for (Found { range, verdict }, (start, is_damaged)) in found.iter().zip(expected) {
            if is_damaged {
                assert!(matches!(verdict, Verdict::Damaged { .. }), "{verdict:?}");
                assert!((start..start + Q4.len()).contains(&range.start));
            } else {
                assert_eq!((range.clone(), verdict), (start..start + Q4.len(), &Verdict::Packet));
                assert_eq!(bytes[range.clone()], *Q4);
            }
        }
    }
}

#[test]
fn damage_is_reported_with_its_rule_and_remains() {
    let mut noise = Noise(9);
    let verdict = |way: usize, noise: &mut Noise| {
        let bytes = [&noise.bytes(1000)[..], &damaged(way, noise), &noise.bytes(1000)].concat();
        let mut found: Vec<_> = carve(&bytes).collect();
        assert_eq!(found.len(), 1, "{way}");
        let Found { range, verdict } = found.remove(0);
        let Verdict::Damaged { error, message } = verdict else { panic!("{way}: {verdict:?}") };
        assert!((1000..1000 + Q4.len()).contains(&range.start));
        (error.rule, message.map(|message| bytes[message].to_vec()))
    };
    assert!(matches!(verdict(0, &mut noise), (_, None)));
    assert_eq!(verdict(1, &mut noise), (Rule::PacketSignature, Some(Q1.to_vec())));
    assert_eq!(verdict(2, &mut noise), (Rule::PacketSize, Some(Q1.to_vec())));
    assert_eq!(verdict(3, &mut noise), (Rule::MessageSignature, None));
    assert_eq!(verdict(4, &mut noise), (Rule::HeaderSizeMultiple, None));
}

#[test]
fn damage_in_the_body_is_reported_with_its_offset_in_the_packet() {
    let bytes = damaged(3, &mut Noise(0));
    let found = carve(&bytes).next().unwrap();
    let error = ReadError { rule: Rule::MessageSignature, offset: 0xD2 + 8 };
    assert_eq!(found.verdict, Verdict::Damaged { error, message: None });
}

#[test]
fn bodies_without_packets_and_other_packets_are_found() {
    let other = patched(Q4, 0xC2, &[0]);
    let bytes = [b"??", Q1, b"?", Q2, &other, Q4, Q1].concat();
    let found: Vec<_> = carve(&bytes).map(|found| (found.range.len(), found.verdict)).collect();
    let expected = [
        (448, Verdict::Message),
        (1000, Verdict::Message),
        (660, Verdict::OtherPacket),
        (660, Verdict::Packet),
        (448, Verdict::Message),
    ];
    assert_eq!(found, expected);
}

#[test]
fn packets_back_to_back_and_cut_off_at_the_end_are_found() {
    let bytes = [Q4, Q4, &Q4[..300]].concat();
    let found: Vec<_> = carve(&bytes).collect();
    assert_eq!(found[..2].iter().filter(|found| found.verdict == Verdict::Packet).count(), 2);
    assert!(matches!(found[2].verdict, Verdict::Damaged { .. }));
    assert_eq!(found.len(), 3);
}

#[test]
fn noise_and_bare_signatures_are_not_packets() {
    assert_eq!(carve(&Noise(1).bytes(1 << 16)).count(), 0);
    let bare = b"\x10\0\0\0LIOR".repeat(1000);
    assert_eq!(carve(&bare).count(), 0);
    assert_eq!(carve(b"").count(), 0);
}
