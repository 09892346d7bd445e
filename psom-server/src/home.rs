//! The data directory.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::{StartError, files, private, store};

/// A data directory that is this server's alone.
#[derive(Debug)]
pub(crate) struct Home {
    path: PathBuf,
    /// The system unlocks it when the process ends, in whichever way.
    _lock: Lock,
}

/// That a directory is somebody's alone, as long as this is there.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
    /// The directory itself, which nobody removes by mistake as long as there is something in it.
    _directory: Option<File>,
}

impl Home {
    /// Makes the directory if it is not there, and locks it.
    pub(crate) fn open(path: &Path) -> Result<Self, StartError> {
        let data = |source| StartError::Data { path: path.into(), source };
        private::create_directory(path).map_err(data)?;
        let lock = lock(path).map_err(data)?.ok_or_else(|| StartError::Locked(path.into()))?;
        // Of a server that was killed.
        match crate::ServerFile::remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(data(error)),
            _ => {}
        }
        Ok(Self { path: path.into(), _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What goes wrong with the directory.
    pub(crate) fn failed(&self, source: io::Error) -> StartError {
        StartError::Data { path: self.path.clone(), source }
    }

    /// The directory of the meetings' directories.
    pub(crate) fn meetings(&self) -> PathBuf {
        self.path.join("meetings")
    }

    /// Removes the files of earlier runs that no meeting has any more; but not while a damaged store
    /// is kept that may know them.
    pub(crate) async fn sweep(&self, library: &files::Library) -> Result<(), StartError> {
        let data = |source| self.failed(source);
        if let Some(kept) = store::put_aside(&self.path).map_err(data)? {
            let files = library.leave();
            let kept = kept.display();
            tracing::info!(files, %kept, "Files that no meeting has stay while a damaged store does");
        }
        library.sweep().await.map_err(data)
    }

    /// The administrator's token, made on the first start and kept.
    pub(crate) fn admin_token(&self) -> Result<String, StartError> {
        let path = self.path.join("admin-token");
        let data = |source| self.failed(source);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let token = format!("{}{}", files::random_name(), files::random_name());
                private::replace(&path, token.as_bytes()).map_err(data)?;
                token
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => String::new(),
            Err(error) => return Err(data(error)),
        };
        let token = text.trim();
        if token.len() < 16 || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(StartError::Token(path));
        }
        Ok(token.into())
    }
}

/// Locks a data directory, unless a server runs on it.
pub(crate) fn lock(path: &Path) -> io::Result<Option<Lock>> {
    let lock = path.join("lock");
    let file = match private::create_new_for(&lock, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            OpenOptions::new().write(true).open(lock)?
        }
        file => file?,
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    // Not everywhere is a directory something that can be opened and locked.
    let directory = File::open(path).ok();
    match directory.as_ref().map(File::try_lock) {
        Some(Err(TryLockError::WouldBlock)) => Ok(None),
        _ => Ok(Some(Lock { _file: file, _directory: directory })),
    }
}
