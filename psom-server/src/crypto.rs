//! How files are encrypted on the file server: AES-256 in CBC mode with PKCS#7 padding, and the
//! SHA-1 of the plain bytes (section 3.3.4.2).
//!
//! Both directions take their input in pieces of any size and keep less than a block of it, so
//! that no file has to be in memory.

use std::fmt;

use aes::Aes256;
use cbc::cipher::{Array, Block, BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use sha1::{Digest, Sha1};

/// Bytes of a block, and of an initialization vector.
pub const BLOCK: usize = 16;

/// Bytes of a key.
pub const KEY: usize = 32;

/// What a file is encrypted with. No two files share theirs.
#[derive(Clone, PartialEq, Eq)]
pub struct FileKey {
    /// The AES-256 key.
    pub key: [u8; KEY],
    /// The initialization vector.
    pub iv: [u8; BLOCK],
}

/// What is known of a file once all of it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plain {
    /// The number of plain bytes.
    pub size: u64,
    /// The SHA-1 of the plain bytes.
    pub sha1: [u8; 20],
}

/// Why a file cannot be decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// The key is none of AES-256.
    #[error("the key has {0} bytes, but AES-256 needs 32")]
    KeyLength(usize),
    /// The initialization vector is none of AES.
    #[error("the initialization vector has {0} bytes, but AES needs 16")]
    IvLength(usize),
    /// The file does not end with a whole block.
    #[error("the file is cut off: an encrypted file has one block of 16 bytes or more")]
    Truncated,
    /// The end of the file is not what the key would have made of it.
    #[error("the file does not fit its key, or was changed on its way")]
    Padding,
}

impl FileKey {
    /// Checks the lengths of a key and of an initialization vector that came from a peer.
    pub fn new(key: &[u8], iv: &[u8]) -> Result<Self, CryptoError> {
        Ok(Self {
            key: key.try_into().map_err(|_| CryptoError::KeyLength(key.len()))?,
            iv: iv.try_into().map_err(|_| CryptoError::IvLength(iv.len()))?,
        })
    }
}

impl fmt::Debug for FileKey {
    /// Keys are not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey(..)")
    }
}

/// The length of a file of so many bytes once it is encrypted.
pub const fn encrypted_length(plain: u64) -> u64 {
    (plain / BLOCK as u64 + 1).saturating_mul(BLOCK as u64)
}

/// Encrypts a file, piece by piece.
pub struct Encryptor {
    cipher: cbc::Encryptor<Aes256>,
    window: Window,
    seen: Seen,
}

impl Encryptor {
    /// Nothing encrypted yet.
    pub fn new(key: &FileKey) -> Self {
        let cipher = cbc::Encryptor::new(&key.key.into(), &key.iv.into());
        Self { cipher, window: Window::default(), seen: Seen::default() }
    }

    /// Encrypts the next bytes and returns the blocks that are complete.
    pub fn update(&mut self, plain: &[u8]) -> &[u8] {
        self.seen.update(plain);
        self.window.refill(plain);
        let whole = self.window.waiting() / BLOCK;
        self.window.work(whole, |blocks| self.cipher.encrypt_blocks(blocks))
    }

    /// Returns the last block and what is known of the file.
    pub fn finish(mut self) -> ([u8; BLOCK], Plain) {
        let rest = self.window.rest();
        // Never more than 16: all whole blocks are gone.
        let padding = BLOCK - rest.len() % BLOCK;
        let mut last = Array::from([padding as u8; BLOCK]);
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        self.cipher.encrypt_block(&mut last);
        (last.into(), self.seen.plain())
    }
}

/// Decrypts a file, piece by piece.
pub struct Decryptor {
    cipher: cbc::Decryptor<Aes256>,
    window: Window,
    seen: Seen,
}

impl Decryptor {
    /// Nothing decrypted yet.
    pub fn new(key: &FileKey) -> Self {
        let cipher = cbc::Decryptor::new(&key.key.into(), &key.iv.into());
        Self { cipher, window: Window::default(), seen: Seen::default() }
    }

    /// Decrypts the next bytes and returns those that are certain to belong to the file: its last
    /// block may be padding.
    pub fn update(&mut self, encrypted: &[u8]) -> &[u8] {
        self.window.refill(encrypted);
        let whole = self.window.waiting().saturating_sub(1) / BLOCK;
        let plain = self.window.work(whole, |blocks| self.cipher.decrypt_blocks(blocks));
        self.seen.update(plain);
        plain
    }

