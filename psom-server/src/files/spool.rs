//! A package on its way to the disk.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use psom_objects::store::StoreError;
use tokio::{
    sync::{Notify, Semaphore},
    task::spawn_blocking,
};

use super::{ledger::Held, store_error};
use crate::private;

/// Bytes that may wait for the disk.
const WINDOW: usize = 2 << 20;

/// A file, written on a blocking thread that runs only while there is something to write: an
/// upload that stalls holds none. It is temporary unless it is [kept](Spooled::keep).
///
/// `W` is what stands before the file: the file itself, or what encrypts into it.
pub(super) struct Spool<W: Send + 'static = File> {
    shared: Arc<Shared<W>>,
}

struct Shared<W: Send + 'static> {
    path: PathBuf,
    /// How many bytes may still be queued.
    room: Semaphore,
    /// Tells whoever finishes that the writer has stopped.
    stopped: Notify,
    state: Mutex<State<W>>,
}

struct State<W> {
    queue: VecDeque<Bytes>,
    /// Lent to the writer while it runs.
    file: Option<W>,
    /// Whether there is a file to be removed.
    created: bool,
    writing: bool,
    error: Option<StoreError>,
    held: Held,
}

impl<W: Write + From<File> + Send + 'static> Spool<W> {
    pub(super) fn new(path: PathBuf, held: Held) -> Self {
        let state = State {
            queue: VecDeque::new(),
            file: None,
            created: false,
            writing: false,
            error: None,
            held,
        };
        let shared = Shared {
            path,
            room: Semaphore::new(WINDOW),
            stopped: Notify::new(),
            state: Mutex::new(state),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Queues bytes. Waits while the disk lags.
    pub(super) async fn write(&mut self, data: Bytes) -> Result<(), StoreError> {
        let permits = cost(&data);
        match self.shared.room.acquire_many(permits).await {
            Ok(room) => room.forget(),
            // The writer closes it when it fails.
            Err(_) => return Err(self.shared.failure()),
        }
        self.shared.push(Some(data));
        Ok(())
    }

    /// Promises more room for the file.
    pub(super) fn grow(&self, bytes: u64) -> Result<(), StoreError> {
        self.shared.state().held.grow(bytes)
    }

    /// Waits until everything is written, and gives the file away. It is removed with the
    /// [`Spooled`].
    pub(super) async fn finish(self) -> Result<Spooled<W>, StoreError> {
        // Creates the file even where nothing was written.
        let shared = self.shared;
        shared.push(None);
        loop {
            let stopped = shared.stopped.notified();
            if let Some(file) = shared.written()? {
                return Ok(Spooled { file, shared: shared.clone() });
            }
            stopped.await;
        }
    }
}

/// What is complete on the disk, until this is dropped.
pub(super) struct Spooled<W: Send + 'static = File> {
    pub(super) file: W,
    shared: Arc<Shared<W>>,
}

impl<W: Send + 'static> Spooled<W> {
    /// Leaves the file where it is: it is the caller's to remove, and so is its room.
    pub(super) fn keep(self) -> (W, Held) {
        let mut state = self.shared.state();
        state.created = false;
        let held = state.held.split();
        drop(state);
        (self.file, held)
    }
}

/// What bytes take of the window.
fn cost(data: &Bytes) -> u32 {
    data.len().min(WINDOW) as u32
}

impl<W: Send + 'static> Shared<W> {
    fn state(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write + From<File> + Send + 'static> Shared<W> {
    fn failure(&self) -> StoreError {
        let failed = || StoreError::Failed("the writer has ended".into());
        self.state().error.clone().unwrap_or_else(failed)
    }

    /// The file, once everything is in it.
    fn written(&self) -> Result<Option<W>, StoreError> {
        let mut state = self.state();
        match &state.error {
            Some(error) => Err(error.clone()),
            None if state.writing => Ok(None),
            None => Ok(state.file.take()),
        }
    }

    /// Queues bytes and sees to it that somebody writes them.
    fn push(self: &Arc<Self>, data: Option<Bytes>) {
        let mut state = self.state();
        state.queue.extend(data);
        if !state.writing {
            state.writing = true;
            let shared = self.clone();
            spawn_blocking(move || shared.run());
        }
    }

    /// Writes what is queued until nothing is. Runs on a blocking thread.
    fn run(&self) {
        let file = self.state().file.take();
        if let Err(error) = self.drain(file) {
            tracing::warn!(path = %self.path.display(), %error, "Could not write an upload");
            let mut state = self.state();
            state.error = Some(store_error(&error));
            state.writing = false;
            state.queue.clear();
            drop(state);
            self.room.close();
        }
        self.stopped.notify_waiters();
    }

    fn drain(&self, file: Option<W>) -> io::Result<()> {
        let mut file = match file {
            Some(file) => file,
            None => {
                let file = create(&self.path)?;
                self.state().created = true;
                W::from(file)
            }
        };
        loop {
            let mut state = self.state();
            let Some(data) = state.queue.pop_front() else {
                // In one step with the look at the queue, so that nothing is left in it.
                state.file = Some(file);
                state.writing = false;
                return Ok(());
            };
            drop(state);
            file.write_all(&data)?;
            self.state().held.written(data.len() as u64);
            self.room.add_permits(cost(&data) as usize);
        }
    }
}

impl<W: Send + 'static> Drop for Shared<W> {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if !state.created {
            return;
        }
        let (path, file) = (std::mem::take(&mut self.path), state.file.take());
        remove_later(move || {
            drop(file);
            remove(&path);
        });
    }
}

/// Runs on a blocking thread where there is a runtime: large files are not gone at once.
pub(super) fn remove_later(remove: impl FnOnce() + Send + 'static) {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn_blocking(remove)),
        Err(_) => remove(),
    }
}

/// Removes a file; that it cannot be is worth a line.
pub(super) fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "Could not remove a file");
    }
}

/// Creates a file that was not there, and the directories of its meeting above it. Not the one of all
/// meetings: where that is gone, somebody has taken it away.
pub(super) fn create(path: &Path) -> io::Result<File> {
    let directories: Vec<_> = path.ancestors().skip(1).take(2).collect();
    for directory in directories.into_iter().rev() {
        match std::fs::create_dir(directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    private::create_new(path)
}
