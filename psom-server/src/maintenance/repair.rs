use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use futures_util::FutureExt as _;
use rusqlite::Connection;

use super::{
    check::{MeetingFaults, Report, check_meetings, check_rows, damaged_entry, lock_database},
    state_check::StateFault,
    table_scan::TableScan,
};
use crate::{
    files::BlobConfig,
    shared::private_files,
    store::{
        Error, StoredMeeting, beside, blocking, replacement, schema,
        statements::{
            DamagedEntry, StateEntry, create_meeting, delete_entries, readable_text, save_entry,
        },
        wal,
    },
};

/// The result of a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repair {
    /// The contents of the store after the repair, and the problems from before it.
    pub report: Report,
    /// The losses, one sentence each.
    pub lost: Vec<String>,
    /// The path to which the damaged database was copied. `None` if the store had no problems, and
    /// nothing was changed.
    pub kept: Option<PathBuf>,
}

/// Replaces a damaged database by a new one with all valid rows, and keeps a copy of the damaged
/// one beside it. This needs disk space for two more databases. `files` has the same meaning as for
/// [`check`](super::check()).
///
/// # Errors
/// A server runs on the directory, there is no store of this version in it, the files cannot be
/// checked, or the disk is full. Then nothing is changed.
pub fn repair<'a>(
    data: &'a Path,
    files: &'a BlobConfig,
) -> impl Future<Output = Result<Repair, Error>> + Send + 'a {
    repair_store(data, files).boxed()
}

async fn repair_store(data: &Path, files: &BlobConfig) -> Result<Repair, Error> {
    let (path, lock) = lock_database(data)?;
    let mut before = check_rows(&path).await?;
    // SQLite reads nothing of a file that has lost its end.
    let readable = Padded::of(&path).map_err(|source| Error::io("repair", &path, source))?;
    let from = readable.as_ref().map_or(&*path, |padded| &padded.0);
    let MeetingFaults { faults, files_at, .. } = check_meetings(data, from, files).await?;
    before.files_at = files_at;
    if let Some(padded) = &readable {
        let missing = padded.1;
        before.problems.push(format!("The file has lost its last {missing} bytes."));
    }
    if before.problems.is_empty() && faults.is_empty() {
        return Ok(Repair { report: before, lost: Vec::new(), kept: None });
    }
    blocking(move || {
        let repair = rebuild(&path, readable.as_ref(), before, faults);
        drop(lock);
        repair
    })
    .await
}

/// Replaces a database by a new one with the valid rows of `readable`, or of the database itself, and removes the
/// entries with faults.
fn rebuild(
    path: &Path,
    readable: Option<&Padded>,
    before: Report,
    faults: Vec<(String, StateFault)>,
) -> Result<Repair, Error> {
    let io_failed = |source: io::Error| Error::io("repair", path, source);
    let from = readable.map_or(path, |padded| &padded.0);
    let new = beside(path, ".new");
    // A repair that was interrupted can have left these files.
    for suffix in ["", "-wal", "-shm"] {
        replacement::remove_if_exists(&beside(&new, suffix)).map_err(io_failed)?;
    }
    private_files::create_new_for(&new, path).map_err(io_failed)?;
    let mut to = schema::create(&new)?;
    let kept = keep_copy(path, &to)?;
    let mut repair = Repair {
        report: Report { meetings: 0, entries: 0, ..before },
        lost: Vec::new(),
        kept: Some(kept),
    };
    if let Some(at) = wal::find_damage(path)? {
        repair.lost.push(format!("All commits after byte {at} of the log are lost."));
    }
    match schema::open_read_only(from) {
        Ok(from) => {
            let copied = copy_rows(&from, &mut to, &mut repair);
            copied.map_err(|source| schema::error(path, source))?;
        }
        Err(Error::File { .. } | Error::Gone { .. }) => {
            repair.lost.push("No row could be read.".into());
        }
        Err(error) => return Err(error),
    }
    // A damaged entry can belong to others, such as the entries of one content. Without all of them, the
    // meeting could not be restored, so the related entries are removed as well.
    for (meeting, StateFault { problem, key, entries }) in faults {
        let deleted = delete_entries(&to, &meeting, &key);
        deleted.map_err(|source| schema::error(&new, source))?;
        repair.report.entries = repair.report.entries.saturating_sub(entries);
        let entries = match entries {
            1 => "1 entry".into(),
            entries => format!("{entries} entries"),
        };
        repair.lost.push(format!("{problem} Removed {key:?} ({entries})."));
    }
    // The new database has no log, so that it is a single file.
    let logless = to.execute_batch("PRAGMA journal_mode = DELETE");
    logless.map_err(|source| schema::error(&new, source))?;
    to.close().map_err(|(_, source)| schema::error(&new, source))?;
    replacement::replace(path, &new)?;
    Ok(repair)
}

/// A copy of a database that has lost its end, padded to the length in its header, and the number of
/// missing bytes. Removed when dropped.
struct Padded(PathBuf, u64);

/// The maximum number of bytes that a padded copy adds: a header with a larger difference is damaged
/// itself.
const MAX_PADDING_BYTES: u64 = 1 << 30;

