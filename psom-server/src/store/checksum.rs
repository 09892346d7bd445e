//! Checksums of rows: CRC-32 of the columns. Each column's length is included, so that moving text from
//! one column to the next changes the checksum.

use super::meeting_store::StoredMeeting;

/// Returns the checksum of an entry of a meeting's state.
pub(crate) fn entry(meeting: &str, key: &str, value: &str) -> i64 {
    checksum(&[meeting, key, value])
}

/// Returns the checksum of a meeting's own row.
pub(crate) fn meeting(meeting: &StoredMeeting) -> i64 {
    let created = meeting.created.to_string();
    match &meeting.title {
        Some(title) => checksum(&[&meeting.id, &created, title]),
        None => checksum(&[&meeting.id, &created]),
    }
}

fn checksum(columns: &[&str]) -> i64 {
    let mut hasher = crc32fast::Hasher::new();
    for column in columns {
        hasher.update(&(column.len() as u64).to_le_bytes());
        hasher.update(column.as_bytes());
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_depends_on_the_boundaries_of_columns() {
        assert_ne!(entry("a", "bc", "d"), entry("ab", "c", "d"));
        assert_ne!(entry("a", "b", "cd"), entry("a", "bc", "d"));
        let untitled = StoredMeeting { id: "a".into(), title: None, created: 1 };
        let empty = StoredMeeting { title: Some(String::new()), ..untitled.clone() };
        assert_ne!(meeting(&untitled), meeting(&empty));
    }
}
