//! The size of decoded streams, measured before the renderer decodes them without a limit.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    io::{self, Write},
};

use flate2::read::{DeflateDecoder, ZlibDecoder};
use hayro::hayro_syntax::{
    Filter,
    object::{
        Array, Dict, MaybeRef, Name, Object, ObjectIdentifier, Stream,
        dict::keys::{
            ANNOTS, AP, CONTENTS, DECODE_PARMS, DP, EARLY_CHANGE, PARENT, RECT, SUBTYPE, TYPE,
        },
    },
    page::Page,
};

/// Upper bound on the contents, the fonts and the forms of a page together: many times the size of a
/// detailed map.
pub(super) const MAX_CONTENT_BYTES: usize = 128 << 20;

/// Upper bound on the objects that a page refers to.
const MAX_OBJECTS: usize = 200_000;

/// Upper bound on the nesting of the direct parts of an object that are searched.
const MAX_DEPTH: usize = 16;

/// Measures the streams of pages, each of them once.
#[derive(Debug, Default)]
pub(super) struct Measured {
    /// The decoded sizes; `None` for more than [`MAX_CONTENT_BYTES`].
    sizes: HashMap<(u32, i32), Option<usize>>,
}

impl Measured {
    /// Reports whether everything that a page draws, without its images, has at most
    /// [`MAX_CONTENT_BYTES`] when it is decoded.
    pub(super) fn fits(&mut self, page: &Page<'_>) -> bool {
        let mut seen = HashSet::new();
        let mut queue = Vec::new();
        for key in [CONTENTS, ANNOTS] {
            if let Some(value) = page.raw().get_raw::<Object<'_>>(key) {
                collect(&value, MAX_DEPTH, &mut queue);
            }
        }
        // The resources can be inherited, so they are not in the dictionary of the page.
        let resources = page.resources();
        for part in [
            &resources.x_objects,
            &resources.fonts,
            &resources.patterns,
            &resources.ext_g_states,
            &resources.shadings,
        ] {
            collect_dict(part, MAX_DEPTH, &mut queue);
        }
        let mut total = 0usize;
        while let Some(id) = queue.pop() {
            if !seen.insert((id.obj_number, id.gen_number)) {
                continue;
            }
            if seen.len() > MAX_OBJECTS {
                return false;
            }
            let Some(object) = page.xref().get::<Object<'_>>(id) else { continue };
            if let Object::Stream(stream) = &object {
                collect_dict(stream.dict(), MAX_DEPTH, &mut queue);
                if !is_image(stream) {
                    let key = (id.obj_number, id.gen_number);
                    let size = self.sizes.entry(key);
                    let size = *size.or_insert_with(|| decoded_size(stream, MAX_CONTENT_BYTES));
                    total = total.saturating_add(size.unwrap_or(usize::MAX));
                    if total > MAX_CONTENT_BYTES {
                        return false;
                    }
                }
            } else {
                collect(&MaybeRef::NotRef(object), MAX_DEPTH, &mut queue);
            }
        }
        true
    }
}

fn is_image(stream: &Stream<'_>) -> bool {
    stream.dict().get::<Name<'_>>(SUBTYPE).is_some_and(|it| &*it == b"Image")
}

/// Collects the objects that an object refers to.
fn collect(value: &MaybeRef<Object<'_>>, depth: usize, ids: &mut Vec<ObjectIdentifier>) {
    match value {
        MaybeRef::Ref(id) => ids.push((*id).into()),
        MaybeRef::NotRef(Object::Dict(dict)) => collect_dict(dict, depth, ids),
        MaybeRef::NotRef(Object::Array(array)) if depth > 0 => {
            array.raw_iter().for_each(|value| collect(&value, depth - 1, ids));
        }
        MaybeRef::NotRef(_) => {}
    }
}

fn collect_dict(dict: &Dict<'_>, depth: usize, ids: &mut Vec<ObjectIdentifier>) {
    // Other pages are measured on their own.
    let is_page = dict.get::<Name<'_>>(TYPE).is_some_and(|it| matches!(&*it, b"Page" | b"Pages"));
    if depth == 0 || is_page {
        return;
    }
    // Of an annotation, only the appearance is drawn. Its actions lead to other pages.
    let is_annotation = dict.contains_key(RECT) && dict.contains_key(SUBTYPE);
    for (name, value) in dict.entries() {
        if &*name != PARENT && (!is_annotation || &*name == AP) {
            collect(&value, depth - 1, ids);
        }
    }
}

