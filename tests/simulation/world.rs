use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use psom::{Config, error::LostReason, hub::Input, space::Spawned};
use psom_objects::types::Role;

use super::{
    Story, Summary,
    client::Client,
    facts::{Facts, note_order},
    greedy::GREEDY,
    journal::Journal,
    server::{Server, restore},
    side::{self, Effect},
    slots::SLOTS,
    store::Store,
};

/// The time for which users act and faults occur.
const MEETING: Duration = Duration::from_secs(60);

/// The time after the meeting in which everything must come to rest. It is longer than the longest
/// delay of a commit, 180 s, and the idle timeout of a connection, 90 s, together.
const REST: Duration = Duration::from_secs(300);

/// Upper bound on the faults of a run, which has fewer. Some runs have none or few, so that a
/// failure is easy to explain.
const MAX_FAULTS: u32 = 16;

/// The lowest hard limit beside greedy clients, in bytes.
const MIN_HARD_LIMIT_BYTES: usize = 2 << 20;

/// The longest delay of commits that take minutes.
pub(super) const MINUTES_MS: u64 = 180_000;

/// Every fourth run has greedy clients and long drawings.
const GREEDY_RUNS: u64 = 4;

/// Every eighth run, beginning with the first, has commits that end one after another.
const RUNS_WITH_COMMITS_IN_A_ROW: u64 = 8;

/// The calls per second and the burst of each connection beside greedy clients, low enough to take effect.
const RATE: (u32, u32) = (500, 2_000);

/// Upper bound on the calls of a hub at one moment. A hub that needs more calls never comes to
/// rest.
const MAX_CALLS_AT_ONCE: u32 = 20_000;

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
    /// A user acts, and keeps acting if the flag is set.
    Act(usize, bool),
    Connect(usize),
    /// Greedy clients connect.
    BeginGreed,
    /// The journal becomes slow, and a user draws much then.
    BeginLongDrawings,
    DrawMuch,
    BeginCommitsInARow,
    /// A user connects once more.
    JoinAgain,
    /// A greedy client makes calls.
    BeGreedy(usize),
    /// The transport of one side is gone.
    Lose(usize, Side),
    Fault,
    /// A fault of a connection ends.
    Heal(usize),
    Restart,
    /// The outputs of the server are polled.
    Poll(u32),
    /// A suspended process resumes.
    Resume(Side),
    SetRole(i64, Role),
    /// A client closes its connection.
    Leave(usize),
    /// The server no longer waits for the credentials of a client. The flag is set if it was late and
    /// has waited a little longer.
    GiveUp(usize, bool),
}

pub(super) struct World<'a> {
    pub(super) rng: fastrand::Rng,
    pub(super) now: Instant,
    started: Instant,
    events: BTreeMap<(Instant, u64), Event>,
    scheduled: u64,
    pub(super) config: Arc<Config>,
    pub(super) server: Option<Server>,
    /// The number of the server's process.
    pub(super) epoch: u32,
    pub(super) clients: Vec<Client>,
    /// The clients that have not noted an end.
    pub(super) active: Vec<usize>,
    pub(super) roles: BTreeMap<i64, Role>,
    pub(super) journal: Journal,
    last_commit_at: Instant,
    /// The maximum duration of a commit in milliseconds.
    pub(super) commit_delay_ms: u64,
    /// The minimum time between the ends of two commits.
    pub(super) commit_interval: Duration,
    /// The number of the next commits that are refused.
    pub(super) refusals: u32,
    pub(super) store: Store,
    /// The maximum duration of a task outside the spaces in milliseconds.
    pub(super) task_delay_ms: u64,
    /// The number of tasks that do not end before the meeting does.
    pub(super) stuck_tasks: u32,
    pub(super) facts: Facts,
    /// The faults that were injected and have had no effect yet.
    pub(super) armed: BTreeSet<&'static str>,
    /// The server's process is killed after this number of outputs.
    pub(super) kill_after: Option<u32>,
    /// Whether inputs that arrive together may become one turn.
    joins_inputs: bool,
    /// Whether the outputs of the server will be polled at this moment.
    is_poll_scheduled: bool,
    /// Whether there are greedy clients.
    pub(super) is_greedy: bool,
    has_commits_in_a_row: bool,
    /// Whether the server has read since its outputs were last polled.
    pub(super) has_read: bool,
    /// Whether the organizer has seen the whole meeting since the server has started.
    pub(super) is_opened: bool,
    pub(super) summary: Summary,
    calls_at_once: (Instant, u32),
    story: Story<'a>,
    /// The calls that the server has sent and received since the last line of the story.
    calls: Option<Arc<Mutex<Vec<String>>>>,
    hasher: DefaultHasher,
}

