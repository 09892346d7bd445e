use std::collections::{HashMap, VecDeque};

use slotmap::SecondaryMap;

use crate::space::ConnectionKey;

/// The connections of each user, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Users {
    connections: HashMap<i64, VecDeque<ConnectionKey>>,
    users: SecondaryMap<ConnectionKey, i64>,
}

impl Users {
    pub(super) fn add(&mut self, key: ConnectionKey, user: i64) {
        self.users.insert(key, user);
        self.connections.entry(user).or_default().push_back(key);
    }

    pub(super) fn remove(&mut self, key: ConnectionKey) {
        let Some(user) = self.users.remove(key) else { return };
        let Some(connections) = self.connections.get_mut(&user) else { return };
        connections.retain(|other| *other != key);
        if connections.is_empty() {
            self.connections.remove(&user);
        }
    }

    /// Returns the number of connections.
    pub(super) fn len(&self) -> usize {
        self.users.len()
    }

    /// Returns the oldest connection of a user who has at least `limit`.
    pub(super) fn oldest_of(&self, user: i64, limit: usize) -> Option<ConnectionKey> {
        let connections = self.connections.get(&user)?;
        connections.front().filter(|_| connections.len() >= limit).copied()
    }

    /// Returns the oldest connection of the user who has the most, if a user has more than one.
    pub(super) fn oldest_of_largest(&self) -> Option<ConnectionKey> {
        let largest = self.connections.values().max_by_key(|connections| connections.len())?;
        largest.front().filter(|_| largest.len() > 1).copied()
    }
}
