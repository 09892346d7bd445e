use psom::{Context, Violation, distributed_object};

use super::{event::Event, model::User, root::Root};
use crate::interfaces::{self, ContentUserManagerClient};

/// Tells who is behind a number.
#[distributed_object(
    serves = interfaces::ContentUserManagerClient,
    calls = interfaces::ContentUserManagerServer
)]
#[derive(Default)]
pub(super) struct ContentUserManager {
    pub(super) root: Root,
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
            let user = User { uri, name, is_gone: false };
            self.root.tell(cx, Event::UserAdded { id, user });
        }
        Ok(())
    }

    fn c_users_removed(&mut self, cx: &mut Context<Self>, ids: Vec<i64>) {
        for id in ids {
            self.root.tell(cx, Event::UserRemoved { id });
        }
    }
}
