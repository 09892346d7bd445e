use std::collections::BTreeMap;

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

/// A function that runs outside the space after the writes of its turn are stored.
pub type WhenSafe = Box<dyn FnOnce() + Send>;
