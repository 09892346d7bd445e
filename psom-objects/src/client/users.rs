use std::collections::HashMap;

use psom::{Context, Violation, distributed_object};

use super::{event::Event, model::meeting::User, root::Root};
use crate::interfaces::{self, ContentUserManagerClient};

/// Tells who is behind a number.
#[distributed_object(
    serves = interfaces::ContentUserManagerClient,
    calls = interfaces::ContentUserManagerServer
)]
pub(super) struct ContentUserManager {
    root: Root,
    /// Who is there, with the bytes of what they are called.
    present: HashMap<i64, usize>,
    bytes: usize,
}

/// The most users of a meeting that is followed, and the most bytes of their addresses and names.
pub(super) const MAX_USERS: usize = 100_000;
const MAX_BYTES: usize = 64 << 20;

impl ContentUserManager {
    pub(super) fn new(root: Root) -> Self {
        Self { root, present: HashMap::new(), bytes: 0 }
    }

    fn removed(&mut self, id: i64) {
        self.bytes -= self.present.remove(&id).unwrap_or(0);
    }
}

impl ContentUserManagerClient for ContentUserManager {
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
            self.removed(id);
            self.bytes += uri.len() + name.len();
            self.present.insert(id, uri.len() + name.len());
            if self.present.len() > MAX_USERS || self.bytes > MAX_BYTES {
                return Err(Violation::new("too many users"));
            }
            let user = User { uri, name, is_gone: false };
            self.root.tell(cx, Event::UserAdded { id, user });
        }
        Ok(())
    }

    fn c_users_removed(&mut self, cx: &mut Context<Self>, ids: Vec<i64>) {
        for id in ids {
            self.removed(id);
            self.root.tell(cx, Event::UserRemoved { id });
        }
    }
}
