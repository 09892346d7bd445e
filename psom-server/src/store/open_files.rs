//! Detects that an open database file was removed or replaced. Commits to such a file would be lost,
//! although the disk confirms them.

use std::{
    fs::{self, Metadata},
    io,
    path::{Path, PathBuf},
};

use super::{error::Error, paths::beside};

/// The files of an open database with their identities.
pub(super) struct OpenFiles(Vec<(PathBuf, FileIdentity)>);

impl OpenFiles {
    /// Records the files of a database that was just opened.
    pub(super) fn record(database: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        for path in [database.to_owned(), beside(database, "-wal")] {
            match fs::metadata(&path) {
                Ok(found) => files.push((path, identity(&found))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self(files))
    }

    /// Checks that every path still leads to the file that was opened.
    pub(super) fn check(&self) -> Result<(), Error> {
        let is_gone = |(path, opened): &&(PathBuf, FileIdentity)| match fs::metadata(path) {
            Ok(found) => identity(&found) != *opened,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        match self.0.iter().find(is_gone) {
            Some((path, _)) => Err(Error::Taken(path.clone())),
            None => Ok(()),
        }
    }
}

/// The device and the inode of a file.
#[cfg(unix)]
type FileIdentity = (u64, u64);

#[cfg(unix)]
fn identity(file: &Metadata) -> FileIdentity {
    use std::os::unix::fs::MetadataExt as _;
    (file.dev(), file.ino())
}

/// Other systems do not allow replacing an open file.
#[cfg(not(unix))]
type FileIdentity = ();

#[cfg(not(unix))]
fn identity(_: &Metadata) -> FileIdentity {}
