//! Files that are made for the tests.

use std::io::{Cursor, Write as _};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// Returns bytes that do not compress, the same ones for the same seed.
pub(crate) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        // xorshift64*
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Writes a zip file. Names that end in `.png` are stored, others are compressed.
pub(crate) fn zip_file(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(vec![]));
    for (name, bytes) in entries {
        let stored = name.ends_with(".png");
        let method = if stored { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn xml(name: &str, words: usize) -> Vec<u8> {
    let words: String =
        (0..words).map(|word| format!("<a:t>{name} {}</a:t>", word * word)).collect();
    format!("<?xml version=\"1.0\"?><part>{words}</part>").into_bytes()
}

fn entry(name: &str, words: usize) -> (String, Vec<u8>) {
    (name.to_owned(), xml(name, words))
}

pub(crate) fn docx() -> Vec<u8> {
    zip_file(&[
        entry("[Content_Types].xml", 20),
        entry("_rels/.rels", 5),
        entry("word/document.xml", 5_000),
        entry("word/styles.xml", 800),
        ("word/media/image1.png".into(), noise(1, 90_000)),
    ])
}

pub(crate) fn xlsx() -> Vec<u8> {
    zip_file(&[
        entry("[Content_Types].xml", 20),
        entry("xl/workbook.xml", 40),
        entry("xl/worksheets/sheet1.xml", 9_000),
        entry("xl/sharedStrings.xml", 0),
    ])
}

/// Returns a presentation with a picture of `picture_bytes` on each slide. `edited` has another
/// text.
pub(crate) fn pptx(slides: usize, picture_bytes: usize, edited: Option<usize>) -> Vec<u8> {
    let mut entries = vec![entry("[Content_Types].xml", 50), entry("ppt/presentation.xml", 60)];
    for slide in 0..slides {
        let words = if edited == Some(slide) { 1_200 } else { 1_000 };
        entries.push(entry(&format!("ppt/slides/slide{slide}.xml"), words));
        let picture = noise(slide as u64 + 7, picture_bytes);
        entries.push((format!("ppt/media/image{slide}.png"), picture));
    }
    zip_file(&entries)
}
