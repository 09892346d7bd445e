//! Repairs of pages that the renderer leaves blank although other programs draw them: their crop box shows
//! nothing.
//!
//! The repaired objects are appended to the file as an incremental update.

use std::{collections::BTreeMap, fmt::Write as _};

use hayro::hayro_syntax::{
    Pdf,
    object::{ObjectIdentifier, dict::keys::CROP_BOX},
    page::Page,
};

/// The new texts of objects, by number and generation.
type Updates = BTreeMap<(u32, i32), Vec<u8>>;

/// Returns a repaired copy of a PDF, or `None` if nothing is to be repaired, or the file is encrypted.
pub(super) fn repaired(pdf: &Pdf) -> Option<Pdf> {
    let bytes: &[u8] = pdf.data().as_ref();
    // New strings would have to be encrypted.
    if find_last(bytes, b"/Encrypt").is_some() {
        return None;
    }
    let mut updates = Updates::new();
    for page in pdf.pages().iter() {
        repair_crop_box(page, &mut updates);
    }
    if updates.is_empty() {
        return None;
    }
    // A reader that does not trust the index of the file looks for the objects itself.
    [true, false].into_iter().find_map(|has_index| {
        let repaired = Pdf::new(updated(bytes, pdf, &updates, has_index)).ok()?;
        (repaired.pages().len() == pdf.pages().len()).then_some(repaired)
    })
}

/// Appends new objects to a file, with an index of them if the file has one.
fn updated(bytes: &[u8], pdf: &Pdf, updates: &Updates, has_index: bool) -> Vec<u8> {
    let mut file = bytes.to_vec();
    file.push(b'\n');
    let mut index = "xref\n".to_owned();
    for ((number, generation), text) in updates {
        // Writing to a string does not fail.
        let _ = write!(index, "{number} 1\n{:010} {generation:05} n \n", file.len());
        file.extend(format!("{number} {generation} obj\n").bytes());
        file.extend(text);
        file.extend(b"\nendobj\n");
    }
    let root = pdf.xref().root_id();
    let root = format!("/Root {} {} R", root.obj_number, root.gen_number);
    let size = pdf.len() + updates.len() + 1;
    let start = file.len();
    let end = match start_of_index(bytes).filter(|_| has_index) {
        Some(before) => format!(
            "{index}trailer\n<< /Prev {before} /Size {size} {root} >>\nstartxref\n{start}\n%%EOF\n"
        ),
        None => format!("trailer\n<< /Size {size} {root} >>\n"),
    };
    file.extend(end.bytes());
    file
}

/// Returns where the index of a file begins.
fn start_of_index(bytes: &[u8]) -> Option<u64> {
    const WORD: &[u8] = b"startxref";
    let rest = bytes[find_last(bytes, WORD)? + WORD.len()..].trim_ascii_start();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
    digits.map(|digit| char::from(*digit)).collect::<String>().parse().ok()
}

fn find_last(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).rposition(|part| part == word)
}

/// Shows the whole page if its crop box shows nothing of it.
fn repair_crop_box(page: &Page<'_>, updates: &mut Updates) {
    let (media, visible) = (page.media_box(), page.intersected_crop_box());
    let is_empty = |width: f64, height: f64| !(width > 0.0 && height > 0.0);
    if !is_empty(visible.width(), visible.height()) || is_empty(media.width(), media.height()) {
        return;
    }
    let Some(id) = page.raw().obj_id() else { return };
    let text = page.raw().data();
    let Some(rest) = text.trim_ascii_start().strip_prefix(b"<<") else { return };
    let mut repaired =
        format!("<< /CropBox [{} {} {} {}] ", media.x0, media.y0, media.x1, media.y1).into_bytes();
    let own = page.raw().contains_key(CROP_BOX).then(|| find_first(rest, b"/CropBox")).flatten();
    match own {
        // The old box gets a key without a meaning.
        Some(at) => {
            repaired.extend(&rest[..at]);
            repaired.extend(b"/OldCropBox");
            repaired.extend(&rest[at + b"/CropBox".len()..]);
        }
        None => repaired.extend(rest),
    }
    updates.insert(key(id), repaired);
}

fn find_first(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).position(|part| part == word)
}

fn key(id: ObjectIdentifier) -> (u32, i32) {
    (id.obj_number, id.gen_number)
}
