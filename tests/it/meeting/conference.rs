//! A meeting whose clients use the client library, and its saved state.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use psom::{Context, error::CallError, testing::Pair};
use psom_objects::{
    annotation::{Properties, Property},
    client::{Conference, ContentModel, Event, Upload},
    package::Manifest,
    server::{Meeting, MeetingConfig},
    types::{Participant, Role},
};

use super::{store::MemoryStore, world::config};

/// The saved state of a meeting: values by key.
pub(crate) type State = BTreeMap<String, String>;

/// The events that a client has reported.
pub(crate) type Events = Arc<Mutex<Vec<Event>>>;

pub(crate) struct ConferenceWorld {
    pub pair: Pair<Meeting, Conference>,
    pub files: MemoryStore,
    /// The state as a store has it after [`save`](Self::save).
    pub state: State,
}

impl ConferenceWorld {
    /// Returns a new meeting without users.
    pub(crate) fn new() -> Self {
        Self::restored(MemoryStore::default(), State::new())
    }

    /// Returns a new meeting with an organizer (client 0, user 1) and two attendees.
    pub(crate) fn with_users() -> Self {
        let mut world = Self::new();
        world.join_users();
        world
    }

    /// Returns a meeting with this saved state, without users.
    pub(crate) fn restored(files: MemoryStore, state: State) -> Self {
        Self::restored_with(config(files.clone()), files, state)
    }

    /// Like [`restored`](Self::restored), with another configuration.
    pub(crate) fn restored_with(config: MeetingConfig, files: MemoryStore, state: State) -> Self {
        let pair = Pair::server(psom::Config::default(), |scope| {
            Meeting::restore(scope, config, &state).unwrap()
        });
        Self { pair, files, state }
    }

    /// Saves the state and restores it in another meeting, without users.
    pub(crate) fn restart(&mut self) -> Self {
        self.save();
        Self::restored(self.files.clone(), self.state.clone())
    }

    /// Joins an organizer (client 0, user 1) and two attendees (clients 1 and 2).
    pub(crate) fn join_users(&mut self) {
        for (user, role) in (1..).zip([Role::Organizer, Role::Attendee, Role::Attendee]) {
            self.join(user, role);
        }
    }

    /// Joins a user and returns the index of the client.
    pub(crate) fn join(&mut self, user: i64, role: Role) -> usize {
        self.join_reporting(user, role, |_| ())
    }

    /// Joins a user and returns the events that the client reports.
    pub(crate) fn join_recording(&mut self, user: i64, role: Role) -> Events {
        let events = Events::default();
        let reported = Arc::clone(&events);
        self.join_reporting(user, role, move |event| reported.lock().unwrap().push(event));
        events
    }

    fn join_reporting(
        &mut self,
        user: i64,
        role: Role,
        report: impl FnMut(Event) + Send + 'static,
    ) -> usize {
        let participant = Participant { uri: format!("sip:{user}@example.com"), role };
        let user = participant.user(user, &format!("user {user}"));
        self.pair.join_as(user, |scope| Conference::new(scope, report))
    }

    /// Performs an action of a client, which has to succeed.
    pub(crate) fn act<R: Send + 'static>(
        &mut self,
        client: usize,
        act: impl FnOnce(&mut Conference, &mut Context<Conference>) -> Result<R, CallError>
        + Send
        + 'static,
    ) -> R {
        self.pair.on_client(client, |conference, cx| act(conference, cx).unwrap())
    }

    /// Uploads a package as client 0.
    pub(crate) fn upload(&mut self, upload: Upload) {
        self.act(0, |conference, cx| conference.upload(cx, upload));
    }

    /// Uploads a package whose files contain their own names, as client 0.
    pub(crate) fn pack(&mut self, manifest: impl Into<Manifest>) {
        self.pack_as(0, manifest);
    }

    /// Uploads a package whose files contain their own names.
    pub(crate) fn pack_as(&mut self, client: usize, manifest: impl Into<Manifest>) {
        let manifest = manifest.into();
        let names: Vec<_> = manifest.files().iter().map(|name| (*name).to_owned()).collect();
        let files = names.iter().map(|name| (name.as_str(), name.as_bytes()));
        let upload = Upload::new(manifest, files).unwrap();
        self.act(client, |conference, cx| conference.upload(cx, upload));
    }

    /// Returns the model of a client's content 1.
    pub(crate) fn content(&mut self, client: usize) -> ContentModel {
        self.pair.on_client(client, |conference, _| conference.model().contents[&1].clone())
    }

    /// Returns the contents that a newcomer sees.
    pub(crate) fn seen(&mut self, user: i64, role: Role) -> BTreeMap<i64, ContentModel> {
        let client = self.join(user, role);
        let model = self.pair.on_client(client, |conference, _| conference.model().clone());
        assert!(model.is_complete());
        self.pair.close_client(client);
        model.contents
    }

    /// Applies the meeting's writes to `state`, as a store does.
    pub(crate) fn save(&mut self) {
        self.pair.take_writes().into_iter().for_each(|write| write.apply(&mut self.state));
    }
}

/// Returns properties of an annotation.
pub(crate) fn properties(pairs: &[(Property, &str)]) -> Properties {
    pairs.iter().map(|(property, value)| (*property, (*value).to_owned())).collect()
}