    /// Returns the last bytes and what is known of the file.
    pub fn finish(mut self) -> Result<(Vec<u8>, Plain), CryptoError> {
        let last: [u8; BLOCK] =
            self.window.rest().try_into().map_err(|_| CryptoError::Truncated)?;
        let mut last = Array::from(last);
        self.cipher.decrypt_block(&mut last);
        let padding = usize::from(last[BLOCK - 1]);
        if !(1..=BLOCK).contains(&padding) {
            return Err(CryptoError::Padding);
        }
        let (plain, pad) = last.split_at(BLOCK - padding);
        if pad.iter().any(|&byte| usize::from(byte) != padding) {
            return Err(CryptoError::Padding);
        }
        self.seen.update(plain);
        Ok((plain.to_vec(), self.seen.plain()))
    }
}

impl fmt::Debug for Encryptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encryptor").field("size", &self.seen.size).finish_non_exhaustive()
    }
}

impl fmt::Debug for Decryptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decryptor").field("size", &self.seen.size).finish_non_exhaustive()
    }
}

/// Bytes between two calls: first those that were handed out, then those that wait.
#[derive(Default)]
struct Window {
    bytes: Vec<u8>,
    done: usize,
}

impl Window {
    /// Forgets what was handed out and appends what is next.
    fn refill(&mut self, more: &[u8]) {
        self.bytes.drain(..self.done);
        self.done = 0;
        self.bytes.extend_from_slice(more);
    }

    fn waiting(&self) -> usize {
        self.bytes.len() - self.done
    }

    /// Transforms so many blocks in place and hands them out.
    fn work(&mut self, blocks: usize, transform: impl FnOnce(&mut [Block<Aes256>])) -> &[u8] {
        self.done = blocks * BLOCK;
        let (chunks, _) = Array::slice_as_chunks_mut(&mut self.bytes[..self.done]);
        transform(chunks);
        &self.bytes[..self.done]
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.done..]
    }
}

/// The plain bytes that went by.
#[derive(Default)]
struct Seen {
    size: u64,
    digest: Sha1,
}

impl Seen {
    fn update(&mut self, plain: &[u8]) {
        self.size += plain.len() as u64;
        self.digest.update(plain);
    }

    fn plain(self) -> Plain {
        Plain { size: self.size, sha1: self.digest.finalize().into() }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn hex<const N: usize>(text: &str) -> [u8; N] {
        std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
    }

    fn encrypt(key: &FileKey, plain: &[u8], piece: usize) -> (Vec<u8>, Plain) {
        let mut encryptor = Encryptor::new(key);
        let mut out = Vec::new();
        for piece in plain.chunks(piece) {
            out.extend_from_slice(encryptor.update(piece));
        }
        let (last, plain) = encryptor.finish();
        out.extend(last);
        (out, plain)
    }

    fn decrypt(
        key: &FileKey,
        encrypted: &[u8],
        piece: usize,
    ) -> Result<(Vec<u8>, Plain), CryptoError> {
        let mut decryptor = Decryptor::new(key);
        let mut out = Vec::new();
        for piece in encrypted.chunks(piece) {
            out.extend_from_slice(decryptor.update(piece));
        }
        let (last, plain) = decryptor.finish()?;
        out.extend(last);
        Ok((out, plain))
    }

    fn key() -> FileKey {
        FileKey { key: [7; KEY], iv: [9; BLOCK] }
    }

    /// NIST SP 800-38A, F.2.5, and one block of padding after it.
    #[test]
    fn the_standards_vector() {
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
    fn pieces_of_any_size_come_to_the_same() {
        for length in [0, 1, 15, 16, 17, 31, 32, 33, 1000] {
            let plain: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let (whole, known) = encrypt(&key(), &plain, 4096);
            assert_eq!(whole.len() as u64, encrypted_length(length));
            assert_eq!(known.size, length);
            for piece in [1, 7, 16, 17, 64] {
                assert_eq!(encrypt(&key(), &plain, piece), (whole.clone(), known));
                assert_eq!(decrypt(&key(), &whole, piece), Ok((plain.clone(), known)));
            }
        }
    }

    #[test]
    fn the_digest_is_of_the_plain_bytes() {
        let (_, known) = encrypt(&key(), b"abc", 1);
        assert_eq!(known.sha1, hex("a9993e364706816aba3e25717850c26c9cd0d89d"));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let (whole, _) = encrypt(&key(), b"hello", 5);
        assert_eq!(decrypt(&key(), &whole[..15], 16), Err(CryptoError::Truncated));
        assert_eq!(decrypt(&key(), &[], 16), Err(CryptoError::Truncated));
        let other = FileKey { key: [8; KEY], ..key() };
        assert_eq!(decrypt(&other, &whole, 16), Err(CryptoError::Padding));
        assert_eq!(FileKey::new(&[0; 16], &[0; 16]), Err(CryptoError::KeyLength(16)));
        assert_eq!(FileKey::new(&[0; 32], &[0; 15]), Err(CryptoError::IvLength(15)));
    }
}
