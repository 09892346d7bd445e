use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use futures_util::FutureExt as _;
use sqlx::{Connection as _, Row as _, SqliteConnection, query, raw_sql};

use super::{
    check::{MeetingFaults, Report, check_meetings, check_rows, damaged_entry, lock_database},
    state_check::StateFault,
    table_scan::TableScan,
};
use crate::{
    files::BlobConfig,
    shared::private_files,
    store::{
        Error, StoredMeeting, beside, replacement, schema,
        statements::{
            SavedRow, create_meeting, delete_entries, read_entry, read_meeting, readable_text,
            save_rows,
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
    let (path, _lock) = lock_database(data)?;
    let mut before = check_rows(&path).await?;
    let io_failed = |source: io::Error| Error::io("repair", &path, source);
    // SQLite reads nothing of a file that has lost its end.
    let readable = Padded::of(&path).map_err(io_failed)?;
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
    let new = beside(&path, ".new");
    // A repair that was interrupted can have left these files.
    for suffix in ["", "-wal", "-shm"] {
        replacement::remove_if_exists(&beside(&new, suffix)).map_err(io_failed)?;
    }
    private_files::create_new_for(&new, &path).map_err(io_failed)?;
    let mut to = schema::create(&new).await?;
    let kept = keep_copy(&path, &mut to).await?;
    let mut repair = Repair {
        report: Report { meetings: 0, entries: 0, ..before },
        lost: Vec::new(),
        kept: Some(kept),
    };
    if let Some(at) = wal::find_damage(&path)? {
        repair.lost.push(format!("All commits after byte {at} of the log are lost."));
    }
    match schema::open_read_only(from).await {
        Ok(mut from) => {
            let copied = copy_rows(&mut from, &mut to, &mut repair).await;
            copied.map_err(|source| schema::error(&path, source))?;
            // Nothing was written, so a failure to close does not matter.
            let _ = from.close().await;
        }
        Err(Error::File { .. } | Error::Gone { .. }) => {
            repair.lost.push("No row could be read.".into());
        }
        Err(error) => return Err(error),
    }
    // A damaged entry can belong to others, such as the entries of one content. Without all of them, the
    // meeting could not be restored, so the related entries are removed as well.
    for (meeting, StateFault { problem, key, entries }) in faults {
        let deleted = delete_entries(&mut to, &meeting, &key).await;
        deleted.map_err(|source| schema::error(&new, source))?;
        repair.report.entries = repair.report.entries.saturating_sub(entries);
        let entries = match entries {
            1 => "1 entry".into(),
            entries => format!("{entries} entries"),
        };
        repair.lost.push(format!("{problem} Removed {key:?} ({entries})."));
    }
    // The new database has no log, so that it is a single file.
    let logless = raw_sql("PRAGMA journal_mode = DELETE").execute(&mut to).await;
    logless.map_err(|source| schema::error(&new, source))?;
    to.close().await.map_err(|source| schema::error(&new, source))?;
    replacement::replace(&path, &new)?;
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
async fn keep_copy(path: &Path, clock: &mut SqliteConnection) -> Result<PathBuf, Error> {
    let sql = "SELECT strftime('%Y%m%dT%H%M%SZ', 'now')";
    let now = query(sql).fetch_one(clock).await.and_then(|row| row.try_get(0));
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
async fn copy_rows(
    from: &mut SqliteConnection,
    to: &mut SqliteConnection,
    repair: &mut Repair,
) -> sqlx::Result<()> {
    let mut to = to.begin().await?;
    let mut ids = BTreeSet::new();
    let mut scan = TableScan::meetings();
    loop {
        let rows = scan.next(from).await?;
        if rows.is_empty() {
            break;
        }
        for meeting in rows.iter().filter_map(read_meeting) {
            create_meeting(&mut to, &meeting).await?;
            ids.insert(meeting.id);
        }
    }
    let mut gaps = scan.gaps;
    let (mut lost, mut scan) = (BTreeSet::new(), TableScan::state());
    loop {
        let rows = scan.next(from).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let Some((meeting, key, value)) = read_entry(row) else {
                lost.insert((readable_text(row, 0), readable_text(row, 1)));
                continue;
            };
            if ids.insert(meeting.clone()) {
                let title = format!("The title of the meeting {meeting:?} is lost.");
                repair.lost.push(title);
                create_meeting(&mut to, &untitled(&meeting)).await?;
            }
            let row = SavedRow { meeting: &meeting, key: &key, value: &value };
            save_rows(&mut to, &[row]).await?;
            repair.report.entries += 1;
        }
    }
    gaps += scan.gaps;
    repair.report.meetings = ids.len();
    gaps += find_missing_keys(from, &mut to, &mut lost).await?;
    repair.lost.extend(lost.iter().map(|(meeting, key)| damaged_entry(meeting, key)));
    if gaps > 0 {
        let more = "Parts of the file cannot be read; rows that were only there are lost.";
        repair.lost.push(more.into());
    }
    to.commit().await
}

/// Returns a meeting whose own row is lost.
fn untitled(id: &str) -> StoredMeeting {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let created = i64::try_from(since.as_millis()).unwrap_or_default();
    StoredMeeting { id: id.into(), title: None, created }
}

/// Adds the meetings and keys to `lost` that are in the index of the old database, but not in the new
/// database. Returns the number of unreadable ranges in the index.
async fn find_missing_keys(
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
            let (meeting, key) = (readable_text(row, 0), readable_text(row, 1));
            let found = query("SELECT 1 FROM state WHERE meeting = $1 AND key = $2");
            let found = found.bind(&meeting).bind(&key).fetch_optional(&mut *to).await?;
            if found.is_none() {
                lost.insert((meeting, key));
            }
        }
        let end = rows.last().map(|row| (readable_text(row, 0), readable_text(row, 1)));
        match end.filter(|end| *end > after) {
            Some(end) => after = end,
            // The range ends here. An index that is not sorted cannot be read further.
            None => return Ok(usize::from(!rows.is_empty())),
        }
    }
}
