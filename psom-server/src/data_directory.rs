//! The data directory: its lock, and the administrator's token in it.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::{
    server_file::ServerFile,
    shared::{identifiers::random_name, private_files},
    start_error::StartError,
};

/// Minimum length of an administrator's token in characters. A shorter token could be guessed.
const MIN_ADMIN_TOKEN_CHARS: usize = 16;

/// A data directory that this server has locked.
#[derive(Debug)]
pub(crate) struct DataDirectory {
    path: PathBuf,
    /// The operating system releases the lock when the process ends, however it ends.
    _lock: DirectoryLock,
}

/// An exclusive lock on a directory, held until it is dropped.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    _file: File,
    /// The directory itself is locked too: unlike the lock file, it cannot be removed by mistake
    /// while it contains files.
    _directory: Option<File>,
}

impl DataDirectory {
    /// Creates the directory if it does not exist, and locks it.
    pub(crate) fn open(path: &Path) -> Result<Self, StartError> {
        let failed = |source| StartError::Data { path: path.into(), source };
        private_files::create_directory(path).map_err(failed)?;
        let lock =
            try_lock(path).map_err(failed)?.ok_or_else(|| StartError::Locked(path.into()))?;
        // A server that was killed leaves its file behind.
        match ServerFile::remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        #[cfg(unix)]
        for secret in readable_secrets(path) {
            tracing::warn!(
                path = %secret.display(),
                "other users of this machine can access a secret of the server; run `chmod go= FILE`"
            );
        }
        Ok(Self { path: path.into(), _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the error for an I/O failure in this directory.
    pub(crate) fn error(&self, source: io::Error) -> StartError {
        StartError::Data { path: self.path.clone(), source }
    }

    /// Returns the folder that has one directory for each meeting.
    pub(crate) fn meetings(&self) -> PathBuf {
        self.path.join("meetings")
    }

    /// Returns the administrator's token, which the first start creates.
    pub(crate) fn admin_token(&self) -> Result<String, StartError> {
        let path = self.path.join("admin-token");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let token = format!("{}{}", random_name(), random_name());
                private_files::replace(&path, token.as_bytes()).map_err(|e| self.error(e))?;
                token
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => String::new(),
            Err(error) => return Err(self.error(error)),
        };
        let token = text.trim();
        if token.len() < MIN_ADMIN_TOKEN_CHARS || !token.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(StartError::Token(path));
        }
        Ok(token.into())
    }
}

/// Returns the files with secrets that other users of the machine can access.
#[cfg(unix)]
fn readable_secrets(data: &Path) -> Vec<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    /// The permission bits of the group and of other users.
    const OTHERS: u32 = 0o077;
    const SECRETS: [&str; 5] =
        ["admin-token", "ca.key", "server.key", "meetings.db", "meetings.db-wal"];
    let is_open = |path: &PathBuf| {
        fs::metadata(path).is_ok_and(|file| file.permissions().mode() & OTHERS != 0)
    };
    SECRETS.iter().map(|name| data.join(name)).filter(is_open).collect()
}

/// Locks a data directory. Returns `None` if another process has locked it.
pub(crate) fn try_lock(path: &Path) -> io::Result<Option<DirectoryLock>> {
    let lock = path.join("lock");
    let file = match private_files::create_new_for(&lock, path) {
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
    // Not every system can open and lock a directory.
    let directory = File::open(path).ok();
    match directory.as_ref().map(File::try_lock) {
        Some(Err(TryLockError::WouldBlock)) => Ok(None),
        _ => Ok(Some(DirectoryLock { _file: file, _directory: directory })),
    }
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn secrets_that_others_can_read_are_found() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path();
        for (name, mode) in
            [("ca.key", 0o600), ("server.key", 0o640), ("ca.pem", 0o644), ("admin-token", 0o604)]
        {
            fs::write(data.join(name), "x").unwrap();
            fs::set_permissions(data.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        assert_eq!(readable_secrets(data), [data.join("admin-token"), data.join("server.key")]);
    }
}
