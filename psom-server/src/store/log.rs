//! SQLite's log of what was committed and is not in the database yet (its write-ahead log).
//!
//! SQLite reads the log up to the first frame that is not whole, since a machine that fails leaves
//! its last transaction half written. Where a disk damages the log in the middle, that would drop
//! all later transactions without a word. But each transaction is on the disk before the next one
//! begins: where something goes on from the end of one behind the damage, the damage is no end. Only
//! the sums tell that it does, since a transaction that has failed leaves frames with the same salts.

use std::{fs, io, path::Path};

use super::swap::beside;

/// <https://www.sqlite.org/fileformat2.html#walformat>
const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
const MAGIC: u32 = 0x377f_0682;

/// The byte at which the log of a database is damaged with whole transactions behind it.
pub(super) fn damage(database: &Path) -> io::Result<Option<usize>> {
    match fs::read(beside(database, "-wal")) {
        Ok(log) => Ok(damaged_at(&log)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn damaged_at(log: &[u8]) -> Option<usize> {
    let (header, frames) = log.split_at_checked(HEADER)?;
    // SQLite has the beginning on the disk before anything else: it is nothing, or it is whole.
    if log.iter().all(|byte| *byte == 0) {
        return None;
    }
    let (big, page) = (word(header, 0) & 1 == 1, word(header, 8) as usize);
    let mut before = sum(big, &header[..24], [0; 2]);
    let sized = (512..=65536).contains(&page) && page.is_power_of_two();
    if word(header, 0) & !1 != MAGIC || before != [word(header, 24), word(header, 28)] || !sized {
        return Some(0);
    }
    let length = FRAME_HEADER + page;
    // Of the frame before: what its sum should be, and whether it ends a transaction that is lost.
    let (mut broken, mut right, mut ended) = (None, before, false);
    for (index, frame) in frames.chunks_exact(length).enumerate() {
        let (head, page) = frame.split_at(FRAME_HEADER);
        // Others are of an earlier use of the file, and in the database long since.
        let current = head[8..16] == header[16..24];
        let written = [word(head, 16), word(head, 20)];
        let after = |before| sum(big, page, sum(big, &head[..8], before));
        let summed = after(before);
        match broken {
            None if !current || summed != written => broken = Some(HEADER + index * length),
            // The damage may be the sum alone that is written before.
            Some(_) if ended && current && [summed, after(right)].contains(&written) => {
                return broken;
            }
            _ => {}
        }
        // The last frame of a transaction says how large the database is.
        ended = broken.is_some() && word(head, 4) != 0;
        (before, right) = (written, summed);
    }
    None
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

/// The log's own checksum, continued.
fn sum(big: bool, bytes: &[u8], [mut first, mut second]: [u32; 2]) -> [u32; 2] {
    for pair in bytes.chunks_exact(8) {
        let [one, two] = [word(pair, 0), word(pair, 4)].map(|word| match big {
            true => word,
            false => word.swap_bytes(),
        });
        first = first.wrapping_add(one).wrapping_add(second);
        second = second.wrapping_add(two).wrapping_add(first);
    }
    [first, second]
}
