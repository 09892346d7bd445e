use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use psom::{
    Config, Credentials, Error, Handle, Session, error::Misuse, hub::Hub, space::ConnectionKey,
};
use psom_objects::client::{Conference, Event, Model};

use super::{facts::Segment, greedy::GreedyState, wire::Pipe};

/// The events and the model that one client has received.
#[derive(Default)]
pub(super) struct Seen {
    /// The events since the last check.
    pub(super) events: Vec<Event>,
    /// The model at the end of the connection, or at the last check.
    pub(super) model: Model,
}

/// One connection of a user, from its beginning to its end.
pub(super) struct Client {
    pub(super) user: i64,
    /// The place in the list of participants that connect again after an end.
    pub(super) slot: Option<usize>,
    pub(super) hub: Hub,
    pub(super) root: Handle<Conference>,
    pub(super) key: ConnectionKey,
    pub(super) deadline: Option<Instant>,
    /// From the client to the server.
    pub(super) up: Pipe,
    pub(super) down: Pipe,
    /// The server's session before its credentials are judged.
    pub(super) fresh: Option<Session>,
    /// The server's connection.
    pub(super) at_server: Option<ConnectionKey>,
    pub(super) is_frozen: bool,
    /// Whether changed or invalid bytes were sent on the connection, so that the two sides may
    /// disagree.
    pub(super) is_tainted: bool,
    /// The time by which the client's clock is ahead of the simulated time.
    pub(super) clock_ahead: Duration,
    /// The simulated time of the last jump of the client's clock.
    pub(super) jumped: Option<Instant>,
    /// The time until which the client's process is suspended.
    pub(super) suspended_until: Option<Instant>,
    /// The reason why a fault may end the connection. `None` if the client and its network follow
    /// the rules.
    pub(super) excuse: Option<&'static str>,
    pub(super) ended: Option<Error>,
    pub(super) server_ended: bool,
    pub(super) seen: Arc<Mutex<Seen>>,
    /// The changes of boards in the order in which they came.
    pub(super) segments: Vec<Segment>,
    pub(super) open_segments: BTreeMap<i64, usize>,
    /// The number of the server's process.
    pub(super) epoch: u32,
    /// How the client is greedy; `None` if it follows the rules.
    pub(super) greed: Option<GreedyState>,
    /// The bytes that the server's hub has received and handled.
    pub(super) received_bytes: usize,
    pub(super) handled_bytes: usize,
    /// The number of turns for which the server has handled none of the client's bytes.
    pub(super) waited_turns: usize,
}

impl Client {
    pub(super) fn new(
        now: Instant,
        config: &Arc<Config>,
        user: i64,
        pipes: (Pipe, Pipe),
        fresh: Session,
    ) -> Result<Self, String> {
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let heard = Arc::clone(&seen);
        let (mut hub, root) = Hub::new(now, Arc::clone(config), false, [], |scope| {
            Ok::<_, Misuse>(Conference::new(scope, move |event: Event| {
                if let Ok(mut seen) = heard.lock() {
                    seen.model.apply(&event);
                    seen.events.push(event);
                }
            }))
        })
        .map_err(|error| error.to_string())?;
        let credentials = Credentials { token: "token".into(), proxy_header: None };
        let key = hub.connect(now, &credentials).ok_or("a client accepts no connection")?;
        Ok(Self {
            user,
            slot: None,
            hub,
            root,
            key,
            deadline: None,
            up: pipes.0,
            down: pipes.1,
            fresh: Some(fresh),
            at_server: None,
            is_frozen: false,
            is_tainted: false,
            clock_ahead: Duration::ZERO,
            jumped: None,
            suspended_until: None,
            excuse: None,
            ended: None,
            server_ended: false,
            seen,
            segments: Vec::new(),
            open_segments: BTreeMap::new(),
            epoch: 0,
            greed: None,
            received_bytes: 0,
            handled_bytes: 0,
            waited_turns: 0,
        })
    }

    /// Reports whether both sides have the connection.
    pub(super) fn is_live(&self) -> bool {
        self.ended.is_none() && !self.server_ended
    }

    /// Reports whether the client has received the whole meeting.
    pub(super) fn is_complete(&self) -> bool {
        self.seen.lock().is_ok_and(|seen| seen.model.is_complete())
    }

    /// Returns the client's view of the meeting.
    pub(super) fn model(&self) -> Model {
        self.seen.lock().map(|seen| seen.model.clone()).unwrap_or_default()
    }
}
