//! Evidence that a missing database existed before. A server that mistook the loss of its database for
//! a first start would remove the files of all meetings.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{error::Error, paths::beside};
use crate::files::FilesRecord;

/// Checks that a missing or empty database never existed. This has to happen before SQLite opens the
/// file, because SQLite removes the log of an empty database.
///
/// A database that cannot be read is neither missing nor damaged.
pub(crate) fn check(database: &Path) -> Result<(), Error> {
    if length(database)? > 0 {
        let opened = File::open(database).map(drop);
        return opened.map_err(|source| Error::unreadable(database, source));
    }
    let log = beside(database, "-wal");
    let log = Some(log.clone()).filter(|_| length(&log).is_ok_and(|length| length > 0));
    match log.or_else(|| evidence(database)) {
        Some(evidence) => Err(Error::Gone { path: database.into(), evidence }),
        None => Ok(()),
    }
}

/// Returns the length of a file; 0 if it does not exist.
fn length(path: &Path) -> Result<u64, Error> {
    match fs::metadata(path) {
        Ok(found) => Ok(found.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(source) => Err(Error::unreadable(path, source)),
    }
}

/// Returns the error for a database that is not found.
pub(crate) fn error(path: PathBuf) -> Error {
    if let Err(error) = length(&path) {
        return error;
    }
    match evidence(&path) {
        Some(evidence) => Error::Gone { path, evidence },
        None => Error::NoFile(path),
    }
}

/// Returns a file or directory that a server creates only after the database.
pub(super) fn evidence(database: &Path) -> Option<PathBuf> {
    let data = database.parent()?;
    if FilesRecord::read(data).map_or(true, |record| record.location.is_some()) {
        return Some(data.join(FilesRecord::NAME));
    }
    let meetings = data.join("meetings");
    let has_files = |meeting: fs::DirEntry| {
        fs::read_dir(meeting.path().join("files")).is_ok_and(|mut files| files.next().is_some())
    };
    let found = fs::read_dir(&meetings).ok()?.flatten().any(has_files);
    found.then_some(meetings)
}
