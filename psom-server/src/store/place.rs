//! Whether the files that are open are still those in the directory: what is written to a file that
//! nobody can open any more is lost, however safe the disk says it is.

use std::{
    fs::{self, Metadata},
    io,
    path::{Path, PathBuf},
};

use super::{Error, swap::beside};

/// The files of an open database: their paths, and which files they are.
pub(super) struct Place(Vec<(PathBuf, Identity)>);

impl Place {
    /// The place of a database that was just opened.
    pub(super) fn of(database: &Path) -> io::Result<Self> {
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

    /// Refuses where a file is not the one any more that was opened.
    pub(super) fn look(&self) -> Result<(), Error> {
        let is_gone = |(path, opened): &&(PathBuf, Identity)| match fs::metadata(path) {
            Ok(found) => identity(&found) != *opened,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        match self.0.iter().find(is_gone) {
            Some((path, _)) => Err(Error::Taken(path.clone())),
            None => Ok(()),
        }
    }
}

#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(file: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (file.dev(), file.ino())
}

#[cfg(not(unix))]
type Identity = ();

/// Elsewhere a file that is open cannot be replaced.
#[cfg(not(unix))]
fn identity(_: &Metadata) -> Identity {}
