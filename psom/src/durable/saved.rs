use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::Memory;
use crate::error::SavedValueError;

/// The values that an object has saved in its [`Memory`], after a restart.
#[derive(Debug, Clone)]
pub struct SavedValues<'a> {
    state: &'a BTreeMap<String, String>,
    prefix: String,
}

impl<'a> SavedValues<'a> {
    /// Returns the values of an object in the saved state of a space. `prefix` is that of its
    /// [`Memory`].
    pub fn new(state: &'a BTreeMap<String, String>, prefix: impl Into<String>) -> Self {
        Self { state, prefix: Memory::new(prefix).key("") }
    }

    /// Returns the values of a part of the object; see [`Memory::at`].
    #[must_use]
    pub fn at(&self, part: impl std::fmt::Display) -> Self {
        Self::new(self.state, format!("{}{part}", self.prefix))
    }

    /// Returns the memory in which these values are saved, for further changes.
    pub fn memory(&self) -> Memory {
        Memory::new(self.prefix.trim_end_matches('/'))
    }

    /// Returns the value of a key, or `None` if nothing is saved under it.
    ///
    /// # Errors
    /// The value cannot be parsed as a `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, SavedValueError> {
        let key = format!("{}{key}", self.prefix);
        self.state.get(&key).map(|text| read(&key, text)).transpose()
    }

    /// Returns the value of a key that must be saved.
    ///
    /// # Errors
    /// Nothing is saved under the key, or the value cannot be parsed as a `T`.
    pub fn required<T: DeserializeOwned>(&self, key: &str) -> Result<T, SavedValueError> {
        let missing = || SavedValueError::Missing { key: format!("{}{key}", self.prefix) };
        self.get(key)?.ok_or_else(missing)
    }

    /// Reports whether nothing is saved.
    pub fn is_empty(&self) -> bool {
        let first = self.state.range(self.prefix.clone()..).next();
        first.is_none_or(|(key, _)| !key.starts_with(&self.prefix))
    }

    /// Returns all values below a key in the order of their keys, with the rest of each key after
    /// `key` and a slash. All values are below the empty key.
    ///
    /// # Errors
    /// A value cannot be parsed as a `T`.
    pub fn below<T: DeserializeOwned>(
        &self,
        key: &str,
    ) -> Result<Vec<(&'a str, T)>, SavedValueError> {
        let slash = if key.is_empty() { "" } else { "/" };
        let prefix = format!("{}{key}{slash}", self.prefix);
        let below = self.state.range(prefix.clone()..);
        let below = below.take_while(|(key, _)| key.starts_with(&prefix));
        below.map(|(key, text)| Ok((&key[prefix.len()..], read(key, text)?))).collect()
    }
}

fn read<T: DeserializeOwned>(key: &str, text: &str) -> Result<T, SavedValueError> {
    let unreadable = |source| SavedValueError::Unreadable { key: key.to_owned(), source };
    serde_json::from_str(text).map_err(unreadable)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn object_reads_only_its_own_values() {
        let keys = ["content/1", "content/1/a", "content/1/a/b", "content/1/c", "content/10/d"];
        let state = BTreeMap::from(keys.map(|key| (key.to_owned(), "1".to_owned())));
        let saved = SavedValues::new(&state, "content/1");
        assert_eq!(saved.below::<i32>("").unwrap(), [("a", 1), ("a/b", 1), ("c", 1)]);
        assert_eq!(saved.below::<i32>("a").unwrap(), [("b", 1)]);
        assert_eq!(saved.get::<i32>("d").unwrap(), None);
        assert!(
            saved
                .required::<i32>("d")
                .unwrap_err()
                .to_string()
                .contains("`content/1/d` is missing")
        );
        let of = |prefix| SavedValues::new(&state, prefix);
        assert!(!saved.is_empty() && !of("content/10").is_empty() && of("content/2").is_empty());
        assert!(!of("").at("content").at(1).is_empty());
    }

    #[test]
    fn values_are_read_from_the_keys_of_their_memory() {
        let state = BTreeMap::from([("room/7/title".to_owned(), "\"Lobby\"".to_owned())]);
        let saved = SavedValues::new(&state, "").at("room").at(7);
        assert_eq!(saved.get::<String>("title").unwrap().as_deref(), Some("Lobby"));
        assert_eq!(saved.memory(), Memory::new("room").at(7));
        assert_eq!(saved.memory().key("title"), "room/7/title");
        assert_eq!(SavedValues::new(&state, "").memory().key("title"), "title");
        assert!(saved.get::<i32>("title").is_err());
    }
}
