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
/// The number of rotations of a byte's table entry until the byte leaves the window.
const WINDOW_ROTATIONS: u32 = 48;
/// The number of hashes on each side that are smaller than the hash of a cut (D 2.4.2).
const HORIZON: usize = 16_384;
/// The maximum number of bytes of a chunk. RDC cuts longer ones.
const MAX_CHUNK_BYTES: usize = 65_535;

/// A random-looking number for each byte value.
const TABLE: [u32; 256] = table();

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
    let mut hashes = Rolling::new(file);
    let [mut before, mut block, mut after] = [const { Vec::<u32>::new() }; 3];
    hashes.fill(&mut block);
    let mut start = 0;
    while !block.is_empty() {
        hashes.fill(&mut after);
        if let Some((place, largest)) = largest(&block) {
            let smaller = |hashes: Option<&[u32]>| {
                hashes.is_some_and(|hashes| max(hashes).is_none_or(|hash| hash < largest))
            };
            if start > 0 && smaller(before.get(place..)) && smaller(after.get(..=place)) {
                cuts.push(start + place + 1);
            }
        }
        start += block.len();
        std::mem::swap(&mut before, &mut block);
        std::mem::swap(&mut block, &mut after);
    }
    cuts
}

fn max(hashes: &[u32]) -> Option<u32> {
    hashes.iter().copied().max()
}

/// Returns the place of the largest hash and the hash, if it occurs once.
fn largest(hashes: &[u32]) -> Option<(usize, u32)> {
    let largest = max(hashes)?;
    let place = hashes.iter().position(|hash| *hash == largest)?;
    let only = !hashes[place + 1..].contains(&largest);
    only.then_some((place, largest))
}

/// The hashes of a file in order: one for each byte, over the window that ends with it. The bytes
/// before the file are zero.
struct Rolling<'a> {
    file: &'a [u8],
    next: usize,
    hash: u32,
}

impl<'a> Rolling<'a> {
    fn new(file: &'a [u8]) -> Self {
        // The hash of a window of zeros: each byte is rotated once more than the one after it.
        let zeros = (0..WINDOW_ROTATIONS).map(|place| TABLE[0].rotate_left(place % 32));
        Self { file, next: 0, hash: zeros.fold(0, |hash, part| hash ^ part) }
    }

    /// Replaces the content of `block` by the next hashes.
    fn fill(&mut self, block: &mut Vec<u32>) {
        let end = self.file.len().min(self.next + HORIZON);
        let mut hash = self.hash;
        let mut roll = |old: u8, new: u8| {
            let old = TABLE[usize::from(old)].rotate_left(WINDOW_ROTATIONS % 32);
            hash = hash.rotate_left(1) ^ old ^ TABLE[usize::from(new)];
            hash
        };
        block.clear();
        // The window of the first bytes begins before the file.
        let head = end.min(WINDOW_BYTES.max(self.next));
        block.extend(self.file[self.next..head].iter().map(|new| roll(0, *new)));
        let old = self.file[head.saturating_sub(WINDOW_BYTES)..].iter();
        block.extend(old.zip(&self.file[head..end]).map(|(old, new)| roll(*old, *new)));
        self.hash = hash;
        self.next = end;
    }
}
