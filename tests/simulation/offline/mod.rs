//! Recorded commands that are replayed in a meeting while both sides are killed.
//!
//! The same commands are sent live in another run without kills. Both meetings must end in the same
//! state, so no command was lost, played twice or moved.

mod commands;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Instant,
};

use bytes::Bytes;
use psom::{
    Config, Context, Credentials, Handle, Session,
    error::{LostReason, Misuse},
    hub::{Hub, Input},
    offline::{Answer, PART, Replay},
    session,
    space::ConnectionKey,
};
use psom_objects::{
    annotation::{Kind, Property},
    client::{BoardModel, Conference, ContentModel, Event, Model},
    server::{Meeting, RestoreError},
    types::Role,
};

use self::commands::{MEETING, Tape, choose};
use super::{
    Failure, client,
    journal::Journal,
    server::{meeting_config, participant},
    side::{self, Effect},
    store::Store,
};

/// The user who records and replays.
const USER: i64 = 2;

/// The identifier of the outbox.
const OUTBOX: &str = "{6B1F7E8C-3C55-4D0C-9A3B-7B1F7A1C2D3E}";

/// The reciprocal of the probability that a step is the kill of one side.
const STEPS_PER_KILL: u32 = 60;

/// Upper bound on the steps of a run. A run that needs more steps never ends.
const MAX_STEPS: u32 = 4_000_000;

/// The figures of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kills {
    /// The number of times that the server was killed.
    pub server: u32,
    /// The number of times that the client was killed.
    pub client: u32,
    /// The number of replayed commands.
    pub commands: u32,
}

/// Records commands, replays them under kills, and compares the meeting with one in which the same
/// commands were sent live.
///
/// # Errors
/// The meetings differ, or the replay does not come to an end.
pub fn replay_under_kills(seed: u64, commands: u32) -> Result<Kills, Failure> {
    run(seed, commands).map_err(|reason| Failure { seed, reason })
}

fn run(seed: u64, commands: u32) -> Result<Kills, String> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let commands = choose(&mut rng, commands);
    let mut live = World::new(rng.fork());
    live.connect()?;
    for command in &commands {
        let command = command.clone();
        live.act(move |conference, cx| drop(command.send(conference, cx)))?;
    }
    let mut replayed = World::new(rng);
    let tape = Tape::default();
    commands.iter().for_each(|command| command.record(&tape));
    for (number, call) in (1..).zip(tape.calls()) {
        let message = call.write().map_err(|error| error.to_string())?;
        replayed.outbox.push_back((number, message.into()));
    }
    let kills = replayed.replay()?;
    let (live, replayed) = (live.newcomer()?, replayed.newcomer()?);
    if live == replayed {
        return Ok(kills);
    }
    for (live, replayed) in live.iter().zip(&replayed) {
        if live != replayed {
            return Err(format!("sent live: {live:?}, replayed: {replayed:?}"));
        }
    }
    Err(format!("{} contents sent live, {} replayed", live.len(), replayed.len()))
}

/// The process of the client that replays, with its connection.
struct Client {
    hub: Hub,
    root: Handle<Conference>,
    key: ConnectionKey,
    deadline: Option<Instant>,
    seen: Arc<Mutex<client::Seen>>,
    replay: Option<Handle<Replay>>,
    answers: Arc<Mutex<Vec<Answer>>>,
    /// The number of the call that was sent and not answered.
    sent: Option<i64>,
    /// The server's session before the credentials arrive.
    fresh: Option<Session>,
    at_server: Option<ConnectionKey>,
    up: Vec<u8>,
    down: Vec<u8>,
    is_paused: bool,
}

/// A content, and the annotations of its board in their order.
type SeenContent = (ContentModel, SeenAnnotations);

/// The annotations of a board: identifier, kind and properties.
type SeenAnnotations = Vec<(i32, Kind, Vec<(Property, String)>)>;

/// Lists annotations without the names that clients give them.
fn annotations(board: BoardModel) -> SeenAnnotations {
    let annotations = board.annotations.iter().map(|(id, annotation)| {
        let properties = annotation.properties.iter();
        let properties = properties.filter(|(of, _)| **of != Property::LocalId);
        let properties = properties.map(|(of, value)| (*of, value.clone()));
        (id, annotation.kind, properties.collect())
    });
    annotations.collect()
}

/// A server, its journal, at most one client, and the client's outbox.
struct World {
    rng: fastrand::Rng,
    now: Instant,
    config: Arc<Config>,
    store: Store,
    journal: Journal,
    server: Option<Hub>,
    server_deadline: Option<Instant>,
    commits: u32,
    client: Option<Client>,
    outbox: VecDeque<(i64, Bytes)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Server,
    Client,
}

