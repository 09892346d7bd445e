//! The users who have left a meeting.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::RangeBounds,
};

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
/// annotations. If there are too many, guests are forgotten first, because anybody with an open invitation can
/// join as any number of guests. Among guests, and among the others, those who left first are forgotten first.
#[derive(Default)]
pub(super) struct FormerUsers {
    by_id: BTreeMap<i64, FormerUser>,
    /// The beginning of the addresses of guests.
    guest_prefix: Option<&'static str>,
    /// The IDs of guests in the order in which they left.
    guests: VecDeque<i64>,
    /// The IDs of the other users in the order in which they left.
    others: VecDeque<i64>,
    bytes: usize,
}

impl FormerUsers {
    pub(super) fn new(guest_prefix: Option<&'static str>) -> Self {
        Self { guest_prefix, ..Self::default() }
    }

    /// Returns the order in which users with this address left.
    fn order(&mut self, uri: &str) -> &mut VecDeque<i64> {
        let is_guest = self.guest_prefix.is_some_and(|prefix| uri.starts_with(prefix));
        if is_guest { &mut self.guests } else { &mut self.others }
    }

    /// Adds a user, and returns the IDs of the users who are forgotten for it.
    pub(super) fn add(&mut self, user: FormerUser) -> Vec<i64> {
        let text = |text: &str| encoded_prefix(text, MAX_NAME_BYTES).to_owned();
        let user =
            FormerUser { uri: text(&user.uri), display_name: text(&user.display_name), ..user };
        self.remove(user.id);
        self.bytes += size(&user);
        self.order(&user.uri).push_back(user.id);
        self.by_id.insert(user.id, user);
        let mut forgotten = Vec::new();
        while self.bytes > MAX_FORMER_USERS_BYTES
            && let Some(&first) = self.guests.front().or_else(|| self.others.front())
        {
            self.remove(first);
            forgotten.push(first);
        }
        forgotten
    }

    pub(super) fn remove(&mut self, id: i64) {
        if let Some(user) = self.by_id.remove(&id) {
            self.bytes -= size(&user);
            self.order(&user.uri).retain(|other| *other != id);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &FormerUser> {
        self.by_id.values()
    }

    /// Returns the users with these IDs, in the order of the IDs.
    pub(super) fn range(&self, ids: impl RangeBounds<i64>) -> impl Iterator<Item = &FormerUser> {
        self.by_id.range(ids).map(|(_, user)| user)
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
        assert_eq!(users.others.len(), users.by_id.len());
        for id in 1..=100 {
            users.remove(id);
        }
        assert_eq!((users.bytes, users.others.len(), ids(&users)), (0, 0, vec![]));
    }

    #[test]
    fn guests_are_forgotten_before_other_users() {
        let mut users = FormerUsers::new(Some("guest:"));
        users.add(user(1, "Ada"));
        for id in 2..=5_000 {
            users.add(FormerUser { uri: format!("guest:{id}"), ..user(id, "Guest") });
        }
        users.add(user(5_001, "Bea"));
        assert!(users.bytes <= MAX_FORMER_USERS_BYTES);
        assert!(!ids(&users).contains(&2) && ids(&users).contains(&5_000));
        assert!(ids(&users).contains(&1) && ids(&users).contains(&5_001));
    }

    #[test]
    fn user_who_leaves_again_has_the_last_name() {
        let mut users = FormerUsers::default();
        users.add(user(1, "Stu"));
        users.add(user(2, "Bea"));
        users.add(user(1, "Stuart"));
        assert_eq!(users.others, [2, 1]);
        let names: Vec<_> = users.iter().map(|user| &*user.display_name).collect();
        assert_eq!(names, ["Stuart", "Bea"]);
    }
}
