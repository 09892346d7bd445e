use std::collections::BTreeMap;

use super::context::Scope;

/// A change of durable state: what a key stands for from now on.
///
/// All that outlives a space is a table of texts by their keys. Keys are paths: `content/7/vote/3`
/// is below `content/7`. Which keys there are is the objects' matter; whoever makes the space again
/// reads the table and makes the objects from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The key.
    pub key: String,
    /// The text. Nothing: neither the key nor any key below it stands for anything any more.
    pub value: Option<String>,
}

impl Write {
    /// Makes the change in the table, as a journal does that keeps it in memory.
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

/// What a turn does to one key.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// Whether it is erased first, with all that is below it.
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
/// What a handler saves and what it sends belong together: nothing that the present turn sends
/// leaves before everything that the turn saves is safe. Meanwhile the space goes on with the next
/// turns. A space without a journal forgets what is saved.
impl Scope {
    /// Makes a key stand for a text. Of several texts for one key in a turn the last counts.
    pub fn save(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.core_mut().writes.entry(key.into()).or_default().text = Some(value.into());
    }

    /// Makes a key, and every key below it, stand for nothing.
    pub fn erase(&mut self, key: impl Into<String>) {
        let key = key.into();
        let writes = &mut self.core_mut().writes;
        // In their order a key comes before all that is below it, and what is saved there again
        // afterwards comes behind the erasure.
        let below = writes.range(format!("{key}/")..format!("{key}0"));
        let below: Vec<_> = below.map(|(key, _)| key.clone()).collect();
        below.iter().for_each(|key| drop(writes.remove(key)));
        writes.insert(key, Change { erased: true, text: None });
    }

    /// Runs something outside of the space when everything that this turn saves is safe: to remove a
    /// file, for example, that what was saved before still names. It must not block.
    pub fn when_safe(&mut self, run: impl FnOnce() + Send + 'static) {
        self.core_mut().when_safe.push(Box::new(run));
    }
}

/// What runs outside of a space when a turn is safe.
pub type WhenSafe = Box<dyn FnOnce() + Send>;
