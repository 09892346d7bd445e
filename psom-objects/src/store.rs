//! Where a server keeps files. The objects only say what is to be done; disks, encryption and
//! threads are the business of whoever implements [`FileStore`].

use std::{collections::BTreeMap, pin::Pin};

use bytes::Bytes;

use crate::{package::Manifest, types::UploadFinishReason};

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

    /// Permits one upload of the one file that this manifest names, by the POST of a form (section
    /// 3.3.4.4). A store without a web server answers [`StoreError::Unsupported`].
    fn web_upload(&self, manifest: Manifest) -> Result<Box<dyn WebUpload>, StoreError> {
        let _ = manifest;
        Err(StoreError::Unsupported)
    }

    /// Permits one download of a decrypted file (section 3.3.4.3), and returns its address. The
    /// permission needs nobody: it ends when it is used, in some minutes, or with the meeting. A
    /// store without a web server answers [`StoreError::Unsupported`].
    fn web_download(&self, download: WebDownload<'_>) -> Result<String, StoreError> {
        let _ = download;
        Err(StoreError::Unsupported)
    }
}

/// The permission to upload one file through a browser. Dropped, it has ended, and what was
/// uploaded is removed.
pub trait WebUpload: Send {
    /// Where the form is to be sent.
    fn url(&self) -> &str;

    /// Takes what was uploaded. Where nothing was, where it was cut off or still goes on, that is
    /// [`StoreError::Malformed`].
    fn finish(self: Box<Self>) -> StoreFuture<'static, Result<Import, StoreError>>;
}

/// What somebody downloads through a browser.
#[derive(Debug, Clone, Copy)]
pub struct WebDownload<'a> {
    /// The file.
    pub file: &'a StoredFile,
    /// What people call it: a name for the disk.
    pub name: &'a str,
    /// Whether the browser is to save the file, and not to show it.
    pub is_attachment: bool,
    /// The number of the user who asked, so that nobody uses up what is there for all.
    pub user: i64,
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
    pub manifest: Manifest,
    /// The files, by their names in the manifest.
    pub files: BTreeMap<String, StoredFile>,
}

/// An encrypted file on the file server. It is serializable, so that a content can save it.
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
    /// The store has no such way to its files.
    #[error("the store does not support this")]
    Unsupported,
}

impl StoreError {
    /// Returns the reason that a client receives for this error.
    pub(crate) fn finish_reason(&self) -> UploadFinishReason {
        match self {
            Self::TooLarge(_) => UploadFinishReason::MaxPackageSizeExceeded,
            Self::Full => UploadFinishReason::CapacityExceeded,
            Self::Malformed(_) => UploadFinishReason::VerifyFailed,
            Self::Failed(_) => UploadFinishReason::ArchiveFailed,
            Self::Unsupported => UploadFinishReason::UnknownFailure,
        }
    }
}
