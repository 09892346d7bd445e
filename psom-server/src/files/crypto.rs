//! The encryption of files on the file server: AES-256 in CBC mode with PKCS#7 padding, and the SHA-1
//! of the plain bytes (section 3.3.4.2).
//!
//! Both directions accept chunks of any size, and between two chunks they keep at most one block
//! that is not processed. So no file has to be in memory.

use std::{
    fmt,
    io::{self, Read},
};

use aes::Aes256;
use cbc::cipher::{Array, Block, BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use sha1::{Digest as _, Sha1};

/// Length of a block and of an initialization vector in bytes.
pub const BLOCK_BYTES: usize = 16;

/// Length of a key in bytes.
pub const KEY_BYTES: usize = 32;

/// The size of one read of a file, in bytes. A larger one does not make reading faster.
const READ_BYTES: usize = 64 << 10;

/// The key and the initialization vector of one file. No two files share them.
#[derive(Clone, PartialEq, Eq)]
pub struct FileKey {
    /// The AES-256 key.
    pub key: [u8; KEY_BYTES],
    /// The initialization vector.
    pub iv: [u8; BLOCK_BYTES],
}

/// The size and the hash of a file's plain bytes, known when the whole file was processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlainDigest {
    /// The number of plain bytes.
    pub size: u64,
    /// The SHA-1 of the plain bytes.
    pub sha1: [u8; 20],
}

