use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
};

use tokio::sync::oneshot;

use super::{
    Committing, Journal, Opened,
    format::{self, Fault},
    writer::{Commit, Writer, beside, compacted, compaction_limit},
};
use crate::{
    error::{JournalError, OpenError},
    space::Write,
};

/// The size below which a file is not compacted.
const MIN_COMPACTION_BYTES: u64 = 1 << 20;

/// The maximum size of the writes of one turn. The format has 32-bit lengths, and a whole state must fit
/// in memory.
const MAX_COMMIT_BYTES: usize = 256 << 20;

/// A journal in one file, without a database.
///
/// It stores the writes of each turn at the end of the file and reports them as safe after the operating
/// system has synced the file. The commits that arrive meanwhile are written together (group commit).
/// When the file has doubled, it is replaced by one that contains only the saved state (compaction).
///
/// A crash can damage only the end of the file, which was not reported as safe. Opening the file removes
/// it. Other damage is not guessed away: opening fails and reports the offset.
///
/// The journal keeps a copy of the saved state in memory. A second program cannot open the file
/// meanwhile: a lock file beside it, `<path>.lock`, is locked.
///
/// ```
/// # use psom::journal::{File, Journal as _};
/// # use psom::Write;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("lobby.journal");
/// let journal = File::open(&path)?;
/// journal.commit(vec![Write { key: "title".into(), value: Some("Lobby".into()) }]).await?;
/// drop(journal);
/// assert_eq!(File::open(&path)?.saved()["title"], "Lobby");
/// # Ok::<_, Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
pub struct File {
    saved: BTreeMap<String, String>,
    commits: Option<mpsc::Sender<Commit>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// The settings of a [`File`].
#[derive(Debug, Clone)]
pub struct FileOptions {
    min_compaction_bytes: u64,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self { min_compaction_bytes: MIN_COMPACTION_BYTES }
    }
}

impl FileOptions {
    /// Sets the size below which the file is not compacted. Default: 1 MiB.
    #[must_use]
    pub fn min_compaction_bytes(mut self, bytes: u64) -> Self {
        self.min_compaction_bytes = bytes;
        self
    }

    /// Opens or creates a journal like [`File::open`].
    ///
    /// # Errors
    /// As [`File::open`].
    pub fn open(&self, path: impl Into<PathBuf>) -> Result<File, OpenError> {
        let path = path.into();
        let lock = lock(&path)?;
        self.open_locked(&path, lock).map_err(|reason| match reason {
            Reason::Io(source) => OpenError::Io { path, source },
            Reason::Fault(Fault::Foreign) => OpenError::Foreign(path),
            Reason::Fault(Fault::Damaged { offset }) => {
                OpenError::Damaged { path, offset: offset as u64 }
            }
        })
    }

    fn open_locked(&self, path: &Path, lock: fs::File) -> Result<File, Reason> {
        if !path.try_exists()? {
            compacted(path, &BTreeMap::new())?;
        }
        let recovered = format::recover(&fs::read(path)?)?;
        let file = fs::OpenOptions::new().append(true).open(path)?;
        let bytes = recovered.bytes as u64;
        if file.metadata()?.len() > bytes {
            tracing::info!(path = %path.display(), bytes, "Removed an incomplete write at the end");
            file.set_len(bytes)?;
            file.sync_all()?;
        }
        let writer = Writer {
            path: path.to_owned(),
            file,
            table: recovered.table.clone(),
            next: recovered.next,
            bytes,
            compact_above_bytes: compaction_limit(bytes, self.min_compaction_bytes),
            min_compaction_bytes: self.min_compaction_bytes,
            _lock: lock,
        };
        let (commits, received) = mpsc::channel();
        let thread = thread::Builder::new().name("psom-journal".to_owned());
        let thread = thread.spawn(move || writer.run(&received))?;
        Ok(File { saved: recovered.table, commits: Some(commits), thread: Some(thread) })
    }
}

/// The reason why a locked file cannot be opened.
enum Reason {
    Io(io::Error),
    Fault(Fault),
}

impl From<io::Error> for Reason {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Fault> for Reason {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl File {
    /// Opens a journal, or creates it. Blocks while the file is read.
    ///
    /// # Errors
    /// The file cannot be read or written, is in use, is not a journal, or is damaged before its end.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, OpenError> {
        FileOptions::default().open(path)
    }

    /// Returns the state that was saved when the journal was opened: texts by their keys.
    pub fn saved(&self) -> &BTreeMap<String, String> {
        &self.saved
    }
}

impl Journal for File {
    fn commit(&self, writes: Vec<Write>) -> Committing {
        let (done, result) = oneshot::channel();
        if writes.iter().map(format::write_bytes).sum::<usize>() > MAX_COMMIT_BYTES {
            let error = JournalError::failed("a turn cannot save more than 256 MiB");
            return Box::pin(async { Err(error) });
        }
        if let Some(commits) = &self.commits {
            // If the thread has ended, `done` is dropped, and so the future fails.
            let _ = commits.send(Commit { writes, done });
        }
        Box::pin(async { result.await.unwrap_or(Err(JournalError::Ended)) })
    }
}

impl From<File> for Opened {
    fn from(mut file: File) -> Self {
        let saved = std::mem::take(&mut file.saved);
        Self { journal: Arc::new(file), saved }
    }
}

impl Drop for File {
    /// Waits until all commits are stored and the lock is released, so that the journal can be opened
    /// again.
    fn drop(&mut self) {
        self.commits = None;
        if let Some(thread) = self.thread.take() {
            // The thread does not panic; if it did, its commits have failed.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("saved", &self.saved.len()).finish_non_exhaustive()
    }
}

/// Locks a journal. The lock ends with the returned file.
fn lock(path: &Path) -> Result<fs::File, OpenError> {
    let io = |source| OpenError::Io { path: path.to_owned(), source };
    let mut options = fs::OpenOptions::new();
    let options = options.create(true).truncate(false).write(true);
    let lock = options.open(beside(path, "lock")).map_err(io)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(fs::TryLockError::Error(source)) => Err(io(source)),
    }
}
