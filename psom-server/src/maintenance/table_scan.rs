//! Reads all readable rows of a table, and skips damaged pages.

use rusqlite::{Connection, Row};

use crate::store::{
    StoredMeeting, schema,
    statements::{DamagedEntry, StateEntry, read_entry, read_meeting},
};

/// Number of rows that are read at a time. It bounds the memory, because a row can have megabytes.
const BATCH_ROWS: i64 = 256;

/// Row numbers that are tried one by one after damage, before the steps grow. A page has fewer rows.
const MAX_SINGLE_STEPS: u32 = 4096;

/// A scan of a table in the order of SQLite's row numbers, which needs no index.
pub(super) struct TableScan<T> {
    sql: &'static str,
    read_row: fn(&Row<'_>) -> T,
    after: i64,
    batch: i64,
    ended: bool,
    /// The number of unreadable ranges.
    pub(super) gaps: usize,
}

impl TableScan<Result<StoredMeeting, String>> {
    pub(super) fn meetings() -> Self {
        Self::new(
            "SELECT id, title, created, sum, rowid FROM meetings NOT INDEXED \
             WHERE rowid > ? ORDER BY rowid LIMIT ?",
            read_meeting,
        )
    }
}

impl TableScan<Result<StateEntry, DamagedEntry>> {
    pub(super) fn state() -> Self {
        Self::new(
            "SELECT meeting, key, value, sum, rowid FROM state NOT INDEXED \
             WHERE rowid > ? ORDER BY rowid LIMIT ?",
            read_entry,
        )
    }
}

impl<T> TableScan<T> {
    fn new(sql: &'static str, read_row: fn(&Row<'_>) -> T) -> Self {
        Self { sql, read_row, after: i64::MIN, batch: BATCH_ROWS, ended: false, gaps: 0 }
    }

    /// Returns the next rows, none at the end.
    pub(super) fn next(&mut self, connection: &Connection) -> rusqlite::Result<Vec<T>> {
        while !self.ended {
            match self.read(connection, self.batch) {
                Ok(rows) => {
                    if let Some((number, _)) = rows.last() {
                        // A damaged page can have any row numbers in any order. The scan must still advance.
                        self.after = number.unwrap_or(self.after).max(self.after.saturating_add(1));
                        self.batch = (self.batch * 2).min(BATCH_ROWS);
                    }
                    self.ended = rows.is_empty();
                    return Ok(rows.into_iter().map(|(_, row)| row).collect());
                }
                Err(error) if !schema::is_damage(&error) => return Err(error),
                // Reads the rows before the damage one by one.
                Err(_) if self.batch > 1 => self.batch = 1,
                Err(_) => {
                    self.gaps += 1;
                    self.skip(connection)?;
                }
            }
        }
        Ok(Vec::new())
    }

    /// Reads rows with their numbers.
    fn read(
        &self,
        connection: &Connection,
        max_rows: i64,
    ) -> rusqlite::Result<Vec<(Option<i64>, T)>> {
        let read = |row: &Row<'_>| Ok((row.get(4).ok(), (self.read_row)(row)));
        connection.prepare_cached(self.sql)?.query_map([self.after, max_rows], read)?.collect()
    }

    /// Advances to the next readable row.
    fn skip(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        // Row numbers begin at 1.
        self.after = self.after.max(0);
        let (mut step, mut tries) = (1i64, 0);
        while let Some(after) = self.after.checked_add(step) {
            self.after = after;
            match self.read(connection, 1) {
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
