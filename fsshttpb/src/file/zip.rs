//! Chunking of zip files (MS-FSSHTTPD 2.4.1): Office documents are zip files, so that a change of
//! one part changes few chunks.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::chunk::{Chunk, Chunking, MEGABYTE, SignatureRule, UNIQUE_BYTES, parts, sha1};
use crate::atom::Blob;

// The signatures and the fixed sizes of the records (APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16).
const LOCAL_SIGNATURE: &[u8] = b"PK\x03\x04";
const CENTRAL_SIGNATURE: &[u8] = b"PK\x01\x02";
const END_SIGNATURE: &[u8] = b"PK\x05\x06";
const LOCAL_HEADER_BYTES: usize = 30;
const CENTRAL_HEADER_BYTES: usize = 46;
const END_RECORD_BYTES: usize = 22;
/// The longest comment after the end record.
const MAX_COMMENT_BYTES: usize = 0xFFFF;
/// The flag of an entry whose sizes follow its data.
const HAS_DESCRIPTOR: u16 = 1 << 3;
/// The size in a header whose real size is in a ZIP64 field.
const ZIP64_SIZE: u32 = u32::MAX;
/// A header and data with at most this many bytes form one chunk.
const MAX_COMBINED_BYTES: usize = 4096;
/// The last chunk has a SHA-1 signature if it has at most this many bytes.
const MAX_LAST_SHA1_BYTES: usize = MEGABYTE;
/// The number of bytes of the signature of a part of large data.
const PART_SIGNATURE_BYTES: usize = 8;

/// The checksum and the sizes of an entry.
#[derive(Clone, Copy)]
struct Sizes {
    crc: u32,
    compressed: u64,
    size: u64,
}

impl Sizes {
    /// Returns the signature of the entry's data.
    fn signature(self) -> Vec<u8> {
        [&self.crc.to_le_bytes()[..], &self.compressed.to_le_bytes(), &self.size.to_le_bytes()]
            .concat()
    }
}

/// Divides a zip file into chunks. Returns `None` for other files.
pub(super) fn chunks(file: &Bytes, chunking: &Chunking) -> Option<Vec<Chunk>> {
    if !file.starts_with(LOCAL_SIGNATURE) {
        return None;
    }
    let central = central_directory(file);
    let mut list = vec![];
    let mut start = 0;
    while let Some((data_start, end, sizes)) = entry(file, start, &central) {
        push_entry(&mut list, file, (start, data_start, end), sizes, chunking);
        start = end;
    }
    push_last(&mut list, &file.slice(start..), chunking);
    Some(list)
}

