//! Repairs of parts that the renderer does not draw, although other programs do: pages whose crop box shows
//! nothing, and colors of palettes that are too short.
//!
//! The repaired objects are appended to the file as an incremental update. An encrypted file that needs
//! a repair is written anew without encryption first.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use hayro::hayro_syntax::{
    Pdf,
    content::{TypedIter, ops::TypedInstruction},
    object::{
        Array, Dict, MaybeRef, Object, ObjectIdentifier, Stream,
        dict::keys::{
            COLORSPACE, CROP_BOX, CS, DECODE_PARMS, DP, F, FILTER, LENGTH, SUBTYPE, TYPE,
        },
    },
    page::Page,
};

use super::{decoded_size::MAX_CONTENT_BYTES, decoded_size::decoded_size, palette};

/// The new texts of objects, by number and generation.
type Updates = BTreeMap<(u32, i32), Vec<u8>>;

/// Upper bound on the nesting of the direct parts of an object that are searched. Color spaces are nested
/// much less.
const MAX_DEPTH: usize = 16;

/// Returns a repaired copy of a PDF, or `None` if there is nothing to repair.
pub(super) fn repaired(pdf: &Pdf) -> Option<Pdf> {
    let updates = Repair::of(pdf)?;
    if find_last(pdf.data().as_ref(), b"/Encrypt").is_none() {
        return with_updates(pdf, pdf.data().as_ref(), &updates);
    }
    // New objects would have to be encrypted, too. The walk repairs palettes, but not crop boxes.
    let plain = with_updates(pdf, b"%PDF-1.7", &Repair::walk(pdf))?;
    let updates = Repair::of(&plain);
    updates.and_then(|it| with_updates(&plain, plain.data().as_ref(), &it)).or(Some(plain))
}

/// Returns the PDF that a file becomes by new objects, if it has the pages of the old one.
fn with_updates(old: &Pdf, file: &[u8], updates: &Updates) -> Option<Pdf> {
    // The first attempt appends an index. If the reader does not accept it, the second attempt relies on the
    // reader's search for objects, which needs no index.
    [true, false].into_iter().find_map(|has_index| {
        let new = Pdf::new(updated(file, old, updates, has_index)).ok()?;
        (new.pages().len() == old.pages().len()).then_some(new)
    })
}

/// Appends new objects to a file, with or without an index of them.
fn updated(bytes: &[u8], pdf: &Pdf, updates: &Updates, has_index: bool) -> Vec<u8> {
    let mut file = bytes.to_vec();
    file.push(b'\n');
    let mut index = "xref\n".to_owned();
    let mut size = pdf.len() + updates.len() + 1;
    for ((number, generation), text) in updates {
        // Writing to a string does not fail.
        let _ = write!(index, "{number} 1\n{:010} {generation:05} n \n", file.len());
        file.extend(format!("{number} {generation} obj\n").bytes());
        file.extend(text);
        file.extend(b"\nendobj\n");
        size = size.max(*number as usize + 1);
    }
    let root = pdf.xref().root_id();
    let root = format!("/Root {} {} R", root.obj_number, root.gen_number);
    let start = file.len();
    let end = if has_index {
        let before = start_of_index(bytes).map(|before| format!("/Prev {before} "));
        let before = before.unwrap_or_default();
        format!("{index}trailer\n<< {before}/Size {size} {root} >>\nstartxref\n{start}\n%%EOF\n")
    } else {
        format!("trailer\n<< /Size {size} {root} >>\n")
    };
    file.extend(end.bytes());
    file
}

/// Returns the position at which the index of a file begins.
fn start_of_index(bytes: &[u8]) -> Option<u64> {
    const WORD: &[u8] = b"startxref";
    let rest = bytes[find_last(bytes, WORD)? + WORD.len()..].trim_ascii_start();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
    digits.map(|digit| char::from(*digit)).collect::<String>().parse().ok()
}

fn find_last(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).rposition(|part| part == word)
}

fn find_first(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).position(|part| part == word)
}

fn key(id: ObjectIdentifier) -> (u32, i32) {
    (id.obj_number, id.gen_number)
}

/// Collects the repaired objects of a file.
struct Repair<'a> {
    pdf: &'a Pdf,
    updates: Updates,
    /// The objects that some other object refers to.
    seen: BTreeSet<(u32, i32)>,
    /// Those of them that are not repaired yet.
    queue: Vec<(u32, i32)>,
}

impl<'a> Repair<'a> {
    fn new(pdf: &'a Pdf) -> Self {
        Self { pdf, updates: Updates::new(), seen: BTreeSet::new(), queue: Vec::new() }
    }

