//! The store of a meeting's files. The objects decide what to store and what to remove; an
//! implementation of [`FileStore`] does the input and output, the encryption and the threading.

use std::{collections::BTreeMap, error::Error, pin::Pin, sync::Arc};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    package::Manifest,
    types::{EncryptedFile, NativeFile, UploadFinishReason},
};

/// A future of a store.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The files of one meeting.
pub trait FileStore: Send + Sync + 'static {
    /// Starts to receive a package of at most `packed_length` bytes. Does not wait for the disk.
    ///
    /// # Errors
    /// The package is too large, or there is not enough disk space.
    fn begin(&self, packed_length: u64) -> Result<Box<dyn UploadSink>, StoreError>;

    /// Takes over a file that an earlier run of the server stored.
    ///
    /// # Errors
    /// The file is missing.
    fn adopt(&self, file: &StoredFile) -> Result<(), StoreError>;

    /// Reads the plaintext bytes of a file and verifies their hash.
    ///
    /// The future fails with [`StoreError::Unsupported`] if the store cannot decrypt files, which
    /// is the default.
    fn read(&self, file: &StoredFile) -> StoreFuture<'static, Result<Bytes, StoreError>> {
        let _ = file;
        Box::pin(async { Err(StoreError::Unsupported) })
    }

    /// Removes a file that no content uses. The store logs a failure.
    fn remove(&self, name: &str);

    /// Permits one upload, by the POST of a form, of the one file that a manifest names (section
    /// 3.3.4.4).
    ///
    /// # Errors
    /// Returns [`StoreError::Unsupported`] if the store has no web server, which is the default.
    fn web_upload(&self, manifest: Manifest) -> Result<Box<dyn WebUpload>, StoreError> {
        let _ = manifest;
        Err(StoreError::Unsupported)
    }

    /// Permits one download of a decrypted file (section 3.3.4.3) and returns its URL. The
    /// permission ends when it is used, after a few minutes, or with the meeting.
    ///
    /// # Errors
    /// Returns [`StoreError::Unsupported`] if the store has no web server, which is the default.
    fn web_download(&self, download: WebDownload<'_>) -> Result<String, StoreError> {
        let _ = download;
        Err(StoreError::Unsupported)
    }
}

/// The permission to upload one file through a browser. Dropping it ends the permission and removes
/// the uploaded file.
pub trait WebUpload: Send {
    /// Returns the URL to which the browser sends the form.
    fn url(&self) -> &str;

    /// Takes the uploaded file.
    ///
    /// The future fails with [`StoreError::Malformed`] if nothing was uploaded, or if the upload is
    /// incomplete or still in progress.
    fn finish(self: Box<Self>) -> StoreFuture<'static, Result<Import, StoreError>>;
}

/// A request to download a file through a browser.
#[derive(Debug, Clone, Copy)]
pub struct WebDownload<'a> {
    /// The file.
    pub file: &'a StoredFile,
    /// The name under which the browser saves the file.
    pub name: &'a str,
    /// Whether the browser saves the file instead of showing it.
    pub is_attachment: bool,
    /// The identifier of the user who requested the download, for limits per user.
    pub user: i64,
}

/// A package that is being received. A sink that is dropped unfinished leaves no file behind.
pub trait UploadSink: Send {
    /// Takes the next bytes. The future waits while the disk lags, which slows the sender down.
    fn write(&mut self, data: Bytes) -> StoreFuture<'_, Result<(), StoreError>>;

    /// Verifies the package, encrypts its files, and publishes them on the file server. After an
    /// error, no file of the package is left.
    fn finish(
        self: Box<Self>,
        unpacked_length: u64,
    ) -> StoreFuture<'static, Result<Import, StoreError>>;
}

/// A verified package whose files are stored.
#[derive(Debug, Clone)]
pub struct Import {
    /// The package's manifest, `OcpManifest.xml`, verified against its schema.
    pub manifest: Manifest,
    /// The files by their names in the manifest.
    pub files: BTreeMap<String, StoredFile>,
}

/// An encrypted file on the file server. A content type can save it as part of its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// The unguessable name, which is appended to the URL base.
    pub name: String,
    /// The AES-256 key.
    #[serde(with = "crate::hex")]
    pub key: Bytes,
    /// The initialization vector.
    #[serde(with = "crate::hex")]
    pub iv: Bytes,
    /// The SHA-1 hash of the plaintext bytes.
    #[serde(with = "crate::hex")]
    pub hash: Bytes,
    /// The number of plaintext bytes.
    pub size: u64,
}

impl StoredFile {
    /// Returns the file as it is announced to clients, with its complete URL.
    pub(crate) fn at_url(&self, url: String) -> EncryptedFile {
        let Self { key, iv, hash, .. } = self.clone();
        EncryptedFile { url, key, iv, hash }
    }

    /// Returns the file as it is announced to clients as the original file of a content.
    pub(crate) fn native(&self) -> NativeFile {
        let Self { name, key, iv, hash, size } = self.clone();
        NativeFile { name, key, iv, hash, size: i64::try_from(size).unwrap_or(i64::MAX) }
    }
}

/// A store cannot do what was requested.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The package exceeds the limit of the store, in bytes.
    #[error("the package is larger than {0} bytes")]
    TooLarge(u64),
    /// There is not enough disk space.
    #[error("there is not enough disk space for the package")]
    Full,
    /// The package is malformed.
    #[error("{0}")]
    Malformed(#[source] Arc<dyn Error + Send + Sync>),
    /// Input, output or encryption failed.
    #[error("the store failed: {0}")]
    Failed(#[source] Arc<dyn Error + Send + Sync>),
    /// The store does not support this kind of transfer.
    #[error("the store does not support this")]
    Unsupported,
}

/// Compares the kinds and the texts, because a source cannot be compared.
impl PartialEq for StoreError {
    fn eq(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
            && self.to_string() == other.to_string()
    }
}

impl StoreError {
    /// Returns [`Malformed`](Self::Malformed) with its source, an error or a text.
    pub fn malformed(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Malformed(source.into().into())
    }

    /// Returns [`Failed`](Self::Failed) with its source, an error or a text.
    pub fn failed(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(source.into().into())
    }

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
