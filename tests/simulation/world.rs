use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
    time::{Duration, Instant},
};

use psom::{Config, Session, error::LostReason, hub::Input, space::Spawned};
use psom_objects::types::Role;

use super::{
    Story, Summary, action,
    client::Client,
    facts::{Facts, note_order},
    journal::Journal,
    server::{Server, restore},
    side::{self, Effect},
    store::Store,
    wire::Pipe,
};

/// Users act and faults occur for this long.
const MEETING: Duration = Duration::from_secs(60);

/// After the meeting, everything comes to rest within this time. It is longer than two of the
/// longest delays of the journal, 120 s each.
const REST: Duration = Duration::from_secs(300);

/// A hub that wants to be called more often than this at one moment never comes to rest.
const MAX_CALLS_AT_ONCE: u32 = 20_000;

/// The users who connect: the user, and the role at first. The first is the organizer, who only
/// watches and whose network has no faults. The last user is never more than an attendee.
const SLOTS: [(i64, Role); 8] = [
    (1, Role::Organizer),
    (2, Role::Presenter),
    (3, Role::Presenter),
    (4, Role::Presenter),
    (5, Role::Attendee),
    (6, Role::Attendee),
    // Second connections of users who have one.
    (3, Role::Presenter),
    (6, Role::Attendee),
];

/// One side of the simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Server,
    Client(usize),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
}

/// An event that is scheduled.
pub(super) enum Event {
    Move(usize, Direction),
    /// The oldest commit of this process of the server is safe, or refused.
    Committed(u32, bool),
    Ran(Side, u32, Spawned),
    /// A user acts, and goes on to do so if the flag is set.
    Act(usize, bool),
    Connect(usize),
    /// The transport of one side is gone.
    Lose(usize, Side),
    Fault,
    /// A fault of a connection ends.
    Heal(usize),
    Restart,
}

pub(super) struct World<'a> {
    pub(super) rng: fastrand::Rng,
    pub(super) now: Instant,
    started: Instant,
    events: BTreeMap<(Instant, u64), Event>,
    scheduled: u64,
    config: Arc<Config>,
    pub(super) server: Option<Server>,
    /// The number of the server's process.
    pub(super) epoch: u32,
    pub(super) clients: Vec<Client>,
    pub(super) roles: BTreeMap<i64, Role>,
    pub(super) journal: Journal,
    last_commit_at: Instant,
    /// Commits take up to this long, in milliseconds.
    pub(super) commit_delay_ms: u64,
    /// How many of the next commits are refused.
    pub(super) refusals: u32,
    pub(super) store: Store,
    /// Tasks outside the spaces take up to this long, in milliseconds.
    pub(super) task_delay_ms: u64,
    /// The number of tasks that do not end before the meeting does.
    pub(super) stuck_tasks: u32,
    pub(super) facts: Facts,
    pub(super) summary: Summary,
    calls_at_once: (Instant, u32),
    story: Story<'a>,
    hasher: DefaultHasher,
}

impl<'a> World<'a> {
    pub(super) fn new(seed: u64, story: Story<'a>) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        // The one reading of a clock: all times are relative to it.
        let now = Instant::now();
        let mut config = Config::default();
        config.soft_limit = (64 * 1024) << rng.u32(..5);
        config.hard_limit = 8 * config.soft_limit;
        let mut facts = Facts::default();
        let presenters = SLOTS.iter().filter(|(_, role)| *role != Role::Attendee);
        facts.privileged.extend(presenters.map(|(user, _)| user));
        Self {
            rng,
            now,
            started: now,
            events: BTreeMap::new(),
            scheduled: 0,
            config: Arc::new(config),
            server: None,
            epoch: 0,
            clients: Vec::new(),
            roles: SLOTS.into_iter().collect(),
            journal: Journal::default(),
            last_commit_at: now,
            commit_delay_ms: 5,
            refusals: 0,
            store: Store::default(),
            task_delay_ms: 5,
            stuck_tasks: 0,
            facts,
            summary: Summary::default(),
            calls_at_once: (now, 0),
            story,
            hasher: DefaultHasher::new(),
        }
    }

