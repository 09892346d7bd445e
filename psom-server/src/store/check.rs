use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use sqlx::{Connection, SqliteConnection};

use super::{
    Error,
    meaning::{self, Fault, Found},
    scan::Scan,
    schema,
    sqlite::{damaged_log, entry, meeting, readable},
    swap, trace,
};
use crate::{
    files::{self, BlobConfig, BlobError, FilesRecord},
    home::{self, Lock},
};

/// What a look at a store has found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Report {
    /// The meetings that are right.
    pub meetings: usize,
    /// The entries of their state that are right.
    pub entries: usize,
    /// What is wrong, a sentence each.
    pub problems: Vec<String>,
    /// Where the meetings' files are, if they were not looked for because they are elsewhere.
    pub files_at: Option<String>,
}

/// Looks at every row in the store of a data directory, and at what SQLite can find wrong with the
/// file, and whether the files of the meetings are there. Of what is kept nothing is changed.
///
/// Files in the data directory are always looked for; those elsewhere where `files` says so.
///
/// # Errors
/// A server runs on the directory, there is no store of this version in it, or the files are not
/// this server's or cannot be looked for.
pub async fn check(data: &Path, files: &BlobConfig) -> Result<Report, Error> {
    let (path, _lock) = locked(data)?;
    let mut report = look(&path).await?;
    let faults = faults(data, &path, files).await?;
    report.problems.extend(faults.all.into_iter().map(|(_, fault)| fault.problem));
    report.files_at = faults.files_at;
    Ok(report)
}

/// Reads every file that a meeting has, wherever they are, and holds it against its SHA-1: a sentence
/// for each that is not what was stored. Those that are missing are [`check()`]'s.
///
/// # Errors
/// As of [`check()`].
pub async fn check_files(data: &Path, files: &BlobConfig) -> Result<Vec<String>, Error> {
    let (path, _lock) = locked(data)?;
    let Some(found) = faults(data, &path, files).await?.found else { return Ok(Vec::new()) };
    let damaged = files::damaged(files, &data.join("meetings"), found.named()).await;
    damaged.map_err(|error| Error::Failed(error.to_string()))
}

/// What keeps meetings from being opened whose rows are all right.
pub(super) async fn faults(data: &Path, path: &Path, files: &BlobConfig) -> Result<Faults, Error> {
    let mut connection = match schema::read(path).await {
        Ok(connection) => connection,
        Err(Error::File { .. } | Error::Gone { .. }) => return Ok(Faults::default()),
        Err(error) => return Err(error),
    };
    let read = states(&mut connection).await;
    let _ = connection.close().await;
    let states = match read {
        Err(error) if schema::is_damage(&error) => return Ok(Faults::default()),
        states => states.map_err(|error| schema::failure(path, &error))?,
    };
    let record = FilesRecord::read(data).map_err(|error| Error::Failed(error.to_string()))?;
    let failed = |error: BlobError| Error::Failed(error.to_string());
    let found = files::found(files, &record, &data.join("meetings")).await.map_err(failed)?;
    let found = found.map(Found::new);
    let mut all = Vec::new();
    for (meeting, mut state) in states {
        // What no server has said yet, this tells.
        let is_known = record.place.is_some() || matches!(files, BlobConfig::Url(..));
        let is_here = is_known || data.join("meetings").join(&meeting).join("files").is_dir();
        let faults = meaning::faults(&meeting, &mut state, found.as_ref().filter(|_| is_here));
        all.extend(faults.into_iter().map(|fault| (meeting.clone(), fault)));
    }
    Ok(Faults { all, files_at: record.place.filter(|_| found.is_none()), found })
}

/// What a look at the meaning of a store has found.
#[derive(Default)]
pub(super) struct Faults {
    /// By the meetings.
    pub(super) all: Vec<(String, Fault)>,
    /// Where files are that were not looked for.
    pub(super) files_at: Option<String>,
    found: Option<Arc<Found>>,
}

