//! Temporary files for uploads in progress.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use bytes::Bytes;
use psom_objects::store::StoreError;
use tokio::{
    sync::{Notify, Semaphore},
    task::spawn_blocking,
};

use super::{disk_space::Reservation, error::io_error};
use crate::shared::{
    lock::{self, lock},
    private_files,
};

/// Bytes of one upload that can be queued for the disk. It covers the pauses of a busy disk, and 64
/// uploads at the same time keep at most 128 MiB in memory.
const MAX_QUEUED_BYTES: usize = 2 << 20;

/// A temporary file that is written while an upload arrives.
///
/// A blocking thread writes it and runs only while bytes are queued, so a stalled upload occupies no
/// thread. Dropping the spool removes the file unless it is [kept](Spooled::keep).
///
/// `W` writes to the file, which it may encrypt.
pub(super) struct Spool<W: Send + 'static> {
    shared: Arc<SpoolShared<W>>,
}

struct SpoolShared<W: Send + 'static> {
    path: PathBuf,
    /// The number of bytes that can still be queued.
    queue_room: Semaphore,
    /// Notified when the writer stops.
    stopped: Notify,
    state: Mutex<SpoolState<W>>,
}

struct SpoolState<W> {
    queue: VecDeque<Bytes>,
    /// Makes the writer of the file when it is created.
    make: Option<MakeWriter<W>>,
    /// `None` while the writer runs, because the writer owns it then.
    file: Option<W>,
    /// Whether the file exists and has to be removed.
    created: bool,
    writing: bool,
    error: Option<StoreError>,
    reservation: Reservation,
}

type MakeWriter<W> = Box<dyn FnOnce(File) -> W + Send>;

impl<W: Write + Send + 'static> Spool<W> {
    /// Returns a spool with a file at this path. `make` makes its writer.
    pub(super) fn new(
        path: PathBuf,
        reservation: Reservation,
        make: impl FnOnce(File) -> W + Send + 'static,
    ) -> Self {
        let state = SpoolState {
            queue: VecDeque::new(),
            make: Some(Box::new(make)),
            file: None,
            created: false,
            writing: false,
            error: None,
            reservation,
        };
        let shared = SpoolShared {
            path,
            queue_room: Semaphore::new(MAX_QUEUED_BYTES),
            stopped: Notify::new(),
            state: Mutex::new(state),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Queues bytes. Waits while the queue is full.
    pub(super) async fn write(&self, data: Bytes) -> Result<(), StoreError> {
        let permits = queue_cost(&data);
        match self.shared.queue_room.acquire_many(permits).await {
            Ok(permits) => permits.forget(),
            // The writer closes the semaphore when it fails.
            Err(_) => return Err(self.shared.failure()),
        }
        self.shared.push(Some(data));
        Ok(())
    }

    /// Reserves more disk space for the file.
    pub(super) fn grow(&self, bytes: u64) -> Result<(), StoreError> {
        self.shared.state().reservation.grow(bytes)
    }

    /// Waits until all queued bytes are written, and returns the file.
    pub(super) async fn finish(self) -> Result<Spooled<W>, StoreError> {
        // Starts the writer even if nothing was queued, so that the file exists.
        let shared = self.shared;
        shared.push(None);
        loop {
            let stopped = shared.stopped.notified();
            if let Some(file) = shared.written()? {
                return Ok(Spooled { file, shared: Arc::clone(&shared) });
            }
            stopped.await;
        }
    }
}

/// A spooled file that is complete. Dropping it removes the file unless it is kept.
pub(super) struct Spooled<W: Send + 'static> {
    pub(super) file: W,
    shared: Arc<SpoolShared<W>>,
}

impl<W: Send + 'static> Spooled<W> {
    /// Hands the file and its reservation to the caller, who has to remove the file.
    pub(super) fn keep(self) -> (W, Reservation) {
        let mut state = self.shared.state();
        state.created = false;
        let reservation = state.reservation.take();
        drop(state);
        (self.file, reservation)
    }
}

/// Returns the number of permits of the queue that these bytes take. A chunk larger than the queue
/// takes all of it.
fn queue_cost(data: &Bytes) -> u32 {
    u32::try_from(data.len().min(MAX_QUEUED_BYTES)).unwrap_or(u32::MAX)
}

impl<W: Send + 'static> SpoolShared<W> {
    fn state(&self) -> MutexGuard<'_, SpoolState<W>> {
        lock(&self.state)
    }
}

impl<W: Write + Send + 'static> SpoolShared<W> {
    fn failure(&self) -> StoreError {
        let stopped = || StoreError::failed("the writer of the upload has stopped");
        self.state().error.clone().unwrap_or_else(stopped)
    }

    /// Returns the file if all queued bytes are in it.
    fn written(&self) -> Result<Option<W>, StoreError> {
        let mut state = self.state();
        match &state.error {
            Some(error) => Err(error.clone()),
            None if state.writing => Ok(None),
            None => Ok(state.file.take()),
        }
    }

    /// Queues bytes and starts the writer unless it runs.
    fn push(self: &Arc<Self>, data: Option<Bytes>) {
        let mut state = self.state();
        state.queue.extend(data);
        if !state.writing {
            state.writing = true;
            let shared = Arc::clone(self);
            spawn_blocking(move || shared.run());
        }
    }

    /// Writes queued bytes until the queue is empty. Runs on a blocking thread.
    fn run(&self) {
        let file = self.state().file.take();
        if let Err(error) = self.drain(file) {
            tracing::warn!(path = %self.path.display(), %error, "could not write an upload");
            let mut state = self.state();
            state.error = Some(io_error(&error));
            state.writing = false;
            state.queue.clear();
            drop(state);
            self.queue_room.close();
        }
        self.stopped.notify_waiters();
    }

    fn drain(&self, file: Option<W>) -> io::Result<()> {
        let mut file = match file {
            Some(file) => file,
            None => {
                let file = create_file(&self.path)?;
                let mut state = self.state();
                state.created = true;
                let make = state.make.take().ok_or_else(|| io::Error::other("created twice"))?;
                drop(state);
                make(file)
            }
        };
        loop {
            let mut state = self.state();
            let Some(data) = state.queue.pop_front() else {
                // Return the file under the lock under which the queue was empty, so that no bytes
                // stay in it.
                state.file = Some(file);
                state.writing = false;
                return Ok(());
            };
            drop(state);
            file.write_all(&data)?;
            self.state().reservation.written(data.len() as u64);
            self.queue_room.add_permits(queue_cost(&data) as usize);
        }
    }
}

impl<W: Send + 'static> Drop for SpoolShared<W> {
    fn drop(&mut self) {
        let state = lock::get_mut(&mut self.state);
        if !state.created {
            return;
        }
        let (path, file) = (std::mem::take(&mut self.path), state.file.take());
        run_blocking(move || {
            drop(file);
            remove_file(&path);
        });
    }
}

/// Runs work on a blocking thread, or in place without a runtime. Removing a large file takes a while.
pub(super) fn run_blocking(work: impl FnOnce() + Send + 'static) {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn_blocking(work)),
        Err(_) => work(),
    }
}

/// Removes a file, and logs a failure.
pub(super) fn remove_file(path: &Path) {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "could not remove a file");
    }
}

/// Creates a new file and, if necessary, the two directories of its meeting above it. The folder of all
/// meetings is not created: if it is missing, the data directory was moved away.
pub(super) fn create_file(path: &Path) -> io::Result<File> {
    let directories: Vec<_> = path.ancestors().skip(1).take(2).collect();
    for directory in directories.into_iter().rev() {
        match std::fs::create_dir(directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    private_files::create_new(path)
}