impl Padded {
    /// Returns a padded copy, or `None` if the file is as long as its header says, or the header is
    /// damaged.
    fn of(path: &Path) -> io::Result<Option<Self>> {
        let mut header = [0; 100];
        let mut file = File::open(path)?;
        if file.read_exact(&mut header).is_err() || !header.starts_with(b"SQLite format 3\0") {
            return Ok(None);
        }
        // Offsets 16 and 28 of the header: the size of a page, and the number of pages.
        let page = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 1 << 16,
            size => u64::from(size),
        };
        let pages = u32::from_be_bytes([header[28], header[29], header[30], header[31]]);
        let (length, whole) = (file.metadata()?.len(), page * u64::from(pages));
        let missing = whole.saturating_sub(length);
        if missing == 0 || missing > length.max(page) || missing > MAX_PADDING_BYTES {
            return Ok(None);
        }
        let padded = Self(beside(path, ".padded"), missing);
        for suffix in ["", "-wal"] {
            let (from, to) = (beside(path, suffix), beside(&padded.0, suffix));
            replacement::remove_if_exists(&to)?;
            if from.is_file() {
                let mut copy = private_files::create_new_for(&to, path)?;
                io::copy(&mut File::open(&from)?, &mut copy)?;
                if suffix.is_empty() {
                    copy.set_len(whole)?;
                }
            }
        }
        Ok(Some(padded))
    }
}

impl Drop for Padded {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            // A file that stays is replaced by the next repair.
            let _ = replacement::remove_if_exists(&beside(&self.0, suffix));
        }
    }
}

/// Copies the damaged database and its log, and returns the path of the copy. `clock` supplies the time.
fn keep_copy(path: &Path, clock: &Connection) -> Result<PathBuf, Error> {
    let sql = "SELECT strftime('%Y%m%dT%H%M%SZ', 'now')";
    let now = clock.query_row(sql, [], |row| row.get(0));
    let now: String = now.map_err(|source| schema::error(path, source))?;
    let kept = beside(path, &format!(".damaged-{now}"));
    let copy = |suffix| {
        let mut from = match File::open(beside(path, suffix)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            from => from?,
        };
        let mut to = private_files::create_new_for(&beside(&kept, suffix), path)?;
        io::copy(&mut from, &mut to)?;
        to.sync_all()
    };
    let copied = copy("").and_then(|()| copy("-wal")).and_then(|()| replacement::sync_parent(path));
    copied.map_err(|source| Error::io("write", &kept, source))?;
    Ok(kept)
}

/// Copies all valid rows, and reports the others as losses.
fn copy_rows(from: &Connection, to: &mut Connection, repair: &mut Repair) -> rusqlite::Result<()> {
    let to = to.transaction()?;
    let mut ids = BTreeSet::new();
    let mut scan = TableScan::meetings();
    loop {
        let rows = scan.next(from)?;
        if rows.is_empty() {
            break;
        }
        for meeting in rows.into_iter().flatten() {
            create_meeting(&to, &meeting)?;
            ids.insert(meeting.id);
        }
    }
    let mut gaps = scan.gaps;
    let (mut lost, mut scan) = (BTreeSet::new(), TableScan::state());
    loop {
        let rows = scan.next(from)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let StateEntry { meeting, key, value } = match row {
                Ok(entry) => entry,
                Err(damaged) => {
                    lost.insert(damaged);
                    continue;
                }
            };
            if ids.insert(meeting.clone()) {
                let title = format!("The title of the meeting {meeting:?} is lost.");
                repair.lost.push(title);
                create_meeting(&to, &untitled(&meeting))?;
            }
            save_entry(&to, &meeting, &key, &value)?;
            repair.report.entries += 1;
        }
    }
    gaps += scan.gaps;
    repair.report.meetings = ids.len();
    gaps += find_missing_keys(from, &to, &mut lost)?;
    repair.lost.extend(lost.iter().map(damaged_entry));
    if gaps > 0 {
        let more = "Parts of the file cannot be read; rows that were only there are lost.";
        repair.lost.push(more.into());
    }
    to.commit()
}

/// Returns a meeting whose own row is lost.
fn untitled(id: &str) -> StoredMeeting {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let created = i64::try_from(since.as_millis()).unwrap_or_default();
    StoredMeeting { id: id.into(), title: None, created }
}

/// Adds the meetings and keys to `lost` that are in the index of the old database, but not in the new
/// database. Returns the number of unreadable ranges in the index.
fn find_missing_keys(
    from: &Connection,
    to: &Connection,
    lost: &mut BTreeSet<DamagedEntry>,
) -> rusqlite::Result<usize> {
    let sql = "SELECT meeting, key FROM state INDEXED BY sqlite_autoindex_state_1 \
               WHERE (meeting, key) > (?, ?) ORDER BY meeting, key LIMIT 256";
    let mut after = DamagedEntry { meeting: String::new(), key: String::new() };
    loop {
        let keys = |connection: &Connection| -> rusqlite::Result<Vec<DamagedEntry>> {
            let mut keys = connection.prepare_cached(sql)?;
            let keys = keys.query_map([&after.meeting, &after.key], |row| {
                Ok(DamagedEntry { meeting: readable_text(row, 0), key: readable_text(row, 1) })
            })?;
            keys.collect()
        };
        let keys = match keys(from) {
            Err(error) if schema::is_damage(&error) => return Ok(1),
            keys => keys?,
        };
        let mut found = to.prepare_cached("SELECT 1 FROM state WHERE meeting = ? AND key = ?")?;
        for key in &keys {
            if !found.exists([&key.meeting, &key.key])? {
                lost.insert(key.clone());
            }
        }
        let is_empty = keys.is_empty();
        match keys.into_iter().next_back().filter(|end| *end > after) {
            Some(end) => after = end,
            // The range ends here. An index that is not sorted cannot be read further.
            None => return Ok(usize::from(!is_empty)),
        }
    }
}
