//! The users who have left a meeting.

use std::collections::{BTreeMap, VecDeque};

use psom::wire::{encoded_bytes, encoded_prefix};

/// The maximum encoded length of an address and of a name, so that the roster that a newcomer
/// receives stays small.
pub(super) const MAX_NAME_BYTES: usize = 2048;

/// Upper bound on the addresses and names of former users. A newcomer receives all of them: about 2,000
/// users with names of usual length.
const MAX_FORMER_USERS_BYTES: usize = 128 << 10;

/// Bytes of an entry besides its texts: an ID of at most 9 bytes in two calls.
const ENTRY_BYTES: usize = 18;

/// A user who has left a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerUser {
    /// The user's ID.
    pub id: i64,
    /// The user's address.
    pub uri: String,
    /// The display name.
    pub display_name: String,
}

/// The users who have left. With their names, newcomers can show the owners of all contents and
/// annotations. If there are too many, those who left first are forgotten.
#[derive(Default)]
pub(super) struct FormerUsers {
    by_id: BTreeMap<i64, FormerUser>,
    /// The IDs in the order in which the users left. It may have IDs of users who came back.
    order: VecDeque<i64>,
    bytes: usize,
}

impl FormerUsers {
    pub(super) fn add(&mut self, user: FormerUser) {
        let text = |text: &str| encoded_prefix(text, MAX_NAME_BYTES).to_owned();
        let user =
            FormerUser { uri: text(&user.uri), display_name: text(&user.display_name), ..user };
        self.remove(user.id);
        self.bytes += size(&user);
        self.order.push_back(user.id);
        self.by_id.insert(user.id, user);
        while self.bytes > MAX_FORMER_USERS_BYTES
            && let Some(first) = self.order.front()
        {
            self.remove(*first);
        }
    }

    pub(super) fn remove(&mut self, id: i64) {
        if let Some(user) = self.by_id.remove(&id) {
            self.bytes -= size(&user);
            self.order.retain(|other| *other != id);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &FormerUser> {
        self.by_id.values()
    }
}

fn size(user: &FormerUser) -> usize {
    ENTRY_BYTES + encoded_bytes(&user.uri) + encoded_bytes(&user.display_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: i64, name: &str) -> FormerUser {
        FormerUser { id, uri: format!("sip:{id}"), display_name: name.into() }
    }

    fn ids(users: &FormerUsers) -> Vec<i64> {
        users.iter().map(|user| user.id).collect()
    }

    #[test]
    fn users_who_left_first_are_forgotten() {
        let mut users = FormerUsers::default();
        let long = "x".repeat(4096);
        for id in 1..=100 {
            users.add(user(id, &long));
        }
        assert!(users.bytes <= MAX_FORMER_USERS_BYTES && ids(&users).len() > 50);
        assert_eq!(ids(&users).last(), Some(&100));
        assert!(!ids(&users).contains(&1));
        assert_eq!(users.order.len(), users.by_id.len());
        for id in 1..=100 {
            users.remove(id);
        }
        assert_eq!((users.bytes, users.order.len(), ids(&users)), (0, 0, vec![]));
    }

    #[test]
    fn user_who_leaves_again_has_the_last_name() {
        let mut users = FormerUsers::default();
        users.add(user(1, "Stu"));
        users.add(user(2, "Bea"));
        users.add(user(1, "Stuart"));
        assert_eq!(users.order, [2, 1]);
        let names: Vec<_> = users.iter().map(|user| &*user.display_name).collect();
        assert_eq!(names, ["Stuart", "Bea"]);
    }
}
