//! The statements that change rows, and the rows as values.

use rusqlite::{Connection, Result, Row, named_params, types::ValueRef};

use super::{checksum, meeting_store::StoredMeeting};

/// An entry of a meeting's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StateEntry {
    pub(crate) meeting: String,
    pub(crate) key: String,
    pub(crate) value: String,
}

/// The readable parts of an entry's damaged row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DamagedEntry {
    pub(crate) meeting: String,
    pub(crate) key: String,
}

/// Adds a meeting.
pub(crate) fn create_meeting(connection: &Connection, meeting: &StoredMeeting) -> Result<()> {
    let sql = "INSERT INTO meetings (id, title, created, sum) VALUES (:id, :title, :created, :sum) \
               ON CONFLICT (id) DO UPDATE \
               SET title = excluded.title, created = excluded.created, sum = excluded.sum";
    connection.prepare_cached(sql)?.execute(named_params! {
        ":id": meeting.id,
        ":title": meeting.title,
        ":created": meeting.created,
        ":sum": checksum::meeting(meeting),
    })?;
    Ok(())
}

/// Deletes a meeting with its state.
pub(super) fn delete_meeting(connection: &Connection, meeting: &str) -> Result<()> {
    for sql in ["DELETE FROM state WHERE meeting = ?", "DELETE FROM meetings WHERE id = ?"] {
        connection.prepare_cached(sql)?.execute([meeting])?;
    }
    Ok(())
}

/// Sets the value of a key.
pub(crate) fn save_entry(
    connection: &Connection,
    meeting: &str,
    key: &str,
    value: &str,
) -> Result<()> {
    let sql = "INSERT INTO state (meeting, key, value, sum) VALUES (:meeting, :key, :value, :sum) \
               ON CONFLICT (meeting, key) DO UPDATE \
               SET value = excluded.value, sum = excluded.sum";
    connection.prepare_cached(sql)?.execute(named_params! {
        ":meeting": meeting,
        ":key": key,
        ":value": value,
        ":sum": checksum::entry(meeting, key, value),
    })?;
    Ok(())
}

/// Deletes a key and all keys below it.
pub(crate) fn delete_entries(connection: &Connection, meeting: &str, key: &str) -> Result<()> {
    let itself = "DELETE FROM state WHERE meeting = ? AND key = ?";
    connection.prepare_cached(itself)?.execute([meeting, key])?;
    // `0` is the character after `/`.
    let below = "DELETE FROM state WHERE meeting = ? AND key >= ? AND key < ?";
    let (from, to) = (format!("{key}/"), format!("{key}0"));
    connection.prepare_cached(below)?.execute([meeting, &from, &to])?;
    Ok(())
}

/// Reads a row of `id, title, created, sum`. If it is damaged, the error is the readable part of the ID.
pub(crate) fn read_meeting(row: &Row<'_>) -> Result<StoredMeeting, String> {
    let read = || -> Result<_> {
        let meeting = StoredMeeting { id: row.get(0)?, title: row.get(1)?, created: row.get(2)? };
        let is_valid = row.get::<_, i64>(3)? == checksum::meeting(&meeting);
        Ok(is_valid.then_some(meeting))
    };
    read().ok().flatten().ok_or_else(|| readable_text(row, 0))
}

/// Reads a row of `meeting, key, value, sum`.
pub(crate) fn read_entry(row: &Row<'_>) -> Result<StateEntry, DamagedEntry> {
    let read = || -> Result<_> {
        let entry = StateEntry { meeting: row.get(0)?, key: row.get(1)?, value: row.get(2)? };
        let sum = checksum::entry(&entry.meeting, &entry.key, &entry.value);
        Ok((row.get::<_, i64>(3)? == sum).then_some(entry))
    };
    let damaged = || DamagedEntry { meeting: readable_text(row, 0), key: readable_text(row, 1) };
    read().ok().flatten().ok_or_else(damaged)
}

/// Returns the readable part of a text, also in a damaged row.
pub(crate) fn readable_text(row: &Row<'_>, column: usize) -> String {
    match row.get_ref(column) {
        Ok(ValueRef::Text(bytes) | ValueRef::Blob(bytes)) => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        _ => String::new(),
    }
}