fn u16_at(file: &[u8], place: usize) -> Option<u16> {
    file.get(place..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn u32_at(file: &[u8], place: usize) -> Option<u32> {
    file.get(place..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

/// Reads the central directory: the sizes of the entries by the places of their local headers, and
/// the place of the directory itself. It is empty if the directory cannot be read.
fn central_directory(file: &[u8]) -> BTreeMap<usize, Option<Sizes>> {
    let mut entries = BTreeMap::new();
    let tail = file.len().saturating_sub(END_RECORD_BYTES + MAX_COMMENT_BYTES);
    let end = file[tail..].windows(END_SIGNATURE.len()).rposition(|bytes| bytes == END_SIGNATURE);
    let Some(place) = end.and_then(|end| u32_at(file, tail + end + 16)) else { return entries };
    let mut place = place as usize;
    entries.insert(place, None);
    let mut read = || {
        let record = file.get(place..)?.strip_prefix(CENTRAL_SIGNATURE)?;
        let record = &file[place..place + CENTRAL_SIGNATURE.len() + record.len()];
        let (compressed, size) = (u32_at(record, 20)?, u32_at(record, 24)?);
        let sizes =
            Sizes { crc: u32_at(record, 16)?, compressed: compressed.into(), size: size.into() };
        let offset = u32_at(record, 42)? as usize;
        let variable = [28, 30, 32].map(|place| u16_at(record, place).map(usize::from));
        let [Some(name), Some(extra), Some(comment)] = variable else { return None };
        place += CENTRAL_HEADER_BYTES + name + extra + comment;
        let is_long = compressed == ZIP64_SIZE || size == ZIP64_SIZE;
        Some((offset, (!is_long).then_some(sizes)))
    };
    while let Some((offset, sizes)) = read() {
        entries.insert(offset, sizes);
    }
    entries
}

/// Returns the start of the data, the end and the sizes of the entry at `start`.
fn entry(
    file: &[u8],
    start: usize,
    central: &BTreeMap<usize, Option<Sizes>>,
) -> Option<(usize, usize, Sizes)> {
    let header = file.get(start..)?;
    if !header.starts_with(LOCAL_SIGNATURE) {
        return None;
    }
    let names = usize::from(u16_at(header, 26)?) + usize::from(u16_at(header, 28)?);
    let data_start = start + LOCAL_HEADER_BYTES + names;
    let (compressed, size) = (u32_at(header, 18)?, u32_at(header, 22)?);
    let is_long = compressed == ZIP64_SIZE || size == ZIP64_SIZE;
    let (end, sizes) = if u16_at(header, 6)? & HAS_DESCRIPTOR != 0 || is_long {
        // The data and the descriptor reach to the next entry or to the central directory.
        let sizes = (*central.get(&start)?)?;
        (*central.range(start + 1..).next()?.0, sizes)
    } else {
        let (crc, compressed, size) = (u32_at(header, 14)?, compressed.into(), size.into());
        (
            data_start.checked_add(usize::try_from(compressed).ok()?)?,
            Sizes { crc, compressed, size },
        )
    };
    (data_start <= end && end <= file.len()).then_some((data_start, end, sizes))
}

fn push_entry(
    list: &mut Vec<Chunk>,
    file: &Bytes,
    (start, data_start, end): (usize, usize, usize),
    sizes: Sizes,
    chunking: &Chunking,
) {
    let header = file.slice(start..data_start);
    let header_signature = sha1(&header);
    if end - start <= MAX_COMBINED_BYTES {
        let signature = combine(&header_signature, &sizes.signature(), chunking.signatures);
        return list.push(Chunk { data: file.slice(start..end), signature: signature.into() });
    }
    list.push(Chunk { data: header, signature: Blob::from(&header_signature[..]) });
    let data = file.slice(data_start..end);
    if data.len() <= chunking.part_bytes {
        return list.push(Chunk { data, signature: sizes.signature().into() });
    }
    for (place, data) in parts(&data, chunking.part_bytes).enumerate() {
        // The library has no random numbers. The entry's checksum and sizes and the place of the
        // part make the bytes unique.
        let name = [&sizes.signature()[..], &place.to_le_bytes()].concat();
        let signature = Blob::from(&sha1(&name)[..PART_SIGNATURE_BYTES]);
        list.push(Chunk { data, signature });
    }
}

/// Combines the signatures of a header and of data.
fn combine(header: &[u8], data: &[u8], rule: SignatureRule) -> Vec<u8> {
    match rule {
        SignatureRule::Concatenated => [header, data].concat(),
        SignatureRule::Xored => {
            let len = header.len().max(data.len());
            let byte = |bytes: &[u8], place| bytes.get(place).copied().unwrap_or(0);
            (0..len).map(|place| byte(header, place) ^ byte(data, place)).collect()
        }
    }
}

fn push_last(list: &mut Vec<Chunk>, rest: &Bytes, chunking: &Chunking) {
    if rest.is_empty() {
        return;
    }
    let is_small = rest.len() <= MAX_LAST_SHA1_BYTES;
    for data in parts(rest, chunking.part_bytes) {
        let digest = sha1(&data);
        let signature = if is_small { &digest[..] } else { &digest[..UNIQUE_BYTES] };
        list.push(Chunk { data, signature: Blob::from(signature) });
    }
}
