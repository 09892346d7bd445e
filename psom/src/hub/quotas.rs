//! The limits of a server's space that all peers share.

use std::collections::HashSet;

use super::Hub;
use crate::{error::Error, space::ConnectionKey};

impl Hub {
    /// Makes room for one more connection of a user, if necessary by ending an older one. Returns
    /// `None` if there is none to end.
    pub(super) fn make_room(&mut self, user: i64) -> Option<()> {
        let per_user = self.config.connections_per_user.max(1);
        if let Some(oldest) = self.users.oldest_of(user, per_user) {
            self.replace(oldest, "connections_per_user");
        }
        if self.users.len() >= self.config.space_connections {
            match self.users.oldest_of_largest() {
                Some(oldest) => self.replace(oldest, "space_connections"),
                None => {
                    self.config.hits.count("space_connections");
                    return None;
                }
            }
        }
        Some(())
    }

    /// Ends a connection whose place a newer one takes.
    fn replace(&mut self, key: ConnectionKey, limit: &'static str) {
        self.users.remove(key);
        self.space.end(self.now, key, Error::Replaced(limit));
        self.append_turn(key, None);
    }

    /// Counts and logs that a connection is read more slowly.
    pub(super) fn report_throttled(&mut self, key: ConnectionKey) {
        self.config.hits.count("calls_per_second");
        #[cfg(feature = "tokio")]
        tracing::warn!(
            user = ?self.space.user(key),
            connection = ?key,
            limit = "calls_per_second",
            "A connection makes more calls than the limit allows and is read more slowly"
        );
        #[cfg(not(feature = "tokio"))]
        let _ = key;
    }

    /// Breaks the connection whose end frees the most memory, if the bytes that wait for all peers
    /// together exceed their limit.
    pub(super) fn check_memory(&mut self) {
        let limit = self.config.space_queue_limit;
        if self.waiting_bytes <= self.check_memory_at {
            // After a peak, the exact number is needed again only near the limit.
            if self.waiting_bytes <= limit {
                self.check_memory_at = limit;
            }
            return;
        }
        let memory = self.queued_memory();
        if memory <= limit {
            // Most bytes are shared. Counts again when an eighth of the limit was added.
            self.check_memory_at = self.waiting_bytes.saturating_add(limit / 8);
            return;
        }
        let open = self.connections.iter().filter(|(_, at)| !at.queue.is_finished());
        let largest = open.max_by_key(|(_, at)| at.queue.exclusive()).map(|(key, _)| key);
        if let Some(key) = largest {
            self.end_slow(key, "space_queue_limit");
        }
    }

    /// Returns the number of bytes in all send queues, in which shared bytes count once.
    fn queued_memory(&self) -> usize {
        let mut shared = HashSet::new();
        self.connections.values().map(|at| at.queue.memory(&mut shared)).sum()
    }
}
