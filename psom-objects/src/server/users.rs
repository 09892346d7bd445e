use std::collections::BTreeMap;

use psom::{Context, Lifecycle, distributed_object};

use super::summary::UserSummary;
use crate::{
    interfaces::{ContentUserManagerClient, ContentUserManagerServer},
    types::{Participant, Role},
};

/// The roster of a meeting: its users and their roles (section 3.3.4.1.2). A user is in the meeting
/// while at least one of their connections is.
///
/// A newcomer receives the whole roster at once. Therefore addresses and display names are cut to
/// 2,048 encoded bytes each.
#[distributed_object(serves = ContentUserManagerServer, calls = ContentUserManagerClient)]
#[derive(Default)]
pub struct ContentUserManager {
    users: BTreeMap<i64, Entry>,
    /// The roles of users who are admitted but not connected yet.
    expected: BTreeMap<i64, Role>,
}

/// The maximum encoded length of an address and of a name, so that the roster that a newcomer
/// receives stays small.
const MAX_NAME_BYTES: usize = 2048;

/// The size at which a call with users is sent, so that most calls have less than 64 KiB.
const USERS_CALL_BYTES: usize = 60 << 10;

struct Entry {
    uri: String,
    display_name: String,
    role: Role,
    connections: usize,
}

impl ContentUserManagerServer for ContentUserManager {}

impl ContentUserManager {
    /// Returns the user's role, or [`Role::Attendee`] if they are not connected.
    pub fn role(&self, user: i64) -> Role {
        self.users.get(&user).map_or(Role::Attendee, |entry| entry.role)
    }

    /// Returns the address and the display name of a connected user.
    pub(super) fn user(&self, user: i64) -> Option<(&str, &str)> {
        self.users.get(&user).map(|entry| (&*entry.uri, &*entry.display_name))
    }

    /// Sets a user's role, and reports whether the user is connected. The role of a user who is
    /// not connected takes effect when they join.
    pub(super) fn set_role(&mut self, user: i64, role: Role) -> bool {
        let Some(entry) = self.users.get_mut(&user) else {
            self.expected.insert(user, role);
            return false;
        };
        entry.role = role;
        true
    }

    pub(super) fn summary(&self) -> Vec<UserSummary> {
        let summary = |(id, entry): (&i64, &Entry)| UserSummary {
            id: *id,
            uri: entry.uri.clone(),
            display_name: entry.display_name.clone(),
            role: entry.role,
            connections: entry.connections,
        };
        self.users.iter().map(summary).collect()
    }
}

impl Lifecycle for ContentUserManager {
    fn connected(&mut self, cx: &mut Context<Self>) {
        let user = cx.caller().user();
        let known = user.data::<Participant>();
        let text = |text: &str| psom::wire::encoded_prefix(text, MAX_NAME_BYTES).to_owned();
        let uri = text(known.map_or(&user.name, |known| &known.uri));
        let display_name = text(&user.name);
        let expected = self.expected.remove(&user.id);
        let role = expected.or_else(|| known.map(|known| known.role)).unwrap_or(Role::Attendee);
        let before = self.users.remove(&user.id);
        let (is_new, role, connections) =
            before.as_ref().map_or((true, role, 0), |it| (false, it.role, it.connections));
        // A user who connects again may have another name or address, which replaces the known one.
        let is_other = before.is_some_and(|it| it.uri != uri || it.display_name != display_name);
        if is_new || is_other {
            let caller = cx.caller().id();
            let others = cx.peers().filter(|peer| Some(peer.id) != caller);
            if is_other {
                others.c_users_removed(&[user.id]);
            }
            others.c_users_added(
                &[user.id],
                std::slice::from_ref(&uri),
                std::slice::from_ref(&display_name),
            );
        }
        let connections = connections + 1;
        self.users.insert(user.id, Entry { uri, display_name, role, connections });
        let caller = cx.caller();
        let (mut ids, mut uris, mut names, mut size) = (vec![], vec![], vec![], 0);
        for (id, entry) in &self.users {
            ids.push(*id);
            uris.push(entry.uri.clone());
            names.push(entry.display_name.clone());
            size += 16
                + psom::wire::encoded_bytes(&entry.uri)
                + psom::wire::encoded_bytes(&entry.display_name);
            // The users of a large meeting do not fit in one call.
            if size >= USERS_CALL_BYTES {
                caller.c_users_added(&ids, &uris, &names);
                (ids, uris, names, size) = (vec![], vec![], vec![], 0);
            }
        }
        if !ids.is_empty() {
            caller.c_users_added(&ids, &uris, &names);
        }
    }

    fn disconnected(&mut self, cx: &mut Context<Self>) {
        let user = cx.caller().user().id;
        let Some(entry) = self.users.get_mut(&user) else { return };
        entry.connections -= 1;
        if entry.connections == 0 {
            self.users.remove(&user);
            cx.peers().c_users_removed(&[user]);
        }
        // A client that closes this object leaves the meeting.
        cx.caller().hang_up();
    }
}
