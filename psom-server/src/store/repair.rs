use std::{
    collections::BTreeSet,
    fs::File,
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::files::BlobConfig;
use sqlx::{Connection, Row, SqliteConnection, query, raw_sql};

use super::{
    Error, Report, StoredMeeting,
    check::{Faults, damaged_entry, faults, locked, look},
    meaning::Fault,
    scan::Scan,
    schema,
    sqlite::{damaged_log, entry, meeting, readable},
    swap, writer,
};

/// What a repair has done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repair {
    /// What is there now. Its problems are those that were found before.
    pub report: Report,
    /// What is lost, a sentence each.
    pub lost: Vec<String>,
    /// Where the damaged database is now. Nothing where all was well, and nothing was changed.
    pub kept: Option<PathBuf>,
}

/// Puts a new database with all that is readable and right in the place of a damaged one, which is
/// kept beside it. That needs room for two more of them. `files` is as for [`check`](super::check()).
///
/// # Errors
/// A server runs on the directory, there is no store of this version in it, the files cannot be
/// looked for, or the disk is full; then everything is as it was.
pub async fn repair(data: &Path, files: &BlobConfig) -> Result<Repair, Error> {
    let (path, _lock) = locked(data)?;
    let mut before = look(&path).await?;
    let Faults { all: faults, files_at, .. } = faults(data, &path, files).await?;
    before.files_at = files_at;
    if before.problems.is_empty() && faults.is_empty() {
        return Ok(Repair { report: before, lost: Vec::new(), kept: None });
    }
    let new = swap::beside(&path, ".new");
    let io_failed =
        |error: io::Error| Error::Failed(format!("cannot repair {}: {error}", path.display()));
    // Of a repair that was stopped.
    for suffix in ["", "-wal", "-shm"] {
        swap::remove(&swap::beside(&new, suffix)).map_err(io_failed)?;
    }
    crate::private::create_new_for(&new, &path).map_err(io_failed)?;
    let mut to = schema::make(&new).await?;
    let kept = keep(&path, &mut to).await?;
    let mut repair = Repair {
        report: Report { meetings: 0, entries: 0, ..before },
        lost: Vec::new(),
        kept: Some(kept),
    };
    if let Some(at) = damaged_log(&path)? {
        repair.lost.push(format!("What was committed after byte {at} of the log is lost."));
    }
    match schema::read(&path).await {
        Ok(mut from) => {
            let copied = copy(&mut from, &mut to, &mut repair).await;
            copied.map_err(|error| schema::failure(&path, &error))?;
            // Closed or not, nothing was written.
            let _ = from.close().await;
        }
        Err(Error::File { .. } | Error::Gone { .. }) => {
            repair.lost.push("Nothing at all could be read.".into());
        }
        Err(error) => return Err(error),
    }
    // What was damaged may have been a part of something that cannot go on without it.
    for (meeting, Fault { problem, key, entries }) in faults {
        let erased = writer::erase(&mut to, &meeting, &key).await;
        erased.map_err(|error| schema::failure(&new, &error))?;
        repair.report.entries = repair.report.entries.saturating_sub(entries);
        let entries = match entries {
            1 => "1 entry".into(),
            entries => format!("{entries} entries"),
        };
        repair.lost.push(format!("{problem} It goes on without {key:?} ({entries})."));
    }
    // Without a log, so that it is one file.
    let alone = raw_sql("PRAGMA journal_mode = DELETE").execute(&mut to).await;
    alone.map_err(|error| schema::failure(&new, &error))?;
    to.close().await.map_err(|error| schema::failure(&new, &error))?;
    swap::start(&path, &new)?;
    Ok(repair)
}

