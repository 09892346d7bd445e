//! The writes of a group of commits, combined into the arrays that one statement applies.

use std::collections::BTreeMap;

use psom::Write;

use super::text::escape;
use crate::store::checksum;

/// The changes of several meetings. A statement can change a row only once, so the writes of each meeting
/// are combined: the keys to erase, and then the last value of each key.
#[derive(Debug, Default)]
pub(super) struct WriteGroup {
    meetings: BTreeMap<String, MeetingChanges>,
}

#[derive(Debug, Default)]
struct MeetingChanges {
    epoch: i64,
    erased: Vec<String>,
    saved: BTreeMap<String, String>,
}

/// The arrays of the statement; all texts are escaped.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct GroupArrays {
    pub(super) meetings: Vec<String>,
    pub(super) epochs: Vec<i64>,
    /// Ranges of keys to erase: the meeting, the first key, and the key after the last.
    pub(super) erased: [Vec<String>; 3],
    /// Values to save: the meeting, the key and the value.
    pub(super) saved: [Vec<String>; 3],
    pub(super) sums: Vec<i64>,
}

impl WriteGroup {
    /// Adds the writes of a turn, after all that were added before.
    pub(super) fn add(&mut self, meeting: &str, epoch: i64, writes: &[Write]) {
        let changes = self.meetings.entry(meeting.into()).or_default();
        changes.epoch = epoch;
        for Write { key, value } in writes {
            if let Some(value) = value {
                changes.saved.insert(key.clone(), value.clone());
                continue;
            }
            let [itself, below] = ranges(key);
            changes.saved.retain(|saved, _| *saved != itself[0] && !contains(&below, saved));
            changes.erased.push(key.clone());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.meetings.is_empty()
    }

    pub(super) fn arrays(&self) -> GroupArrays {
        let mut arrays = GroupArrays::default();
        for (meeting, changes) in &self.meetings {
            arrays.meetings.push(meeting.clone());
            arrays.epochs.push(changes.epoch);
            for [first, end] in changes.erased.iter().flat_map(|key| ranges(key)) {
                let row = [meeting.clone(), escape(&first).into(), escape_end(&first, &end)];
                push(&mut arrays.erased, row);
            }
            for (key, value) in &changes.saved {
                arrays.sums.push(checksum::entry(meeting, key, value));
                push(
                    &mut arrays.saved,
                    [meeting.clone(), escape(key).into_owned(), escape(value).into_owned()],
                );
            }
        }
        arrays
    }
}

/// Returns the range of a key itself and the range of the keys below it, each without its end.
fn ranges(key: &str) -> [[String; 2]; 2] {
    // `0` is the character after `/`. No text is between a text and the same text with U+0000.
    [[key.into(), format!("{key}\0")], [format!("{key}/"), format!("{key}0")]]
}

fn contains([first, end]: &[String; 2], key: &str) -> bool {
    (first.as_str()..end.as_str()).contains(&key)
}

/// Escapes the end of a range. The range of one key ends with U+0000. Of the two characters of its
/// escaped form, the first is enough as an end.
fn escape_end(first: &str, end: &str) -> String {
    match end.strip_suffix('\0') {
        Some(key) if key == first => format!("{}\u{1}", escape(key)),
        _ => escape(end).into_owned(),
    }
}

fn push(columns: &mut [Vec<String>; 3], row: [String; 3]) {
    columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn save(key: &str, value: &str) -> Write {
        Write { key: key.into(), value: Some(value.into()) }
    }

    fn erase(key: &str) -> Write {
        Write { key: key.into(), value: None }
    }

    #[test]
    fn last_value_of_a_key_is_saved_once() {
        let mut group = WriteGroup::default();
        group.add("team", 3, &[save("a", "1"), save("b", "1")]);
        group.add("team", 3, &[save("a", "2")]);
        let arrays = group.arrays();
        assert_eq!((arrays.meetings, arrays.epochs), (vec!["team".to_owned()], vec![3]));
        let [meetings, keys, values] = arrays.saved;
        assert_eq!(
            (meetings.len(), keys, values),
            (2, vec!["a".into(), "b".into()], vec!["2".into(), "1".into()])
        );
    }

    #[test]
    fn erasing_drops_earlier_values_and_keeps_later_ones() {
        let mut group = WriteGroup::default();
        let writes = [
            save("c/1", "x"),
            save("c", "x"),
            save("c0", "x"),
            save("c-", "x"),
            erase("c"),
            save("c/2", "y"),
        ];
        group.add("team", 1, &writes);
        let GroupArrays { erased: [_, first, end], saved: [_, keys, _], .. } = group.arrays();
        assert_eq!(keys, ["c-", "c/2", "c0"]);
        assert_eq!(first, ["c", "c/"]);
        assert_eq!(end, ["c\u{1}", "c0"]);
    }
}
