use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Unbounded},
};

use psom::{Context, Lifecycle, distributed_object};

use super::{
    former_users::{FormerUser, FormerUsers, MAX_NAME_BYTES},
    summary::UserSummary,
    user_pages::UserPages,
};
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
    /// The calls that announce `users` and `former` to newcomers.
    pages: UserPages,
    former_pages: UserPages,
    /// The roles of users who are admitted but not connected yet.
    expected: BTreeMap<i64, Role>,
    former: FormerUsers,
}

struct Entry {
    uri: String,
    display_name: String,
    role: Role,
    connections: usize,
}

impl ContentUserManagerServer for ContentUserManager {}

impl ContentUserManager {
    /// Creates a roster without users that knows the names of former ones.
    pub(super) fn new(former: Vec<FormerUser>, guest_prefix: Option<&'static str>) -> Self {
        let mut users = Self { former: FormerUsers::new(guest_prefix), ..Self::default() };
        for user in former {
            users.former.add(user);
        }
        users
    }

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

    /// Ends all connections of a user, who has broken no rule, and sends the reason.
    pub(super) fn remove_user(cx: &mut Context<Self>, user: i64, reason: &'static str) {
        for peer in cx.peer_infos().into_iter().filter(|peer| peer.user.id == user) {
            if let Some(mut peer) = cx.peer(peer.id) {
                peer.remove(reason);
            }
        }
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
            let mut others = cx.others();
            // When many users join at the same time, each member gets them with a few writes.
            others.allow_delay();
            if is_other {
                others.c_users_removed(&[user.id]);
            }
            others.c_users_added(
                &[user.id],
                std::slice::from_ref(&uri),
                std::slice::from_ref(&display_name),
            );
        }
        self.former.remove(user.id);
        self.former_pages.changed(user.id);
        self.pages.changed(user.id);
        let connections = connections + 1;
        self.users.insert(user.id, Entry { uri, display_name, role, connections });
        let after = |id: Option<i64>| (id.map_or(Unbounded, Excluded), Unbounded);
        self.pages.send(&mut cx.caller(), |id| {
            self.users.range(after(id)).map(|(id, it)| (*id, &*it.uri, &*it.display_name))
        });
        // A client that joins later must be able to name the owners of all contents and annotations
        // (ruling 24).
        self.former_pages.send(&mut cx.caller(), |id| {
            self.former.range(after(id)).map(|it| (it.id, &*it.uri, &*it.display_name))
        });
        let former: Vec<_> = self.former.iter().map(|it| it.id).collect();
        if !former.is_empty() {
            cx.caller().c_users_removed(&former);
        }
    }

    fn disconnected(&mut self, cx: &mut Context<Self>) {
        let user = cx.caller().user().id;
        let Some(entry) = self.users.get_mut(&user) else { return };
        entry.connections -= 1;
        if entry.connections == 0 {
            if let Some(Entry { uri, display_name, .. }) = self.users.remove(&user) {
                self.pages.changed(user);
                for forgotten in self.former.add(FormerUser { id: user, uri, display_name }) {
                    self.former_pages.changed(forgotten);
                }
                self.former_pages.changed(user);
            }
            let mut peers = cx.peers();
            peers.allow_delay();
            peers.c_users_removed(&[user]);
        }
        // A client that closes this object leaves the meeting.
        cx.caller().dismiss();
    }
}
