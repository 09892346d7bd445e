//! Evidence that a missing database existed before. A server that mistook the loss of its database for
//! a first start would remove the files of all meetings.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{error::Error, paths::beside};
use crate::files::FilesRecord;

/// Checks that a missing or empty database never existed. This has to happen before SQLite opens the
/// file, because SQLite removes the log of an empty database.
pub(crate) fn check(database: &Path) -> Result<(), Error> {
    let has_bytes = |path: &Path| fs::metadata(path).is_ok_and(|found| found.len() > 0);
    if has_bytes(database) {
        return Ok(());
    }
    let log = Some(beside(database, "-wal")).filter(|log| has_bytes(log));
    match log.or_else(|| evidence(database)) {
        Some(evidence) => Err(Error::Gone { path: database.into(), evidence }),
        None => Ok(()),
    }
}

/// Returns the error for a database that does not exist.
pub(crate) fn error(path: PathBuf) -> Error {
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
