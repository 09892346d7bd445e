//! The encrypted files in a folder.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Seek as _, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::{sync::Semaphore, task::spawn_blocking};

use super::{
    blob_location::{BlobError, BlobKey},
    file_stream::FileStream,
};
use crate::shared::{identifiers::is_random_name, private_files};

/// The number of files that are opened or read at the same time. Hundreds of threads that read for downloads would take
/// the processors from the meetings. A network drive that answers after 1 ms still delivers 500 MB/s.
const READERS: usize = 8;

/// The encrypted files in a folder.
#[derive(Clone)]
pub(crate) struct FolderBlobs {
    root: Arc<Path>,
    readers: Arc<Semaphore>,
}

impl FolderBlobs {
    /// Opens the folder, and creates it if it does not exist.
    pub(super) fn open(path: &Path) -> Result<Self, BlobError> {
        let folder = Self { root: path.into(), readers: Arc::new(Semaphore::new(READERS)) };
        private_files::create_directory(path).map_err(|source| folder.error(source))?;
        Ok(folder)
    }

    pub(super) fn path(&self, key: &BlobKey) -> PathBuf {
        self.root.join(key.as_str())
    }

    fn error(&self, source: io::Error) -> BlobError {
        BlobError::Folder { path: self.root.to_path_buf(), source }
    }

    /// Moves the files of one meeting into the folder.
    pub(super) async fn put(&self, directory: &Path, keys: Vec<BlobKey>) -> io::Result<()> {
        let (root, directory) = (Arc::clone(&self.root), directory.to_owned());
        spawn_blocking(move || move_all(&root, &directory, &keys)).await?
    }

    /// Opens a range of a file.
    pub(super) async fn open_range(
        &self,
        key: &BlobKey,
        range: Range<u64>,
    ) -> io::Result<FileStream> {
        let (path, start) = (self.path(key), range.start);
        let permit = Arc::clone(&self.readers).acquire_owned().await.map_err(io::Error::other)?;
        let opened = spawn_blocking(move || {
            let _permit = permit;
            let mut file = File::open(path)?;
            // A directory can be opened, too.
            if !file.metadata()?.is_file() {
                return Err(io::Error::from(io::ErrorKind::NotFound));
            }
            file.seek(SeekFrom::Start(start))?;
            Ok(file)
        });
        let length = range.end.saturating_sub(start);
        Ok(FileStream::of_file(opened.await??, length, Arc::clone(&self.readers)))
    }

    /// Reports whether a file can be removed. A file behind a symbolic link cannot be removed, because
    /// it can be in another place.
    pub(super) fn is_removable(&self, key: &BlobKey) -> bool {
        let directory = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
        self.path(key).ancestors().skip(1).take(2).all(directory)
    }

    /// Lists the files of one meeting, with their lengths.
    pub(super) async fn list_meeting(
        &self,
        meeting: &str,
    ) -> Result<HashMap<BlobKey, u64>, BlobError> {
        let (root, meeting) = (Arc::clone(&self.root), meeting.to_owned());
        let listed = spawn_blocking(move || files_of_meeting(&root, &meeting)).await;
        listed.map_err(io::Error::from).flatten().map_err(|source| self.error(source))
    }

    /// Lists the files of all meetings that have a valid key, with their lengths.
    pub(super) async fn list(&self) -> Result<HashMap<BlobKey, u64>, BlobError> {
        let root = Arc::clone(&self.root);
        let listed = spawn_blocking(move || list_folder(&root)).await;
        listed.map_err(io::Error::from).flatten().map_err(|source| self.error(source))
    }

    /// Deletes files that exist, and logs failures.
    pub(super) async fn delete(&self, keys: Vec<BlobKey>) {
        let paths: Vec<PathBuf> = keys.iter().map(|key| self.path(key)).collect();
        let deleted = spawn_blocking(move || {
            for path in paths {
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        tracing::warn!(path = %path.display(), %error, "could not remove a file");
                    }
                    _ => {}
                }
            }
        });
        if let Err(error) = deleted.await {
            tracing::warn!(%error, "could not remove files");
        }
    }
}

/// Lists the files of all meetings in a folder, and ignores everything else.
fn list_folder(root: &Path) -> io::Result<HashMap<BlobKey, u64>> {
    let mut found = HashMap::new();
    for meeting in fs::read_dir(root)? {
        if let Some(meeting) = meeting?.file_name().to_str() {
            found.extend(files_of_meeting(root, meeting)?);
        }
    }
    Ok(found)
}

/// Lists the files of one meeting in a folder, and ignores everything else.
fn files_of_meeting(root: &Path, meeting: &str) -> io::Result<HashMap<BlobKey, u64>> {
    let files = root.join(meeting).join("files");
    let mut found = HashMap::new();
    if !files.is_dir() {
        return Ok(found);
    }
    for file in fs::read_dir(files)? {
        let file = file?;
        // A file that was removed meanwhile, or a broken link, counts as missing.
        let Ok(metadata) = fs::metadata(file.path()) else { continue };
        let name = file.file_name();
        let name = name.to_str().filter(|name| is_random_name(name) && metadata.is_file());
        found.extend(name.map(|name| (BlobKey::new(meeting, name), metadata.len())));
    }
    Ok(found)
}

fn move_all(root: &Path, directory: &Path, keys: &[BlobKey]) -> io::Result<()> {
    let Some(meeting) = keys.first().and_then(|key| key.as_str().split('/').next()) else {
        // The package has no files.
        return Ok(());
    };
    let home = root.join(meeting);
    let files = home.join("files");
    fs::create_dir_all(&files)?;
    for key in keys {
        fs::rename(directory.join(key.name()), files.join(key.name()))?;
    }
    // New names are durable only after a sync of their directory and of every new directory above
    // it.
    [&*files, &*home, root].into_iter().try_for_each(private_files::sync_directory)
}
