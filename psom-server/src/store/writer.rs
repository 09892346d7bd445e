//! The writer: the only task that changes the database. It writes all queued changes of all meetings in
//! one transaction.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use psom::Write;
use sqlx::{Connection as _, SqliteConnection, query, raw_sql};
use tokio::{sync::watch, time::sleep};

use super::{
    error::Error,
    meeting_store::Health,
    open_files::OpenFiles,
    paths::beside,
    queue::{QueuedChange, StoreChange, WriteQueue},
    schema,
    statements::{
        MAX_SAVED_ROWS, SavedRow, create_meeting, delete_entries, delete_meeting, save_rows,
    },
};
use crate::shared::private_files;

/// The first delay before a transaction that met an obstacle is tried again. The delay doubles each time.
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(100);

/// The longest delay between two tries, so that the store resumes soon after the obstacle has passed.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(2);

/// Bytes of the file that probes whether the disk is full: more than a file system allocates at once.
const PROBE_BYTES: usize = 64 << 10;

pub(super) struct Writer {
    pub(super) connection: SqliteConnection,
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
    /// Writes until the queue ends, and closes the database.
    pub(super) async fn run(mut self) {
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
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "could not close the store");
        }
    }

    /// Writes a group of changes, and waits while an obstacle prevents it.
    async fn write(&mut self, group: &[QueuedChange]) -> Result<(), Error> {
        if group.iter().all(|queued| matches!(queued.change, StoreChange::Barrier)) {
            return Ok(());
        }
        let mut delay = FIRST_RETRY_DELAY;
        loop {
            let Err(error) = self.transact(group).await else { break };
            // Some errors roll the transaction back themselves, so this can fail.
            let _ = raw_sql("ROLLBACK").execute(&mut self.connection).await;
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

    /// Writes a group of changes in one transaction. After an error, it can be tried again.
    ///
    /// Each statement is a round trip to the thread of the connection, which costs more than the statement. A
    /// small group that only saves values, such as that of one annotation, is therefore one statement, which
    /// SQLite commits itself.
    async fn transact(&mut self, group: &[QueuedChange]) -> sqlx::Result<()> {
        #[cfg(test)]
        self.limit_pages().await?;
        match only_saved_rows(group) {
            Some(rows) => save_rows(&mut self.connection, &rows).await?,
            None => {
                query("BEGIN IMMEDIATE").execute(&mut self.connection).await?;
                apply(&mut self.connection, group).await?;
                query("COMMIT").execute(&mut self.connection).await?;
            }
        }
        self.transactions.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Limits the size of the database, which tests use in place of a full disk.
    #[cfg(test)]
    async fn limit_pages(&mut self) -> sqlx::Result<()> {
        let max = self.max_pages.load(Ordering::Relaxed);
        let sql = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {max}"));
        raw_sql(sql).execute(&mut self.connection).await.map(drop)
    }
}

/// Returns the rows that a group saves if one statement can save them and the group has no other changes.
fn only_saved_rows(group: &[QueuedChange]) -> Option<Vec<SavedRow<'_>>> {
    let mut rows = Vec::new();
    for queued in group {
        match &queued.change {
            StoreChange::Barrier => {}
            StoreChange::Commit(meeting, _, writes) => {
                for Write { key, value } in writes {
                    rows.push(SavedRow { meeting, key, value: value.as_deref()? });
                }
            }
            _ => return None,
        }
        if rows.len() > MAX_SAVED_ROWS {
            return None;
        }
    }
    Some(rows)
}

/// Applies a group of changes in their order.
async fn apply(connection: &mut SqliteConnection, group: &[QueuedChange]) -> sqlx::Result<()> {
    // The values that are not saved yet. They are saved together before the next change of another kind.
    let mut rows = Vec::new();
    for queued in group {
        match &queued.change {
            StoreChange::Create(meeting, _) => {
                save_rows(connection, &std::mem::take(&mut rows)).await?;
                create_meeting(connection, meeting).await?;
            }
            StoreChange::Delete(meeting, _) => {
                save_rows(connection, &std::mem::take(&mut rows)).await?;
                delete_meeting(connection, meeting).await?;
            }
            StoreChange::Commit(meeting, _, writes) => {
                for Write { key, value } in writes {
                    if let Some(value) = value {
                        rows.push(SavedRow { meeting, key, value });
                    } else {
                        save_rows(connection, &std::mem::take(&mut rows)).await?;
                        delete_entries(connection, meeting, key).await?;
                    }
                }
            }
            // A store in one file has one server.
            #[cfg(feature = "postgres")]
            StoreChange::HandOver(..) => {}
            StoreChange::Barrier => {}
        }
    }
    save_rows(connection, &rows).await
}

/// Returns the obstacle behind an error, if it can pass.
fn obstacle(error: &sqlx::Error, database: &Path) -> Option<&'static str> {
    /// The primary result codes of SQLite: <https://www.sqlite.org/rescode.html>.
    const BUSY: u32 = 5;
    const IO: u32 = 10;
    const FULL: u32 = 13;
    match schema::primary_code(error)? {
        FULL => Some("the disk is full"),
        BUSY => Some("another program has locked the database"),
        // SQLite does not report which error of the system it was.
        IO if is_disk_full(database) => Some("the disk is full"),
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