impl PlainDigest {
    /// Reads plain bytes to their end, and returns their digest.
    ///
    /// # Errors
    /// The error of the reader.
    pub fn of(plain: &mut impl Read) -> io::Result<Self> {
        let mut digest = RunningDigest { size: 0, sha1: Sha1::new() };
        let mut buffer = vec![0; READ_BYTES];
        loop {
            match plain.read(&mut buffer) {
                Ok(0) => return Ok(digest.finish()),
                Ok(count) => digest.update(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The reason why a file cannot be decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// The key does not have the length of an AES-256 key.
    #[error("the key has {0} bytes, but AES-256 needs 32")]
    KeyLength(usize),
    /// The initialization vector does not have the length of an AES block.
    #[error("the initialization vector has {0} bytes, but AES needs 16")]
    IvLength(usize),
    /// The file does not end with a whole block.
    #[error("the file is truncated; an encrypted file consists of whole blocks of 16 bytes")]
    Truncated,
    /// The last block does not decrypt to valid padding.
    #[error("the file does not fit its key, or was changed in transit")]
    Padding,
}

impl FileKey {
    /// Returns a key from bytes that a peer sent.
    ///
    /// # Errors
    /// The key or the initialization vector has the wrong length.
    pub fn new(key: &[u8], iv: &[u8]) -> Result<Self, CryptoError> {
        Ok(Self {
            key: key.try_into().map_err(|_| CryptoError::KeyLength(key.len()))?,
            iv: iv.try_into().map_err(|_| CryptoError::IvLength(iv.len()))?,
        })
    }
}

impl fmt::Debug for FileKey {
    /// Leaves out the key, which must not get into logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey(..)")
    }
}

/// Returns the length in bytes of an encrypted file whose plain bytes have the given length.
pub const fn encrypted_length(plain: u64) -> u64 {
    (plain / BLOCK_BYTES as u64 + 1).saturating_mul(BLOCK_BYTES as u64)
}

/// Encrypts a file chunk by chunk.
pub struct Encryptor {
    cipher: cbc::Encryptor<Aes256>,
    buffer: BlockBuffer,
    digest: RunningDigest,
}

impl Encryptor {
    /// Returns an encryptor for a new file.
    pub fn new(key: &FileKey) -> Self {
        let cipher = cbc::Encryptor::new(&key.key.into(), &key.iv.into());
        Self { cipher, buffer: BlockBuffer::default(), digest: RunningDigest::default() }
    }

    /// Encrypts the next bytes and returns the blocks that are complete.
    pub fn update(&mut self, plain: &[u8]) -> &[u8] {
        self.digest.update(plain);
        self.buffer.refill(plain);
        let whole = self.buffer.pending() / BLOCK_BYTES;
        self.buffer.transform(whole, |blocks| self.cipher.encrypt_blocks(blocks))
    }

    /// Returns the last block and the digest of the plain bytes.
    pub fn finish(mut self) -> ([u8; BLOCK_BYTES], PlainDigest) {
        let rest = self.buffer.rest();
        #[expect(clippy::cast_possible_truncation, reason = "only an incomplete block is left")]
        let padding = (BLOCK_BYTES - rest.len() % BLOCK_BYTES) as u8;
        let mut last = Array::from([padding; BLOCK_BYTES]);
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        self.cipher.encrypt_block(&mut last);
        (last.into(), self.digest.finish())
    }
}

/// Decrypts a file chunk by chunk.
pub struct Decryptor {
    cipher: cbc::Decryptor<Aes256>,
    buffer: BlockBuffer,
    digest: RunningDigest,
}

impl Decryptor {
    /// Returns a decryptor for a file.
    pub fn new(key: &FileKey) -> Self {
        let cipher = cbc::Decryptor::new(&key.key.into(), &key.iv.into());
        Self { cipher, buffer: BlockBuffer::default(), digest: RunningDigest::default() }
    }

    /// Decrypts the next bytes and returns those that certainly belong to the file. The last block is
    /// held back, because it can be padding.
    pub fn update(&mut self, encrypted: &[u8]) -> &[u8] {
        self.buffer.refill(encrypted);
        let whole = self.buffer.pending().saturating_sub(1) / BLOCK_BYTES;
        let plain = self.buffer.transform(whole, |blocks| self.cipher.decrypt_blocks(blocks));
        self.digest.update(plain);
        plain
    }

    /// Returns the last bytes and the digest of the plain bytes.
    ///
    /// # Errors
    /// The file is truncated, or its padding is invalid.
    pub fn finish(mut self) -> Result<(Vec<u8>, PlainDigest), CryptoError> {
        let last: [u8; BLOCK_BYTES] =
            self.buffer.rest().try_into().map_err(|_| CryptoError::Truncated)?;
        let mut last = Array::from(last);
        self.cipher.decrypt_block(&mut last);
        let padding = usize::from(last[BLOCK_BYTES - 1]);
        if !(1..=BLOCK_BYTES).contains(&padding) {
            return Err(CryptoError::Padding);
        }
        let (plain, pad) = last.split_at(BLOCK_BYTES - padding);
        if pad.iter().any(|&byte| usize::from(byte) != padding) {
            return Err(CryptoError::Padding);
        }
        self.digest.update(plain);
        Ok((plain.to_vec(), self.digest.finish()))
    }
}

impl fmt::Debug for Encryptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encryptor").field("size", &self.digest.size).finish_non_exhaustive()
    }
}

impl fmt::Debug for Decryptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decryptor").field("size", &self.digest.size).finish_non_exhaustive()
    }
}

/// The bytes between two calls: first those that were returned, then those that are pending.
#[derive(Default)]
struct BlockBuffer {
    bytes: Vec<u8>,
    returned: usize,
}

impl BlockBuffer {
    /// Removes the returned bytes and appends new ones.
    fn refill(&mut self, more: &[u8]) {
        self.bytes.drain(..self.returned);
        self.returned = 0;
        self.bytes.extend_from_slice(more);
    }

    fn pending(&self) -> usize {
        self.bytes.len() - self.returned
    }

    /// Transforms the given number of blocks in place and returns them.
    fn transform(&mut self, blocks: usize, transform: impl FnOnce(&mut [Block<Aes256>])) -> &[u8] {
        self.returned = blocks * BLOCK_BYTES;
        let (chunks, _) = Array::slice_as_chunks_mut(&mut self.bytes[..self.returned]);
        transform(chunks);
        &self.bytes[..self.returned]
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.returned..]
    }
}

