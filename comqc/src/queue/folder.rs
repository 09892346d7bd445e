use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::{
    schedule::{Stage, Step},
    store::{Entry, Queue, Taken},
};

/// The folder of messages that are being written.
const TEMPORARY: &str = "tmp";
/// The file that a process locks while it has the queue open.
const LOCK: &str = "lock";
/// The number of attempts to lock the queue. A child process that another thread starts inherits
/// the lock. Even if this process releases the lock, the child holds it until it executes its own
/// program some milliseconds later.
const LOCK_ATTEMPTS: u32 = 25;
/// The time between two attempts. All attempts together take half a second.
const LOCK_RETRY_DELAY: Duration = Duration::from_millis(20);
/// The file with the highest number that a removed message had.
const NEWEST: &str = "newest";
/// The end of a message's file name.
const EXTENSION: &str = "comqc";

/// A queue in a folder: one folder for each of the seven queues, and one file for each message.
///
/// A file's name is `ID-TRIES-DUE.comqc`, and its content is the message, so that a message moves
/// by renaming. The ID is padded with zeros to 20 digits; an ID is never used again. Removing a retry
/// queue's folder shortens the schedule.
#[derive(Debug)]
pub struct FolderQueue {
    root: PathBuf,
    application: String,
    /// The queue of each message, with its tries. The lock keeps other processes from moving messages.
    steps: BTreeMap<u64, Step>,
    taken: BTreeSet<u64>,
    last_id: u64,
    /// The content of the file [`NEWEST`].
    newest_removed: u64,
    /// Holds the lock.
    _lock: File,
}

/// The folder of a queue cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// Another process has the queue open.
    #[error("the queue `{}` is in use: stop the other program first", .0.display())]
    InUse(PathBuf),
    /// The name of the application cannot be that of a folder.
    #[error(
        "the name `{0}` cannot be that of a folder: use letters, digits, spaces, `.`, `-` and `_`"
    )]
    Name(String),
    /// A file or folder cannot be read or written.
    #[error("`{}` cannot be used", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

type FolderResult<T> = Result<T, FolderError>;

/// Adds the path to an error.
fn at<T>(path: &Path, result: io::Result<T>) -> FolderResult<T> {
    result.map_err(|source| FolderError::Io { path: path.to_owned(), source })
}

/// Makes the names in a folder durable.
fn sync(folder: &Path) -> FolderResult<()> {
    at(folder, File::open(folder).and_then(|folder| folder.sync_all()))
}

/// Writes a file and makes its content durable.
fn write_file(path: &Path, content: &[u8]) -> FolderResult<()> {
    let written = File::create(path).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    at(path, written)
}