/// The state of every meeting, as far as it is right.
async fn states(connection: &mut SqliteConnection) -> sqlx::Result<States> {
    let (mut states, mut scan) = (States::new(), Scan::state());
    loop {
        let rows = scan.next(connection).await?;
        if rows.is_empty() {
            return Ok(states);
        }
        for (meeting, key, value) in rows.iter().filter_map(entry) {
            states.entry(meeting).or_default().insert(key, value);
        }
    }
}

type States = BTreeMap<String, BTreeMap<String, String>>;

/// The database of a directory on which no server runs, as long as the lock is held.
pub(super) fn locked(data: &Path) -> Result<(PathBuf, Lock), Error> {
    let path = super::file(data);
    // Not before, so that nothing is made where nothing is.
    let lock = match path.is_file() || swap::beside(&path, ".repaired").is_file() {
        true => home::lock(data).map_err(|error| {
            let data = data.display();
            Error::Failed(format!(
                "cannot lock {data}: {error}; make it writable, or copy all of it to where it is"
            ))
        })?,
        false => return Err(trace::gone(path)),
    };
    let lock = lock.ok_or_else(|| Error::Locked(data.into()))?;
    swap::finish(&path)?;
    Ok((path, lock))
}

/// Looks at everything.
pub(super) async fn look(path: &Path) -> Result<Report, Error> {
    let mut report = Report::default();
    if let Some(at) = damaged_log(path)? {
        report.problems.push(Error::Log { path: path.into(), at }.to_string());
    }
    let mut connection = match schema::read(path).await {
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
    match look_at_rows(&mut connection, &mut report).await {
        Err(error) if !schema::is_damage(&error) => return Err(schema::failure(path, &error)),
        Err(error) => report.problems.push(in_file(&schema::reason(&error))),
        Ok(()) => {}
    }
    // Closed or not, nothing was written.
    let _ = connection.close().await;
    Ok(report)
}

async fn look_at_rows(connection: &mut SqliteConnection, report: &mut Report) -> sqlx::Result<()> {
    match schema::integrity(connection).await {
        Err(error) if !schema::is_damage(&error) => return Err(error),
        Err(error) => report.problems.push(in_file(&schema::reason(&error))),
        Ok(problems) => report.problems.extend(problems.iter().map(|problem| in_file(problem))),
    }
    let mut ids = BTreeSet::new();
    let mut scan = Scan::meetings();
    loop {
        let rows = scan.next(connection).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            match meeting(row) {
                Some(meeting) => drop(ids.insert(meeting.id)),
                None => {
                    let id = readable(row, 0);
                    report.problems.push(format!("The entry of the meeting {id:?} is damaged."));
                    ids.insert(id);
                }
            }
        }
    }
    report.gaps("meetings", scan.gaps);
    report.meetings = ids.len();
    let (mut scan, mut strays) = (Scan::state(), BTreeSet::new());
    loop {
        let rows = scan.next(connection).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            match entry(row) {
                Some((meeting, ..)) if ids.contains(&meeting) => report.entries += 1,
                Some((meeting, ..)) => drop(strays.insert(meeting)),
                None => report.problems.push(damaged_entry(&readable(row, 0), &readable(row, 1))),
            }
        }
    }
    report.gaps("state", scan.gaps);
    let stray = |id| format!("There is state of a meeting {id:?}, but no such meeting.");
    report.problems.extend(strays.into_iter().map(stray));
    Ok(())
}

impl Report {
    fn gaps(&mut self, table: &str, gaps: usize) {
        if gaps > 0 {
            let gap = format!("The table {table} cannot be read in {gaps} of its places.");
            self.problems.push(gap);
        }
    }
}

pub(super) fn damaged_entry(meeting: &str, key: &str) -> String {
    format!("The state of the meeting {meeting:?} is damaged at the key {key:?}.")
}

fn in_file(problem: &str) -> String {
    format!("SQLite finds in the file: {}.", problem.trim_end_matches('.'))
}
