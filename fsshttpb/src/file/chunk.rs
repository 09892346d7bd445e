//! Chunks, their signatures and the parameters of chunking (MS-FSSHTTPD 2.4).

use bytes::Bytes;
use sha1::{Digest as _, Sha1};

use crate::atom::Blob;

/// A chunk of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The bytes.
    pub data: Bytes,
    /// The signature. Chunks with the same bytes have the same signature.
    pub signature: Blob,
}

/// The rule that combines the two signatures of a zip entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureRule {
    /// Concatenates them, as FSSHTTP before version 2.2 does.
    Concatenated,
    /// XORs them and appends the rest of the longer one, as version 2.2 and later do.
    #[default]
    Xored,
}

/// The parameters of chunking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunking {
    /// The rule for small zip entries.
    pub signatures: SignatureRule,
    /// The number of bytes into which larger data of zip files are split.
    pub part_bytes: usize,
    /// The size from which a file that is not a zip file is divided into parts of 1 MB. Smaller
    /// ones are divided by their content.
    pub simple_from_bytes: usize,
    /// The size above which the signatures of these parts are 12 unique bytes instead of a SHA-1.
    pub unique_above_bytes: usize,
}

impl Default for Chunking {
    /// Returns the parameters of current servers. SharePoint 2010 used parts of 1 MB in zip files.
    fn default() -> Self {
        Self {
            signatures: SignatureRule::default(),
            part_bytes: 3 * MEGABYTE,
            simple_from_bytes: 100 * MEGABYTE,
            unique_above_bytes: 250 * MEGABYTE,
        }
    }
}

pub(super) const MEGABYTE: usize = 1024 * 1024;
/// The number of bytes of a signature that only has to be unique.
pub(super) const UNIQUE_BYTES: usize = 12;

/// Divides bytes into parts.
pub(super) fn parts(bytes: &Bytes, len: usize) -> impl Iterator<Item = Bytes> {
    let starts = (0..bytes.len()).step_by(len.max(1));
    starts.map(move |start| bytes.slice(start..(start + len.max(1)).min(bytes.len())))
}

pub(super) fn sha1(bytes: &[u8]) -> [u8; 20] {
    Sha1::digest(bytes).into()
}