impl World {
    fn new(rng: fastrand::Rng) -> Self {
        Self {
            rng,
            // The clock is read only here. All times are relative to this one.
            now: Instant::now(),
            config: Arc::new(Config::default()),
            store: Store::default(),
            journal: Journal::default(),
            server: None,
            server_deadline: None,
            commits: 0,
            client: None,
            outbox: VecDeque::new(),
        }
    }

    fn start_server(&mut self) -> Result<(), String> {
        let state = self.journal.recover();
        let mut config = meeting_config(&self.store);
        config.offline_name = Some(MEETING.to_owned());
        let (hub, _) = Hub::new(self.now, Arc::clone(&self.config), true, [], |scope| {
            Meeting::restore(scope, config, &state)
        })
        .map_err(|error: RestoreError| format!("the journal cannot be read: {error}"))?;
        self.store.remove_others();
        (self.server, self.commits) = (Some(hub), 0);
        self.drive(Side::Server)
    }

    /// Starts the client and begins its connection.
    fn start_client(&mut self) -> Result<(), String> {
        if self.server.is_none() {
            self.start_server()?;
        }
        let seen: Arc<Mutex<client::Seen>> = Arc::default();
        let heard = Arc::clone(&seen);
        let (mut hub, root) = Hub::new(self.now, Arc::clone(&self.config), false, [], |scope| {
            scope.announce::<Replay>();
            Ok::<_, Misuse>(Conference::new(scope, move |event: Event| {
                if let Ok(mut seen) = heard.lock() {
                    seen.model.apply(&event);
                }
            }))
        })
        .map_err(|error| error.to_string())?;
        let credentials = Credentials { token: "token".into(), proxy_header: None };
        let key = hub.connect(self.now, &credentials).ok_or("a client accepts no connection")?;
        self.client = Some(Client {
            hub,
            root,
            key,
            deadline: None,
            seen,
            replay: None,
            answers: Arc::default(),
            sent: None,
            fresh: Some(Session::server(Arc::clone(&self.config), self.now)),
            at_server: None,
            up: Vec::new(),
            down: Vec::new(),
            is_paused: false,
        });
        self.drive(Side::Client)
    }

    /// Connects a client and waits for the state of the meeting.
    fn connect(&mut self) -> Result<(), String> {
        self.start_client()?;
        self.rest()
    }

    fn input(&mut self, side: Side, input: Input) -> Result<(), String> {
        let hub = match side {
            Side::Server => self.server.as_mut(),
            Side::Client => self.client.as_mut().map(|client| &mut client.hub),
        };
        let Some(hub) = hub else { return Ok(()) };
        side::handle(hub, self.now, input)?;
        self.drive(side)
    }

    fn drive(&mut self, side: Side) -> Result<(), String> {
        let effects = match side {
            Side::Server => {
                let Some(hub) = &mut self.server else { return Ok(()) };
                let (effects, deadline) = side::poll(hub);
                self.server_deadline = deadline;
                effects
            }
            Side::Client => {
                let Some(client) = &mut self.client else { return Ok(()) };
                let (effects, deadline) = side::poll(&mut client.hub);
                client.deadline = deadline;
                effects
            }
        };
        let mut inputs = Vec::new();
        for effect in effects {
            match effect {
                Effect::Send(key, bytes) => {
                    if let Some(client) = &mut self.client {
                        match side {
                            Side::Server if client.at_server == Some(key) => {
                                client.down.extend(&bytes);
                            }
                            Side::Server => {}
                            Side::Client => client.up.extend(&bytes),
                        }
                    }
                    inputs.push(Input::Written(key, bytes.len()));
                }
                Effect::Commit(writes) => {
                    self.journal.begin(writes);
                    self.commits += 1;
                }
                Effect::Run(run) => run(),
                Effect::Spawn(spawned) => {
                    let object = spawned.object;
                    let task = side::finish(spawned.future).ok_or("a task waits for ever")?;
                    inputs.push(Input::Ran(object, task));
                }
                Effect::Pause(_, is_paused) if side == Side::Server => {
                    if let Some(client) = &mut self.client {
                        client.is_paused = is_paused;
                    }
                }
                Effect::Pause(..) => {}
                Effect::Report(key) => inputs.push(Input::Written(key, 0)),
                // The server learns of a killed client. No rule is broken, so it ends no connection.
                Effect::Closed(..) if side == Side::Server => {}
                Effect::Closed(_, error) => return Err(format!("the connection ended: {error}")),
                Effect::Failed(error) => return Err(format!("the server failed: {error}")),
            }
        }
        inputs.into_iter().try_for_each(|input| self.input(side, input))
    }

