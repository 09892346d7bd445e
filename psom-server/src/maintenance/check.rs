use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use futures_util::FutureExt as _;
use rusqlite::Connection;

use super::{
    state_check::{KnownFiles, StateFault, find_faults},
    table_scan::TableScan,
};
use crate::{
    data_directory::{DirectoryLock, try_lock},
    files::{BlobConfig, FilesRecord, damaged_files, find_files},
    store::{
        Error, beside, blocking, database_file, missing_database, replacement, schema,
        statements::DamagedEntry, wal,
    },
};

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Report {
    /// The number of meetings.
    pub meetings: usize,
    /// The number of valid entries of their state.
    pub entries: usize,
    /// The problems, one sentence each.
    pub problems: Vec<String>,
    /// The location of the meetings' files, if they were not checked because they are in an object
    /// store that was not given.
    pub files_at: Option<String>,
}

/// Checks the store of a data directory: the integrity of the database file, the checksum of every row,
/// whether every meeting can be restored, and whether its files exist. It changes no data.
///
/// Files in the data directory are always checked. Files in an object store are checked if `files`
/// names the store.
///
/// # Errors
/// A server runs on the directory, there is no store of this version in it, or the files belong to
/// another server or cannot be checked.
pub fn check<'a>(
    data: &'a Path,
    files: &'a BlobConfig,
) -> impl Future<Output = Result<Report, Error>> + Send + 'a {
    check_store(data, files).boxed()
}

async fn check_store(data: &Path, files: &BlobConfig) -> Result<Report, Error> {
    let (path, _lock) = lock_database(data)?;
    let mut report = check_rows(&path).await?;
    let faults = check_meetings(data, &path, files).await?;
    report.problems.extend(faults.faults.into_iter().map(|(_, fault)| fault.problem));
    report.files_at = faults.files_at;
    Ok(report)
}

/// Reads every file of every meeting and compares it with its SHA-1. Returns one sentence for each
/// damaged file. Missing files are reported by [`check()`].
///
/// # Errors
/// The errors of [`check()`].
pub fn check_files<'a>(
    data: &'a Path,
    files: &'a BlobConfig,
) -> impl Future<Output = Result<Vec<String>, Error>> + Send + 'a {
    check_store_files(data, files).boxed()
}

async fn check_store_files(data: &Path, files: &BlobConfig) -> Result<Vec<String>, Error> {
    let (path, _lock) = lock_database(data)?;
    let Some(known) = check_meetings(data, &path, files).await?.known_files else {
        return Ok(Vec::new());
    };
    let damaged = damaged_files(files, &data.join("meetings"), known.referenced()).await;
    Ok(damaged?)
}

/// Checks whether every meeting can be restored from its valid rows.
pub(super) async fn check_meetings(
    data: &Path,
    path: &Path,
    files: &BlobConfig,
) -> Result<MeetingFaults, Error> {
    let database = path.to_owned();
    let states = match blocking(move || read_states(&database)).await {
        Err(Error::File { .. } | Error::Gone { .. }) => return Ok(MeetingFaults::default()),
        states => states?,
    };
    let record = FilesRecord::read(data)?;
    let known_files = find_files(files, &record, &data.join("meetings")).await;
    let known_files = known_files?.map(KnownFiles::new);
    let mut faults = Vec::new();
    for (meeting, mut state) in states {
        // If no location is recorded, the files are in the data directory if the meeting has a
        // folder there.
        let is_recorded = record.location.is_some() || matches!(files, BlobConfig::Url(..));
        let is_here = is_recorded || data.join("meetings").join(&meeting).join("files").is_dir();
        let found = find_faults(&meeting, &mut state, known_files.as_ref().filter(|_| is_here));
        faults.extend(found.into_iter().map(|fault| (meeting.clone(), fault)));
    }
    let files_at = record.location.filter(|_| known_files.is_none());
    Ok(MeetingFaults { faults, files_at, known_files })
}

/// The meetings that cannot be restored, and why.
#[derive(Default)]
pub(super) struct MeetingFaults {
    /// The faults with the ID of their meeting.
    pub(super) faults: Vec<(String, StateFault)>,
    /// The location of files that were not checked.
    pub(super) files_at: Option<String>,
    known_files: Option<Arc<KnownFiles>>,
}