/// Copies the database and its log as they are.
async fn keep(path: &Path, clock: &mut SqliteConnection) -> Result<PathBuf, Error> {
    let sql = "SELECT strftime('%Y%m%dT%H%M%SZ', 'now')";
    let now = query(sql).fetch_one(clock).await.and_then(|row| row.try_get(0));
    let now: String = now.map_err(|error| schema::failure(path, &error))?;
    let kept = swap::beside(path, &format!(".damaged-{now}"));
    let copy = |suffix| {
        let mut from = match File::open(swap::beside(path, suffix)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            from => from?,
        };
        let mut to = crate::private::create_new_for(&swap::beside(&kept, suffix), path)?;
        io::copy(&mut from, &mut to)?;
        to.sync_all()
    };
    let copied = copy("").and_then(|()| copy("-wal")).and_then(|()| swap::sync(path));
    let failed = |error| Error::Failed(format!("cannot write {}: {error}", kept.display()));
    copied.map_err(failed)?;
    Ok(kept)
}

/// Copies all that is right, and notes what is not.
async fn copy(
    from: &mut SqliteConnection,
    to: &mut SqliteConnection,
    repair: &mut Repair,
) -> sqlx::Result<()> {
    let mut to = to.begin().await?;
    let mut ids = BTreeSet::new();
    let mut scan = Scan::meetings();
    loop {
        let rows = scan.next(from).await?;
        if rows.is_empty() {
            break;
        }
        for meeting in rows.iter().filter_map(meeting) {
            writer::create(&mut to, &meeting).await?;
            ids.insert(meeting.id);
        }
    }
    let mut gaps = scan.gaps;
    let (mut lost, mut scan) = (BTreeSet::new(), Scan::state());
    loop {
        let rows = scan.next(from).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let Some((meeting, key, value)) = entry(row) else {
                lost.insert((readable(row, 0), readable(row, 1)));
                continue;
            };
            if ids.insert(meeting.clone()) {
                let title = format!("The title of the meeting {meeting:?} is lost.");
                repair.lost.push(title);
                writer::create(&mut to, &untitled(&meeting)).await?;
            }
            writer::save(&mut to, &meeting, &key, &value).await?;
            repair.report.entries += 1;
        }
    }
    gaps += scan.gaps;
    repair.report.meetings = ids.len();
    gaps += compare(from, &mut to, &mut lost).await?;
    repair.lost.extend(lost.iter().map(|(meeting, key)| damaged_entry(meeting, key)));
    if gaps > 0 {
        let more = "Parts of the file cannot be read; what was in them alone is lost.";
        repair.lost.push(more.into());
    }
    to.commit().await
}

/// A meeting of which nothing is known but its state.
fn untitled(id: &str) -> StoredMeeting {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let created = i64::try_from(since.as_millis()).unwrap_or_default();
    StoredMeeting { id: id.into(), title: None, created }
}

/// Names what the index of the old database knows and the new one does not have: meetings and
/// keys. Returns how often the index cannot be read.
async fn compare(
    from: &mut SqliteConnection,
    to: &mut SqliteConnection,
    lost: &mut BTreeSet<(String, String)>,
) -> sqlx::Result<usize> {
    let sql = "SELECT meeting, key FROM state INDEXED BY sqlite_autoindex_state_1 \
               WHERE (meeting, key) > ($1, $2) ORDER BY meeting, key LIMIT 256";
    let mut after = (String::new(), String::new());
    loop {
        let rows = match query(sql).bind(&after.0).bind(&after.1).fetch_all(&mut *from).await {
            Err(error) if schema::is_damage(&error) => return Ok(1),
            rows => rows?,
        };
        for row in &rows {
            let (meeting, key) = (readable(row, 0), readable(row, 1));
            let there = query("SELECT 1 FROM state WHERE meeting = $1 AND key = $2");
            let there = there.bind(&meeting).bind(&key).fetch_optional(&mut *to).await?;
            if there.is_none() {
                lost.insert((meeting, key));
            }
        }
        let last = rows.last().map(|row| (readable(row, 0), readable(row, 1)));
        match last.filter(|last| *last > after) {
            Some(last) => after = last,
            // At the end; or the index is in no order, which says nothing of what is lost.
            None => return Ok(usize::from(!rows.is_empty())),
        }
    }
}
