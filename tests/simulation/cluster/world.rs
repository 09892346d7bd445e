use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
    time::{Duration, Instant},
};

use psom::{Config, error::JournalError, hub::Input, space::Spawned};

use super::super::{
    Story, Summary,
    facts::Facts,
    journal::Journal,
    side::{self, Effect},
    slots::SLOTS,
    store::Store,
};
use super::{
    acknowledgements::Acknowledgements,
    clock::{Clock, Rate},
    database::{Database, Weakness},
    lease_rules::{ACKNOWLEDGE_TIME, LEASE_DURATION},
    member::{Direction, Member},
    node::{Change, Generation, Link, Node, Way},
    statement::{Answer, Awaited, Sent},
};

pub(super) const NODES: usize = 3;

/// The time for which users act and faults occur.
const MEETING: Duration = Duration::from_secs(40);

/// The time after the meeting in which everything must come to rest.
const REST: Duration = Duration::from_secs(40);

/// Upper bound on the faults of a run.
const MAX_FAULTS: u32 = 24;

/// Upper bound on the events of a run. A run that needs more never comes to rest.
const MAX_EVENTS: u64 = 2_000_000;

/// The number of users. The first is the organizer, who only watches.
pub(super) const USERS: usize = 6;

/// One side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Node(usize),
    Member(usize),
}

/// An event that is scheduled. The process of a node is given by the number of its start.
pub(super) enum Event {
    Move(usize, Direction),
    Act(usize),
    /// A member leaves.
    Leave(usize),
    /// A participant asks for the meeting.
    Ask(usize),
    Ran(Side, Generation, Spawned),
    /// A statement arrives at the database.
    Execute(Sent),
    /// The second part of a claim, with the epoch that the first part has found to be free.
    FinishClaim(Sent, Option<i64>),
    Answer(u64, Answer),
    /// A node no longer waits for an answer.
    Expire(u64),
    /// The database notes the end of a session.
    EndSession(u64),
    Renew(usize, u32),
    RetryWrite(usize, u32),
    Start(usize),
    Resume(usize),
    Fault,
}

pub(super) struct World<'a> {
    pub(super) rng: fastrand::Rng,
    pub(super) now: Instant,
    started: Instant,
    events: BTreeMap<(Instant, u64), Event>,
    scheduled: u64,
    pub(super) config: Arc<Config>,
    pub(super) database: Database,
    /// The saved state of the meeting, which is in the database too.
    pub(super) journal: Journal,
    pub(super) database_clock: Clock,
    /// The time until which the database restarts.
    pub(super) database_down_until: Instant,
    /// The statements whose answers nodes await.
    pub(super) awaited: BTreeMap<u64, Awaited>,
    pub(super) sent: u64,
    pub(super) nodes: Vec<Node>,
    /// The time for which nodes acknowledge after a renewal.
    pub(super) acknowledge_time: Duration,
    pub(super) members: Vec<Member>,
    /// The members that have not noted an end.
    pub(super) active: Vec<usize>,
    pub(super) last_generation: Generation,
    /// When each participant asks for the meeting next.
    pub(super) next_ask: [Option<Instant>; USERS],
    pub(super) store: Store,
    pub(super) facts: Facts,
    pub(super) acknowledgements: Acknowledgements,
    pub(super) summary: Summary,
    story: Story<'a>,
    hasher: DefaultHasher,
}

