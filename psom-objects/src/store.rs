//! Where a server keeps files. The objects only say what is to be done; disks, encryption and
//! threads are the business of whoever implements [`FileStore`].

use std::{collections::BTreeMap, pin::Pin};

use bytes::Bytes;

/// A future of a store.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The files of one meeting.
pub trait FileStore: Send + Sync + 'static {
    /// Begins to take a package of so many bytes, at most. Cheap: nothing waits for a disk here.
    fn begin(&self, packed_length: u64) -> Result<Box<dyn UploadSink>, StoreError>;

    /// Takes a file over that an earlier run of the server has stored.
    fn adopt(&self, file: &StoredFile) -> Result<(), StoreError>;

    /// Removes a file that no content has any more. What fails is the store's to log.
    fn remove(&self, name: &str);
}

/// A package that is being taken. Dropped unfinished, it leaves nothing behind.
pub trait UploadSink: Send {
    /// Takes the next bytes. Waits only while the disk lags far behind: that is how a sender is
    /// slowed down.
    fn write(&mut self, data: Bytes) -> StoreFuture<'_, Result<(), StoreError>>;

    /// Verifies the package, encrypts the files in it, and puts them where the file server finds
    /// them. All or nothing: after an error no file of the package is left.
    fn finish(
        self: Box<Self>,
        unpacked_length: u64,
    ) -> StoreFuture<'static, Result<Import, StoreError>>;
}

/// What a package had in it.
#[derive(Debug, Clone)]
pub struct Import {
    /// The package's manifest, `OcpManifest.xml`, verified against its schema.
    pub manifest: crate::package::Manifest,
    /// The files, by their names in the manifest.
    pub files: BTreeMap<String, StoredFile>,
}

/// An encrypted file on the file server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// The name, to be appended to the URL base. It cannot be guessed.
    pub name: String,
    /// The AES-256 key.
    pub key: Bytes,
    /// The initialization vector.
    pub iv: Bytes,
    /// The SHA-1 of the plain bytes.
    pub hash: Bytes,
    /// The number of plain bytes.
    pub size: u64,
}

/// Why a store cannot take a package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The package is larger than the store takes.
    #[error("the package is larger than {0} bytes")]
    TooLarge(u64),
    /// There is no room.
    #[error("there is no room for the package")]
    Full,
    /// The package is malformed; the text says how.
    #[error("{0}")]
    Malformed(String),
    /// The disk failed.
    #[error("the store failed: {0}")]
    Failed(String),
}
