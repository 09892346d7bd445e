//! Repairs of what the renderer does not draw, although other programs do: pages whose crop box shows
//! nothing, and images whose palette is too short.
//!
//! The repaired objects are appended to the file as an incremental update.
//!
//! The repair of palettes is not effective yet: the renderer still draws such images in black.

use std::{collections::BTreeMap, fmt::Write};

use hayro::hayro_syntax::{
    Pdf,
    object::{Array, Dict, MaybeRef, Name, Object, ObjectIdentifier, Stream, dict::keys::CROP_BOX},
    page::Page,
};

/// How deep the direct parts of an object are searched.
const MAX_DEPTH: usize = 8;

/// The highest index of a palette.
const MAX_INDEX: u32 = 255;

/// The new texts of objects, by number and generation.
type Updates = BTreeMap<(u32, i32), Vec<u8>>;

/// Returns a repaired copy of a PDF, or `None` if nothing is to be repaired, or the file is encrypted.
pub fn repaired(pdf: &Pdf) -> Option<Pdf> {
    let bytes: &[u8] = pdf.data().as_ref();
    // New strings would have to be encrypted.
    if find_last(bytes, b"/Encrypt").is_some() {
        return None;
    }
    let mut updates = Updates::new();
    for object in pdf.objects() {
        match &object {
            Object::Dict(dict) => repair_palettes(dict, None, &mut updates),
            Object::Stream(stream) => repair_palettes(stream.dict(), Some(stream), &mut updates),
            _ => {}
        }
    }
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

/// Repairs the palettes in a dictionary, which is an object of its own or that of a stream.
fn repair_palettes(dict: &Dict<'_>, stream: Option<&Stream<'_>>, updates: &mut Updates) {
    let text = dict.data();
    let mut changes = Vec::new();
    collect(dict, MAX_DEPTH, &mut changes, updates);
    let Some(id) = dict.obj_id().filter(|_| !changes.is_empty()) else { return };
    changes.sort_by_key(|(array, _)| array.as_ptr());
    let (mut repaired, mut done) = (Vec::new(), 0);
    for (array, new) in changes {
        // The array lies within the text of the dictionary.
        let Some(at) = (array.as_ptr() as usize).checked_sub(text.as_ptr() as usize) else {
            return;
        };
        let (Some(before), true) = (text.get(done..at), at + array.len() <= text.len()) else {
            return;
        };
        repaired.extend(before);
        repaired.extend(new.bytes());
        done = at + array.len();
    }
    repaired.extend(&text[done..]);
    if let Some(stream) = stream {
        repaired.extend(b"\nstream\n");
        repaired.extend(&*stream.raw_data());
        repaired.extend(b"\nendstream");
    }
    updates.insert(key(id), repaired);
}

/// Collects short palettes in a dictionary and its direct parts, as their old and their new texts.
/// Palettes that are objects of their own are added to the updates.
fn collect<'a>(
    dict: &Dict<'a>,
    depth: usize,
    changes: &mut Vec<(&'a [u8], String)>,
    updates: &mut Updates,
) {
    for (name, value) in dict.entries() {
        match value {
            MaybeRef::Ref(id) => {
                let array = dict.get::<Array<'a>>(&*name);
                if let Some(new) = array.and_then(|array| longer_palette(&array)) {
                    updates.insert((id.obj_number, id.gen_number), new.into_bytes());
                }
            }
            MaybeRef::NotRef(Object::Array(array)) => {
                if let Some(new) = longer_palette(&array) {
                    changes.push((array.data(), new));
                }
            }
            MaybeRef::NotRef(Object::Dict(part)) if depth > 0 => {
                collect(&part, depth - 1, changes, updates);
            }
            MaybeRef::NotRef(_) => {}
        }
    }
}

/// Returns the text of an indexed color space whose palette was too short. The missing colors are zero.
fn longer_palette(array: &Array<'_>) -> Option<String> {
    let mut parts = array.flex_iter();
    let kind = parts.next::<Name<'_>>()?;
    if !matches!(&*kind, b"Indexed" | b"I") {
        return None;
    }
    let base = parts.next::<Object<'_>>()?;
    let components = components(&base)?;
    let highest = parts.next::<u32>()?.min(MAX_INDEX);
    let palette = match parts.next::<Object<'_>>()? {
        Object::String(text) => text.as_bytes().to_vec(),
        Object::Stream(stream) => {
            stream.decoded_data().map(|data| data.into_owned()).unwrap_or_default()
        }
        _ => return None,
    };
    let wanted = (highest as usize + 1) * components;
    if palette.len() >= wanted {
        return None;
    }
    let base = match array.raw_iter().nth(1)? {
        MaybeRef::Ref(id) => id.to_string(),
        MaybeRef::NotRef(Object::Name(name)) => format!("/{}", name.as_str()),
        MaybeRef::NotRef(Object::Array(array)) => String::from_utf8(array.data().to_vec()).ok()?,
        MaybeRef::NotRef(_) => return None,
    };
    let mut text = format!("[ /Indexed {base} {highest} <");
    for byte in palette.iter().chain(std::iter::repeat(&0)).take(wanted) {
        let _ = write!(text, "{byte:02x}");
    }
    text.push_str("> ]");
    Some(text)
}

/// Returns the number of components of a color space.
fn components(space: &Object<'_>) -> Option<usize> {
    let (name, array) = match space {
        Object::Name(name) => (name.clone(), None),
        Object::Array(array) => (array.flex_iter().next::<Name<'_>>()?, Some(array)),
        _ => return None,
    };
    match &*name {
        b"DeviceGray" | b"G" | b"CalGray" | b"Separation" => Some(1),
        b"DeviceRGB" | b"RGB" | b"CalRGB" | b"Lab" => Some(3),
        b"DeviceCMYK" | b"CMYK" => Some(4),
        b"ICCBased" => {
            let mut parts = array?.flex_iter();
            parts.next::<Name<'_>>()?;
            let count = parts.next::<Stream<'_>>()?.dict().get::<u32>(b"N")?;
            usize::try_from(count).ok().filter(|count| (1..=4).contains(count))
        }
        b"DeviceN" => {
            let mut parts = array?.flex_iter();
            parts.next::<Name<'_>>()?;
            Some(parts.next::<Array<'_>>()?.raw_iter().count())
        }
        _ => None,
    }
}
