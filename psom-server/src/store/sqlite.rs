use std::{
    collections::BTreeMap,
    fmt, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use psom::Journal;
use rusqlite::{Connection, OptionalExtension as _, Params, Row};
use tokio::sync::watch;

use super::{
    blocking::blocking,
    error::Error,
    journal::{MeetingJournal, wait},
    meeting_store::{Claim, Durability, Health, MeetingStore, StoreAnswer, StoredMeeting},
    open_files::OpenFiles,
    paths::database_file,
    queue::{Done, WriteQueue},
    replacement, schema,
    statements::{DamagedEntry, StateEntry, read_entry, read_meeting, readable_text},
    wal,
    writer::Writer,
};
use crate::shared::lock::lock;

/// A store in one file, `meetings.db` in the data directory.
///
/// If the disk is full, or another program has locked the database, commits wait until the obstacle has
/// passed. Any other failure ends the store, for example the removal of its files: all pending and later
/// calls get the same error.
///
/// Dropping a store stops it from accepting changes. It still writes what it has accepted while the process
/// runs; [`close`](MeetingStore::close) waits for that.
pub struct SqliteStore {
    path: PathBuf,
    queue: Arc<WriteQueue>,
    /// The connection for reading, used for one statement at a time. An open read transaction would
    /// prevent the log from being copied to the database.
    reader: Arc<Mutex<Option<Connection>>>,
    health: watch::Receiver<Health>,
    transactions: Arc<AtomicU64>,
    #[cfg(test)]
    pub(crate) max_pages: Arc<AtomicU64>,
}

impl SqliteStore {
    /// Opens the store of a data directory, within a tokio runtime, and creates it if it never existed.
    /// The directory must exist and be locked by this process.
    ///
    /// SQLite checks the integrity of the file, which takes at most about a second for each gigabyte. The
    /// checksums of a meeting are checked when it is loaded.
    ///
    /// # Errors
    /// The file is damaged, missing although it existed, the database of another program, or of a later
    /// version of this one; or the system refuses access.
    pub async fn open(data: &Path, durability: Durability) -> Result<Self, Error> {
        let path = database_file(data);
        let opened = blocking(move || Opened::open(path, durability)).await?;
        Self::start(opened).map_err(|source| Error::io("start a thread for", data, source))
    }

    fn start(opened: Opened) -> io::Result<Self> {
        let Opened { path, connection, reader, open_files, meetings } = opened;
        let queue = Arc::new(WriteQueue::new(meetings));
        let (transactions, (health, watched_health)) =
            (Arc::default(), watch::channel(Health::Good));
        #[cfg(test)]
        let max_pages = Arc::new(AtomicU64::new(u32::MAX.into()));
        let writer = Writer {
            connection,
            path: path.clone(),
            open_files,
            queue: Arc::clone(&queue),
            transactions: Arc::clone(&transactions),
            health,
            #[cfg(test)]
            max_pages: Arc::clone(&max_pages),
        };
        writer.start()?;
        Ok(Self {
            path,
            queue,
            reader: Arc::new(Mutex::new(Some(reader))),
            health: watched_health,
            transactions,
            #[cfg(test)]
            max_pages,
        })
    }

    /// Returns the number of transactions that were written.
    pub fn transactions(&self) -> u64 {
        self.transactions.load(Ordering::Relaxed)
    }

    /// Reads rows when everything that was accepted so far is written.
    async fn read<T: Send + 'static>(
        &self,
        sql: &'static str,
        params: impl Params + Send + 'static,
        read: fn(&Row<'_>) -> T,
    ) -> Result<Vec<T>, Error> {
        wait(self.queue.barrier()?).await?;
        let (path, reader) = (self.path.clone(), Arc::clone(&self.reader));
        blocking(move || {
            let reader = lock(&reader);
            let reader = reader.as_ref().ok_or(Error::Closed)?;
            read_rows(reader, sql, params, read).map_err(|source| schema::error(&path, source))
        })
        .await
    }
}

/// An open database, and what a store must know of its contents.
struct Opened {
    path: PathBuf,
    connection: Connection,
    reader: Connection,
    open_files: OpenFiles,
    meetings: Vec<String>,
}

impl Opened {
    /// Opens and checks the database.
    fn open(path: PathBuf, durability: Durability) -> Result<Self, Error> {
        let failed = |source| schema::error(&path, source);
        replacement::finish(&path)?;
        match wal::find_damage(&path)? {
            // Without syncing, a crash of the machine can lose any part of the log except its
            // beginning, which SQLite always syncs.
            Some(at) if durability == Durability::Full || at == 0 => {
                return Err(Error::Log { path, at });
            }
            _ => {}
        }
        let connection = schema::open(&path, durability)?;
        let problems = schema::integrity(&connection).map_err(failed)?;
        if let Some(reason) = problems.into_iter().next() {
            return Err(Error::File { path, reason, source: None });
        }
        let reader = schema::open_read_only(&path)?;
        let stray =
            "SELECT meeting FROM state WHERE meeting NOT IN (SELECT id FROM meetings) LIMIT 1";
        let id = |row: &Row<'_>| readable_text(row, 0);
        let stray = reader.query_row(stray, [], |row| Ok(id(row))).optional();
        if let Some(stray) = stray.map_err(failed)? {
            return Err(Error::Stray(stray));
        }
        let meetings = read_rows(&reader, "SELECT id FROM meetings", [], id).map_err(failed)?;
        let open_files =
            OpenFiles::record(&path).map_err(|source| Error::io("read", &path, source))?;
        Ok(Self { path, connection, reader, open_files, meetings })
    }
}

impl MeetingStore for SqliteStore {
    fn meetings(&self) -> StoreAnswer<'_, Vec<StoredMeeting>> {
        Box::pin(async move {
            let (meetings, damaged) = self.readable_meetings().await?;
            damaged.into_iter().next().map_or(Ok(meetings), Err)
        })
    }

    fn readable_meetings(&self) -> StoreAnswer<'_, (Vec<StoredMeeting>, Vec<Error>)> {
        let sql = "SELECT id, title, created, sum FROM meetings ORDER BY id";
        Box::pin(async move {
            let (mut meetings, mut damaged) = (Vec::new(), Vec::new());
            for row in self.read(sql, [], read_meeting).await? {
                match row {
                    Ok(meeting) => meetings.push(meeting),
                    Err(id) => damaged.push(Error::Meeting(id)),
                }
            }
            Ok((meetings, damaged))
        })
    }

    fn create(&self, meeting: StoredMeeting) -> StoreAnswer<'_, ()> {
        answer(self.queue.create(meeting))
    }

    fn delete(&self, meeting: &str) -> StoreAnswer<'_, ()> {
        answer(self.queue.delete(meeting))
    }

    fn claim(&self, meeting: &str) -> StoreAnswer<'_, Claim> {
        let claimed = self.queue.generation(meeting).map(|_| Claim::Owned);
        let claimed = claimed.ok_or_else(|| Error::NoMeeting(meeting.into()));
        Box::pin(async move { claimed })
    }

    fn load(&self, meeting: &str) -> StoreAnswer<'_, BTreeMap<String, String>> {
        let meeting = meeting.to_owned();
        let sql = "SELECT meeting, key, value, sum FROM state WHERE meeting = ? ORDER BY key";
        Box::pin(async move {
            if self.queue.generation(&meeting).is_none() {
                return Err(Error::NoMeeting(meeting));
            }
            let rows = self.read(sql, [meeting.clone()], read_entry).await?;
            let read = |row| match row {
                Ok(StateEntry { meeting: of, key, value }) if of == meeting => Ok((key, value)),
                Ok(StateEntry { key, .. }) | Err(DamagedEntry { key, .. }) => {
                    Err(Error::Entry { meeting: meeting.clone(), key })
                }
            };
            rows.into_iter().map(read).collect()
        })
    }

    fn journal(&self, meeting: &str) -> Arc<dyn Journal> {
        Arc::new(MeetingJournal::new(Arc::clone(&self.queue), meeting))
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    fn close(&self) -> StoreAnswer<'_, ()> {
        Box::pin(async move {
            // Close the reader before the writer, because the last connection copies the log to the
            // database.
            let reader = Arc::clone(&self.reader);
            let reader = blocking(move || Ok(lock(&reader).take())).await?;
            if let Some(Err((_, source))) = reader.map(Connection::close) {
                return Err(schema::error(&self.path, source));
            }
            self.queue.end(Error::Closed);
            let mut writer = self.health.clone();
            while writer.changed().await.is_ok() {}
            match self.queue.end(Error::Closed) {
                Error::Closed => Ok(()),
                failure => Err(failure),
            }
        })
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.queue.end(Error::Closed);
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Reads all rows of a query.
fn read_rows<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: fn(&Row<'_>) -> T,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare_cached(sql)?.query_map(params, |row| Ok(read(row)))?.collect()
}

/// Waits for a change that is in the queue already.
fn answer(queued: Result<Done, Error>) -> StoreAnswer<'static, ()> {
    Box::pin(async move { wait(queued?).await })
}