/// The digest of the plain bytes so far.
#[derive(Default)]
struct RunningDigest {
    size: u64,
    sha1: Sha1,
}

impl RunningDigest {
    fn update(&mut self, plain: &[u8]) {
        self.size += plain.len() as u64;
        self.sha1.update(plain);
    }

    fn finish(self) -> PlainDigest {
        PlainDigest { size: self.size, sha1: self.sha1.finalize().into() }
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn hex<const N: usize>(text: &str) -> [u8; N] {
        std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
    }

    fn encrypt(key: &FileKey, plain: &[u8], chunk: usize) -> (Vec<u8>, PlainDigest) {
        let mut encryptor = Encryptor::new(key);
        let mut out = Vec::new();
        for chunk in plain.chunks(chunk) {
            out.extend_from_slice(encryptor.update(chunk));
        }
        let (last, plain) = encryptor.finish();
        out.extend(last);
        (out, plain)
    }

    fn decrypt(
        key: &FileKey,
        encrypted: &[u8],
        chunk: usize,
    ) -> Result<(Vec<u8>, PlainDigest), CryptoError> {
        let mut decryptor = Decryptor::new(key);
        let mut out = Vec::new();
        for chunk in encrypted.chunks(chunk) {
            out.extend_from_slice(decryptor.update(chunk));
        }
        let (last, plain) = decryptor.finish()?;
        out.extend(last);
        Ok((out, plain))
    }

    fn key() -> FileKey {
        FileKey { key: [7; KEY_BYTES], iv: [9; BLOCK_BYTES] }
    }

    /// Checks the vector of NIST SP 800-38A, F.2.5, with one block of padding after it.
    #[test]
    fn encryption_matches_the_nist_vector() {
        let key = FileKey {
            key: hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"),
            iv: hex("000102030405060708090a0b0c0d0e0f"),
        };
        let plain: [u8; 64] = hex(concat!(
            "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
            "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
        ));
        let cipher: [u8; 64] = hex(concat!(
            "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d",
            "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
        ));
        let (out, _) = encrypt(&key, &plain, 64);
        assert_eq!((out.len(), &out[..64]), (80, &cipher[..]));
        assert_eq!(decrypt(&key, &out, 80).unwrap().0, plain);
    }

    #[test]
    fn chunk_size_does_not_change_the_result() {
        for length in [0, 1, 15, 16, 17, 31, 32, 33, 1000] {
            let plain: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let (whole, known) = encrypt(&key(), &plain, 4096);
            assert_eq!(whole.len() as u64, encrypted_length(length));
            assert_eq!(known.size, length);
            for chunk in [1, 7, 16, 17, 64] {
                assert_eq!(encrypt(&key(), &plain, chunk), (whole.clone(), known));
                assert_eq!(decrypt(&key(), &whole, chunk), Ok((plain.clone(), known)));
            }
        }
    }

    #[test]
    fn digest_covers_the_plain_bytes() {
        let (_, known) = encrypt(&key(), b"abc", 1);
        assert_eq!(known.sha1, hex("a9993e364706816aba3e25717850c26c9cd0d89d"));
    }

    #[test]
    fn invalid_keys_and_damaged_files_are_refused() {
        let (whole, _) = encrypt(&key(), b"hello", 5);
        assert_eq!(decrypt(&key(), &whole[..15], 16), Err(CryptoError::Truncated));
        assert_eq!(decrypt(&key(), &[], 16), Err(CryptoError::Truncated));
        let other = FileKey { key: [8; KEY_BYTES], ..key() };
        assert_eq!(decrypt(&other, &whole, 16), Err(CryptoError::Padding));
        assert_eq!(FileKey::new(&[0; 16], &[0; 16]), Err(CryptoError::KeyLength(16)));
        assert_eq!(FileKey::new(&[0; 32], &[0; 15]), Err(CryptoError::IvLength(15)));
    }
}