impl<'a> World<'a> {
    pub(super) fn new(seed: u64, weakness: Option<Weakness>, story: Story<'a>) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        // The clock is read only here. All times are relative to this one.
        let now = Instant::now();
        let mut facts = Facts::default();
        SLOTS[..USERS].iter().for_each(|(user, role)| facts.rights.set(*user, *role));
        let database = rng.u32(900..=1100);
        let clocks: Vec<_> = (0..NODES)
            .map(|_| {
                let ahead = Duration::from_millis(rng.u64(..1_000_000));
                Clock::new(now, ahead, node_rate(&mut rng, database, weakness))
            })
            .collect();
        let nodes = clocks.into_iter().map(|clock| Node::new(clock, now)).collect();
        let database_rate = Rate { numerator: database, denominator: 1000 };
        let acknowledge_time = match weakness {
            Some(Weakness::LongAcknowledgeTime) => 9 * LEASE_DURATION / 5,
            _ => ACKNOWLEDGE_TIME,
        };
        Self {
            rng,
            now,
            started: now,
            events: BTreeMap::new(),
            scheduled: 0,
            config: Arc::new(Config::default()),
            database: Database::new(weakness),
            journal: Journal::default(),
            database_clock: Clock::new(now, Duration::ZERO, database_rate),
            database_down_until: now,
            awaited: BTreeMap::new(),
            sent: 0,
            nodes,
            acknowledge_time,
            members: Vec::new(),
            active: Vec::new(),
            last_generation: 0,
            next_ask: [None; USERS],
            store: Store::default(),
            facts,
            acknowledgements: Acknowledgements::default(),
            summary: Summary::default(),
            story,
            hasher: DefaultHasher::new(),
        }
    }

    pub(super) fn run(mut self) -> Result<Summary, String> {
        for node in 0..NODES {
            self.schedule_ms(0, 500, Event::Start(node));
        }
        for slot in 0..USERS {
            self.ask_in_ms(slot, 500, 3_000);
        }
        for _ in 0..self.rng.u32(..MAX_FAULTS) {
            self.schedule_ms(3_000, 40_000, Event::Fault);
        }
        let end = self.started + MEETING;
        self.run_until(end)?;
        self.end_faults();
        self.run_until(end + REST)?;
        self.check_end()?;
        self.summary.simulated_ms =
            u64::try_from((self.now - self.started).as_millis()).unwrap_or(u64::MAX);
        self.summary.connections = self.members.len() as u64;
        self.summary.fingerprint = self.hasher.finish();
        Ok(self.summary)
    }

    pub(super) fn is_meeting(&self) -> bool {
        self.now < self.started + MEETING
    }

    /// Adds a line to the story.
    pub(super) fn tell(&mut self, line: impl FnOnce() -> String) {
        let line = format!("{:>10} {}", (self.now - self.started).as_micros(), line());
        line.hash(&mut self.hasher);
        (self.story)(&line);
    }

    /// Counts a fault that has taken effect, or another occurrence.
    pub(super) fn count(&mut self, what: &'static str) {
        *self.summary.faults.entry(what).or_default() += 1;
    }

    pub(super) fn schedule(&mut self, at: Instant, event: Event) {
        self.scheduled += 1;
        self.events.insert((at, self.scheduled), event);
    }

    pub(super) fn schedule_us(&mut self, from: u64, to: u64, event: Event) {
        let delay = Duration::from_micros(self.rng.u64(from..=to));
        self.schedule(self.now + delay, event);
    }

    pub(super) fn schedule_ms(&mut self, from: u64, to: u64, event: Event) {
        self.schedule_us(from * 1000, to * 1000, event);
    }

    /// Schedules an event for the time at which a delay has passed by the clock of a node.
    pub(super) fn schedule_by(&mut self, node: usize, delay: Duration, event: Event) {
        let clock = self.nodes[node].clock;
        self.schedule(clock.when(clock.at(self.now) + delay).max(self.now), event);
    }

    /// Returns the time by the clock of a node.
    pub(super) fn time_of(&self, node: usize) -> Instant {
        self.nodes[node].clock.at(self.now)
    }

    /// Returns the next time at which a hub must be called.
    fn next_deadline(&self) -> Option<(Instant, Side)> {
        let nodes = self.nodes.iter().enumerate().filter_map(|(number, node)| {
            let at = node.clock.when(node.meeting.as_ref()?.server.deadline?);
            let at = node.suspended_until.map_or(at, |until| at.max(until));
            Some((at, Side::Node(number)))
        });
        let members = self.active.iter().filter_map(|place| {
            Some((self.members[*place].client.deadline?, Side::Member(*place)))
        });
        members.chain(nodes).min_by_key(|(at, _)| *at)
    }

