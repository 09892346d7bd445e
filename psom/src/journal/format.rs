//! The format of a journal file.
//!
//! ```text
//! file    "psomjnl1", then frames
//! frame   FF 50 4A FE, sequence number (8 bytes), length of the body (4), CRC-32 of all the rest (4), body
//! body    writes: 00 key, or 01 key value
//! key, value    length (4), UTF-8
//! ```
//! All numbers are little-endian. Each frame is synced before the next one is written, so a crash can
//! damage only the last frame. A frame begins with bytes that UTF-8 does not contain, so a frame after a
//! damaged one can be found.

use std::collections::BTreeMap;

use crate::space::Write;

/// The first bytes of a journal file. The digit is the version of the format.
pub(super) const MAGIC: &[u8; 8] = b"psomjnl1";

/// The first bytes of a frame.
const MARK: [u8; 4] = [0xff, b'P', b'J', 0xfe];

/// The size of a frame without its body.
const FRAME_HEADER_BYTES: usize = 20;

const ERASE: u8 = 0;
const SAVE: u8 = 1;

/// Appends a frame with the writes that `fill` appends to it.
pub(super) fn write_frame(out: &mut Vec<u8>, sequence: u64, fill: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend(MARK);
    out.extend(sequence.to_le_bytes());
    out.extend([0; 8]);
    let body = out.len();
    fill(out);
    // A frame is one batch, and each commit of it is limited to `MAX_COMMIT_BYTES`.
    let length = u32::try_from(out.len() - body).unwrap_or(u32::MAX);
    out[start + 12..start + 16].copy_from_slice(&length.to_le_bytes());
    let checksum = checksum(&out[start..]);
    out[start + 16..start + 20].copy_from_slice(&checksum.to_le_bytes());
}

/// Returns the checksum of a frame, without the field that holds it.
fn checksum(frame: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&frame[..16]);
    hasher.update(&frame[FRAME_HEADER_BYTES..]);
    hasher.finalize()
}

/// Appends a write to the body of a frame.
pub(super) fn write(out: &mut Vec<u8>, key: &str, value: Option<&str>) {
    out.push(if value.is_some() { SAVE } else { ERASE });
    for text in std::iter::once(key).chain(value) {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        out.extend(length.to_le_bytes());
        out.extend(text.as_bytes());
    }
}

/// Returns the size of a write in a frame.
pub(super) fn write_bytes(write: &Write) -> usize {
    1 + 4 + write.key.len() + write.value.as_ref().map_or(0, |value| 4 + value.len())
}

/// The state of a journal file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Recovered {
    pub(super) table: BTreeMap<String, String>,
    /// The sequence number of the next frame.
    pub(super) next: u64,
    /// The number of bytes of the undamaged part. The rest is an incomplete last frame.
    pub(super) bytes: usize,
}

/// The reason why a file cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The file is not a journal, or a journal of another version.
    Foreign,
    /// The frame at an offset is damaged, and undamaged frames follow.
    Damaged { offset: usize },
}

/// Reads a file that begins with [`MAGIC`].
pub(super) fn recover(file: &[u8]) -> Result<Recovered, Fault> {
    let Some(mut rest) = file.strip_prefix(MAGIC) else { return Err(Fault::Foreign) };
    let mut recovered = Recovered { bytes: MAGIC.len(), ..Recovered::default() };
    while !rest.is_empty() {
        let Some((sequence, body)) = frame(rest).filter(|(found, _)| *found == recovered.next)
        else {
            // Only the last frame can be incomplete: each is synced before the next one is written.
            let follows = (1..rest.len()).any(|at| frame(&rest[at..]).is_some());
            let repeated = frame(rest).is_some();
            return match follows || repeated {
                true => Err(Fault::Damaged { offset: recovered.bytes }),
                false => Ok(recovered),
            };
        };
        let Some(()) = apply(body, &mut recovered.table) else {
            return Err(Fault::Damaged { offset: recovered.bytes });
        };
        let length = FRAME_HEADER_BYTES + body.len();
        rest = &rest[length..];
        recovered.bytes += length;
        recovered.next = sequence + 1;
    }
    Ok(recovered)
}

