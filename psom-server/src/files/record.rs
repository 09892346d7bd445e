//! Where the files of a data directory are, and whose they are there.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
};

use psom_objects::store::StoredFile;
use serde::{Deserialize, Serialize};

use super::{
    BlobConfig, BlobError,
    blobs::{Blobs, Key},
    random_name,
};
use crate::private;

/// The folder of the files that are not elsewhere, in the data directory.
const HERE: &str = "meetings";

/// `files.json` in the data directory.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct FilesRecord {
    /// A name that no other server has. It stands in an object store as the owner's mark.
    pub(crate) server: String,
    /// Where the files were when a server last ran: `meetings`, or the address of an object store.
    /// Nothing where no server has opened its meetings yet.
    pub(crate) place: Option<String>,
}

/// `files.json` is there, and cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot read {}: {source}; change its permissions, or put back that of a backup. Only if all files are in the data directory, it can be removed",
    path.display()
)]
pub struct RecordError {
    path: PathBuf,
    source: io::Error,
}

impl FilesRecord {
    pub(crate) const NAME: &str = "files.json";

    /// Reads it. What is not there says nothing; what cannot be read is refused, since a server with
    /// a new name is another one.
    pub(crate) fn read(data: &Path) -> Result<Self, RecordError> {
        let path = data.join(Self::NAME);
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            text => text.and_then(|text| Ok(serde_json::from_slice(&text)?)),
        };
        text.map_err(|source| RecordError { path, source })
    }

    /// Sees to it that the server has a name, before anything gets to bear it.
    pub(crate) fn name(&mut self, data: &Path) -> io::Result<()> {
        if self.server.is_empty() {
            self.server = random_name();
            self.write(data)?;
        }
        Ok(())
    }

    /// Whether the files were last where a configuration says.
    pub(super) fn is_at(&self, files: &BlobConfig) -> bool {
        self.place.as_deref().is_some_and(|place| is_same(place_of(files), place))
    }

    /// Notes where the files of all meetings are.
    pub(crate) fn set(&mut self, data: &Path, files: &BlobConfig) -> io::Result<()> {
        let place = place_of(files);
        if self.place.as_deref() == Some(place) {
            return Ok(());
        }
        self.place = Some(place.into());
        self.write(data)
    }

    fn write(&self, data: &Path) -> io::Result<()> {
        let mut text = serde_json::to_vec(self)?;
        text.push(b'\n');
        private::replace(&data.join(Self::NAME), &text)
    }
}

/// The name of a place in the record.
fn place_of(files: &BlobConfig) -> &str {
    match files {
        BlobConfig::Local => HERE,
        BlobConfig::Url(url, _) => url,
    }
}

/// Whether two addresses are of one place.
fn is_same(url: &str, place: &str) -> bool {
    url.trim_end_matches('/') == place.trim_end_matches('/')
}

/// The files that there are and their lengths: here, or where the configuration says. Nothing where
/// they are elsewhere and it does not say. Another place is refused: all files would be missing there.
pub(crate) async fn found(
    config: &BlobConfig,
    record: &FilesRecord,
    folder: &Path,
) -> Result<Option<HashMap<Key, u64>>, BlobError> {
    match (config, record.place.as_deref()) {
        (BlobConfig::Local, Some(place)) if place != HERE => return Ok(None),
        // To look makes nothing.
        (BlobConfig::Local, _) if !folder.exists() => return Ok(Some(HashMap::new())),
        (BlobConfig::Url(url, _), Some(place)) if !is_same(url, place) => {
            let place = if place == HERE { "the data directory" } else { place };
            return Err(BlobError::Elsewhere { url: url.clone(), place: place.into() });
        }
        _ => {}
    }
    let blobs = Blobs::open(config, folder)?;
    blobs.is_marked(&record.server).await?;
    blobs.list().await.map(Some)
}

/// Which of these files are not what was stored: a sentence each.
pub(crate) async fn damaged(
    config: &BlobConfig,
    folder: &Path,
    files: HashMap<Key, StoredFile>,
) -> Result<Vec<String>, BlobError> {
    let mut sentences = Vec::new();
    // To look makes nothing.
    if files.is_empty() {
        return Ok(sentences);
    }
    let blobs = Blobs::open(config, folder)?;
    for (key, file) in files {
        if let Err(why) = blobs.verify(&key, &file).await {
            sentences.push(format!("The file {key} is not what was stored: {why}."));
        }
    }
    sentences.sort();
    Ok(sentences)
}
