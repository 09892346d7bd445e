//! Checksums of rows: CRC-32 over the texts with their lengths, so that no two rows look alike.

use super::StoredMeeting;

/// The checksum of an entry of a meeting's state.
pub(super) fn entry(meeting: &str, key: &str, value: &str) -> i64 {
    sum(&[meeting, key, value])
}

/// The checksum of what is said of a meeting itself.
pub(super) fn meeting(meeting: &StoredMeeting) -> i64 {
    let created = meeting.created.to_string();
    match &meeting.title {
        Some(title) => sum(&[&meeting.id, &created, title]),
        None => sum(&[&meeting.id, &created]),
    }
}

fn sum(texts: &[&str]) -> i64 {
    let mut hasher = crc32fast::Hasher::new();
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_from_one_text_to_another_changes_the_sum() {
        assert_ne!(entry("a", "bc", "d"), entry("ab", "c", "d"));
        assert_ne!(entry("a", "b", "cd"), entry("a", "bc", "d"));
        let untitled = StoredMeeting { id: "a".into(), title: None, created: 1 };
        let empty = StoredMeeting { title: Some(String::new()), ..untitled.clone() };
        assert_ne!(meeting(&untitled), meeting(&empty));
    }
}