    pub(super) fn run(mut self) -> Result<Summary, String> {
        self.start_server()?;
        let faults = self.rng.u32(..12);
        for _ in 0..faults {
            self.schedule_ms(1_000, 60_000, Event::Fault);
        }
        let end = self.started + MEETING;
        self.run_until(end)?;
        self.end_meeting();
        // A jump of the clock may have gone beyond the end.
        let rest = self.now.max(end) + REST;
        self.run_until(rest)?;
        self.check_rest()?;
        self.check_end()?;
        self.summary.simulated_ms =
            u64::try_from((self.now - self.started).as_millis()).unwrap_or(u64::MAX);
        self.summary.connections = self.clients.len() as u64;
        self.summary.fingerprint = self.hasher.finish();
        Ok(self.summary)
    }

    /// Adds a line to the story.
    pub(super) fn tell(&mut self, line: impl FnOnce() -> String) {
        let line = format!("{:>10} {}", (self.now - self.started).as_micros(), line());
        line.hash(&mut self.hasher);
        (self.story)(&line);
    }

    pub(super) fn is_meeting(&self) -> bool {
        self.now < self.started + MEETING
    }

    pub(super) fn schedule(&mut self, at: Instant, event: Event) {
        self.scheduled += 1;
        self.events.insert((at, self.scheduled), event);
    }

    pub(super) fn schedule_ms(&mut self, from: u64, to: u64, event: Event) {
        let delay = Duration::from_micros(self.rng.u64(from * 1000..=to * 1000));
        self.schedule(self.now + delay, event);
    }

    pub(super) fn run_until(&mut self, end: Instant) -> Result<(), String> {
        loop {
            let next = self.events.first_key_value().map(|((at, _), _)| *at);
            let due = self.next_deadline();
            let due_at = due.map(|(at, _)| at);
            let Some(at) = [next, due_at].into_iter().flatten().min().filter(|at| *at <= end)
            else {
                self.now = self.now.max(end);
                return Ok(());
            };
            self.now = self.now.max(at);
            self.summary.events += 1;
            if let Some((due, side)) = due.filter(|(due, _)| next.is_none_or(|next| *due <= next)) {
                let _ = due;
                self.input(side, Input::Timeout)?;
            } else if let Some((_, event)) = self.events.pop_first() {
                self.handle(event)?;
            }
        }
    }

    fn next_deadline(&self) -> Option<(Instant, Side)> {
        let server = self.server.as_ref().and_then(|server| server.deadline);
        let server = server.map(|at| (at, Side::Server));
        let clients = self.clients.iter().enumerate();
        let clients = clients.filter(|(_, client)| client.ended.is_none());
        let clients = clients.filter_map(|(at, client)| Some((client.deadline?, Side::Client(at))));
        clients.chain(server).min_by_key(|(at, _)| *at)
    }