    /// Moves some bytes, makes a commit safe, or lets time pass. Returns false if only time is left.
    fn step(&mut self) -> Result<bool, String> {
        let client = self.client.as_ref();
        let up = client.is_some_and(|client| !client.up.is_empty() && !client.is_paused);
        let down = client.is_some_and(|client| !client.down.is_empty());
        let mut moves = Vec::new();
        moves.extend(up.then_some(0));
        moves.extend(down.then_some(1));
        moves.extend((self.commits > 0).then_some(2));
        // A hub that has read its part of a turn continues at once.
        let is_due = |deadline: Option<Instant>| deadline.is_some_and(|at| at <= self.now);
        moves.extend(is_due(self.server_deadline).then_some(3));
        moves.extend(is_due(client.and_then(|client| client.deadline)).then_some(4));
        if moves.is_empty() {
            return Ok(false);
        }
        match moves[self.rng.usize(..moves.len())] {
            0 => self.receive_up(),
            1 => {
                let most = self.rng.usize(1..4096);
                self.receive_down(most)
            }
            3 => self.input(Side::Server, Input::Timeout),
            4 => self.input(Side::Client, Input::Timeout),
            _ => {
                self.commits -= 1;
                self.journal.finish();
                self.input(Side::Server, Input::Committed(Ok(())))
            }
        }?;
        Ok(true)
    }

    fn receive_up(&mut self) -> Result<(), String> {
        let most = self.rng.usize(1..4096);
        let Some(client) = &mut self.client else { return Ok(()) };
        let count = most.min(client.up.len());
        let bytes = Bytes::from(client.up.drain(..count).collect::<Vec<_>>());
        if let Some(key) = client.at_server {
            return self.input(Side::Server, Input::Received(key, bytes));
        }
        let Some(mut session) = client.fresh.take() else { return Ok(()) };
        let mut batch = session.receive(self.now, bytes);
        let event = session.next_event(self.now, &mut batch);
        session.keep(&batch);
        let Some(session::Event::Authenticate(_)) = event else {
            client.fresh = Some(session);
            return Ok(());
        };
        if let Some(server) = &mut self.server {
            client.at_server = server.accept(self.now, session, participant(USER, Role::Presenter));
        }
        self.drive(Side::Server)
    }

    fn receive_down(&mut self, most: usize) -> Result<(), String> {
        let Some(client) = &mut self.client else { return Ok(()) };
        let count = most.min(client.down.len());
        let bytes = Bytes::from(client.down.drain(..count).collect::<Vec<_>>());
        let key = client.key;
        self.input(Side::Client, Input::Received(key, bytes))
    }

    /// Moves everything until only time is left.
    fn rest(&mut self) -> Result<(), String> {
        while self.step()? {}
        Ok(())
    }

    fn pass_time(&mut self) -> Result<(), String> {
        let client = self.client.as_ref().and_then(|client| client.deadline);
        let deadlines = [(self.server_deadline, Side::Server), (client, Side::Client)];
        let next = deadlines.into_iter().filter_map(|(at, side)| Some((at?, side)));
        let Some((at, side)) = next.min_by_key(|(at, _)| *at) else {
            return Err("nothing will ever happen".to_owned());
        };
        self.now = self.now.max(at);
        self.input(side, Input::Timeout)
    }

    /// Runs a function on the conference and waits for its effects.
    fn act(
        &mut self,
        act: impl FnOnce(&mut Conference, &mut Context<Conference>) + Send + 'static,
    ) -> Result<(), String> {
        let Some(client) = &self.client else { return Ok(()) };
        let root = client.root;
        self.input(Side::Client, Input::run(root, act))?;
        self.rest()
    }

    /// Replays the outbox under kills of both sides.
    fn replay(&mut self) -> Result<Kills, String> {
        let mut kills = Kills {
            commands: u32::try_from(self.outbox.len()).unwrap_or(u32::MAX),
            ..Kills::default()
        };
        for _ in 0..MAX_STEPS {
            if self.outbox.is_empty() {
                self.rest()?;
                return Ok(kills);
            }
            if self.client.is_none() {
                self.start_client()?;
            }
            match self.rng.u32(..STEPS_PER_KILL) {
                0 => {
                    kills.server += 1;
                    self.kill_server()?;
                    continue;
                }
                1 => {
                    kills.client += 1;
                    self.kill_client()?;
                    continue;
                }
                _ => {}
            }
            if !self.step()? && !self.send_next()? {
                self.pass_time()?;
            }
            if self.take_answers()? {
                kills.client += 1;
                self.kill_client()?;
            }
        }
        Err(format!("{} commands are left after {MAX_STEPS} steps", self.outbox.len()))
    }

