//! The division of a file into chunks with signatures (MS-FSSHTTPD 2.4).

use bytes::Bytes;
use sha1::{Digest as _, Sha1};

use super::zip;
use crate::atom::Blob;

/// A chunk of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The bytes.
    pub data: Bytes,
    /// The signature. Chunks with the same bytes have the same signature.
    pub signature: Blob,
}

/// How two signatures of one zip entry become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureRule {
    /// They are concatenated: FSSHTTP before version 2.2.
    Concatenated,
    /// They are XORed, followed by the rest of the longer one: version 2.2 and later.
    #[default]
    Xored,
}

/// The parameters of chunking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunking {
    /// The rule for small zip entries.
    pub signatures: SignatureRule,
    /// The number of bytes into which larger data are split.
    pub part_bytes: usize,
}

impl Default for Chunking {
    /// Returns the parameters of current servers: 3 MB. SharePoint 2010 used 1 MB.
    fn default() -> Self {
        Self { signatures: SignatureRule::default(), part_bytes: 3 * MEGABYTE }
    }
}

pub(super) const MEGABYTE: usize = 1024 * 1024;
/// Files up to this size have SHA-1 signatures in simple chunking.
const MAX_SIMPLE_SHA1_BYTES: usize = 250 * MEGABYTE;
/// The number of bytes of a signature that only has to be unique.
pub(super) const UNIQUE_BYTES: usize = 12;

/// Divides a file into chunks. A file that is not a zip file is divided into parts of 1 MB. An
/// empty file is one empty chunk.
pub fn chunks(file: &Bytes, chunking: &Chunking) -> Vec<Chunk> {
    if file.is_empty() {
        return vec![Chunk { data: Bytes::new(), signature: Blob::default() }];
    }
    zip::chunks(file, chunking).unwrap_or_else(|| simple(file))
}

fn simple(file: &Bytes) -> Vec<Chunk> {
    let signature_bytes =
        if file.len() <= MAX_SIMPLE_SHA1_BYTES { usize::MAX } else { UNIQUE_BYTES };
    parts(file, MEGABYTE)
        .map(|data| {
            let digest = sha1(&data);
            let signature = Blob::from(&digest[..digest.len().min(signature_bytes)]);
            Chunk { data, signature }
        })
        .collect()
}

/// Divides bytes into parts.
pub(super) fn parts(bytes: &Bytes, len: usize) -> impl Iterator<Item = Bytes> {
    let starts = (0..bytes.len()).step_by(len.max(1));
    starts.map(move |start| bytes.slice(start..(start + len.max(1)).min(bytes.len())))
}

pub(super) fn sha1(bytes: &[u8]) -> [u8; 20] {
    Sha1::digest(bytes).into()
}