    fn handle(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Move(client, direction) => self.move_bytes(client, direction),
            Event::Committed(epoch, is_safe) if epoch == self.epoch => {
                let result = if is_safe {
                    self.journal.finish();
                    Ok(())
                } else {
                    for client in &mut self.clients {
                        client.excuse.get_or_insert("a commit was refused");
                    }
                    Err(psom::JournalError::failed("the disk is full"))
                };
                self.input(Side::Server, Input::Committed(result))
            }
            Event::Ran(side, epoch, spawned) => {
                if side == Side::Server && epoch != self.epoch {
                    return Ok(());
                }
                let object = spawned.object;
                let task = side::finish(spawned.future).ok_or("a task waits for ever")?;
                self.input(side, Input::Ran(object, task))
            }
            Event::Act(client, goes_on) => self.act(client, goes_on),
            Event::Connect(slot) => self.connect_slot(slot),
            Event::Lose(client, side) => self.lose(client, side, LostReason::Reset),
            Event::Fault => self.inject(),
            Event::Heal(client) => {
                self.heal(client);
                Ok(())
            }
            Event::Restart if self.server.is_none() => self.start_server(),
            Event::Committed(..) | Event::Restart => Ok(()),
        }
    }

    fn start_server(&mut self) -> Result<(), String> {
        self.epoch += 1;
        let state = self.journal.recover();
        let server = Server::start(self.now, &self.config, &self.store, &state)?;
        self.server = Some(server);
        let epoch = self.epoch;
        self.tell(|| format!("server {epoch} starts with {} values", state.len()));
        self.last_commit_at = self.now;
        self.drive(Side::Server)?;
        // The others follow when the organizer is there.
        self.schedule(self.now, Event::Connect(0));
        Ok(())
    }

    fn connect_slot(&mut self, slot: usize) -> Result<(), String> {
        let (user, _) = SLOTS[slot];
        let is_connected =
            self.clients.iter().any(|client| client.slot == Some(slot) && client.is_live());
        if is_connected || self.server.is_none() || !self.is_meeting() {
            return Ok(());
        }
        if slot > 0
            && !self.clients.iter().any(|client| {
                client.slot == Some(0) && client.is_live() && client.model().is_complete()
            })
        {
            self.schedule_ms(100, 1_000, Event::Connect(slot));
            return Ok(());
        }
        let delay_us = 1 << self.rng.u32(4..15);
        let piece = 1 << self.rng.u32(6..17);
        let client = self.connect(user, (piece, delay_us))?;
        self.clients[client].slot = Some(slot);
        if slot == 0 {
            for slot in 1..SLOTS.len() {
                self.schedule_ms(10, 5_000, Event::Connect(slot));
            }
        } else {
            self.schedule_ms(10, 2_000, Event::Act(client, true));
        }
        Ok(())
    }

    /// Begins a connection of a user. `pace` is the size of its pieces in bytes, and the longest
    /// time between two of them in microseconds.
    pub(super) fn connect(&mut self, user: i64, pace: (usize, u64)) -> Result<usize, String> {
        let session = Session::server(Arc::clone(&self.config), self.now);
        let pipes = (Pipe::new(pace.0, pace.1), Pipe::new(pace.0, pace.1));
        let mut client = Client::new(self.now, &self.config, user, pipes, session)?;
        client.epoch = self.epoch;
        self.clients.push(client);
        let number = self.clients.len() - 1;
        self.tell(|| format!("client {number} of user {user} connects"));
        self.drive(Side::Client(number))?;
        Ok(number)
    }

    fn act(&mut self, place: usize, goes_on: bool) -> Result<(), String> {
        let client = &self.clients[place];
        if client.ended.is_some() || !self.is_meeting() {
            return Ok(());
        }
        let (user, root, model) = (client.user, client.root, client.model());
        if model.ready {
            let is_privileged = self.facts.privileged.contains(&user);
            // Now and then, a user does many things at once.
            let count = if self.rng.u8(..30) == 0 { self.rng.u32(10..80) } else { 1 };
            for _ in 0..count {
                self.summary.actions += 1;
                let number = self.summary.actions;
                let action = action::choose(&mut self.rng, &model, is_privileged, number);
                self.facts.note_action(user, &action);
                self.tell(|| format!("client {place}: {action:?}"));
                let run =
                    move |conference: &mut _, cx: &mut _| drop(action.perform(conference, cx));
                self.input(Side::Client(place), Input::run(root, run))?;
            }
        }
        if goes_on {
            self.schedule_ms(1, 1_500, Event::Act(place, true));
        }
        Ok(())
    }

    /// Passes an input to a hub and carries out what it asks for.
    pub(super) fn input(&mut self, side: Side, input: Input) -> Result<(), String> {
        if self.calls_at_once.0 == self.now {
            self.calls_at_once.1 += 1;
            if self.calls_at_once.1 > MAX_CALLS_AT_ONCE {
                return Err(format!("{side:?} does not come to rest: {input:?}"));
            }
        } else {
            self.calls_at_once = (self.now, 0);
        }
        let now = self.now;
        let hub = match side {
            Side::Server => match &mut self.server {
                Some(server) => &mut server.hub,
                None => return Ok(()),
            },
            Side::Client(place) => &mut self.clients[place].hub,
        };
        side::handle(hub, now, input)?;
        self.drive(side)
    }

    pub(super) fn drive(&mut self, side: Side) -> Result<(), String> {
        let effects = match side {
            Side::Server => {
                let Some(server) = &mut self.server else { return Ok(()) };
                let (effects, deadline) = side::poll(&mut server.hub);
                server.deadline = deadline;
                effects
            }
            Side::Client(place) => {
                let client = &mut self.clients[place];
                let (effects, deadline) = side::poll(&mut client.hub);
                client.deadline = deadline;
                effects
            }
        };
        let mut inputs = Vec::new();
        for effect in effects {
            inputs.extend(self.carry_out(side, effect)?);
        }
        // Only now: their outputs come after all of these.
        inputs.into_iter().try_for_each(|input| self.input(side, input))
    }

    /// Carries out an output. Returns the input that answers it, if there is one.
    fn carry_out(&mut self, side: Side, effect: Effect) -> Result<Option<Input>, String> {
        match effect {
            Effect::Send(key, bytes) => {
                if let Some((client, direction)) = self.outgoing(side, key) {
                    self.pipe(client, direction).send(&bytes);
                    self.wake(client, direction);
                }
            }
            Effect::Commit(writes) => {
                let epoch = self.epoch;
                self.tell(|| format!("server commits {} writes", writes.len()));
                self.journal.begin(writes);
                let delay = Duration::from_micros(self.rng.u64(..=self.commit_delay_ms * 1000));
                let at = self.last_commit_at.max(self.now + delay);
                self.last_commit_at = at;
                let is_refused = self.refusals > 0;
                self.refusals -= u32::from(is_refused);
                self.schedule(at, Event::Committed(epoch, !is_refused));
            }
            Effect::Run(run) => run(),
            Effect::Spawn(spawned) => {
                let epoch = self.epoch;
                if side == Side::Server && self.stuck_tasks > 0 {
                    self.stuck_tasks -= 1;
                    let at = self.started + MEETING + Duration::from_secs(1);
                    self.schedule(at.max(self.now), Event::Ran(side, epoch, spawned));
                } else {
                    self.schedule_ms(0, self.task_delay_ms, Event::Ran(side, epoch, spawned));
                }
            }
            Effect::Pause(key, is_paused) => {
                if let Some((client, direction)) = self.outgoing(side, key) {
                    // The other direction is the one that is read.
                    let read = direction.reverse();
                    self.pipe(client, read).is_paused = is_paused;
                    self.wake(client, read);
                }
            }
            Effect::Report(key) => {
                let outgoing = self.outgoing(side, key);
                let written = outgoing.map_or(0, |(client, direction)| {
                    std::mem::take(&mut self.pipe(client, direction).unreported)
                });
                return Ok(Some(Input::Written(key, written)));
            }
            Effect::Closed(key, error) => {
                if let Some((client, _)) = self.outgoing(side, key) {
                    self.on_closed(client, side, error)?;
                }
            }
            Effect::Failed(error) => {
                self.tell(|| format!("server fails: {error}"));
                self.kill()?;
            }
        }
        Ok(None)
    }

    /// Checks the events that a client has received.
    pub(super) fn look_at(&mut self, place: usize) -> Result<(), String> {
        let client = &mut self.clients[place];
        let events = match client.seen.lock() {
            Ok(mut seen) => std::mem::take(&mut seen.events),
            Err(_) => return Err(format!("client {place} has panicked")),
        };
        for event in events {
            note_order(&mut client.segments, &mut client.open_segments, &event);
            self.facts.note_event(&event, client.slot == Some(0))?;
        }
        Ok(())
    }

    /// The process of the server ends, now.
    pub(super) fn kill(&mut self) -> Result<(), String> {
        if self.server.take().is_none() {
            return Ok(());
        }
        for client in &mut self.clients {
            if client.epoch == self.epoch && client.is_live() {
                client.excuse.get_or_insert("the server was killed");
            }
            client.server_ended = true;
            client.fresh = None;
            client.down.sender_died();
            client.up.is_discarded = true;
        }
        for place in 0..self.clients.len() {
            self.wake(place, Direction::Down);
        }
        self.journal.crash(&mut self.rng);
        // The files of packages that were on their way are gone with the process.
        self.schedule_ms(1, 3_000, Event::Restart);
        self.epoch += 1;
        let state = self.journal.recover();
        for client in &self.clients {
            self.facts.note_model(&client.model());
        }
        self.facts.check_saved(&restore(&self.store, &state)?.model)
    }
}

impl Direction {
    pub(super) fn reverse(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}
