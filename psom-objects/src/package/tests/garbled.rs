//! Damaged input. It is rejected or read, and nothing panics.

use std::io::{self, Cursor};

use crate::package::*;

use super::{SAMPLE, open, sample_with};

/// A small deterministic generator of pseudo-random numbers.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

fn read_all(bytes: Vec<u8>) {
    if let Ok(mut package) = open(Cursor::new(bytes)) {
        let names: Vec<String> = package.files().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            let _ = package.copy_to(&name, &mut io::sink());
        }
    }
}

#[test]
fn truncated_archives_are_refused() {
    let whole = sample_with(&[("native.file", b"12345"), ("_rels/.rels", b"x")]).into_inner();
    for end in 0..whole.len() {
        assert!(open(Cursor::new(whole[..end].to_vec())).is_err(), "{end}");
        read_all(whole[end..].to_vec());
    }
}

#[test]
fn garbled_archives_do_not_panic() {
    let whole = sample_with(&[("native.file", &[9; 3000]), ("_rels/.rels", b"x")]).into_inner();
    // First set each byte of the headers to its extremes. Then make many random changes at once.
    for at in 0..whole.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            read_all(bytes);
        }
    }
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for _ in 0..4000 {
        let mut bytes = whole.clone();
        for _ in 0..=numbers.below(8) {
            let at = numbers.below(bytes.len());
            match numbers.below(4) {
                0 => bytes[at] = numbers.below(256) as u8,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, numbers.below(256) as u8),
                _ => {
                    let from = numbers.below(bytes.len());
                    let part = bytes[from..bytes.len().min(from + 40)].to_vec();
                    bytes.splice(at..bytes.len().min(at + 40), part);
                }
            }
        }
        read_all(bytes);
    }
}

#[test]
fn garbled_manifests_do_not_panic() {
    let detail = "<a:b xmlns:a='urn:a' a:c='1'>&amp;<![CDATA[x]]><d/></a:b>";
    let foreign = SAMPLE.replace("Content.NativeFileOnly", "x").replace("<common>", "<common >");
    let foreign = foreign.replace("<nativeFileOnlyType>empty</nativeFileOnlyType>", detail);
    let location = Location::new(1, 2).to_xml().unwrap();
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    for source in [SAMPLE, &foreign, &location] {
        for _ in 0..6000 {
            let mut chars: Vec<char> = source.chars().collect();
            for _ in 0..=numbers.below(4) {
                // Never remove everything, so that a position to change remains.
                let at = numbers.below(chars.len());
                let c = ['<', '>', '/', '"', '\'', '&', ';', ':', '=', ' ', '!', '\0', 'x', '’'];
                match numbers.below(4) {
                    0 => chars[at] = c[numbers.below(c.len())],
                    1 if chars.len() > 1 => drop(chars.remove(at)),
                    1 | 2 => chars.insert(at, c[numbers.below(c.len())]),
                    _ => chars.truncate(at + 1),
                }
            }
            let text: String = chars.into_iter().collect();
            // A parsed manifest can be written and is read back unchanged.
            if let Ok(manifest) = Manifest::parse(&text) {
                assert_eq!(Manifest::parse(&manifest.to_xml().unwrap()).unwrap(), manifest);
            }
            if let Ok(location) = Location::parse(&text) {
                assert_eq!(Location::parse(&location.to_xml().unwrap()).unwrap(), location);
            }
            let _ = text.parse::<RawXml>();
        }
    }
}
