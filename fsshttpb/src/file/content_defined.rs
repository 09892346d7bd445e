//! Chunking by content with the FilterMax algorithm of RDC (MS-FSSHTTPD 2.4.2, MS-RDC 3.1.5.1), so
//! that inserted bytes change few chunks.
//!
//! A rolling hash is computed at each byte. A place is a cut if its hash is larger than all hashes
//! within the horizon before and after it, and both horizons are inside the file. Microsoft's table
//! for the hash is not published. This crate has its own table, so its cuts differ from those of
//! Office. Readers accept any division.

use bytes::Bytes;

use super::chunk::{Chunk, sha1};
use crate::atom::Blob;

/// The number of bytes that a hash covers (D 2.4.2).
const WINDOW_BYTES: usize = 48;
/// The number of rotations of a byte's number until the byte leaves the window.
const WINDOW_ROTATIONS: u32 = 48;
/// The number of hashes on each side that are smaller than the hash of a cut (D 2.4.2).
const HORIZON: usize = 16_384;
/// The maximum number of bytes of a chunk. RDC cuts longer ones.
const MAX_CHUNK_BYTES: usize = 65_535;
/// The number of hashes of half a block. A hash depends on the one before it, so a processor computes
/// both halves of a block in the time of one.
const HALF: usize = HORIZON / 2;
/// The number of bytes that are read at once. It divides [`HALF`] and [`WINDOW_BYTES`].
const WORD: usize = 8;
/// The number of hashes of which only the largest is compared. Dividing a block into groups of about
/// its square root takes the fewest comparisons.
const GROUP: usize = 128;

/// A random-looking number for each byte value.
const TABLE: [u32; 256] = table();

/// The number of each byte value after all rotations in the window, for the byte that leaves it.
const LEAVING: [u32; 256] = leaving();

const fn leaving() -> [u32; 256] {
    let mut table = TABLE;
    let mut place = 0;
    while place < table.len() {
        table[place] = table[place].rotate_left(WINDOW_ROTATIONS % 32);
        place += 1;
    }
    table
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut state = 0u64;
    let mut place = 0;
    while place < table.len() {
        // The generator SplitMix64.
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        table[place] = (mixed >> 32) as u32;
        place += 1;
    }
    table
}

/// Divides a file into chunks with SHA-1 signatures.
pub(super) fn chunks(file: &Bytes) -> Vec<Chunk> {
    let mut list = vec![];
    let mut start = 0;
    for cut in cuts(file).into_iter().chain([file.len()]) {
        while start < cut {
            let end = cut.min(start + MAX_CHUNK_BYTES);
            let data = file.slice(start..end);
            let signature = Blob::from(&sha1(&data)[..]);
            list.push(Chunk { data, signature });
            start = end;
        }
    }
    list
}

/// Returns the places where a chunk ends, in order.
///
/// The hashes are computed in blocks of the horizon's length. A block has at most one cut, at its
/// largest hash, and the hashes within its horizon are in the block, the one before and the one
/// after.
fn cuts(file: &[u8]) -> Vec<usize> {
    let mut cuts = vec![];
    let [mut before, mut block, mut after] = [const { Block::new() }; 3];
    let mut start = 0;
    block.fill(file, start);
    while !block.hashes.is_empty() {
        after.fill(file, start + block.hashes.len());
        if let Some((place, largest)) = block.largest()
            && before.max_from(place).is_some_and(|hash| hash < largest)
            && after.max_to(place).is_some_and(|hash| hash < largest)
        {
            cuts.push(start + place + 1);
        }
        start += block.hashes.len();
        std::mem::swap(&mut before, &mut block);
        std::mem::swap(&mut block, &mut after);
    }
    cuts
}

