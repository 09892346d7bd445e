use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use psom::Journal;
use sqlx::{Connection, Row, SqliteConnection, query, sqlite::SqliteRow};
use tokio::sync::{Mutex, watch};

use super::{
    Answer, Durability, Error, Health, MeetingStore, StoredMeeting,
    journal::{MeetingJournal, answer},
    log,
    place::Place,
    queue::{Done, Queue},
    schema, sum, swap,
    writer::Writer,
};

/// A store in one file, `meetings.db` in the data directory.
///
/// Where the disk is full, or another program has locked the database, commits wait until that has
/// passed, and the log says so. Any other failure ends the store, also that its files are not in the
/// directory any more: all that waits and all that comes is refused with the same sentence.
///
/// A store that is dropped takes nothing any more and still writes what it has taken, while its
/// runtime runs; [`close`](MeetingStore::close) waits for that.
pub struct SqliteStore {
    path: PathBuf,
    queue: Arc<Queue>,
    /// Reads beside the writer, one at a time: whoever reads keeps the log from being written back,
    /// so nobody reads for longer than a statement takes.
    reader: Mutex<Option<SqliteConnection>>,
    health: watch::Receiver<Health>,
    transactions: Arc<AtomicU64>,
    #[cfg(test)]
    pub(super) most_pages: Arc<AtomicU64>,
}

impl SqliteStore {
    /// Opens the store of a data directory, within a tokio runtime; makes it if it is not there. The
    /// directory must be there, and be this process's alone.
    ///
    /// What SQLite itself can find wrong is looked for, which takes about a second for each gigabyte
    /// or less. The checksums of a meeting are looked at when it is loaded.
    ///
    /// # Errors
    /// The file is damaged, or of another program, or of a later version of this one; it is not
    /// there although there was one; or the system refuses.
    pub async fn open(data: &Path, durability: Durability) -> Result<Self, Error> {
        let path = super::file(data);
        let failed = |error| schema::failure(&path, &error);
        swap::finish(&path)?;
        match damaged_log(&path)? {
            // Where commits do not wait for the disk, it may have them in any order; but the
            // beginning of the log is there before anything else.
            Some(at) if durability == Durability::Full || at == 0 => {
                return Err(Error::Log { path, at });
            }
            _ => {}
        }
        let mut connection = schema::open(&path, durability).await?;
        let problems = schema::integrity(&mut connection).await.map_err(failed)?;
        if let Some(reason) = problems.into_iter().next() {
            return Err(Error::File { path, reason });
        }
        let mut reader = schema::read(&path).await?;
        let stray =
            "SELECT meeting FROM state WHERE meeting NOT IN (SELECT id FROM meetings) LIMIT 1";
        if let Some(row) = query(stray).fetch_optional(&mut reader).await.map_err(failed)? {
            return Err(Error::Stray(readable(&row, 0)));
        }
        let rows = query("SELECT id FROM meetings").fetch_all(&mut reader).await.map_err(failed)?;
        let place = Place::of(&path).map_err(|error| Error::Failed(error.to_string()))?;
        let queue = Arc::new(Queue::new(rows.iter().map(|row| readable(row, 0))));
        let (transactions, (health, healths)) = (Arc::default(), watch::channel(Health::Good));
        #[cfg(test)]
        let most_pages = Arc::new(AtomicU64::new(u32::MAX.into()));
        let writer = Writer {
            connection,
            path: path.clone(),
            place,
            queue: queue.clone(),
            transactions: Arc::clone(&transactions),
            health,
            #[cfg(test)]
            most_pages: most_pages.clone(),
        };
        tokio::spawn(writer.run());
        Ok(Self {
            path,
            queue,
            reader: Mutex::new(Some(reader)),
            health: healths,
            transactions,
            #[cfg(test)]
            most_pages,
        })
    }

    /// How many transactions were written.
    pub fn transactions(&self) -> u64 {
        self.transactions.load(Ordering::Relaxed)
    }