impl<'a> World<'a> {
    /// Prepares a run. The story contains the calls of the server's side if `calls` is true.
    pub(super) fn new(seed: u64, calls: bool, story: Story<'a>) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let joins_inputs = rng.bool();
        // The clock is read only here. All times are relative to this one.
        let now = Instant::now();
        let mut config = Config::default();
        config.soft_limit = (64 * 1024) << rng.u32(..5);
        config.hard_limit = 8 * config.soft_limit;
        let mut facts = Facts::default();
        let users = SLOTS.into_iter().chain(GREEDY);
        users.clone().for_each(|(user, role)| facts.rights.set(user, role));
        let is_greedy = seed.is_multiple_of(GREEDY_RUNS);
        if is_greedy {
            // A low soft limit, so that peers with unread answers are paused. The hard limit leaves room for
            // the output that greedy peers cause.
            config.soft_limit = (8 * 1024) << rng.u32(..8);
            config.hard_limit = (8 * config.soft_limit).max(MIN_HARD_LIMIT_BYTES);
            // In half of these runs, only the turns protect the others.
            (config.calls_per_second, config.call_burst) = if rng.bool() { (0, 0) } else { RATE };
        }
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
            active: Vec::new(),
            roles: users.collect(),
            journal: Journal::default(),
            last_commit_at: now,
            commit_delay_ms: 5,
            commit_interval: Duration::ZERO,
            refusals: 0,
            store: Store::default(),
            task_delay_ms: 5,
            stuck_tasks: 0,
            facts,
            armed: BTreeSet::new(),
            kill_after: None,
            joins_inputs,
            is_poll_scheduled: false,
            is_greedy,
            has_commits_in_a_row: seed % RUNS_WITH_COMMITS_IN_A_ROW == 1,
            has_read: false,
            is_opened: false,
            summary: Summary::default(),
            calls_at_once: (now, 0),
            story,
            calls: calls.then(Arc::default),
            hasher: DefaultHasher::new(),
        }
    }

    pub(super) fn run(mut self) -> Result<Summary, String> {
        self.start_server()?;
        let faults = self.rng.u32(..MAX_FAULTS);
        for _ in 0..faults {
            self.schedule_ms(1_000, 60_000, Event::Fault);
        }
        if self.is_greedy {
            for _ in 0..self.rng.u32(1..4) {
                self.schedule_ms(5_000, 55_000, Event::BeginGreed);
            }
            if self.rng.bool() {
                self.schedule_ms(10_000, 30_000, Event::BeginLongDrawings);
            }
        }
        if self.has_commits_in_a_row {
            self.schedule_ms(5_000, 30_000, Event::BeginCommitsInARow);
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

    /// Returns the limits of a connection, whose calls are traced if the story contains them.
    pub(super) fn traced(&self, client: usize) -> Arc<Config> {
        let Some(calls) = self.calls.clone() else { return Arc::clone(&self.config) };
        let mut config = (*self.config).clone();
        config.trace = Some(Arc::new(move |line: &str| {
            if let Ok(mut calls) = calls.lock() {
                calls.push(format!("client {client} {line}"));
            }
        }));
        Arc::new(config)
    }

    fn tell_calls(&mut self) {
        let Some(calls) = &self.calls else { return };
        let Ok(mut calls) = calls.lock() else { return };
        let time = (self.now - self.started).as_micros();
        calls.drain(..).for_each(|line| (self.story)(&format!("{time:>10}   {line}")));
    }

    /// Adds a line to the story.
    pub(super) fn tell(&mut self, line: impl FnOnce() -> String) {
        self.tell_calls();
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

    /// Counts a fault that has taken effect.
    pub(super) fn count(&mut self, fault: &'static str) {
        *self.summary.faults.entry(fault).or_default() += 1;
    }

    /// Counts a fault that was armed, once.
    pub(super) fn took_effect(&mut self, fault: &'static str) {
        if self.armed.remove(fault) {
            self.count(fault);
        }
    }

    fn handle(&mut self, event: Event) -> Result<(), String> {
        if let Some(until) = self.suspended_until(&event) {
            self.schedule(until.max(self.now), event);
            return Ok(());
        }
        match event {
            Event::Move(client, direction) => self.move_bytes(client, direction),
            Event::Committed(epoch, is_safe) if epoch == self.epoch => {
                let result = if is_safe {
                    self.journal.finish();
                    Ok(())
                } else {
                    self.took_effect("refused commits");
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
            Event::BeginGreed => self.begin_greed(),
            Event::BeginLongDrawings => {
                self.begin_long_drawings();
                Ok(())
            }
            Event::DrawMuch => self.draw_much(),
            Event::BeginCommitsInARow => {
                self.begin_commits_in_a_row();
                Ok(())
            }
            Event::JoinAgain => self.join_again(),
            Event::BeGreedy(client) => self.be_greedy(client),
            Event::Lose(client, side) => self.lose(client, side, LostReason::Reset),
            Event::Fault => self.inject(),
            Event::Heal(client) => {
                self.heal(client);
                Ok(())
            }
            Event::Restart if self.server.is_none() => self.start_server(),
            Event::Poll(epoch) if epoch == self.epoch => {
                self.is_poll_scheduled = false;
                self.drive(Side::Server)
            }
            Event::Resume(side) => {
                self.suspend(side, None);
                Ok(())
            }
            Event::SetRole(user, role) => self.set_role(user, role),
            Event::GiveUp(client, has_waited) => self.give_up(client, has_waited),
            Event::Leave(client) if self.clients[client].ended.is_none() => {
                self.clients[client].excuse.get_or_insert("the user has left");
                let key = self.clients[client].key;
                self.input(Side::Client(client), Input::End(key, psom::Error::Closed))
            }
            Event::Committed(..) | Event::Restart | Event::Poll(_) | Event::Leave(_) => Ok(()),
        }
    }

    fn start_server(&mut self) -> Result<(), String> {
        self.epoch += 1;
        (self.is_poll_scheduled, self.is_opened, self.kill_after) = (false, false, None);
        let state = self.journal.recover();
        let server = Server::start(self.now, &self.config, &self.store, &state)?;
        self.server = Some(server);
        let epoch = self.epoch;
        self.tell(|| format!("server {epoch} starts with {} values", state.len()));
        self.last_commit_at = self.now;
        self.drive(Side::Server)?;
        // The other users connect when the organizer is connected.
        self.schedule(self.now, Event::Connect(0));
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
        let now = self.clock(side);
        let hub = match side {
            Side::Server => match &mut self.server {
                Some(server) => &mut server.hub,
                None => return Ok(()),
            },
            Side::Client(place) => &mut self.clients[place].hub,
        };
        side::handle(hub, now, input)?;
        self.has_read |= side == Side::Server;
        self.tell_calls();
        if side == Side::Server && self.joins_inputs && self.rng.u8(..4) == 0 {
            if !std::mem::replace(&mut self.is_poll_scheduled, true) {
                self.schedule(self.now, Event::Poll(self.epoch));
            }
            return Ok(());
        }
        self.drive(side)
    }

    pub(super) fn drive(&mut self, side: Side) -> Result<(), String> {
        let effects = match side {
            Side::Server => {
                let Some(server) = &mut self.server else { return Ok(()) };
                let (effects, deadline) = side::poll(&mut server.hub);
                server.deadline = deadline;
                self.check_waits()?;
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
            if side == Side::Server && self.kill_after.is_some() {
                self.kill_after = self.kill_after.and_then(|outputs| outputs.checked_sub(1));
                if self.kill_after.is_none() {
                    self.took_effect("processes killed between outputs");
                    self.tell(|| format!("killed before {}", effect.name()));
                    return self.kill();
                }
            }
            inputs.extend(self.carry_out(side, effect)?);
        }
        if self.armed.contains("refusals of the store") && self.store.files.disk().fails.is_none() {
            self.took_effect("refusals of the store");
        }
        // Pass these inputs on only now, so that their outputs come after all of these outputs.
        inputs.into_iter().try_for_each(|input| self.input(side, input))
    }

    /// Carries out an output. Returns the input that answers it, if there is one.
    fn carry_out(&mut self, side: Side, effect: Effect) -> Result<Option<Input>, String> {
        match effect {
            Effect::Send(key, bytes) => {
                let (client, direction) = self.outgoing(side, key)?;
                self.pipe(client, direction).send(&bytes);
                self.wake(client, direction);
            }
            Effect::Commit(writes) => {
                let epoch = self.epoch;
                self.tell(|| format!("server commits {} writes", writes.len()));
                self.journal.begin(writes);
                let delay = Duration::from_micros(self.rng.u64(..=self.commit_delay_ms * 1000));
                let next = self.last_commit_at + self.commit_interval;
                // All commits end before the connections are checked.
                let last = self.started + MEETING + Duration::from_millis(MINUTES_MS);
                let at = self.last_commit_at.max(next.min(last)).max(self.now + delay);
                self.last_commit_at = at;
                if at > self.now + self.commit_interval {
                    self.took_effect("commits in a row");
                }
                if delay > Duration::from_secs(60) {
                    self.took_effect("commits delayed by minutes");
                } else if delay > Duration::from_millis(100) {
                    self.took_effect("slow commits");
                }
                let is_refused = self.refusals > 0;
                self.refusals -= u32::from(is_refused);
                self.schedule(at, Event::Committed(epoch, !is_refused));
            }
            Effect::Run(run) => run(),
            Effect::Spawn(spawned) => {
                let epoch = self.epoch;
                if side == Side::Server && self.stuck_tasks > 0 {
                    self.stuck_tasks -= 1;
                    self.took_effect("packages not verified");
                    let at = self.started + MEETING + Duration::from_secs(1);
                    self.schedule(at.max(self.now), Event::Ran(side, epoch, spawned));
                } else {
                    if side == Side::Server && self.task_delay_ms >= 1_000 {
                        self.took_effect("packages verified late");
                    }
                    self.schedule_ms(0, self.task_delay_ms, Event::Ran(side, epoch, spawned));
                }
            }
            Effect::Pause(key, is_paused) => {
                let (client, direction) = self.outgoing(side, key)?;
                // The other direction is the one that is read.
                let read = direction.reverse();
                self.pipe(client, read).is_paused = is_paused;
                self.wake(client, read);
            }
            Effect::Report(key) => {
                let (client, direction) = self.outgoing(side, key)?;
                let written = std::mem::take(&mut self.pipe(client, direction).unreported);
                return Ok(Some(Input::Written(key, written)));
            }
            Effect::Closed(key, error) => {
                let (client, _) = self.outgoing(side, key)?;
                self.on_closed(client, side, error)?;
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
        if client.is_tainted {
            return Ok(());
        }
        for event in events {
            note_order(&mut client.segments, &mut client.open_segments, &event);
            self.facts.note_event(&event, client.slot == Some(0), &self.journal)?;
        }
        Ok(())
    }

    /// Kills the server's process.
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
            (client.up.is_receiver_awake, client.down.is_sender_awake) = (true, true);
        }
        self.wake_all();
        if self.journal.crash(&mut self.rng) {
            self.count("torn journal writes");
        }
        // The files of packages that were on their way are gone with the process.
        self.schedule_ms(1, 3_000, Event::Restart);
        self.epoch += 1;
        let state = self.journal.recover();
        for client in self.clients.iter().filter(|client| !client.is_tainted) {
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
