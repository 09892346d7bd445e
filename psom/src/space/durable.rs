use std::collections::BTreeMap;

use super::context::Scope;

/// A change of durable state: a key with its new value.
///
/// The durable state of a space is a table of texts under keys. Keys are paths: `content/7/vote/3`
/// is below `content/7`. The objects define the keys. When a space is restored, the application
/// reads the table and creates the objects from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The key.
    pub key: String,
    /// The new text. `None` deletes the key and all keys below it.
    pub value: Option<String>,
}

impl Write {
    /// Applies the change to a table in memory.
    pub fn apply(self, table: &mut BTreeMap<String, String>) {
        match self.value {
            Some(value) => drop(table.insert(self.key, value)),
            None => {
                let below = format!("{}/", self.key);
                table.retain(|key, _| *key != self.key && !key.starts_with(&below));
            }
        }
    }
}

/// The changes of one key in a turn.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// True if the key and all keys below it are deleted before `text` is saved.
    pub(super) erased: bool,
    pub(super) text: Option<String>,
}

impl Change {
    pub(super) fn writes(self, key: String) -> impl Iterator<Item = Write> {
        let erased = self.erased.then(|| Write { key: key.clone(), value: None });
        let saved = self.text.map(|text| Write { key, value: Some(text) });
        erased.into_iter().chain(saved)
    }
}

/// # Durable state
///
/// The output of a turn is released only after the journal has stored the turn's writes. Meanwhile
/// the space works on the next turns. A space without a journal discards the writes.
impl Scope {
    /// Saves a text under a key. If a turn saves a key several times, the last text is kept.
    pub fn save(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.core_mut().writes.entry(key.into()).or_default().text = Some(value.into());
    }

    /// Deletes a key and all keys below it.
    pub fn erase(&mut self, key: impl Into<String>) {
        let key = key.into();
        let writes = &mut self.core_mut().writes;
        // The map is sorted, so the deletion of a key precedes later writes below it. `0` is the
        // character after `/`.
        let below = writes.range(format!("{key}/")..format!("{key}0"));
        let below: Vec<_> = below.map(|(key, _)| key.clone()).collect();
        below.iter().for_each(|key| drop(writes.remove(key)));
        writes.insert(key, Change { erased: true, text: None });
    }

    /// Runs a function outside the space after the journal has stored the writes of this turn: for
    /// example, to remove a file to which the stored state no longer refers. It must not block.
    pub fn when_safe(&mut self, run: impl FnOnce() + Send + 'static) {
        self.core_mut().when_safe.push(Box::new(run));
    }
}

/// A function that runs outside the space after the writes of its turn are stored.
pub type WhenSafe = Box<dyn FnOnce() + Send>;