impl FolderQueue {
    /// Opens the queues of `application` in the folder `root`, or creates them there. If the
    /// folder has the input queue, no queue is created.
    ///
    /// # Errors
    /// Another process has the queue open, or the folder cannot be used.
    pub fn open(root: impl Into<PathBuf>, application: &str) -> FolderResult<Self> {
        let root = root.into();
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_');
        if application.is_empty()
            || application.starts_with('.')
            || [TEMPORARY, LOCK, NEWEST].contains(&application)
            || !application.chars().all(is_plain)
        {
            return Err(FolderError::Name(application.to_owned()));
        }
        at(&root, fs::create_dir_all(&root))?;
        let lock_path = root.join(LOCK);
        let lock = at(
            &lock_path,
            File::options().write(true).create(true).truncate(false).open(&lock_path),
        )?;
        let mut attempts = 1;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if attempts < LOCK_ATTEMPTS => {
                    attempts += 1;
                    thread::sleep(LOCK_RETRY_DELAY);
                }
                Err(TryLockError::WouldBlock) => return Err(FolderError::InUse(root)),
                Err(TryLockError::Error(error)) => return at(&lock_path, Err(error)),
            }
        }
        let temporary = root.join(TEMPORARY);
        if temporary.exists() {
            at(&temporary, fs::remove_dir_all(&temporary))?;
        }
        at(&temporary, fs::create_dir(&temporary))?;
        let mut queue = Self {
            root,
            application: application.to_owned(),
            steps: BTreeMap::new(),
            taken: BTreeSet::new(),
            last_id: 0,
            newest_removed: 0,
            _lock: lock,
        };
        // The input queue is created last: its existence shows that the others were created.
        if !queue.folder(Stage::Input).exists() {
            for stage in Stage::ALL.into_iter().rev() {
                let folder = queue.folder(stage);
                at(&folder, fs::create_dir_all(&folder))?;
            }
            sync(&queue.root)?;
        }
        queue.steps = queue.list()?.into_iter().map(|entry| (entry.id, entry.step)).collect();
        let stored = queue.steps.last_key_value().map_or(0, |(id, _)| *id);
        queue.newest_removed = queue.read_newest()?;
        queue.last_id = stored.max(queue.newest_removed);
        Ok(queue)
    }

    fn folder(&self, stage: Stage) -> PathBuf {
        self.root.join(stage.queue_name(&self.application))
    }

    fn path(&self, id: u64, step: Step) -> PathBuf {
        let Step { stage, tries, due } = step;
        self.folder(stage).join(format!("{id:020}-{tries}-{due}.{EXTENSION}"))
    }

    fn read_newest(&self) -> FolderResult<u64> {
        let path = self.root.join(NEWEST);
        match fs::read_to_string(&path) {
            Ok(text) => {
                let number = text.trim().parse();
                at(&path, number.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => at(&path, Err(error)),
        }
    }

    /// Saves the number of the newest message before the message is removed, so that no later
    /// message gets it.
    fn save_newest(&mut self) -> FolderResult<()> {
        if self.newest_removed < self.last_id {
            let path = self.root.join(NEWEST);
            let temporary = self.root.join(TEMPORARY).join(NEWEST);
            write_file(&temporary, self.last_id.to_string().as_bytes())?;
            at(&path, fs::rename(&temporary, &path))?;
            sync(&self.root)?;
            self.newest_removed = self.last_id;
        }
        Ok(())
    }
}

/// Reads the number, the tries and the time from the name of a message's file.
fn parse_name(name: &str) -> Option<(u64, u32, u64)> {
    let mut parts = name.strip_suffix(EXTENSION)?.strip_suffix('.')?.splitn(3, '-');
    let mut next = || parts.next();
    Some((next()?.parse().ok()?, next()?.parse().ok()?, next()?.parse().ok()?))
}

impl Queue for FolderQueue {
    type Error = FolderError;

    fn send(&mut self, body: &[u8], now: u64) -> FolderResult<u64> {
        let id = self.last_id + 1;
        let step = Step { stage: Stage::Input, tries: 0, due: now };
        let path = self.path(id, step);
        let temporary = self.root.join(TEMPORARY).join(id.to_string());
        write_file(&temporary, body)?;
        at(&path, fs::rename(&temporary, &path))?;
        sync(&self.folder(Stage::Input))?;
        self.last_id = id;
        self.steps.insert(id, step);
        Ok(id)
    }

    fn stages(&self) -> FolderResult<Vec<Stage>> {
        Ok(Stage::ALL.into_iter().filter(|stage| self.folder(*stage).is_dir()).collect())
    }

    fn remove_stage(&mut self, stage: Stage) -> FolderResult<()> {
        let folder = self.folder(stage);
        if !stage.is_removable() || !folder.is_dir() {
            return Ok(());
        }
        self.move_messages(stage, Stage::Dead, 0)?;
        at(&folder, fs::remove_dir(&folder))?;
        sync(&self.root)
    }

    fn list(&self) -> FolderResult<Vec<Entry>> {
        let mut entries = Vec::new();
        for stage in self.stages()? {
            let folder = self.folder(stage);
            for file in at(&folder, fs::read_dir(&folder))? {
                let file = at(&folder, file)?;
                let name = file.file_name();
                // Files with other names do not belong to the queue.
                let Some((id, tries, due)) = name.to_str().and_then(parse_name) else { continue };
                let size_bytes = at(&file.path(), file.metadata())?.len();
                entries.push(Entry { id, step: Step { stage, tries, due }, size_bytes });
            }
        }
        entries.sort_by_key(|entry| (entry.step.stage, entry.id));
        Ok(entries)
    }

    fn body(&self, id: u64) -> FolderResult<Option<Vec<u8>>> {
        let Some(step) = self.steps.get(&id) else { return Ok(None) };
        let path = self.path(id, *step);
        at(&path, fs::read(&path)).map(Some)
    }

    fn take(&mut self, now: u64) -> FolderResult<Option<Taken>> {
        let waiting = self.list()?.into_iter();
        let waiting = waiting.filter(|entry| entry.is_due(now) && !self.taken.contains(&entry.id));
        let Some(entry) = waiting.min_by_key(Entry::order) else { return Ok(None) };
        let path = self.path(entry.id, entry.step);
        let body = at(&path, fs::read(&path))?;
        self.taken.insert(entry.id);
        Ok(Some(Taken { entry, body }))
    }

    fn finish(&mut self, id: u64) -> FolderResult<()> {
        if let Some(step) = self.steps.get(&id).copied() {
            if id == self.last_id {
                self.save_newest()?;
            }
            let path = self.path(id, step);
            at(&path, fs::remove_file(&path))?;
            self.steps.remove(&id);
            sync(&self.folder(step.stage))?;
        }
        self.taken.remove(&id);
        Ok(())
    }

    fn put_back(&mut self, id: u64, step: Step) -> FolderResult<()> {
        if let Some(old) = self.steps.get(&id).copied() {
            let to = self.path(id, step);
            at(&to, fs::rename(self.path(id, old), &to))?;
            self.steps.insert(id, step);
            sync(&self.folder(step.stage))?;
            sync(&self.folder(old.stage))?;
        }
        self.taken.remove(&id);
        Ok(())
    }
}
