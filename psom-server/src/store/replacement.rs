//! Replaces a damaged database by a repaired one, atomically: the replacement can be interrupted at any
//! point.
//!
//! As soon as `meetings.db.repaired` exists, it is the valid database, and all remaining steps can be
//! repeated. The log of the old database must be removed before the new database gets its name, because
//! SQLite would apply the log to the new database.

use std::{fs, io, path::Path};

use super::{error::Error, paths::beside};
use crate::shared::private_files::sync_directory;

/// Makes a new database the valid one, and gives it its name. The new database must be complete and
/// synced.
pub(crate) fn replace(database: &Path, new: &Path) -> Result<(), Error> {
    let renamed =
        fs::rename(new, beside(database, ".repaired")).and_then(|()| sync_parent(database));
    renamed.map_err(|source| Error::io("replace", database, source))?;
    finish(database)
}

/// Completes a replacement that was interrupted, if there is one.
pub(crate) fn finish(database: &Path) -> Result<(), Error> {
    let repaired = beside(database, ".repaired");
    let finish = || {
        if !repaired.try_exists()? {
            return Ok(());
        }
        for log in ["-wal", "-shm"] {
            remove_if_exists(&beside(database, log))?;
        }
        sync_parent(database)?;
        fs::rename(&repaired, database)?;
        sync_parent(database)
    };
    finish().map_err(|source| Error::io("replace", database, source))
}

/// Removes a file, if it exists.
pub(crate) fn remove_if_exists(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes the names of the files beside the database to the disk.
pub(crate) fn sync_parent(database: &Path) -> io::Result<()> {
    database.parent().map_or(Ok(()), sync_directory)
}
