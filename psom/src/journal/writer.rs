//! The thread that writes a journal file.

use std::{
    collections::BTreeMap,
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
};

use tokio::sync::oneshot;

use super::format::{self, MAGIC};
use crate::{error::JournalError, space::Write};

/// The size at which a batch of commits is written, so that the first of them does not wait long.
const MAX_BATCH_BYTES: usize = 4 << 20;

/// The size of the frames of a compacted file.
const SNAPSHOT_FRAME_BYTES: usize = 1 << 20;

/// The writes of one turn, and the receiver of the result.
pub(super) struct Commit {
    pub(super) writes: Vec<Write>,
    pub(super) done: oneshot::Sender<Result<(), JournalError>>,
}

/// The state of the thread.
pub(super) struct Writer {
    pub(super) path: PathBuf,
    pub(super) file: fs::File,
    /// The saved state after the last batch, from which the file is compacted.
    pub(super) table: BTreeMap<String, String>,
    /// The sequence number of the next frame.
    pub(super) next: u64,
    pub(super) bytes: u64,
    /// The size above which the file is compacted.
    pub(super) compact_above_bytes: u64,
    pub(super) min_compaction_bytes: u64,
    /// Holds the lock of the journal until the thread has ended.
    pub(super) _lock: fs::File,
}

impl Writer {
    /// Writes batches until all senders are dropped or a write has failed. After a failure, the end of
    /// the file is unknown, so every further commit fails as well.
    pub(super) fn run(mut self, commits: &mpsc::Receiver<Commit>) {
        let mut failure: Option<Arc<io::Error>> = None;
        while let Ok(first) = commits.recv() {
            let batch = batch(first, commits);
            let result = match &failure {
                Some(error) => Err(Arc::clone(error)),
                None => self.store(&batch).map_err(Arc::new),
            };
            if let Err(error) = &result {
                failure.get_or_insert_with(|| Arc::clone(error));
            }
            for commit in batch {
                let result = result.clone().map_err(JournalError::failed);
                // Fails only if the space has ended.
                let _ = commit.done.send(result);
            }
            if failure.is_none() && self.bytes > self.compact_above_bytes {
                self.compact();
            }
        }
    }

    /// Writes a batch as one frame and syncs it.
    fn store(&mut self, batch: &[Commit]) -> io::Result<()> {
        let mut frame = Vec::new();
        format::write_frame(&mut frame, self.next, |out| {
            for write in batch.iter().flat_map(|commit| &commit.writes) {
                format::write(out, &write.key, write.value.as_deref());
            }
        });
        self.file.write_all(&frame)?;
        self.file.sync_data()?;
        self.next += 1;
        self.bytes += frame.len() as u64;
        for write in batch.iter().flat_map(|commit| &commit.writes) {
            write.clone().apply(&mut self.table);
        }
        Ok(())
    }

    /// Replaces the file by one that contains only the saved state. If this fails, for example because
    /// the disk is full, the journal continues with the old file.
    fn compact(&mut self) {
        match compacted(&self.path, &self.table) {
            Ok((file, next, bytes)) => {
                (self.file, self.next, self.bytes) = (file, next, bytes);
            }
            Err(error) => {
                let path = self.path.display();
                tracing::warn!(%path, %error, "The journal could not be compacted");
            }
        }
        self.compact_above_bytes = compaction_limit(self.bytes, self.min_compaction_bytes);
    }
}

/// Returns the size above which a file that now has this size is compacted. It doubles between two
/// compactions, so that compacting costs at most about as much as the commits themselves.
pub(super) fn compaction_limit(bytes: u64, min: u64) -> u64 {
    bytes.saturating_mul(2).max(min)
}

/// Returns a commit and those that already wait behind it.
fn batch(first: Commit, commits: &mpsc::Receiver<Commit>) -> Vec<Commit> {
    let size = |commit: &Commit| commit.writes.iter().map(format::write_bytes).sum::<usize>();
    let mut bytes = size(&first);
    let mut batch = vec![first];
    while bytes < MAX_BATCH_BYTES
        && let Ok(next) = commits.try_recv()
    {
        bytes += size(&next);
        batch.push(next);
    }
    batch
}

/// Writes a new file with a table, syncs it, and renames it to `path`. Returns the open file, the next
/// sequence number, and the size.
pub(super) fn compacted(
    path: &Path,
    table: &BTreeMap<String, String>,
) -> io::Result<(fs::File, u64, u64)> {
    let new = beside(path, "new");
    let mut file = fs::OpenOptions::new().create(true).write(true).truncate(true).open(&new)?;
    let (mut bytes, mut next) = (MAGIC.len() as u64, 0);
    file.write_all(MAGIC)?;
    let mut entries = table.iter().peekable();
    while entries.peek().is_some() {
        let mut frame = Vec::new();
        format::write_frame(&mut frame, next, |out| {
            while out.len() < SNAPSHOT_FRAME_BYTES
                && let Some((key, value)) = entries.next()
            {
                format::write(out, key, Some(value));
            }
        });
        file.write_all(&frame)?;
        next += 1;
        bytes += frame.len() as u64;
    }
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_folder(path)?;
    Ok((file, next, bytes))
}

/// Returns the path of a helper file of a journal.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Makes the rename of a file durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        fs::File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()?;
    }
    Ok(())
}
