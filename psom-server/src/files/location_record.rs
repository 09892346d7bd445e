//! The record of the location of a data directory's encrypted files, and of the server that owns
//! them.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
};

use psom_objects::store::StoredFile;
use serde::{Deserialize, Serialize};

use super::{
    blob_location::{BlobConfig, BlobError, BlobKey},
    blobs::Blobs,
};
use crate::shared::{identifiers::random_name, private_files};

/// The location in the record of files that are in the data directory.
const LOCAL: &str = "meetings";

/// The file `files.json` in the data directory.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct FilesRecord {
    /// The server's unique name. An object store has it as the owner's mark.
    pub(crate) server: String,
    /// The location of the files when a server last ran: `meetings`, or the URL of an object store.
    /// `None` if no server has restored its meetings here yet.
    #[serde(rename = "place")]
    pub(crate) location: Option<String>,
}

/// The file `files.json` exists and cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot read {}: {source}; change its permissions, or restore it from a backup. It can be removed only if all files are in the data directory",
    path.display()
)]
pub struct RecordError {
    path: PathBuf,
    source: io::Error,
}

impl FilesRecord {
    pub(crate) const NAME: &str = "files.json";

    /// Reads the record of a data directory, or returns an empty record if there is no file. A file
    /// that cannot be read is an error: with a new name, the server would be refused by its own
    /// object store.
    pub(crate) fn read(data: &Path) -> Result<Self, RecordError> {
        let path = data.join(Self::NAME);
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            text => text.and_then(|text| Ok(serde_json::from_slice(&text)?)),
        };
        text.map_err(|source| RecordError { path, source })
    }

    /// Creates and saves the server's name unless it has one.
    pub(crate) fn ensure_name(&mut self, data: &Path) -> io::Result<()> {
        if self.server.is_empty() {
            self.server = random_name();
            self.write(data)?;
        }
        Ok(())
    }

    /// Saves the name that all servers of a cluster have in common.
    #[cfg(feature = "postgres")]
    pub(crate) fn set_name(&mut self, data: &Path, name: &str) -> io::Result<()> {
        self.server = name.into();
        self.write(data)
    }

    /// Reports whether the files were last at the configured location.
    pub(super) fn is_at(&self, files: &BlobConfig) -> bool {
        self.location.as_deref().is_some_and(|location| is_same(location_of(files), location))
    }

    /// Reports whether the files were last in an object store.
    #[cfg(feature = "postgres")]
    pub(crate) fn is_remote(&self) -> bool {
        self.location.as_deref().is_some_and(|location| location != LOCAL)
    }

    /// Saves the location of the files of all meetings.
    pub(crate) fn set_location(&mut self, data: &Path, files: &BlobConfig) -> io::Result<()> {
        let location = location_of(files);
        if self.location.as_deref() == Some(location) {
            return Ok(());
        }
        self.location = Some(location.into());
        self.write(data)
    }

    fn write(&self, data: &Path) -> io::Result<()> {
        let mut text = serde_json::to_vec(self)?;
        text.push(b'\n');
        private_files::replace(&data.join(Self::NAME), &text)
    }
}

/// Returns the name of a location in the record.
fn location_of(files: &BlobConfig) -> &str {
    match files {
        BlobConfig::Local => LOCAL,
        BlobConfig::Url(url, _) => url,
    }
}

/// Reports whether two locations are the same.
fn is_same(url: &str, location: &str) -> bool {
    url.trim_end_matches('/') == location.trim_end_matches('/')
}

/// Lists the files at the configured location with their lengths. Returns `None` if the files are in an
/// object store that is not configured.
///
/// # Errors
/// The configured location is not the recorded one, belongs to another server, or cannot be read.
pub(crate) async fn find_files(
    config: &BlobConfig,
    record: &FilesRecord,
    folder: &Path,
) -> Result<Option<HashMap<BlobKey, u64>>, BlobError> {
    match (config, record.location.as_deref()) {
        (BlobConfig::Local, Some(location)) if location != LOCAL => return Ok(None),
        // Opening would create the folder.
        (BlobConfig::Local, _) if !folder.exists() => return Ok(Some(HashMap::new())),
        (BlobConfig::Url(url, _), Some(location)) if !is_same(url, location) => {
            let location = if location == LOCAL { "the data directory" } else { location };
            return Err(BlobError::Elsewhere { url: url.clone(), location: location.into() });
        }
        _ => {}
    }
    let blobs = Blobs::open(config, folder)?;
    blobs.check_mark(&record.server).await?;
    blobs.list().await.map(Some)
}

/// Reads files and compares them with their hashes. Returns one sentence for each damaged file.
pub(crate) async fn damaged_files(
    config: &BlobConfig,
    folder: &Path,
    files: HashMap<BlobKey, StoredFile>,
) -> Result<Vec<String>, BlobError> {
    let mut sentences = Vec::new();
    // Opening would create the folder.
    if files.is_empty() {
        return Ok(sentences);
    }
    let blobs = Blobs::open(config, folder)?;
    for (key, file) in files {
        if let Err(error) = blobs.verify(&key, &file).await {
            sentences.push(format!("The file {key} is damaged: {error}."));
        }
    }
    sentences.sort();
    Ok(sentences)
}