/// Returns the hash of the window that ends with the byte before `end`. The bytes before the file are
/// zero.
fn hash(file: &[u8], end: usize) -> u32 {
    let window = &file[end.saturating_sub(WINDOW_BYTES)..end];
    let zeros = std::iter::repeat_n(&0, WINDOW_BYTES - window.len());
    zeros.chain(window).fold(0, |hash, byte| hash.rotate_left(1) ^ TABLE[usize::from(*byte)])
}

/// Moves a window by one byte: `old` leaves it, and `new` enters it.
fn roll(hash: u32, old: u8, new: u8) -> u32 {
    hash.rotate_left(1) ^ LEAVING[usize::from(old)] ^ TABLE[usize::from(new)]
}

/// The hashes of [`HORIZON`] places, or of fewer at the end of the file.
struct Block {
    hashes: Vec<u32>,
    /// The largest hash of each group of [`GROUP`] hashes.
    tops: Vec<u32>,
}

impl Block {
    const fn new() -> Self {
        Self { hashes: vec![], tops: vec![] }
    }

    /// Replaces the hashes by those of the places from `start`.
    fn fill(&mut self, file: &[u8], start: usize) {
        self.hashes.clear();
        self.tops.clear();
        let end = file.len().min(start + HORIZON);
        if end - start == HORIZON && start >= WINDOW_BYTES {
            self.fill_halves(file, start);
        } else {
            let mut hash = hash(file, start);
            self.hashes.extend((start..end).map(|place| {
                let old = place.checked_sub(WINDOW_BYTES).map_or(0, |old| file[old]);
                hash = roll(hash, old, file[place]);
                hash
            }));
        }
        let groups = self.hashes.chunks(GROUP);
        self.tops.extend(groups.filter_map(|group| group.iter().copied().max()));
    }

    /// Adds the hashes of a whole block, whose windows are inside the file.
    fn fill_halves(&mut self, file: &[u8], start: usize) {
        self.hashes.resize(HORIZON, 0);
        let (first, second) = self.hashes.split_at_mut(HALF);
        let (first, _) = first.as_chunks_mut::<WORD>();
        let (second, _) = second.as_chunks_mut::<WORD>();
        let words = |start: usize| file[start..start + HALF].as_chunks::<WORD>().0;
        let starts = [start, start + HALF];
        let old = starts.map(|start| words(start - WINDOW_BYTES));
        let new = starts.map(words);
        let mut last = starts.map(|start| hash(file, start));
        for (word, (first, second)) in first.iter_mut().zip(second).enumerate() {
            let (old, new) = (old.map(|words| words[word]), new.map(|words| words[word]));
            for byte in 0..WORD {
                last[0] = roll(last[0], old[0][byte], new[0][byte]);
                last[1] = roll(last[1], old[1][byte], new[1][byte]);
                [first[byte], second[byte]] = last;
            }
        }
    }

    /// Returns the largest hash from a place to the end, or `None` beyond the end.
    fn max_from(&self, place: usize) -> Option<u32> {
        let next = place / GROUP + 1;
        let group = self.hashes.get(place..self.hashes.len().min(next * GROUP))?;
        group.iter().chain(self.tops.get(next..).unwrap_or_default()).copied().max()
    }

    /// Returns the largest hash up to a place, or `None` beyond the end.
    fn max_to(&self, place: usize) -> Option<u32> {
        let group = place / GROUP;
        let hashes = self.hashes.get(group * GROUP..=place)?;
        hashes.iter().chain(&self.tops[..group]).copied().max()
    }

    /// Returns the place of the largest hash and the hash, if it occurs once.
    fn largest(&self) -> Option<(usize, u32)> {
        let largest = self.tops.iter().copied().max()?;
        let groups = self.hashes.chunks(GROUP).zip(&self.tops).enumerate();
        let mut places =
            groups.filter(|(_, (_, top))| **top == largest).flat_map(|(number, (group, _))| {
                let places = (number * GROUP..).zip(group);
                places.filter(|(_, hash)| **hash == largest).map(|(place, _)| place)
            });
        let place = places.next()?;
        places.next().is_none().then_some((place, largest))
    }
}
