use std::{collections::BTreeSet, path::Path};

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{
    schedule::{Stage, Step},
    store::{Entry, Queue, Taken},
};

/// The tables. The numbers of the stages are positions in [`Stage::ALL`].
const SCHEMA: &str = "
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS stages (stage INTEGER PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        stage INTEGER NOT NULL,
        tries INTEGER NOT NULL,
        due INTEGER NOT NULL,
        body BLOB NOT NULL
    );
    CREATE INDEX IF NOT EXISTS messages_by_due ON messages (due, id);
    COMMIT;
";

/// A queue in an SQLite database, which no other process may have open.
#[derive(Debug)]
pub struct SqliteQueue {
    database: Connection,
    taken: BTreeSet<u64>,
}

/// The database of a queue cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the database of the queue cannot be used")]
pub struct SqliteError(#[from] rusqlite::Error);

type SqliteResult<T> = Result<T, SqliteError>;

/// Converts to a signed integer of SQLite. Larger values become the largest one.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn read_entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let stage: u8 = row.get(1)?;
    let stage = Stage::from_number(stage).unwrap_or(Stage::Dead);
    let step = Step { stage, tries: row.get(2)?, due: unsigned(row.get(3)?) };
    Ok(Entry { id: unsigned(row.get(0)?), step, size_bytes: unsigned(row.get(4)?) })
}

const ENTRY: &str = "SELECT id, stage, tries, due, length(body) FROM messages";

impl SqliteQueue {
    /// Opens the queues in the database at `path`, or creates them there.
    ///
    /// # Errors
    /// The database cannot be opened, or another process has it open.
    pub fn open(path: impl AsRef<Path>) -> SqliteResult<Self> {
        let database = Connection::open(path)?;
        // Commits are synced, because a stored message must survive a crash. The lock excludes
        // other listeners.
        database.pragma_update(None, "synchronous", "FULL")?;
        database.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        database.execute_batch(SCHEMA)?;
        let stages: i64 =
            database.query_row("SELECT count(*) FROM stages", [], |row| row.get(0))?;
        if stages == 0 {
            let all = Stage::ALL.map(|stage| format!("({})", stage.number())).join(",");
            database.execute(&format!("INSERT INTO stages VALUES {all}"), [])?;
        }
        Ok(Self { database, taken: BTreeSet::new() })
    }
}

impl Queue for SqliteQueue {
    type Error = SqliteError;

    fn send(&mut self, body: &[u8], now: u64) -> SqliteResult<u64> {
        let insert = "INSERT INTO messages (stage, tries, due, body) VALUES (0, 0, ?, ?)";
        self.database.execute(insert, params![signed(now), body])?;
        Ok(unsigned(self.database.last_insert_rowid()))
    }

    fn stages(&self) -> SqliteResult<Vec<Stage>> {
        let mut query = self.database.prepare("SELECT stage FROM stages ORDER BY stage")?;
        let numbers = query.query_map([], |row| row.get(0))?;
        let numbers: Vec<u8> = numbers.collect::<rusqlite::Result<_>>()?;
        Ok(numbers.into_iter().filter_map(Stage::from_number).collect())
    }

    fn remove_stage(&mut self, stage: Stage) -> SqliteResult<()> {
        if !stage.is_removable() {
            return Ok(());
        }
        let transaction = self.database.transaction()?;
        let to_dead = "UPDATE messages SET stage = ?, tries = 0 WHERE stage = ?";
        transaction.execute(to_dead, params![Stage::Dead.number(), stage.number()])?;
        transaction.execute("DELETE FROM stages WHERE stage = ?", [stage.number()])?;
        Ok(transaction.commit()?)
    }

    fn list(&self) -> SqliteResult<Vec<Entry>> {
        let mut query = self.database.prepare(&format!("{ENTRY} ORDER BY stage, id"))?;
        let entries = query.query_map([], read_entry)?;
        Ok(entries.collect::<rusqlite::Result<_>>()?)
    }

    fn body(&self, id: u64) -> SqliteResult<Option<Vec<u8>>> {
        let query = "SELECT body FROM messages WHERE id = ?";
        Ok(self.database.query_row(query, [signed(id)], |row| row.get(0)).optional()?)
    }

    fn take(&mut self, now: u64) -> SqliteResult<Option<Taken>> {
        let entry = {
            let query = format!("{ENTRY} WHERE due <= ? AND stage <> ? ORDER BY due, id");
            let mut query = self.database.prepare(&query)?;
            let mut entries =
                query.query_map(params![signed(now), Stage::Dead.number()], read_entry)?.filter(
                    |entry| entry.as_ref().map_or(true, |entry| !self.taken.contains(&entry.id)),
                );
            entries.next().transpose()?
        };
        let Some(entry) = entry else { return Ok(None) };
        let Some(body) = self.body(entry.id)? else { return Ok(None) };
        self.taken.insert(entry.id);
        Ok(Some(Taken { entry, body }))
    }

    fn finish(&mut self, id: u64) -> SqliteResult<()> {
        self.database.execute("DELETE FROM messages WHERE id = ?", [signed(id)])?;
        self.taken.remove(&id);
        Ok(())
    }

    fn put_back(&mut self, id: u64, step: Step) -> SqliteResult<()> {
        let update = "UPDATE messages SET stage = ?, tries = ?, due = ? WHERE id = ?";
        let values = params![step.stage.number(), step.tries, signed(step.due), signed(id)];
        self.database.execute(update, values)?;
        self.taken.remove(&id);
        Ok(())
    }

    fn move_messages(&mut self, from: Stage, to: Stage, now: u64) -> SqliteResult<usize> {
        let update = "UPDATE messages SET stage = ?, tries = 0, due = ? WHERE stage = ?";
        let values = params![to.number(), signed(now), from.number()];
        Ok(self.database.execute(update, values)?)
    }
}
