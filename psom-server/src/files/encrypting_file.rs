use std::{
    fs::File,
    io::{self, Write},
};

use bytes::Bytes;
use psom_objects::store::StoredFile;

use super::crypto::{Encryptor, FileKey};

/// A file that encrypts what is written to it, with a key of its own.
pub(super) struct EncryptingFile {
    file: File,
    key: FileKey,
    encryptor: Encryptor,
    /// Encrypted bytes written so far.
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
    /// Writes the last block and syncs the file. Returns the file's description under the given name,
    /// and its encrypted length in bytes.
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
