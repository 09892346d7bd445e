//! Annotations and whiteboards (sections 3.1.4.1.12, 3.1.4.1.13, 3.2.4.1.8, 3.3.4.1.8).

mod adding;
mod batches;
mod convergence;
mod groups;
mod images;
mod joining;
mod mirror;
mod properties;
mod recorder;
mod removing;
mod telepointers;
mod text;

use std::sync::Arc;

use psom::Handle;
use psom_objects::{
    annotation::{Kind, Property},
    package::{ContentDetail, CreateContent},
    server::{MeetingLimits, Policy},
    types::Role,
};

pub(super) use super::world::{ATTENDEE, ORGANIZER, PRESENTER};
use super::{
    store::MemoryStore,
    world::{Proxy, World, config, empty, pack, with},
};
use recorder::{Annotations, Whiteboard};

/// A whiteboard and its clients.
pub(super) struct Room {
    pub world: World,
    boards: Vec<Handle<Whiteboard>>,
}

/// Returns a whiteboard, content 1, with an organizer (user 1), a presenter (2) and an attendee
/// (3).
pub(super) fn room() -> Room {
    room_with(MeetingLimits::default())
}

pub(super) fn room_with(limits: MeetingLimits) -> Room {
    in_world(empty(limits))
}

/// Like [`room`], under another policy.
pub(super) fn room_under(policy: impl Policy) -> Room {
    let store = MemoryStore::default();
    let mut config = config(store.clone());
    config.policy = Arc::new(policy);
    in_world(with(config, store))
}

fn in_world(world: World) -> Room {
    let mut room = Room { world, boards: Vec::new() };
    room.join(1, Role::Organizer);
    room.share();
    room.open(ORGANIZER);
    for (user, role) in [(2, Role::Presenter), (3, Role::Attendee)] {
        let client = room.join(user, role);
        room.open(client);
    }
    room.forget();
    room
}

impl Room {
    pub(super) fn join(&mut self, user: i64, role: Role) -> usize {
        self.world.join_with(user, role, |scope| scope.announce::<Whiteboard>())
    }

    fn share(&mut self) {
        self.world.reserve(ORGANIZER, "Board", 1);
        let manifest = CreateContent::new("Board", ContentDetail::Whiteboard);
        self.world.upload(ORGANIZER, &pack(&manifest.into(), &[]), 1);
    }

    /// Connects the board for the client that joined last.
    pub(super) fn open(&mut self, client: usize) {
        assert_eq!(client, self.boards.len());
        let content = self.world.open(client, 1);
        let board = self.world.extend(client, content, |_, log| Whiteboard::new(log));
        self.boards.push(board);
    }

    pub(super) fn annotations(&mut self, client: usize) -> Handle<Annotations> {
        let board = self.boards[client];
        let find = move |cx: &psom::Context<_>| cx.get(board).unwrap().annotations.unwrap();
        self.world.pair.on_client(client, move |_, cx| find(cx))
    }

    /// Calls the server's annotations.
    pub(super) fn call(
        &mut self,
        client: usize,
        call: impl FnOnce(&mut Proxy<'_, Annotations>) + Send + 'static,
    ) {
        let annotations = self.annotations(client);
        self.world.on(client, annotations, move |_, cx| call(&mut cx.peers()));
    }

    /// Takes the calls that a client has received from the board.
    pub(super) fn received(&mut self, client: usize) -> Vec<String> {
        self.world.received_of(client, "board.")
    }

    pub(super) fn forget(&mut self) {
        (0..self.boards.len()).for_each(|client| drop(self.world.received(client)));
    }

    /// Takes the calls that all clients have received from the board, which have to be equal.
    pub(super) fn announced(&mut self) -> Vec<String> {
        let first = self.received(0);
        for client in 1..self.boards.len() {
            assert_eq!(self.received(client), first, "client {client}");
        }
        first
    }

    /// Asserts that this client has received exactly these calls and the others none.
    pub(super) fn assert_only_received(&mut self, client: usize, received: &[&str]) {
        for other in 0..self.boards.len() {
            let expected = if other == client { received } else { &[] };
            assert_eq!(self.received(other), expected, "client {other}");
        }
    }

    /// Lets the presenter add a drawing or a text, and discards the announcement.
    pub(super) fn added(&mut self, kind: Kind, properties: &[(Property, &str)]) {
        let properties = pairs(properties);
        self.call(PRESENTER, move |server| {
            server.s_add_annotation(kind.number(), &properties);
        });
        assert_eq!(self.announced().len(), 1);
    }

    /// Returns the reason with which the server broke a client's connection.
    pub(super) fn broken(&self, client: usize) -> String {
        let error = self.world.pair.client_error(client).expect("the connection is broken");
        error.to_string()
    }
}

pub(super) fn pairs(properties: &[(Property, &str)]) -> Vec<Vec<String>> {
    let pairs = properties.iter();
    pairs.map(|(of, value)| vec![of.name().to_owned(), (*value).to_owned()]).collect()
}

/// Asserts that one call breaks the connection for this reason without another answer, and leaves
/// the other clients connected.
pub(super) fn breaks(
    mut room: Room,
    why: &str,
    call: impl FnOnce(&mut Proxy<'_, Annotations>) + Send + 'static,
) {
    room.call(PRESENTER, call);
    assert!(room.broken(PRESENTER).contains(why), "{}", room.broken(PRESENTER));
    assert!(room.received(PRESENTER).iter().all(|line| line == "board.closed"));
    assert!(room.world.pair.client_error(ORGANIZER).is_none());
    assert!(room.received(ORGANIZER).is_empty());
}
