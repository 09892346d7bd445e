//! How a repaired database takes the place of the damaged one: in one step, whenever it is stopped.
//!
//! From the moment that `meetings.db.repaired` is there it counts, and all that is left to do can be
//! done again. The log of the old database must be gone before the new one has its name: SQLite
//! would write it into the new one.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::Error;

/// A file beside the database, by what comes behind the database's name.
pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Makes a new database count, which is complete and on the disk.
pub(super) fn start(database: &Path, new: &Path) -> Result<(), Error> {
    let done = fs::rename(new, beside(database, ".repaired")).and_then(|()| sync(database));
    done.map_err(|error| failed(database, &error))?;
    finish(database)
}

/// Does what is left of a repair that was stopped, if there was one.
pub(super) fn finish(database: &Path) -> Result<(), Error> {
    let repaired = beside(database, ".repaired");
    let swap = || {
        if !repaired.try_exists()? {
            return Ok(());
        }
        for log in ["-wal", "-shm"] {
            remove(&beside(database, log))?;
        }
        sync(database)?;
        fs::rename(&repaired, database)?;
        sync(database)
    };
    swap().map_err(|error| failed(database, &error))
}

/// Removes a file if it is there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Sees to it that the disk has the names of the files.
pub(super) fn sync(database: &Path) -> io::Result<()> {
    database.parent().map_or(Ok(()), crate::private::sync_directory)
}

fn failed(database: &Path, error: &io::Error) -> Error {
    Error::Failed(format!("cannot put the repaired {} in its place: {error}", database.display()))
}