    /// Sends the next call of the outbox if the last one was answered. Returns whether it did
    /// something.
    fn send_next(&mut self) -> Result<bool, String> {
        let Some(client) = &mut self.client else { return Ok(false) };
        let is_ready = client.seen.lock().is_ok_and(|seen| seen.model.is_complete());
        if !is_ready || client.sent.is_some() {
            return Ok(false);
        }
        let Some(replay) = client.replay else {
            let listener = Arc::clone(&client.answers);
            let connected = Arc::new(Mutex::new(None));
            let (root, place) = (client.root, Arc::clone(&connected));
            let connect = move |_: &mut Conference, cx: &mut Context<Conference>| {
                let replay = cx.add_while_connected(Replay::new(move |answer| {
                    if let Ok(mut answers) = listener.lock() {
                        answers.push(answer);
                    }
                }));
                let peer = cx.peer_infos().first().map(|peer| peer.id);
                let is_connected = peer
                    .and_then(|peer| cx.peer(peer))
                    .is_some_and(|mut peer| peer.connect(PART, replay).is_ok());
                if let Ok(mut place) = place.lock() {
                    *place = is_connected.then_some(replay);
                }
            };
            self.input(Side::Client, Input::run(root, connect))?;
            let replay = connected.lock().map_or(None, |place| *place);
            if let Some(client) = &mut self.client {
                client.replay = Some(replay.ok_or("the server accepts no recorded calls")?);
            }
            return Ok(true);
        };
        let Some((number, message)) = self.outbox.front().cloned() else { return Ok(false) };
        client.sent = Some(number);
        let play = move |_: &mut Replay, cx: &mut Context<Replay>| {
            cx.peers().s_play(OUTBOX, number, message);
        };
        self.input(Side::Client, Input::run(replay, play))?;
        Ok(true)
    }

    /// Removes answered calls from the outbox. Returns true if the client is killed between the
    /// arrival of an answer and the removal.
    fn take_answers(&mut self) -> Result<bool, String> {
        let Some(client) = &mut self.client else { return Ok(false) };
        let answers = match client.answers.lock() {
            Ok(mut answers) => std::mem::take(&mut *answers),
            Err(_) => return Err("a client has panicked".to_owned()),
        };
        for answer in answers {
            match answer {
                // A refused call has changed nothing. It leaves the queue like a call that is done.
                Answer::Done(number) | Answer::Refused(number, _) => {
                    if client.sent.take() != Some(number) {
                        return Err(format!("an answer to call {number}, which was not sent"));
                    }
                    if self.rng.u8(..8) == 0 {
                        return Ok(true);
                    }
                    self.outbox.pop_front();
                }
                answer => return Err(format!("an unexpected answer: {answer:?}")),
            }
        }
        Ok(false)
    }

    fn kill_server(&mut self) -> Result<(), String> {
        self.server = None;
        self.journal.crash(&mut self.rng);
        // The bytes that the transport has accepted may still arrive.
        if self.rng.bool() {
            self.receive_down(usize::MAX)?;
            self.take_answers()?;
        }
        self.client = None;
        self.start_server()
    }

    fn kill_client(&mut self) -> Result<(), String> {
        let Some(client) = self.client.take() else { return Ok(()) };
        // Its last bytes may still arrive.
        if self.rng.bool()
            && let Some(key) = client.at_server
            && !client.up.is_empty()
        {
            self.input(Side::Server, Input::Received(key, client.up.into()))?;
        }
        match client.at_server {
            Some(key) => self.input(Side::Server, Input::Lost(key, LostReason::Reset)),
            None => Ok(()),
        }
    }

    /// Returns the contents as a newcomer at the end sees them, without times.
    fn newcomer(&mut self) -> Result<Vec<SeenContent>, String> {
        self.kill_client()?;
        self.rest()?;
        self.connect()?;
        let seen = self.client.as_ref().map(|client| Arc::clone(&client.seen)).unwrap_or_default();
        let model: Model = seen.lock().map(|seen| seen.model.clone()).unwrap_or_default();
        if !model.is_complete() {
            return Err("a newcomer has not received everything".to_owned());
        }
        let contents: BTreeMap<_, _> = model.contents;
        let contents = contents.into_values().map(|mut content| {
            (content.creation_time, content.last_used_time) = (None, None);
            let board = content.board.take();
            (content, board.map(annotations).unwrap_or_default())
        });
        Ok(contents.collect())
    }
}
