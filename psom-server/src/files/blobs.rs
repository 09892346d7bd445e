//! The final location of the encrypted files: a folder, or an object store.

#[cfg(test)]
use std::path::PathBuf;
use std::{collections::HashMap, future::poll_fn, io, ops::Range, path::Path};

use psom_objects::store::StoredFile;

#[cfg(any(test, feature = "object-store"))]
use super::object_store_blobs::ObjectStoreBlobs;
use super::{
    blob_location::{BlobConfig, BlobError, BlobKey},
    crypto::{CryptoError, Decryptor, FileKey, encrypted_length},
    file_stream::FileStream,
    folder_blobs::FolderBlobs,
};

impl BlobConfig {
    /// Checks the configuration before anything is created for it.
    pub(crate) fn validate(&self) -> Result<(), BlobError> {
        let Self::Url(url, options) = self else { return Ok(()) };
        Blobs::remote(url, options)?;
        if url.starts_with("memory:") {
            tracing::warn!("files are stored in memory and are lost when the server stops");
        }
        Ok(())
    }
}

/// The reason why a stored file is damaged.
#[derive(Debug, thiserror::Error)]
pub(super) enum VerifyError {
    #[error(transparent)]
    Key(#[from] CryptoError),
    #[error(transparent)]
    Read(#[from] io::Error),
    #[error("its SHA-1 is different")]
    Hash,
}

/// Encrypted files by their keys.
#[derive(Clone)]
pub(crate) enum Blobs {
    /// In a folder.
    Folder(FolderBlobs),
    /// In an object store.
    #[cfg(any(test, feature = "object-store"))]
    ObjectStore(ObjectStoreBlobs),
}

impl Blobs {
    /// Opens the configured location. An object store gets no request yet.
    pub(super) fn open(config: &BlobConfig, folder: &Path) -> Result<Self, BlobError> {
        match config {
            BlobConfig::Local => FolderBlobs::open(folder).map(Self::Folder),
            BlobConfig::Url(url, options) => Self::remote(url, options),
        }
    }

    #[cfg(any(test, feature = "object-store"))]
    fn remote(url: &str, options: &[(String, String)]) -> Result<Self, BlobError> {
        ObjectStoreBlobs::open(url, options).map(Self::ObjectStore)
    }

    #[cfg(not(any(test, feature = "object-store")))]
    #[expect(clippy::cfg_not_test, reason = "tests have an object store in memory")]
    fn remote(url: &str, _: &[(String, String)]) -> Result<Self, BlobError> {
        let is_s3 = url.starts_with("s3://") || url.starts_with("s3a://");
        Err(if is_s3 {
            BlobError::NotBuilt(url.into())
        } else {
            BlobError::Unsupported(url.into())
        })
    }

    /// Moves finished files of one meeting from a directory on this machine to their final location.
    /// When this returns, they are durable there. After an error the caller has to delete the files.
    ///
    /// Into a folder they are renamed, because they are synced already. Into an object store they are
    /// copied part by part.
    pub(super) async fn put(&self, directory: &Path, keys: Vec<BlobKey>) -> io::Result<()> {
        match self {
            Self::Folder(folder) => folder.put(directory, keys).await,
            #[cfg(any(test, feature = "object-store"))]
            Self::ObjectStore(store) => store.put(directory, keys).await,
        }
    }

    /// Opens a range of a file. A file that is too short is noticed while it is read.
    pub(crate) async fn open_range(
        &self,
        key: &BlobKey,
        range: Range<u64>,
    ) -> io::Result<FileStream> {
        match self {
            Self::Folder(folder) => folder.open_range(key, range).await,
            #[cfg(any(test, feature = "object-store"))]
            Self::ObjectStore(store) => store.open_range(key, range).await,
        }
    }

    /// Marks an object store as this server's, unless it is marked already. An unmarked object
    /// store is refused unless `may_mark` is true.
    #[cfg_attr(
        not(any(test, feature = "object-store")),
        expect(unused_variables, reason = "a folder has no mark")
    )]
    pub(super) async fn claim(&self, server: &str, may_mark: bool) -> Result<(), BlobError> {
        match self {
            Self::Folder(_) => Ok(()),
            #[cfg(any(test, feature = "object-store"))]
            Self::ObjectStore(store) => store.claim(server, may_mark).await,
        }
    }

