use std::{
    fs::File,
    io::{self, Write},
    sync::mpsc::{self, Receiver, TryRecvError},
};

use bytes::Bytes;
use psom_objects::store::StoredFile;

use super::{
    crypto::{Encryptor, FileKey},
    spool::run_blocking,
};

/// The number of written bytes after which they are synced while others follow. Otherwise, the last sync of a
/// large file would wait for all its bytes. A smaller number makes more requests to the disk.
const SYNC_BYTES: u64 = 32 << 20;

/// A file that encrypts what is written to it, with a key of its own.
pub(super) struct EncryptingFile {
    file: File,
    key: FileKey,
    encryptor: Encryptor,
    /// Encrypted bytes written so far.
    written: u64,
    /// The bytes of them for which a sync was started.
    synced: u64,
    /// The result of the sync that runs.
    syncing: Option<Receiver<io::Result<()>>>,
}

impl From<File> for EncryptingFile {
    fn from(file: File) -> Self {
        let key = FileKey { key: rand::random(), iv: rand::random() };
        let encryptor = Encryptor::new(&key);
        Self { file, key, encryptor, written: 0, synced: 0, syncing: None }
    }
}

impl EncryptingFile {
    /// Returns the key.
    pub(super) fn key(&self) -> &FileKey {
        &self.key
    }

    /// Writes the last block and syncs the file. Returns the file's description under the given name,
    /// and its encrypted length in bytes.
    pub(super) fn finish(mut self, name: String) -> io::Result<(StoredFile, u64)> {
        let (last, plain) = self.encryptor.finish();
        self.file.write_all(&last)?;
        // The system reports a failure of the disk only once, maybe to the sync that runs.
        if let Some(Ok(synced)) = self.syncing.map(|syncing| syncing.recv()) {
            synced?;
        }
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

    /// Starts to sync what is written, unless a sync runs.
    fn start_sync(&mut self) -> io::Result<()> {
        match self.syncing.as_ref().map(Receiver::try_recv) {
            Some(Err(TryRecvError::Empty)) => return Ok(()),
            Some(Ok(synced)) => synced?,
            Some(Err(TryRecvError::Disconnected)) | None => {}
        }
        let (file, (done, syncing)) = (self.file.try_clone()?, mpsc::channel());
        run_blocking(move || drop(done.send(file.sync_data())));
        (self.synced, self.syncing) = (self.written, Some(syncing));
        Ok(())
    }
}

impl Write for EncryptingFile {
    fn write(&mut self, plain: &[u8]) -> io::Result<usize> {
        let encrypted = self.encryptor.update(plain);
        self.file.write_all(encrypted)?;
        self.written += encrypted.len() as u64;
        if self.written - self.synced >= SYNC_BYTES {
            self.start_sync()?;
        }
        Ok(plain.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
