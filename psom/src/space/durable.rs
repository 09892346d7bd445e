use super::context::Scope;

/// A change of durable state: what a key stands for from now on.
///
/// All that outlives a space is a table of texts by their keys. Which keys there are is the
/// objects' matter; whoever makes the space again reads the table and makes the objects from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The key.
    pub key: String,
    /// The text; nothing where the key stands for nothing any more.
    pub value: Option<String>,
}

/// # Durable state
///
/// What a handler saves and what it sends belong together: nothing that the present turn sends
/// leaves before everything that the turn saves is safe. Meanwhile the space goes on with the next
/// turns. A space without a journal forgets what is saved.
impl Scope {
    /// Makes a key stand for a text. Of several texts for one key in a turn the last counts.
    pub fn save(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.core_mut().writes.insert(key.into(), Some(value.into()));
    }

    /// Makes a key stand for nothing.
    pub fn erase(&mut self, key: impl Into<String>) {
        self.core_mut().writes.insert(key.into(), None);
    }
}