    pub(super) fn run_for(&mut self, time: Duration) -> Result<(), String> {
        self.run_until(self.now + time)
    }

    fn run_until(&mut self, end: Instant) -> Result<(), String> {
        loop {
            let next = self.events.first_key_value().map(|((at, _), _)| *at);
            let due = self.next_deadline();
            let due_at = due.map(|(at, _)| at);
            let at = [next, due_at].into_iter().flatten().min().filter(|at| *at <= end);
            let Some(at) = at else {
                self.now = end;
                return Ok(());
            };
            self.now = self.now.max(at);
            self.summary.events += 1;
            if self.summary.events > MAX_EVENTS {
                return Err("the cluster does not come to rest".into());
            }
            if let Some((due, side)) = due.filter(|(due, _)| next.is_none_or(|next| *due <= next)) {
                debug_assert!(due <= self.now);
                self.input(side, Input::Timeout)?;
            } else if let Some((_, event)) = self.events.pop_first() {
                self.handle(event)?;
            }
        }
    }

    /// Returns the time at which the suspended process that an event concerns resumes.
    fn suspended_until(&self, event: &Event) -> Option<Instant> {
        let node = match event {
            Event::Answer(id, _) | Event::Expire(id) => self.awaited.get(id)?.node,
            Event::Renew(node, _) | Event::RetryWrite(node, _) => *node,
            Event::Ran(Side::Node(node), ..) => *node,
            _ => return None,
        };
        self.nodes[node].suspended_until
    }

    fn handle(&mut self, event: Event) -> Result<(), String> {
        if let Some(until) = self.suspended_until(&event) {
            self.schedule(until.max(self.now), event);
            return Ok(());
        }
        match event {
            Event::Move(member, direction) => self.move_bytes(member, direction),
            Event::Act(member) => self.act(member),
            Event::Leave(member) => self.leave(member),
            Event::Ask(slot) => self.ask(slot),
            Event::Ran(side, generation, spawned) => {
                if let Side::Node(node) = side
                    && self.generation(node) != Some(generation)
                {
                    return Ok(());
                }
                let object = spawned.object;
                let task = side::finish(spawned.future).ok_or("a task waits for ever")?;
                self.input(side, Input::Ran(object, task))
            }
            Event::Execute(sent) => self.execute(sent),
            Event::FinishClaim(sent, free) => {
                self.finish_claim(&sent, free);
                Ok(())
            }
            Event::Answer(id, answer) => self.on_answer(id, answer),
            Event::Expire(id) => self.on_answer(id, Answer::Failed),
            Event::EndSession(session) => {
                self.database.end_session(session);
                Ok(())
            }
            Event::Renew(node, process) if self.nodes[node].process == process => self.renew(node),
            Event::RetryWrite(node, process) if self.nodes[node].process == process => {
                self.attempt(node)
            }
            Event::Start(node) if !self.nodes[node].is_running => self.start(node),
            Event::Resume(node) => {
                self.resume(node);
                Ok(())
            }
            Event::Fault => self.inject(),
            Event::Renew(..) | Event::RetryWrite(..) | Event::Start(_) => Ok(()),
        }
    }

    /// Returns the generation of the meeting that runs on a node.
    pub(super) fn generation(&self, node: usize) -> Option<Generation> {
        self.nodes[node].meeting.as_ref().map(|meeting| meeting.generation)
    }

