//! The data directory.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::{StartError, files, private};

/// A data directory that is this server's alone.
#[derive(Debug)]
pub(crate) struct Home {
    path: PathBuf,
    /// The system unlocks it when the process ends, in whichever way.
    _lock: File,
}

impl Home {
    /// Makes the directory if it is not there, locks it, and removes what an earlier run left.
    pub(crate) fn open(path: &Path) -> Result<Self, StartError> {
        let data = |source| StartError::Data { path: path.into(), source };
        private::create_directory(path).map_err(data)?;
        let lock = path.join("lock");
        let mut options = OpenOptions::new();
        let lock = options.create(true).truncate(false).write(true).open(lock).map_err(data)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StartError::Locked(path.into())),
            Err(TryLockError::Error(error)) => return Err(data(error)),
        }
        // Of a server that was killed.
        match crate::ServerFile::remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(data(error)),
            _ => {}
        }
        let home = Self { path: path.into(), _lock: lock };
        files::sweep(&home.meetings()).map_err(data)?;
        Ok(home)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The directory of the meetings' directories.
    pub(crate) fn meetings(&self) -> PathBuf {
        self.path.join("meetings")
    }

    /// The administrator's token, made on the first start and kept.
    pub(crate) fn admin_token(&self) -> Result<String, StartError> {
        let path = self.path.join("admin-token");
        let data = |source| StartError::Data { path: self.path.clone(), source };
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