    /// Returns the repaired objects of a file, or `None` if there are none.
    fn of(pdf: &'a Pdf) -> Option<Updates> {
        let mut repair = Self::new(pdf);
        for object in pdf.objects() {
            match &object {
                Object::Dict(dict) => repair.dict(dict),
                Object::Stream(stream) => repair.stream(stream),
                _ => {}
            }
        }
        repair.arrays();
        for page in pdf.pages().iter() {
            repair.crop_box(page);
        }
        Some(repair.updates).filter(|updates| !updates.is_empty())
    }

    /// Returns all objects that the root of a file leads to, decrypted.
    fn walk(pdf: &'a Pdf) -> Updates {
        let mut copy = Self::new(pdf);
        copy.reference(pdf.xref().root_id());
        while let Some((number, generation)) = copy.queue.pop() {
            let object = pdf.xref().get(ObjectIdentifier::new(number, generation));
            let mut text = Vec::new();
            match object {
                Some(Object::Stream(stream)) => {
                    copy.write_dict(stream.dict(), &[LENGTH], MAX_DEPTH, &mut text);
                    end_stream(&mut text, &stream.raw_data());
                }
                Some(object) => {
                    copy.write(&MaybeRef::NotRef(object), MAX_DEPTH, &mut text);
                }
                // A reference to an object that does not exist means null.
                None => continue,
            }
            copy.updates.insert((number, generation), text);
        }
        copy.updates
    }

    /// Notes that some object refers to this one.
    fn reference(&mut self, id: ObjectIdentifier) {
        if self.seen.insert(key(id)) {
            self.queue.push(key(id));
        }
    }

    /// Repairs the palettes in a dictionary that is an object of its own.
    fn dict(&mut self, dict: &Dict<'a>) {
        let mut text = Vec::new();
        if self.write_dict(dict, &[], MAX_DEPTH, &mut text)
            && let Some(id) = dict.obj_id()
        {
            self.updates.insert(key(id), text);
        }
    }

    /// Repairs the palettes in the dictionary of a stream, and in its inline images.
    fn stream(&mut self, stream: &Stream<'a>) {
        let content = inline_images(stream);
        let without: &[&[u8]] =
            if content.is_some() { &[LENGTH, FILTER, F, DECODE_PARMS, DP] } else { &[LENGTH] };
        let mut text = Vec::new();
        let is_changed = self.write_dict(stream.dict(), without, MAX_DEPTH, &mut text);
        if !is_changed && content.is_none() {
            return;
        }
        let data = content.unwrap_or_else(|| stream.raw_data().into_owned());
        end_stream(&mut text, &data);
        self.updates.insert(key(stream.obj_id()), text);
    }

    /// Repairs the palettes of color spaces that are objects of their own.
    fn arrays(&mut self) {
        while let Some((number, generation)) = self.queue.pop() {
            let id = ObjectIdentifier::new(number, generation);
            let mut text = Vec::new();
            if let Some(array) = self.pdf.xref().get::<Array<'_>>(id)
                && self.write_array(&array, MAX_DEPTH, &mut text)
            {
                self.updates.insert((number, generation), text);
            }
        }
    }

    /// Writes a dictionary without some of its keys. Returns whether a palette was repaired.
    fn write_dict(
        &mut self,
        dict: &Dict<'a>,
        without: &[&[u8]],
        depth: usize,
        text: &mut Vec<u8>,
    ) -> bool {
        let mut is_changed = false;
        text.extend(b"<< ");
        for (name, value) in dict.entries() {
            if without.contains(&&*name) {
                continue;
            }
            write_name(&name, text);
            text.push(b' ');
            is_changed |= self.write(&value, depth, text);
            text.push(b' ');
        }
        text.extend(b">>");
        is_changed
    }

    fn write_array(&mut self, array: &Array<'a>, depth: usize, text: &mut Vec<u8>) -> bool {
        if let Some(repaired) = palette::repaired(array) {
            text.extend(repaired.bytes());
            return true;
        }
        let mut is_changed = false;
        text.extend(b"[ ");
        for value in array.raw_iter() {
            is_changed |= self.write(&value, depth, text);
            text.push(b' ');
        }
        text.push(b']');
        is_changed
    }

    fn write(&mut self, value: &MaybeRef<Object<'a>>, depth: usize, text: &mut Vec<u8>) -> bool {
        match value {
            MaybeRef::Ref(id) => {
                self.reference(ObjectIdentifier::new(id.obj_number, id.gen_number));
                text.extend(id.to_string().bytes());
            }
            MaybeRef::NotRef(Object::Array(array)) if depth > 0 => {
                return self.write_array(array, depth - 1, text);
            }
            MaybeRef::NotRef(Object::Dict(dict)) if depth > 0 => {
                return self.write_dict(dict, &[], depth - 1, text);
            }
            MaybeRef::NotRef(Object::Array(array)) => {
                text.push(b'[');
                text.extend(array.data());
                text.push(b']');
            }
            MaybeRef::NotRef(Object::Dict(dict)) => text.extend(dict.data()),
            MaybeRef::NotRef(Object::Boolean(value)) => text.extend(value.to_string().bytes()),
            // The shortest form without an exponent, which PDF does not have.
            MaybeRef::NotRef(Object::Number(number)) => {
                text.extend(number.as_f64().to_string().bytes());
            }
            MaybeRef::NotRef(Object::Name(name)) => write_name(name, text),
            MaybeRef::NotRef(Object::String(string)) => {
                text.extend(palette::hexadecimal(string.as_bytes().iter().copied()).bytes());
            }
            // A stream is always an object of its own.
            MaybeRef::NotRef(Object::Null(_) | Object::Stream(_)) => text.extend(b"null"),
        }
        false
    }

