//! What says that there was a database where none is: a server that took its absence for a first
//! start would remove the files of all meetings.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Error, swap::beside};
use crate::files::FilesRecord;

/// Refuses a database that is not there, or has not a byte, where there was one. Before SQLite looks
/// at it, which removes the log of an empty file.
pub(super) fn look(database: &Path) -> Result<(), Error> {
    let has_bytes = |path: &Path| fs::metadata(path).is_ok_and(|found| found.len() > 0);
    let log = beside(database, "-wal");
    let log = || has_bytes(&log).then(|| log.clone());
    match has_bytes(database) {
        true => Ok(()),
        false => match log().or_else(|| of_server(database)) {
            Some(trace) => Err(Error::Gone { path: database.into(), trace }),
            None => Ok(()),
        },
    }
}

/// What is wrong where there is no database.
pub(super) fn gone(path: PathBuf) -> Error {
    match of_server(&path) {
        Some(trace) => Error::Gone { path, trace },
        None => Error::NoFile(path),
    }
}

/// Something in the directory of a database that no server makes before it.
pub(super) fn of_server(database: &Path) -> Option<PathBuf> {
    let data = database.parent()?;
    if FilesRecord::read(data).map_or(true, |record| record.place.is_some()) {
        return Some(data.join(FilesRecord::NAME));
    }
    let meetings = data.join("meetings");
    let has_files = |meeting: fs::DirEntry| {
        fs::read_dir(meeting.path().join("files")).is_ok_and(|mut files| files.next().is_some())
    };
    let found = fs::read_dir(&meetings).ok()?.flatten().any(has_files);
    found.then_some(meetings)
}