/// Reads the valid entries of every meeting's state.
fn read_states(path: &Path) -> Result<MeetingStates, Error> {
    let connection = schema::open_read_only(path)?;
    let (mut states, mut scan) = (MeetingStates::new(), TableScan::state());
    loop {
        let rows = scan.next(&connection).map_err(|source| schema::error(path, source))?;
        if rows.is_empty() {
            return Ok(states);
        }
        for entry in rows.into_iter().flatten() {
            states.entry(entry.meeting).or_default().insert(entry.key, entry.value);
        }
    }
}

/// The state of meetings by their IDs.
type MeetingStates = BTreeMap<String, BTreeMap<String, String>>;

/// Locks the data directory of a stopped server, and returns the path of its database.
pub(super) fn lock_database(data: &Path) -> Result<(PathBuf, DirectoryLock), Error> {
    let path = database_file(data);
    // Locking creates a file, which must not happen in a directory without a database.
    if !path.is_file() && !beside(&path, ".repaired").is_file() {
        return Err(missing_database::error(path));
    }
    let lock = try_lock(data).map_err(|source| Error::lock(data, source))?;
    let lock = lock.ok_or_else(|| Error::Locked(data.into()))?;
    replacement::finish(&path)?;
    Ok((path, lock))
}

/// Checks the log, the database file, and the checksum of every row.
pub(super) async fn check_rows(path: &Path) -> Result<Report, Error> {
    let path = path.to_owned();
    blocking(move || check_rows_of(&path)).await
}

fn check_rows_of(path: &Path) -> Result<Report, Error> {
    let mut report = Report::default();
    if let Some(at) = wal::find_damage(path)? {
        report.problems.push(Error::Log { path: path.into(), at }.to_string());
    }
    let connection = match schema::open_read_only(path) {
        Ok(connection) => connection,
        Err(error @ Error::Gone { .. }) => {
            report.problems.push(error.to_string());
            return Ok(report);
        }
        Err(Error::File { reason, .. }) => {
            report.problems.push(format!("{} cannot be read: {reason}.", path.display()));
            return Ok(report);
        }
        Err(error) => return Err(error),
    };
    match scan_rows(&connection, &mut report) {
        Err(error) if !schema::is_damage(&error) => return Err(schema::error(path, error)),
        Err(error) => report.problems.push(in_file(&schema::reason(&error))),
        Ok(()) => {}
    }
    Ok(report)
}

fn scan_rows(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    match schema::integrity(connection) {
        Err(error) if !schema::is_damage(&error) => return Err(error),
        Err(error) => report.problems.push(in_file(&schema::reason(&error))),
        Ok(problems) => report.problems.extend(problems.iter().map(|problem| in_file(problem))),
    }
    let mut ids = BTreeSet::new();
    let mut scan = TableScan::meetings();
    loop {
        let rows = scan.next(connection)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            match row {
                Ok(meeting) => drop(ids.insert(meeting.id)),
                Err(id) => {
                    report.problems.push(format!("The entry of the meeting {id:?} is damaged."));
                    ids.insert(id);
                }
            }
        }
    }
    report.add_gaps("meetings", scan.gaps);
    report.meetings = ids.len();
    let (mut scan, mut strays) = (TableScan::state(), BTreeSet::new());
    loop {
        let rows = scan.next(connection)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            match row {
                Ok(entry) if ids.contains(&entry.meeting) => report.entries += 1,
                Ok(entry) => drop(strays.insert(entry.meeting)),
                Err(damaged) => report.problems.push(damaged_entry(&damaged)),
            }
        }
    }
    report.add_gaps("state", scan.gaps);
    let stray = |id| format!("There is state of a meeting {id:?}, but no such meeting.");
    report.problems.extend(strays.into_iter().map(stray));
    Ok(())
}

impl Report {
    fn add_gaps(&mut self, table: &str, gaps: usize) {
        if gaps > 0 {
            let gap = format!("The table {table} has {gaps} ranges of rows that cannot be read.");
            self.problems.push(gap);
        }
    }
}

pub(super) fn damaged_entry(DamagedEntry { meeting, key }: &DamagedEntry) -> String {
    format!("The state of the meeting {meeting:?} is damaged at the key {key:?}.")
}

fn in_file(problem: &str) -> String {
    format!("SQLite reports about the file: {}.", problem.trim_end_matches('.'))
}
