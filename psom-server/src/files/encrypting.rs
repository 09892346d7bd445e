//! Plain bytes into an encrypted file.

use std::{
    fs::File,
    io::{self, Write},
};

use bytes::Bytes;
use psom_objects::store::StoredFile;

use crate::crypto::{Encryptor, FileKey};

/// Encrypts what is written to it, by a key that no other file has.
pub(super) struct EncryptingFile {
    file: File,
    key: FileKey,
    encryptor: Encryptor,
    written: u64,
}

impl From<File> for EncryptingFile {
    fn from(file: File) -> Self {
        let key = FileKey { key: rand::random(), iv: rand::random() };
        let encryptor = Encryptor::new(&key);
        Self { file, key, encryptor, written: 0 }
    }
}

impl EncryptingFile {
    /// Writes the last block, and returns when the disk has everything: the file by this name, and
    /// its encrypted length.
    pub(super) fn finish(mut self, name: String) -> io::Result<(StoredFile, u64)> {
        let (last, plain) = self.encryptor.finish();
        self.file.write_all(&last)?;
        self.file.sync_all()?;
        let stored = StoredFile {
            name,
            key: Bytes::copy_from_slice(&self.key.key),
            iv: Bytes::copy_from_slice(&self.key.iv),
            hash: Bytes::copy_from_slice(&plain.sha1),
            size: plain.size,
        };
        Ok((stored, self.written + last.len() as u64))
    }
}

impl Write for EncryptingFile {
    fn write(&mut self, plain: &[u8]) -> io::Result<usize> {
        let encrypted = self.encryptor.update(plain);
        self.file.write_all(encrypted)?;
        self.written += encrypted.len() as u64;
        Ok(plain.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
