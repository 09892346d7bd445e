//! Reads every row of a table that can be read, damaged or not.

use sqlx::{Row, SqliteConnection, query, sqlite::SqliteRow};

use super::schema;

/// So many rows are read at a time where nothing is wrong.
const BATCH: i64 = 256;
/// So many rows are tried one by one before the steps grow.
const PATIENT: u32 = 4096;

/// A table, read by SQLite's own numbers of its rows, which need no index.
pub(super) struct Scan {
    sql: &'static str,
    after: i64,
    batch: i64,
    ended: bool,
    /// How many stretches of the table cannot be read.
    pub(super) gaps: usize,
}

impl Scan {
    pub(super) fn meetings() -> Self {
        Self::new(
            "SELECT id, title, created, sum, rowid FROM meetings NOT INDEXED \
             WHERE rowid > $1 ORDER BY rowid LIMIT $2",
        )
    }

    pub(super) fn state() -> Self {
        Self::new(
            "SELECT meeting, key, value, sum, rowid FROM state NOT INDEXED \
             WHERE rowid > $1 ORDER BY rowid LIMIT $2",
        )
    }

    fn new(sql: &'static str) -> Self {
        Self { sql, after: i64::MIN, batch: BATCH, ended: false, gaps: 0 }
    }

    /// The next rows; none at the end.
    pub(super) async fn next(
        &mut self,
        connection: &mut SqliteConnection,
    ) -> sqlx::Result<Vec<SqliteRow>> {
        while !self.ended {
            match self.read(connection, self.batch).await {
                Ok(rows) => {
                    if let Some(last) = rows.last() {
                        // A damaged page may have any numbers in any order; on it goes all the same.
                        let last: i64 = last.try_get(4).unwrap_or(self.after);
                        self.after = last.max(self.after.saturating_add(1));
                        self.batch = (self.batch * 2).min(BATCH);
                    }
                    self.ended = rows.is_empty();
                    return Ok(rows);
                }
                Err(error) if !schema::is_damage(&error) => return Err(error),
                // Those before the damage, one by one.
                Err(_) if self.batch > 1 => self.batch = 1,
                Err(_) => {
                    self.gaps += 1;
                    self.skip(connection).await?;
                }
            }
        }
        Ok(Vec::new())
    }

    async fn read(
        &self,
        connection: &mut SqliteConnection,
        most: i64,
    ) -> sqlx::Result<Vec<SqliteRow>> {
        query(self.sql).bind(self.after).bind(most).fetch_all(connection).await
    }

    /// Goes to the next place behind the damage.
    async fn skip(&mut self, connection: &mut SqliteConnection) -> sqlx::Result<()> {
        // Rows are numbered from 1; nothing is lost before.
        self.after = self.after.max(0);
        let (mut step, mut tries) = (1_i64, 0);
        while let Some(after) = self.after.checked_add(step) {
            self.after = after;
            match self.read(connection, 1).await {
                Ok(_) => return Ok(()),
                Err(error) if schema::is_damage(&error) => {}
                Err(error) => return Err(error),
            }
            tries += 1;
            if tries > PATIENT {
                step = step.saturating_mul(2);
            }
        }
        self.ended = true;
        Ok(())
    }
}
