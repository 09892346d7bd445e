//! Reads all readable rows of a table, and skips damaged pages.

use sqlx::{Row as _, SqliteConnection, query, sqlite::SqliteRow};

use crate::store::schema;

/// Number of rows that are read at a time. It bounds the memory, because a row can have megabytes.
const BATCH_ROWS: i64 = 256;

/// Row numbers that are tried one by one after damage, before the steps grow. A page has fewer rows.
const MAX_SINGLE_STEPS: u32 = 4096;

/// A scan of a table in the order of SQLite's row numbers, which needs no index.
pub(super) struct TableScan {
    sql: &'static str,
    after: i64,
    batch: i64,
    ended: bool,
    /// The number of unreadable ranges.
    pub(super) gaps: usize,
}

impl TableScan {
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
        Self { sql, after: i64::MIN, batch: BATCH_ROWS, ended: false, gaps: 0 }
    }

    /// Returns the next rows, none at the end.
    pub(super) async fn next(
        &mut self,
        connection: &mut SqliteConnection,
    ) -> sqlx::Result<Vec<SqliteRow>> {
        while !self.ended {
            match self.read(connection, self.batch).await {
                Ok(rows) => {
                    if let Some(last) = rows.last() {
                        // A damaged page can have any row numbers in any order. The scan must still advance.
                        let last: i64 = last.try_get(4).unwrap_or(self.after);
                        self.after = last.max(self.after.saturating_add(1));
                        self.batch = (self.batch * 2).min(BATCH_ROWS);
                    }
                    self.ended = rows.is_empty();
                    return Ok(rows);
                }
                Err(error) if !schema::is_damage(&error) => return Err(error),
                // Reads the rows before the damage one by one.
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
        max_rows: i64,
    ) -> sqlx::Result<Vec<SqliteRow>> {
        query(self.sql).bind(self.after).bind(max_rows).fetch_all(connection).await
    }

    /// Advances to the next readable row.
    async fn skip(&mut self, connection: &mut SqliteConnection) -> sqlx::Result<()> {
        // Row numbers begin at 1.
        self.after = self.after.max(0);
        let (mut step, mut tries) = (1i64, 0);
        while let Some(after) = self.after.checked_add(step) {
            self.after = after;
            match self.read(connection, 1).await {
                Ok(_) => return Ok(()),
                Err(error) if schema::is_damage(&error) => {}
                Err(error) => return Err(error),
            }
            tries += 1;
            if tries > MAX_SINGLE_STEPS {
                step = step.saturating_mul(2);
            }
        }
        self.ended = true;
        Ok(())
    }
}
