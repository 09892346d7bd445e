//! The choice of the chunking method (MS-FSSHTTPD 2.4), and simple chunking.

use bytes::Bytes;

use super::{
    chunk::{Chunk, Chunking, MEGABYTE, UNIQUE_BYTES, parts, sha1},
    content_defined, zip,
};
use crate::atom::Blob;

/// Divides a file into chunks.
///
/// A zip file is divided at its entries, another file at places that its content defines, or, from
/// [`Chunking::simple_from_bytes`], into parts of 1 MB. An empty file is one empty chunk.
pub fn chunks(file: &Bytes, chunking: &Chunking) -> Vec<Chunk> {
    if file.is_empty() {
        return vec![Chunk { data: Bytes::new(), signature: Blob::default() }];
    }
    zip::chunks(file, chunking).unwrap_or_else(|| match file.len() {
        len if len < chunking.simple_from_bytes => content_defined::chunks(file),
        len if len <= chunking.unique_above_bytes => simple(file, usize::MAX),
        _ => simple(file, UNIQUE_BYTES),
    })
}

/// Divides a file into parts of 1 MB. A signature has at most `signature_bytes` of the SHA-1.
fn simple(file: &Bytes, signature_bytes: usize) -> Vec<Chunk> {
    parts(file, MEGABYTE)
        .map(|data| {
            let digest = sha1(&data);
            let signature = Blob::from(&digest[..digest.len().min(signature_bytes)]);
            Chunk { data, signature }
        })
        .collect()
}