/// Returns the size of the decoded data of a stream, or `None` if that, or the result of a filter, is
/// larger than the limit. Filters of images are not applied.
pub(super) fn decoded_size(stream: &Stream<'_>, limit: usize) -> Option<usize> {
    let mut data = stream.raw_data();
    let filters = stream.filters();
    for (index, filter) in filters.iter().enumerate() {
        let decoded = match filter {
            Filter::FlateDecode if index + 1 == filters.len() => {
                return inflate(&data, limit, &mut io::sink());
            }
            Filter::FlateDecode => {
                let mut output = Vec::new();
                inflate(&data, limit, &mut output).map(|_| output)
            }
            Filter::LzwDecode => lzw(&data, changes_early(stream, index), limit),
            Filter::RunLengthDecode if index + 1 == filters.len() => {
                return run_lengths(&data, limit, &mut io::sink());
            }
            Filter::RunLengthDecode => {
                let mut output = Vec::new();
                run_lengths(&data, limit, &mut output).map(|_| output)
            }
            Filter::AsciiHexDecode => Some(hexadecimal(&data)),
            Filter::Ascii85Decode => ascii_85(&data, limit),
            _ => break,
        };
        data = Cow::Owned(decoded?);
    }
    (data.len() <= limit).then_some(data.len())
}

/// Decompresses as far as the data is not damaged. Returns the number of bytes, or `None` if there are
/// more than the limit.
fn inflate(data: &[u8], limit: usize, output: &mut impl Write) -> Option<usize> {
    let mut counted = Counted { output, bytes: 0, limit };
    // The data ends at the first error.
    let _ = io::copy(&mut ZlibDecoder::new(data), &mut counted);
    if counted.bytes == 0 {
        // The header can be missing.
        let _ = io::copy(&mut DeflateDecoder::new(data), &mut counted);
    }
    (counted.bytes <= limit).then_some(counted.bytes)
}

/// A writer that counts, and fails beyond a limit.
struct Counted<'a, W> {
    output: &'a mut W,
    bytes: usize,
    limit: usize,
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.bytes = self.bytes.saturating_add(data.len());
        if self.bytes > self.limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.output.write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

fn changes_early(stream: &Stream<'_>, filter: usize) -> bool {
    let of = |key: &[u8]| {
        let one = stream.dict().get::<Dict<'_>>(key);
        let one = one.or_else(|| {
            stream.dict().get::<Array<'_>>(key)?.iter::<Object<'_>>().nth(filter)?.into_dict()
        });
        one?.get::<u32>(EARLY_CHANGE)
    };
    of(DECODE_PARMS).or_else(|| of(DP)) != Some(0)
}

/// Decodes LZW (section 7.4.4.2 of ISO 32000-2). The table contains the position of each entry in the output.
fn lzw(data: &[u8], is_early: bool, limit: usize) -> Option<Vec<u8>> {
    const CLEAR: usize = 256;
    const END: usize = 257;
    const FIRST: usize = 258;
    const MAX_ENTRIES: usize = 4096;
    let mut output: Vec<u8> = Vec::new();
    let mut table: Vec<(usize, usize)> = Vec::new();
    let (mut bits, mut count, mut width) = (0u32, 0, 9);
    let mut previous: Option<(usize, usize)> = None;
    for byte in data {
        bits = (bits << 8) | u32::from(*byte);
        count += 8;
        if count < width {
            continue;
        }
        count -= width;
        let code = (bits >> count) as usize & ((1 << width) - 1);
        bits &= (1 << count) - 1;
        if code == END {
            break;
        }
        if code == CLEAR {
            (table, width, previous) = (Vec::new(), 9, None);
            continue;
        }
        let start = output.len();
        match (u8::try_from(code), previous) {
            (Ok(literal), _) => output.push(literal),
            (Err(_), Some((from, length))) => {
                // The newest entry is the previous text and its successor.
                let (from, length) = table.get(code - FIRST).copied().unwrap_or((from, length + 1));
                for at in from..from + length {
                    let byte = output.get(at).copied().unwrap_or_default();
                    output.push(byte);
                }
            }
            (Err(_), None) => break,
        }
        if output.len() > limit {
            return None;
        }
        if let Some((from, length)) = previous
            && table.len() < MAX_ENTRIES - FIRST
        {
            table.push((from, length + 1));
        }
        previous = Some((start, output.len() - start));
        width = match table.len() + FIRST + usize::from(is_early) {
            ..512 => 9,
            512..1024 => 10,
            1024..2048 => 11,
            _ => 12,
        };
    }
    Some(output)
}