    /// Passes an input to a hub and carries out its outputs.
    pub(super) fn input(&mut self, side: Side, input: Input) -> Result<(), String> {
        let now = match side {
            Side::Node(node) => self.time_of(node),
            Side::Member(_) => self.now,
        };
        let hub = match side {
            Side::Node(node) => match &mut self.nodes[node].meeting {
                Some(meeting) => &mut meeting.server.hub,
                None => return Ok(()),
            },
            Side::Member(place) => &mut self.members[place].client.hub,
        };
        side::handle(hub, now, input)?;
        self.drive(side)
    }

    pub(super) fn drive(&mut self, side: Side) -> Result<(), String> {
        let effects = match side {
            Side::Node(node) => {
                let Some(meeting) = &mut self.nodes[node].meeting else { return Ok(()) };
                let (effects, deadline) = side::poll(&mut meeting.server.hub);
                meeting.server.deadline = deadline;
                effects
            }
            Side::Member(place) => {
                let client = &mut self.members[place].client;
                let (effects, deadline) = side::poll(&mut client.hub);
                client.deadline = deadline;
                effects
            }
        };
        let generation = match side {
            Side::Node(node) => self.generation(node).unwrap_or_default(),
            Side::Member(_) => 0,
        };
        let mut inputs = Vec::new();
        for effect in effects {
            inputs.extend(self.carry_out(side, generation, effect)?);
        }
        // Pass these inputs on only now, so that their outputs come after all of these outputs.
        inputs.into_iter().try_for_each(|input| self.input(side, input))?;
        match side {
            Side::Node(node) => self.write(node),
            Side::Member(_) => Ok(()),
        }
    }

    /// Carries out an output. Returns the input that answers it, if there is one.
    fn carry_out(
        &mut self,
        side: Side,
        generation: Generation,
        effect: Effect,
    ) -> Result<Option<Input>, String> {
        match effect {
            Effect::Send(key, bytes) => {
                if let Some((member, direction)) = self.outgoing(side, generation, key) {
                    self.pipe(member, direction).send(&bytes);
                    self.wake(member, direction);
                }
            }
            Effect::Commit(writes) => {
                if let Side::Node(node) = side {
                    self.nodes[node].writer.queue.push_back(Change::Commit(generation, writes));
                }
            }
            Effect::Run(run) => run(),
            Effect::Spawn(spawned) => {
                self.schedule_us(0, 3_000, Event::Ran(side, generation, spawned));
            }
            Effect::Pause(key, is_paused) => {
                if let Some((member, direction)) = self.outgoing(side, generation, key) {
                    let read = direction.reverse();
                    self.pipe(member, read).is_paused = is_paused;
                    self.wake(member, read);
                }
            }
            Effect::Report(key) => return Ok(Some(Input::Written(key, 0))),
            Effect::Closed(key, error) => {
                if let Some((member, _)) = self.outgoing(side, generation, key) {
                    self.on_closed(member, side, error)?;
                }
            }
            Effect::Failed(error) => {
                let Side::Node(node) = side else { return Err(format!("a client: {error}")) };
                if !matches!(error, JournalError::Moved) {
                    return Err(format!("the hub of node {node} failed: {error}"));
                }
                self.tell(|| format!("the meeting has moved away from node {node}"));
                self.forget_meeting(node);
            }
        }
        Ok(None)
    }

    /// Returns the link of a way from a node to the database.
    pub(super) fn link(&mut self, node: usize, way: Way) -> &mut Link {
        &mut self.nodes[node].links[way as usize]
    }
}

/// Returns the speed of a node's clock. The slowest one that the protocol tolerates has 70 % of the speed of
/// the database's clock; a third of the nodes has exactly this speed.
fn node_rate(rng: &mut fastrand::Rng, database: u32, weakness: Option<Weakness>) -> Rate {
    let slowest = Rate { numerator: 7 * database, denominator: 10_000 };
    if weakness == Some(Weakness::SlowNodes) {
        return Rate { numerator: database, denominator: 2_000 };
    }
    if rng.u8(..3) == 0 {
        return slowest;
    }
    Rate { numerator: 7 * database * rng.u32(10..=25), denominator: 100_000 }
}
