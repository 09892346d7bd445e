//! The one that writes: all that waits, of all meetings, in one transaction.

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
use sqlx::{Connection, SqliteConnection, query, raw_sql};
use tokio::{sync::watch, time::sleep};

use super::{
    Error, Health, StoredMeeting,
    place::Place,
    queue::{Change, Queue, Waiting},
    schema, sum, swap,
};

/// How long a transaction waits that found no room, at first and at most.
const DELAY: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(2)];

pub(super) struct Writer {
    pub(super) connection: SqliteConnection,
    pub(super) path: PathBuf,
    pub(super) place: Place,
    pub(super) queue: Arc<Queue>,
    pub(super) transactions: Arc<AtomicU64>,
    /// Others learn from its end that the writer has ended.
    pub(super) health: watch::Sender<Health>,
    #[cfg(test)]
    pub(super) most_pages: Arc<AtomicU64>,
}

impl Writer {
    /// Writes until the queue ends, and closes the database.
    pub(super) async fn run(mut self) {
        while let Some(group) = self.queue.take().await {
            let result = self.write(&group).await;
            if let Err(error) = &result {
                tracing::error!(%error, "The store cannot write any more");
                self.queue.fail(error);
                self.health.send_replace(Health::Failed(error.clone()));
            }
            for waiting in group {
                // Who is not there any more needs no answer.
                let _ = waiting.done.send(result.clone());
            }
        }
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "Could not close the store");
        }
    }

    /// Writes a group, however long that has to wait for room.
    async fn write(&mut self, group: &[Waiting]) -> Result<(), Error> {
        if group.iter().all(|waiting| matches!(waiting.change, Change::Nothing)) {
            return Ok(());
        }
        let [mut delay, most] = DELAY;
        loop {
            let Err(error) = self.transact(group).await else { break };
            // Some errors end the transaction by themselves, so there may be nothing to roll back.
            let _ = raw_sql("ROLLBACK").execute(&mut self.connection).await;
            let Some(obstacle) = obstacle(&error, &self.path) else {
                return Err(schema::failure(&self.path, &error));
            };
            if self.change_to(Health::Waiting(obstacle)) {
                let path = self.path.display();
                tracing::warn!(%path, %error, "The store waits, and meetings with it: {obstacle}");
            }
            sleep(delay).await;
            delay = (delay * 2).min(most);
        }
        // Before anybody is told that it is safe.
        self.place.look()?;
        if self.change_to(Health::Good) {
            tracing::info!(path = %self.path.display(), "The store goes on");
        }
        Ok(())
    }

    /// Says how the store is. Whether that is new.
    fn change_to(&self, health: Health) -> bool {
        self.health.send_if_modified(|now| std::mem::replace(now, health.clone()) != health)
    }

    /// Writes a group, all of it or nothing. It may be tried again, whatever came of it.
    async fn transact(&mut self, group: &[Waiting]) -> sqlx::Result<()> {
        #[cfg(test)]
        self.limit_pages().await?;
        let connection = &mut self.connection;
        query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
        for waiting in group {
            match &waiting.change {
                Change::Create(meeting) => create(connection, meeting).await?,
                Change::Delete(meeting) => delete(connection, meeting).await?,
                Change::Commit(meeting, writes) => apply(connection, meeting, writes).await?,
                Change::Nothing => {}
            }
        }
        query("COMMIT").execute(connection).await?;
        self.transactions.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// For tests, a full disk: a database that may not grow.
    #[cfg(test)]
    async fn limit_pages(&mut self) -> sqlx::Result<()> {
        let most = self.most_pages.load(Ordering::Relaxed);
        let sql = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {most}"));
        raw_sql(sql).execute(&mut self.connection).await.map(drop)
    }
}

/// Adds a meeting.
pub(super) async fn create(
    connection: &mut SqliteConnection,
    meeting: &StoredMeeting,
) -> sqlx::Result<()> {
    query(
        "INSERT INTO meetings (id, title, created, sum) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (id) DO UPDATE \
         SET title = excluded.title, created = excluded.created, sum = excluded.sum",
    )
    .bind(&meeting.id)
    .bind(&meeting.title)
    .bind(meeting.created)
    .bind(sum::meeting(meeting))
    .execute(connection)
    .await
    .map(drop)
}

async fn delete(connection: &mut SqliteConnection, meeting: &str) -> sqlx::Result<()> {
    let of_state = query("DELETE FROM state WHERE meeting = $1").bind(meeting);
    of_state.execute(&mut *connection).await?;
    let of_meetings = query("DELETE FROM meetings WHERE id = $1").bind(meeting);
    of_meetings.execute(connection).await.map(drop)
}

/// Makes the changes of a turn, in their order.
async fn apply(
    connection: &mut SqliteConnection,
    meeting: &str,
    writes: &[Write],
) -> sqlx::Result<()> {
    for Write { key, value } in writes {
        match value {
            Some(value) => save(connection, meeting, key, value).await?,
            None => erase(connection, meeting, key).await?,
        }
    }
    Ok(())
}

/// Makes a key stand for a text.
pub(super) async fn save(
    connection: &mut SqliteConnection,
    meeting: &str,
    key: &str,
    value: &str,
) -> sqlx::Result<()> {
    query(
        "INSERT INTO state (meeting, key, value, sum) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (meeting, key) DO UPDATE SET value = excluded.value, sum = excluded.sum",
    )
    .bind(meeting)
    .bind(key)
    .bind(value)
    .bind(sum::entry(meeting, key, value))
    .execute(connection)
    .await
    .map(drop)
}

/// Makes a key, and every key below it, stand for nothing.
pub(super) async fn erase(
    connection: &mut SqliteConnection,
    meeting: &str,
    key: &str,
) -> sqlx::Result<()> {
    let itself = query("DELETE FROM state WHERE meeting = $1 AND key = $2");
    itself.bind(meeting).bind(key).execute(&mut *connection).await?;
    // `0` comes right after `/`.
    let below = query("DELETE FROM state WHERE meeting = $1 AND key >= $2 AND key < $3");
    let below = below.bind(meeting).bind(format!("{key}/")).bind(format!("{key}0"));
    below.execute(connection).await.map(drop)
}

/// What keeps a transaction from being written, where that may pass.
fn obstacle(error: &sqlx::Error, database: &Path) -> Option<&'static str> {
    const BUSY: u32 = 5;
    const IO: u32 = 10;
    const FULL: u32 = 13;
    match schema::code(error)? & 0xff {
        FULL => Some("the disk is full"),
        BUSY => Some("another program has locked the database"),
        // Which error of the system it was SQLite does not say.
        IO if is_full(database) => Some("the disk is full"),
        _ => None,
    }
}

/// Whether the disk takes nothing more.
fn is_full(database: &Path) -> bool {
    let path = swap::beside(database, ".probe");
    let probe = || {
        use io::Write;
        let mut file = crate::private::create_new(&path)?;
        file.write_all(&[0; 1 << 16])?;
        file.sync_all()
    };
    let probed: io::Result<()> = probe();
    let _ = std::fs::remove_file(&path);
    let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
    probed.is_err_and(|error| full.contains(&error.kind()))
}
