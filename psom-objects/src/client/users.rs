use std::collections::HashMap;

use psom::{Context, Violation, distributed_object};

use super::{event::Event, model::user::User, root::Root};
use crate::interfaces::{ContentUserManagerClient, ContentUserManagerServer};

/// Follows the users of the meeting: their IDs, addresses and names.
#[distributed_object(
    serves = ContentUserManagerClient,
    calls = ContentUserManagerServer
)]
pub(super) struct UsersFollower {
    root: Root,
    /// The users who are present, with the bytes of their addresses and names.
    bytes_by_user: HashMap<i64, usize>,
    total_bytes: usize,
}

/// Upper bounds on the users of a meeting and on the bytes of their addresses and names. They
/// protect a client from a server that adds users endlessly.
pub(super) const MAX_USERS: usize = 100_000;
const MAX_USER_BYTES: usize = 64 << 20;

impl UsersFollower {
    pub(super) fn new(root: Root) -> Self {
        Self { root, bytes_by_user: HashMap::new(), total_bytes: 0 }
    }

    fn remove(&mut self, id: i64) {
        self.total_bytes -= self.bytes_by_user.remove(&id).unwrap_or(0);
    }
}

impl ContentUserManagerClient for UsersFollower {
    fn c_users_added(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i64>,
        uris: Vec<String>,
        display_names: Vec<String>,
    ) -> Result<(), Violation> {
        if ids.len() != uris.len() || ids.len() != display_names.len() {
            return Err(Violation::new("cUsersAdded has arrays of different lengths"));
        }
        for ((id, uri), name) in ids.into_iter().zip(uris).zip(display_names) {
            self.remove(id);
            self.total_bytes += uri.len() + name.len();
            self.bytes_by_user.insert(id, uri.len() + name.len());
            if self.bytes_by_user.len() > MAX_USERS || self.total_bytes > MAX_USER_BYTES {
                return Err(Violation::new("too many users"));
            }
            let user = User { uri, name, is_gone: false };
            self.root.report(cx, Event::UserAdded { id, user });
        }
        Ok(())
    }

    fn c_users_removed(&mut self, cx: &mut Context<Self>, ids: Vec<i64>) {
        for id in ids {
            self.remove(id);
            self.root.report(cx, Event::UserRemoved { id });
        }
    }
}
