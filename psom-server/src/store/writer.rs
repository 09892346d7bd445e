//! The writer: the only code that changes the database. It writes all queued changes of all meetings in
//! one transaction.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use psom::Write;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use tokio::{
    runtime::{Builder, Handle, RuntimeFlavor},
    sync::watch,
    time::sleep,
};

use super::{
    error::Error,
    meeting_store::Health,
    open_files::OpenFiles,
    paths::beside,
    queue::{QueuedChange, StoreChange, WriteQueue},
    schema,
    statements::{create_meeting, delete_entries, delete_meeting, save_entry},
};
use crate::shared::private_files;

/// The first delay before a transaction that met an obstacle is tried again. The delay doubles each time.
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(100);

/// The longest delay between two tries, so that the store resumes soon after the obstacle has passed.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(2);

/// Bytes of the file that probes whether the disk is full: more than a file system allocates at once.
const PROBE_BYTES: usize = 64 << 10;

pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) open_files: OpenFiles,
    pub(super) queue: Arc<WriteQueue>,
    pub(super) transactions: Arc<AtomicU64>,
    /// The end of this channel shows that the writer has ended.
    pub(super) health: watch::Sender<Health>,
    #[cfg(test)]
    pub(super) max_pages: Arc<AtomicU64>,
}

impl Writer {
    /// Starts the writer. It blocks a thread while it writes, so it has a thread of its own. In a runtime with
    /// one thread it runs on that one, so that a test decides what runs between two writes.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub(super) fn start(self) -> io::Result<()> {
        if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
            tokio::spawn(self.run());
            return Ok(());
        }
        // This runtime is not that of the server, which may end while an accepted change is not written yet.
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let thread = thread::Builder::new().name("store".into());
        thread.spawn(move || runtime.block_on(self.run()))?;
        Ok(())
    }

    /// Writes until the queue ends, and closes the database.
    async fn run(mut self) {
        while let Some(group) = self.queue.take().await {
            let result = self.write(&group).await;
            if let Err(error) = &result {
                tracing::error!(%error, "the store has failed");
                self.queue.fail(error);
                self.health.send_replace(Health::Failed(error.clone()));
            }
            for queued in group {
                // Sending fails if the caller has stopped waiting.
                let _ = queued.done.send(result.clone());
            }
        }
        if let Err((_, error)) = self.connection.close() {
            tracing::warn!(%error, "could not close the store");
        }
    }

    /// Writes a group of changes, and waits while an obstacle prevents it.
    async fn write(&mut self, group: &[QueuedChange]) -> Result<(), Error> {
        if group.iter().all(|queued| matches!(queued.change, StoreChange::Barrier)) {
            return Ok(());
        }
        let mut delay = FIRST_RETRY_DELAY;
        while let Err(error) = self.transact(group) {
            let Some(obstacle) = obstacle(&error, &self.path) else {
                return Err(schema::error(&self.path, error));
            };
            if self.set_waiting(obstacle) {
                let path = self.path.display();
                tracing::warn!(%path, %error, "the store and its meetings wait: {obstacle}");
            }
            sleep(delay).await;
            delay = (delay * 2).min(MAX_RETRY_DELAY);
        }
        // Check the files before the callers learn that the changes are durable.
        self.open_files.check()?;
        if self.set_good() {
            tracing::info!(path = %self.path.display(), "the store has resumed");
        }
        Ok(())
    }

    /// Publishes that the store waits. Returns `false` if this was published already.
    fn set_waiting(&self, obstacle: &'static str) -> bool {
        self.health.send_if_modified(|health| {
            let is_known = matches!(health, Health::Waiting(known) if *known == obstacle);
            *health = Health::Waiting(obstacle);
            !is_known
        })
    }

    /// Publishes that the store works. Returns `false` if this was published already.
    fn set_good(&self) -> bool {
        self.health.send_if_modified(|health| {
            let is_known = matches!(health, Health::Good);
            *health = Health::Good;
            !is_known
        })
    }

    /// Writes a group of changes in one transaction, which is rolled back after an error.
    fn transact(&mut self, group: &[QueuedChange]) -> rusqlite::Result<()> {
        #[cfg(test)]
        self.limit_pages()?;
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for queued in group {
            apply(&transaction, &queued.change)?;
        }
        transaction.commit()?;
        self.transactions.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Limits the size of the database, which tests use in place of a full disk.
    #[cfg(test)]
    fn limit_pages(&self) -> rusqlite::Result<()> {
        let max = self.max_pages.load(Ordering::Relaxed);
        self.connection.execute_batch(&format!("PRAGMA max_page_count = {max}"))
    }
}

/// Applies a change within a transaction.
fn apply(connection: &Connection, change: &StoreChange) -> rusqlite::Result<()> {
    match change {
        StoreChange::Create(meeting, _) => create_meeting(connection, meeting),
        StoreChange::Delete(meeting, _) => delete_meeting(connection, meeting),
        StoreChange::Commit(meeting, _, writes) => {
            for Write { key, value } in writes {
                match value {
                    Some(value) => save_entry(connection, meeting, key, value)?,
                    None => delete_entries(connection, meeting, key)?,
                }
            }
            Ok(())
        }
        // A store in one file has one server.
        #[cfg(feature = "postgres")]
        StoreChange::HandOver(..) => Ok(()),
        StoreChange::Barrier => Ok(()),
    }
}

/// Returns the obstacle behind an error, if it can pass.
fn obstacle(error: &rusqlite::Error, database: &Path) -> Option<&'static str> {
    match error.sqlite_error_code()? {
        ErrorCode::DiskFull => Some("the disk is full"),
        ErrorCode::DatabaseBusy => Some("another program has locked the database"),
        // SQLite does not report which error of the system it was.
        ErrorCode::SystemIoFailure if is_disk_full(database) => Some("the disk is full"),
        _ => None,
    }
}

/// Probes whether the disk is full by writing a file beside the database.
fn is_disk_full(database: &Path) -> bool {
    let path = beside(database, ".probe");
    let probe = || {
        use io::Write as _;
        let mut file = private_files::create_new(&path)?;
        file.write_all(&[0; PROBE_BYTES])?;
        file.sync_all()
    };
    let probed: io::Result<()> = probe();
    let _ = std::fs::remove_file(&path);
    let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
    probed.is_err_and(|error| full.contains(&error.kind()))
}