/// Returns the sequence number and the body of the frame at the start of `bytes`, if it is undamaged.
fn frame(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let header = bytes.get(..FRAME_HEADER_BYTES).filter(|header| header.starts_with(&MARK))?;
    let length = usize::try_from(number(&header[12..16])?).ok()?;
    let end = FRAME_HEADER_BYTES.checked_add(length)?;
    let frame = bytes.get(..end)?;
    let sequence = u64::from_le_bytes(header[4..12].try_into().ok()?);
    (number(&header[16..20])? == checksum(frame)).then(|| (sequence, &frame[FRAME_HEADER_BYTES..]))
}

fn number(bytes: &[u8]) -> Option<u32> {
    bytes.try_into().ok().map(u32::from_le_bytes)
}

/// Applies the writes of a frame. Returns `None` if the body is malformed.
fn apply(mut body: &[u8], table: &mut BTreeMap<String, String>) -> Option<()> {
    while let Some((kind, rest)) = body.split_first() {
        body = rest;
        let key = text(&mut body)?;
        let value = match *kind {
            SAVE => Some(text(&mut body)?),
            ERASE => None,
            _ => return None,
        };
        Write { key, value }.apply(table);
    }
    Some(())
}

fn text(body: &mut &[u8]) -> Option<String> {
    let (length, rest) = body.split_at_checked(4)?;
    let (text, rest) = rest.split_at_checked(usize::try_from(number(length)?).ok()?)?;
    *body = rest;
    String::from_utf8(text.to_vec()).ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn save(key: &str, value: &str) -> Write {
        Write { key: key.to_owned(), value: Some(value.to_owned()) }
    }

    /// A file with one frame for each list of writes, and the offset of each frame.
    fn file(frames: &[&[Write]]) -> (Vec<u8>, Vec<usize>) {
        let (mut file, mut offsets) = (MAGIC.to_vec(), Vec::new());
        for (sequence, writes) in (0..).zip(frames) {
            offsets.push(file.len());
            write_frame(&mut file, sequence, |out| {
                writes.iter().for_each(|at| write(out, &at.key, at.value.as_deref()));
            });
        }
        (file, offsets)
    }

    fn table(file: &[u8]) -> Vec<(String, String)> {
        recover(file).unwrap().table.into_iter().collect()
    }

    #[test]
    fn writes_are_applied_in_order() {
        let erase = Write { key: "a".to_owned(), value: None };
        let (file, _) = file(&[&[save("a", "1"), save("a/b", "2")], &[erase, save("c", "é")]]);
        assert_eq!(table(&file), [("c".to_owned(), "é".to_owned())]);
        assert_eq!(recover(&file).unwrap().next, 2);
    }

    #[test]
    fn every_cut_keeps_the_complete_frames() {
        let (file, offsets) = file(&[&[save("a", "1")], &[save("a", "2"), save("b", "3")]]);
        for cut in MAGIC.len()..file.len() {
            let recovered = recover(&file[..cut]).unwrap();
            let complete = usize::from(cut >= offsets[1]);
            assert_eq!(recovered.table.len(), complete, "cut at {cut}");
            assert_eq!(recovered.bytes, offsets[complete], "cut at {cut}");
        }
    }

    #[test]
    fn damage_in_the_last_frame_is_a_torn_tail() {
        let (file, offsets) = file(&[&[save("a", "1")], &[save("a", "2")]]);
        for at in offsets[1]..file.len() {
            let mut damaged = file.clone();
            damaged[at] ^= 0x40;
            let recovered = recover(&damaged).unwrap();
            assert_eq!((recovered.bytes, recovered.next), (offsets[1], 1), "damage at {at}");
        }
    }

    #[test]
    fn damage_before_another_frame_is_reported_with_its_offset() {
        let (file, offsets) = file(&[&[save("a", "1")], &[save("b", "2")], &[save("c", "3")]]);
        for at in offsets[1]..offsets[2] {
            let mut damaged = file.clone();
            damaged[at] ^= 0x01;
            assert_eq!(recover(&damaged), Err(Fault::Damaged { offset: offsets[1] }), "{at}");
        }
    }

    #[test]
    fn missing_frame_is_damage() {
        let (file, offsets) = file(&[&[save("a", "1")], &[save("b", "2")], &[save("c", "3")]]);
        let without = [&file[..offsets[1]], &file[offsets[2]..]].concat();
        assert_eq!(recover(&without), Err(Fault::Damaged { offset: offsets[1] }));
    }

    #[test]
    fn other_files_are_rejected() {
        for other in [&b""[..], b"psomjnl", b"psomjnl2", b"SQLite format 3\0"] {
            assert_eq!(recover(other), Err(Fault::Foreign));
        }
    }
}
