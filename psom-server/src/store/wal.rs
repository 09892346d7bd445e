//! Finds damage in SQLite's write-ahead log: the transactions that are not in the database yet.
//!
//! SQLite reads the log up to the first invalid frame, because a crash of the machine can leave the last
//! transaction incomplete. If a disk damages the middle of the log, SQLite silently drops all later
//! transactions. But each transaction is on the disk before the next one begins. So if a valid
//! transaction continues after the invalid frame, the frame is damaged and not the end of the log.
//! Only the checksums show that it continues, because a failed transaction leaves frames with the same
//! salts.

use std::{fs, io, path::Path};

use super::{error::Error, paths::beside};

/// Length of the log's header in bytes (<https://www.sqlite.org/fileformat2.html#walformat>).
const HEADER_BYTES: usize = 32;

/// Length of a frame's header in bytes.
const FRAME_HEADER_BYTES: usize = 24;

/// The first word of the log, without the lowest bit, which gives the byte order of the checksums.
const MAGIC: u32 = 0x377f_0682;

/// Returns the position in bytes at which the log of a database is damaged, if complete transactions
/// come after it.
pub(crate) fn find_damage(database: &Path) -> Result<Option<usize>, Error> {
    let path = beside(database, "-wal");
    match fs::read(&path) {
        Ok(log) => Ok(damage_position(&log)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path, error)),
    }
}

pub(crate) fn damage_position(log: &[u8]) -> Option<usize> {
    let (header, frames) = log.split_at_checked(HEADER_BYTES)?;
    // SQLite syncs the header before anything else, so it is either absent or complete.
    if log.iter().all(|byte| *byte == 0) {
        return None;
    }
    let (big_endian, page) = (word(header, 0) & 1 == 1, word(header, 8) as usize);
    let mut before = checksum(big_endian, &header[..24], [0; 2]);
    let is_page_size = (512..=65536).contains(&page) && page.is_power_of_two();
    if word(header, 0) & !1 != MAGIC
        || before != [word(header, 24), word(header, 28)]
        || !is_page_size
    {
        return Some(0);
    }
    let length = FRAME_HEADER_BYTES + page;
    // `computed` is the right checksum of the previous frame, and `ends_lost` is true if that frame
    // ends a transaction after the damage.
    let (mut damage, mut computed, mut ends_lost) = (None, before, false);
    for (index, frame) in frames.chunks_exact(length).enumerate() {
        let (head, page) = frame.split_at(FRAME_HEADER_BYTES);
        // Other frames are left from an earlier use of the file, and are in the database already.
        let current = head[8..16] == header[16..24];
        let written = [word(head, 16), word(head, 20)];
        let after = |before| checksum(big_endian, page, checksum(big_endian, &head[..8], before));
        let expected = after(before);
        match damage {
            None if !current || expected != written => {
                damage = Some(HEADER_BYTES + index * length);
            }
            // Perhaps only the written checksum of the previous frame is damaged.
            Some(_) if ends_lost && current && [expected, after(computed)].contains(&written) => {
                return damage;
            }
            _ => {}
        }
        // The last frame of a transaction has the size of the database in this word.
        ends_lost = damage.is_some() && word(head, 4) != 0;
        (before, computed) = (written, expected);
    }
    None
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |word, byte| (word << 8) | u32::from(*byte))
}

/// Continues the checksum of the log over more bytes.
fn checksum(big_endian: bool, bytes: &[u8], [mut first, mut second]: [u32; 2]) -> [u32; 2] {
    for pair in bytes.chunks_exact(8) {
        let [one, two] = [word(pair, 0), word(pair, 4)]
            .map(|word| if big_endian { word } else { word.swap_bytes() });
        first = first.wrapping_add(one).wrapping_add(second);
        second = second.wrapping_add(two).wrapping_add(first);
    }
    [first, second]
}