    /// Reads rows after everything that was taken so far is written.
    async fn read(
        &self,
        sql: &'static str,
        meeting: Option<&str>,
    ) -> Result<Vec<SqliteRow>, Error> {
        answer(self.queue.settle()?).await?;
        let mut reader = self.reader.lock().await;
        let reader = reader.as_mut().ok_or(Error::Closed)?;
        let mut query = query(sql);
        if let Some(meeting) = meeting {
            query = query.bind(meeting);
        }
        query.fetch_all(reader).await.map_err(|error| schema::failure(&self.path, &error))
    }
}

impl MeetingStore for SqliteStore {
    fn meetings(&self) -> Answer<'_, Vec<StoredMeeting>> {
        let sql = "SELECT id, title, created, sum FROM meetings ORDER BY id";
        Box::pin(async move {
            let rows = self.read(sql, None).await?;
            let damaged = |row| Error::Meeting(readable(row, 0));
            rows.iter().map(|row| meeting(row).ok_or_else(|| damaged(row))).collect()
        })
    }

    fn create(&self, meeting: StoredMeeting) -> Answer<'_, ()> {
        done(self.queue.create(meeting))
    }

    fn delete(&self, meeting: &str) -> Answer<'_, ()> {
        done(self.queue.delete(meeting))
    }

    fn load(&self, meeting: &str) -> Answer<'_, BTreeMap<String, String>> {
        let meeting = meeting.to_owned();
        let sql = "SELECT meeting, key, value, sum FROM state WHERE meeting = $1 ORDER BY key";
        Box::pin(async move {
            if self.queue.incarnation(&meeting).is_none() {
                return Err(Error::NoMeeting(meeting));
            }
            let rows = self.read(sql, Some(&meeting)).await?;
            let read = |row| match entry(row) {
                Some((of, key, value)) if of == meeting => Ok((key, value)),
                _ => Err(Error::Entry { meeting: meeting.clone(), key: readable(row, 1) }),
            };
            rows.iter().map(read).collect()
        })
    }

    fn journal(&self, meeting: &str) -> Arc<dyn Journal> {
        Arc::new(MeetingJournal::new(self.queue.clone(), meeting))
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            // Before the writer, which writes the log back when it is the last.
            if let Some(reader) = self.reader.lock().await.take() {
                reader.close().await.map_err(|error| schema::failure(&self.path, &error))?;
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

/// The byte at which a database's log is damaged, if it is.
pub(super) fn damaged_log(path: &Path) -> Result<Option<usize>, Error> {
    let failed = |error| Error::Failed(format!("cannot read {}-wal: {error}", path.display()));
    log::damage(path).map_err(failed)
}

/// Waits for something that has its place in the queue by now.
fn done(taken: Result<Done, Error>) -> Answer<'static, ()> {
    Box::pin(async move { answer(taken?).await })
}

/// A row of `id, title, created, sum`, unless it is damaged.
pub(super) fn meeting(row: &SqliteRow) -> Option<StoredMeeting> {
    let (id, title, created) = (row.try_get(0).ok()?, row.try_get(1).ok()?, row.try_get(2).ok()?);
    let meeting = StoredMeeting { id, title, created };
    (row.try_get(3).ok() == Some(sum::meeting(&meeting))).then_some(meeting)
}

/// A row of `meeting, key, value, sum`, unless it is damaged: the meeting, the key, the value.
pub(super) fn entry(row: &SqliteRow) -> Option<(String, String, String)> {
    let (meeting, key, value): (String, String, String) =
        (row.try_get(0).ok()?, row.try_get(1).ok()?, row.try_get(2).ok()?);
    let good = row.try_get(3).ok() == Some(sum::entry(&meeting, &key, &value));
    good.then_some((meeting, key, value))
}

/// A text of a damaged row, as far as it can be read.
pub(super) fn readable(row: &SqliteRow, column: usize) -> String {
    let bytes: &[u8] = row.try_get(column).unwrap_or_default();
    String::from_utf8_lossy(bytes).into_owned()
}
