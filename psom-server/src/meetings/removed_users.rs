//! The users whom the operator has removed from a meeting, and who cannot come back by a link.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard},
};

use psom::Write;

use crate::shared::lock::lock;

/// The part of the key in front of a user's address in the saved state of a meeting.
const KEY_PREFIX: &str = "removed/";

/// The addresses of the removed users.
#[derive(Debug, Default)]
pub(super) struct RemovedUsers(Mutex<BTreeSet<String>>);

impl RemovedUsers {
    /// Restores the users in the saved state of a meeting.
    pub(super) fn restore(state: &BTreeMap<String, String>) -> Self {
        let below = state.range(KEY_PREFIX.to_owned()..);
        let uris = below.map_while(|(key, _)| key.strip_prefix(KEY_PREFIX).map(str::to_owned));
        Self(Mutex::new(uris.collect()))
    }

    fn uris(&self) -> MutexGuard<'_, BTreeSet<String>> {
        lock(&self.0)
    }

    pub(super) fn contains(&self, uri: &str) -> bool {
        self.uris().contains(uri)
    }

    /// Adds a user, and returns the write that saves this.
    pub(super) fn add(&self, uri: &str) -> Write {
        self.uris().insert(uri.to_owned());
        Write { key: format!("{KEY_PREFIX}{uri}"), value: Some("{}".into()) }
    }

    /// Forgets that a user was removed, and returns the write that saves this.
    pub(super) fn readmit(&self, uri: &str) -> Option<Write> {
        let was_removed = self.uris().remove(uri);
        was_removed.then(|| Write { key: format!("{KEY_PREFIX}{uri}"), value: None })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn removed_users_are_restored_as_they_were_saved() {
        let removed = RemovedUsers::default();
        let mut state = BTreeMap::from([("user/1".to_owned(), "{}".to_owned())]);
        for uri in ["sip:ada@example.com", "guest:17"] {
            let Write { key, value } = removed.add(uri);
            state.insert(key, value.unwrap());
        }
        let restored = RemovedUsers::restore(&state);
        assert!(restored.contains("guest:17") && restored.contains("sip:ada@example.com"));
        assert!(!restored.contains("1"));
        let write = restored.readmit("guest:17").unwrap();
        assert_eq!((write.key.as_str(), write.value), ("removed/guest:17", None));
        assert!(!restored.contains("guest:17") && restored.readmit("guest:17").is_none());
    }
}