    /// Checks that the object store is not marked as another server's.
    #[cfg_attr(
        not(any(test, feature = "object-store")),
        expect(unused_variables, reason = "a folder has no mark")
    )]
    pub(super) async fn check_owner(&self, server: &str) -> Result<(), BlobError> {
        match self {
            Self::Folder(_) => Ok(()),
            #[cfg(any(test, feature = "object-store"))]
            Self::ObjectStore(store) => store.check_owner(server).await,
        }
    }

    /// Checks that the object store is marked as this server's.
    #[cfg_attr(
        not(any(test, feature = "object-store")),
        expect(unused_variables, reason = "a folder has no mark")
    )]
    pub(super) async fn check_mark(&self, server: &str) -> Result<(), BlobError> {
        match self {
            Self::Folder(_) => Ok(()),
            #[cfg(any(test, feature = "object-store"))]
            Self::ObjectStore(store) => store.check_mark(server).await,
        }
    }

    /// Reads and decrypts a file, and compares it with its SHA-1.
    pub(super) async fn verify(&self, key: &BlobKey, file: &StoredFile) -> Result<(), VerifyError> {
        let secret = FileKey::new(&file.key, &file.iv)?;
        let (mut decryptor, all) = (Decryptor::new(&secret), 0..encrypted_length(file.size));
        let mut chunks = self.open_range(key, all).await?;
        while let Some(chunk) = poll_fn(|cx| chunks.poll_next(cx)).await? {
            decryptor.update(&chunk);
        }
        match decryptor.finish() {
            Ok((_, plain)) if plain.sha1[..] == file.hash[..] => Ok(()),
            _ => Err(VerifyError::Hash),
        }
    }

    /// Reports whether a file can be removed. In a folder, a file behind a symbolic link cannot be
    /// removed, because it can be in another place.
    pub(super) fn is_removable(&self, key: &BlobKey) -> bool {
        match self {
            Self::Folder(folder) => folder.is_removable(key),
            #[cfg(any(test, feature = "object-store"))]
            Self::ObjectStore(_) => true,
        }
    }

    /// Lists the files of one meeting, with their lengths.
    pub(super) async fn list_meeting(
        &self,
        meeting: &str,
    ) -> Result<HashMap<BlobKey, u64>, BlobError> {
        match self {
            Self::Folder(folder) => folder.list_meeting(meeting).await,
            #[cfg(any(test, feature = "object-store"))]
            Self::ObjectStore(store) => store.list_meeting(meeting).await,
        }
    }

    /// Lists the files that have a valid key, with their lengths.
    pub(super) async fn list(&self) -> Result<HashMap<BlobKey, u64>, BlobError> {
        match self {
            Self::Folder(folder) => folder.list().await,
            #[cfg(any(test, feature = "object-store"))]
            Self::ObjectStore(store) => store.list().await,
        }
    }

    /// Deletes files that exist, and logs failures. The next start sweeps the rest.
    pub(super) async fn delete(&self, keys: Vec<BlobKey>) {
        match self {
            Self::Folder(folder) => folder.delete(keys).await,
            #[cfg(any(test, feature = "object-store"))]
            Self::ObjectStore(store) => store.delete(keys).await,
        }
    }

    /// Returns the path of a file on this machine's disk.
    #[cfg(test)]
    pub(crate) fn path(&self, key: &BlobKey) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.path(key)),
            Self::ObjectStore(_) => None,
        }
    }
}
