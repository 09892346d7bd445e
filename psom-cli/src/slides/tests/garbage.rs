//! Files that are not presentations, or damaged ones.

use std::fs;

use super::{converted, file, pdf_file::*, refused, said, small};
use crate::slides::convert;

#[test]
fn an_unsupported_format_lists_the_supported_ones() {
    for name in ["Plan.docx", "Plan.key", "Plan", "Plan.jpg"] {
        let (_directory, path) = file(name, b"anything");
        let why = refused(&path, &small());
        for word in [name, "a PDF", "PPTX", "PPT", "ODP", "folder of JPEG"] {
            assert!(why.contains(word), "{why}");
        }
    }
}

#[test]
fn a_missing_file_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let why = refused(&directory.path().join("Plan.pdf"), &small());
    assert!(why.starts_with("cannot read ") && why.contains("Plan.pdf"), "{why}");
}

#[test]
fn a_file_that_is_not_a_pdf_is_rejected() {
    let whole = pdf(&[Page::numbered(1)]);
    let cases: [&[u8]; 5] = [b"", b"hello", &[0; 5000], b"%PDF-1.4\n%%EOF", &whole[..60]];
    for bytes in cases {
        let (_directory, path) = file("Plan.pdf", bytes);
        let why = refused(&path, &small());
        assert!(why.contains("Plan.pdf is not a PDF, or it is damaged; export it"), "{why}");
    }
}

#[test]
fn a_pdf_without_its_index_is_readable() {
    let whole = pdf(&[Page::numbered(1), Page::numbered(2)]);
    let xref = whole.windows(5).position(|word| word == b"xref\n").unwrap();
    let (_directory, path) = file("Plan.pdf", &whole[..xref]);
    assert_eq!(converted(&path, &small()).slides.len(), 2);
}

#[test]
fn garbled_pdfs_give_slides_or_an_error() {
    let whole = pdf(&[Page::numbered(1), Page::numbered(2)]);
    let mut state: u32 = 1;
    let mut random = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    let (_directory, path) = file("Plan.pdf", b"");
    for _ in 0..150 {
        let mut garbled = whole.clone();
        for _ in 0..=random(6) {
            let at = random(garbled.len());
            match random(3) {
                0 => garbled[at] = random(256) as u8,
                1 => garbled.truncate(at.max(1)),
                _ => {
                    let tail = garbled.split_off(at);
                    garbled.extend(b"9999999999 <<[/".iter().chain(&tail));
                }
            }
        }
        fs::write(&path, &garbled).unwrap();
        match convert(&path, &small()) {
            Ok(deck) => assert!(!deck.slides.is_empty()),
            refused => drop(said(refused)),
        }
    }
}

#[test]
fn deeply_nested_pages_do_not_overflow_the_stack() {
    let form = "/Type /XObject /Subtype /Form /BBox [0 0 960 540]";
    let nested = |open: &str, close: &str| [open.repeat(30_000), close.repeat(30_000)].concat();
    let contents = [
        nested("q ", "Q "),
        nested("[", "] 0 d"),
        nested("<</A ", ">>"),
        nested("(", ")"),
        nested("BT ", "ET "),
        nested("/A BMC ", "EMC "),
        "/Self Do".to_owned(),
    ];
    for content in contents {
        let bytes = String::from_utf8(pdf(&[Page::with(content)])).unwrap();
        // The page's content is also a form that draws itself.
        let bytes = bytes.replace("<< /Length", &format!("<< {form} /Length"));
        let (_directory, path) = file("Plan.pdf", bytes.as_bytes());
        match convert(&path, &small()) {
            Ok(deck) => assert_eq!(deck.slides.len(), 1),
            refused => drop(said(refused)),
        }
    }
}
