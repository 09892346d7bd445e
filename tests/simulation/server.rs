use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use psom::{Config, Handle, hub::Hub, testing::Pair};
use psom_objects::{
    client::{Conference, Event, Model},
    server::{Meeting, MeetingConfig, RestoreError},
    types::{Participant, Role},
};

use super::store::Store;

/// The process of a server, from its start to its end.
pub(super) struct Server {
    pub(super) hub: Hub,
    pub(super) root: Handle<Meeting>,
    pub(super) deadline: Option<Instant>,
    /// The time by which the server's clock is ahead of the simulated time.
    pub(super) clock_ahead: Duration,
    /// The time until which the server's process is suspended.
    pub(super) suspended_until: Option<Instant>,
}

/// A meeting that was restored from a saved state.
pub(super) struct Restored {
    /// The meeting as its organizer sees it.
    pub(super) model: Model,
    /// The number of its objects, without any user.
    pub(super) objects: usize,
    /// The files that it uses.
    pub(super) files: BTreeSet<String>,
}

pub(super) fn meeting_config(store: &Store) -> MeetingConfig {
    MeetingConfig::new("http://files/", Arc::new(store.clone()), SystemTime::UNIX_EPOCH)
}

impl Server {
    /// Starts a server with the meeting in this state.
    pub(super) fn start(
        now: Instant,
        config: &Arc<Config>,
        store: &Store,
        state: &BTreeMap<String, String>,
    ) -> Result<Self, String> {
        let (hub, root) = Hub::new(now, Arc::clone(config), true, [], |scope| {
            Meeting::restore(scope, meeting_config(store), state)
        })
        .map_err(|error: RestoreError| format!("the journal cannot be read: {error}"))?;
        store.remove_others();
        Ok(Self { hub, root, deadline: None, clock_ahead: Duration::ZERO, suspended_until: None })
    }
}

/// Restores a meeting beside the real one, without faults.
pub(super) fn restore(store: &Store, state: &BTreeMap<String, String>) -> Result<Restored, String> {
    let store = store.copy();
    let mut failure = None;
    let mut pair: Pair<Meeting, Conference> = Pair::server(Config::default(), |scope| {
        Meeting::restore(scope, meeting_config(&store), state).unwrap_or_else(|error| {
            failure = Some(format!("the journal cannot be read: {error}"));
            Meeting::new(scope, meeting_config(&store))
        })
    });
    if let Some(failure) = failure {
        return Err(failure);
    }
    let objects = pair.server_stats().objects;
    let user = participant(1, Role::Organizer);
    let client = pair.join_as(user, |scope| Conference::new(scope, |_: Event| ()));
    let model = pair.on_client(client, |conference, _| conference.model().clone());
    Ok(Restored { model, objects, files: store.adopted() })
}

pub(super) fn participant(id: i64, role: Role) -> psom::User {
    Participant { uri: format!("sip:{id}@example.com"), role }.user(id, &format!("user {id}"))
}
