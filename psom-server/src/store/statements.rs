//! The statements that change rows, and the rows as values.

use std::sync::LazyLock;

use sqlx::{Row as _, SqliteConnection, query, sqlite::SqliteRow};

use super::{checksum, meeting_store::StoredMeeting};

/// Adds a meeting.
pub(crate) async fn create_meeting(
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
    .bind(checksum::meeting(meeting))
    .execute(connection)
    .await
    .map(drop)
}

/// Deletes a meeting with its state.
pub(super) async fn delete_meeting(
    connection: &mut SqliteConnection,
    meeting: &str,
) -> sqlx::Result<()> {
    let state = query("DELETE FROM state WHERE meeting = $1").bind(meeting);
    state.execute(&mut *connection).await?;
    let meetings = query("DELETE FROM meetings WHERE id = $1").bind(meeting);
    meetings.execute(connection).await.map(drop)
}

/// The largest number of rows that one statement saves. Within a transaction, SQLite keeps the pages that a
/// statement with several rows changes, and moves them to a temporary file from 64 KiB on. Eight rows change
/// about as many pages of 4 KiB, so they stay in memory.
pub(super) const MAX_SAVED_ROWS: usize = 8;

/// The statements that save 1, 2, ... rows. A key that exists gets the new value, and of equal keys in one
/// statement the last one counts.
static SAVE_SQL: LazyLock<[String; MAX_SAVED_ROWS]> = LazyLock::new(|| {
    std::array::from_fn(|index| {
        let rows = vec!["(?, ?, ?, ?)"; index + 1].join(", ");
        format!(
            "INSERT INTO state (meeting, key, value, sum) VALUES {rows} \
             ON CONFLICT (meeting, key) DO UPDATE SET value = excluded.value, sum = excluded.sum"
        )
    })
});

/// A value to save.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SavedRow<'a> {
    pub(crate) meeting: &'a str,
    pub(crate) key: &'a str,
    pub(crate) value: &'a str,
}

/// Sets the values of keys in the order of the rows, with one statement for each [`MAX_SAVED_ROWS`] rows.
pub(crate) async fn save_rows(
    connection: &mut SqliteConnection,
    rows: &[SavedRow<'_>],
) -> sqlx::Result<()> {
    for chunk in rows.chunks(MAX_SAVED_ROWS) {
        let Some(sql) = SAVE_SQL.get(chunk.len() - 1) else { continue };
        let mut save = query(sql.as_str());
        for SavedRow { meeting, key, value } in chunk {
            let sum = checksum::entry(meeting, key, value);
            save = save.bind(*meeting).bind(*key).bind(*value).bind(sum);
        }
        save.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Deletes a key and all keys below it.
pub(crate) async fn delete_entries(
    connection: &mut SqliteConnection,
    meeting: &str,
    key: &str,
) -> sqlx::Result<()> {
    let itself = query("DELETE FROM state WHERE meeting = $1 AND key = $2");
    itself.bind(meeting).bind(key).execute(&mut *connection).await?;
    // `0` is the character after `/`.
    let below = query("DELETE FROM state WHERE meeting = $1 AND key >= $2 AND key < $3");
    let below = below.bind(meeting).bind(format!("{key}/")).bind(format!("{key}0"));
    below.execute(connection).await.map(drop)
}

/// Reads a row of `id, title, created, sum`. Returns `None` if it is damaged.
pub(crate) fn read_meeting(row: &SqliteRow) -> Option<StoredMeeting> {
    let (id, title, created) = (row.try_get(0).ok()?, row.try_get(1).ok()?, row.try_get(2).ok()?);
    let meeting = StoredMeeting { id, title, created };
    (row.try_get(3).ok() == Some(checksum::meeting(&meeting))).then_some(meeting)
}

/// Reads the meeting, key and value in a row of `meeting, key, value, sum`. Returns `None` if it is
/// damaged.
pub(crate) fn read_entry(row: &SqliteRow) -> Option<(String, String, String)> {
    let (meeting, key, value): (String, String, String) =
        (row.try_get(0).ok()?, row.try_get(1).ok()?, row.try_get(2).ok()?);
    let is_valid = row.try_get(3).ok() == Some(checksum::entry(&meeting, &key, &value));
    is_valid.then_some((meeting, key, value))
}

/// Returns the readable part of a text in a damaged row.
pub(crate) fn readable_text(row: &SqliteRow, column: usize) -> String {
    let bytes: &[u8] = row.try_get(column).unwrap_or_default();
    String::from_utf8_lossy(bytes).into_owned()
}