    /// Shows the whole page if its crop box shows nothing of it.
    fn crop_box(&mut self, page: &Page<'a>) {
        let media = page.media_box();
        let Some(id) = page.raw().obj_id().filter(|_| has_empty_crop_box(page)) else { return };
        let text = self.updates.get(&key(id)).map_or_else(|| page.raw().data(), Vec::as_slice);
        let Some(rest) = text.trim_ascii_start().strip_prefix(b"<<") else { return };
        let (x0, y0, x1, y1) = (media.x0, media.y0, media.x1, media.y1);
        let mut repaired = format!("<< /CropBox [{x0} {y0} {x1} {y1}] ").into_bytes();
        let own =
            page.raw().contains_key(CROP_BOX).then(|| find_first(rest, b"/CropBox")).flatten();
        match own {
            // The old box gets a key without a meaning.
            Some(at) => {
                repaired.extend(&rest[..at]);
                repaired.extend(b"/OldCropBox");
                repaired.extend(&rest[at + b"/CropBox".len()..]);
            }
            None => repaired.extend(rest),
        }
        self.updates.insert(key(id), repaired);
    }
}

/// Reports whether the crop box of a page shows nothing of it, although the page has a size.
pub(super) fn has_empty_crop_box(page: &Page<'_>) -> bool {
    let (media, visible) = (page.media_box(), page.intersected_crop_box());
    let is_empty = |width: f64, height: f64| !(width > 0.0 && height > 0.0);
    is_empty(visible.width(), visible.height()) && !is_empty(media.width(), media.height())
}

/// Completes the text of a stream, of which only the dictionary is written.
fn end_stream(text: &mut Vec<u8>, data: &[u8]) {
    text.truncate(text.len() - b">>".len());
    text.extend(format!("/Length {} >>\nstream\n", data.len()).bytes());
    text.extend(data);
    text.extend(b"\nendstream");
}

fn write_name(name: &[u8], text: &mut Vec<u8>) {
    text.push(b'/');
    for byte in name {
        if byte.is_ascii_alphanumeric() || b"-_+.:*'".contains(byte) {
            text.push(*byte);
        } else {
            text.extend(format!("#{byte:02x}").bytes());
        }
    }
}

/// Returns a content stream whose inline images have complete palettes, or `None` if there is nothing
/// to repair.
fn inline_images(stream: &Stream<'_>) -> Option<Vec<u8>> {
    let dict = stream.dict();
    let is_content = |value: Option<Object<'_>>| match value {
        None => true,
        Some(Object::Name(name)) => matches!(&*name, b"Form" | b"XObject" | b"Pattern"),
        Some(_) => false,
    };
    if !is_content(dict.get(TYPE))
        || !is_content(dict.get(SUBTYPE))
        || decoded_size(stream, MAX_CONTENT_BYTES).is_none()
    {
        return None;
    }
    let data = stream.decoded_data().ok().filter(|data| find_first(data, b"BI").is_some())?;
    let mut changes: Vec<(usize, usize, String)> = Vec::new();
    let mut operators = TypedIter::new(&data);
    while let Some(operator) = operators.next() {
        let TypedInstruction::InlineImage(image) = operator else { continue };
        let space = image.0.dict().get_raw::<Array<'_>>(CS);
        let space = space.or_else(|| image.0.dict().get_raw::<Array<'_>>(COLORSPACE));
        if let Some(MaybeRef::NotRef(space)) = space
            && let Some(new) = palette::repaired(&space)
            // The array is a part of the content, between brackets.
            && let Some(at) = (space.data().as_ptr() as usize).checked_sub(data.as_ptr() as usize + 1)
            && data.len() > at + space.data().len() + 1
        {
            changes.push((at, at + space.data().len() + 2, new));
        }
    }
    let (mut repaired, mut done) = (Vec::new(), 0);
    for (from, to, new) in &changes {
        repaired.extend(data.get(done..*from)?);
        repaired.extend(new.bytes());
        done = *to;
    }
    repaired.extend(data.get(done..)?);
    (!changes.is_empty()).then_some(repaired)
}