/// Decodes run lengths (section 7.4.5 of ISO 32000-2). Returns the number of bytes, or `None` if there
/// are more than the limit.
fn run_lengths(mut data: &[u8], limit: usize, output: &mut impl Write) -> Option<usize> {
    let mut counted = Counted { output, bytes: 0, limit };
    while let [length, rest @ ..] = data {
        let length = usize::from(*length);
        data = match length {
            128 => break,
            ..128 => {
                let (run, rest) = rest.split_at(rest.len().min(length + 1));
                counted.write_all(run).ok()?;
                rest
            }
            _ => {
                let Some((byte, rest)) = rest.split_first() else { break };
                counted.write_all(&[*byte; 128][..257 - length]).ok()?;
                rest
            }
        };
    }
    Some(counted.bytes)
}

fn hexadecimal(data: &[u8]) -> Vec<u8> {
    let digits = data.iter().take_while(|byte| **byte != b'>');
    let digits: Vec<u8> = digits
        .filter_map(|byte| char::from(*byte).to_digit(16))
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    digits.chunks(2).map(|pair| (pair[0] << 4) | pair.get(1).copied().unwrap_or_default()).collect()
}

fn ascii_85(data: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut output = Vec::new();
    let mut group = Vec::new();
    let flush = |group: &mut Vec<u8>, output: &mut Vec<u8>| {
        let length = group.len();
        group.resize(5, 84);
        let value = group
            .drain(..)
            .fold(0u32, |value, digit| value.wrapping_mul(85).wrapping_add(u32::from(digit)));
        output.extend(value.to_be_bytes().into_iter().take(length.saturating_sub(1)));
    };
    for byte in data {
        match byte {
            b'z' if group.is_empty() => output.extend([0; 4]),
            b'!'..=b'u' => group.push(byte - b'!'),
            b'~' => break,
            _ => {}
        }
        if group.len() == 5 {
            flush(&mut group, &mut output);
        }
    }
    if !group.is_empty() {
        flush(&mut group, &mut output);
    }
    (output.len() <= limit).then_some(output)
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::ZlibEncoder};

    use super::*;

    fn deflated(data: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(data).and_then(|()| encoder.finish()).unwrap_or_default()
    }

    #[test]
    fn flate_ends_at_the_limit() {
        let zeros = deflated(&vec![0; 10_000]);
        assert_eq!(inflate(&zeros, 10_000, &mut io::sink()), Some(10_000));
        assert_eq!(inflate(&zeros, 9_999, &mut io::sink()), None);
        assert_eq!(inflate(&zeros[2..], 9_999, &mut io::sink()), None);
        assert!(inflate(b"garbage", 100, &mut io::sink()).is_some());
    }

    #[test]
    fn run_lengths_end_at_the_limit() {
        let mut output = Vec::new();
        let data = [2, 1, 2, 3, 254, 7, 128, 9];
        assert_eq!(run_lengths(&data, 6, &mut output), Some(6));
        assert_eq!(output, [1, 2, 3, 7, 7, 7]);
        assert_eq!(run_lengths(&data, 5, &mut output), None);
        assert_eq!(run_lengths(&[200], 5, &mut output), Some(0));
    }

    #[test]
    fn lzw_is_decoded_as_the_example_of_the_standard() {
        // The example of section 7.4.4.2.
        let data = [0x80, 0x0b, 0x60, 0x50, 0x22, 0x0c, 0x0c, 0x85, 0x01];
        assert_eq!(lzw(&data, true, 100), Some(vec![45, 45, 45, 45, 45, 65, 45, 45, 45, 66]));
        assert_eq!(lzw(&data, true, 9), None);
    }

    #[test]
    fn texts_are_decoded() {
        assert_eq!(hexadecimal(b"4a 4B5>ff"), b"JKP");
        assert_eq!(ascii_85(b"87cURD]i,\"Ebo7~>", 100).as_deref(), Some(&b"Hello World"[..]));
        assert_eq!(ascii_85(b"zz~>", 7), None);
    }
}
