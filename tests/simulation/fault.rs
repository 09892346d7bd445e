use std::time::{Duration, Instant};

use psom::hub::Input;
use psom_objects::types::Role;

use super::{
    raw,
    slots::POWERLESS,
    world::{Direction, Event, MINUTES_MS, Side, World},
};

/// A fault, or an unusually high load.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Cut,
    HalfOpen,
    SlowReader,
    SlowWriter,
    ChangedByte,
    InvalidCall,
    DuplicateJoin,
    Kill,
    KillBetweenOutputs,
    SlowCommits,
    RefusedCommit,
    LatePackage,
    StuckPackage,
    FailedStore,
    ClockJump,
    ServerClockJump,
    ClientClockJump,
    SuspendedServer,
    SuspendedClient,
    RoleChange,
    Burst,
}

const ALL: [Fault; 21] = [
    Fault::Cut,
    Fault::HalfOpen,
    Fault::SlowReader,
    Fault::SlowWriter,
    Fault::ChangedByte,
    Fault::InvalidCall,
    Fault::DuplicateJoin,
    Fault::Kill,
    Fault::KillBetweenOutputs,
    Fault::SlowCommits,
    Fault::RefusedCommit,
    Fault::LatePackage,
    Fault::StuckPackage,
    Fault::FailedStore,
    Fault::ClockJump,
    Fault::ServerClockJump,
    Fault::ClientClockJump,
    Fault::SuspendedServer,
    Fault::SuspendedClient,
    Fault::RoleChange,
    Fault::Burst,
];

/// The kinds of faults and loads that a summary counts. A fault is counted when it takes effect.
pub const FAULTS: [&str; 31] = [
    "bursts",
    "changed bytes",
    "clock jumps",
    "clock jumps of clients",
    "clock jumps of servers",
    "commits delayed by minutes",
    "commits in a row",
    "cut connections",
    "duplicate joins",
    "greedy calls",
    "greedy group calls",
    "greedy joins without reading",
    "greedy renames",
    "greedy uploads",
    "half-open connections",
    "invalid calls",
    "killed processes",
    "long drawings",
    "packages not verified",
    "packages verified late",
    "processes killed between outputs",
    "refusals of the store",
    "refused commits",
    "role changes",
    "role changes during operations",
    "slow commits",
    "slow readers",
    "slow writers",
    "suspended clients",
    "suspended servers",
    "torn journal writes",
];

/// The users who connect once more while commits end one after another. They have few connections.
const NEWCOMERS: [i64; 3] = [2, 5, 7];

/// The bounds of the time between the ends of two commits that end one after another. It is shorter than the
/// interval of pings, which is 30 s.
const COMMIT_INTERVAL_MS: (u64, u64) = (10_000, 25_000);

/// The users whose roles change.
const CHANGING_USERS: [i64; 3] = [3, 4, 5];

/// The longest time for which the server is suspended. No client may give up in this time, because
/// it is less than the 10 s after which a transport that accepts nothing counts as stalled.
const SUSPENDED_SERVER_MS: u64 = 8_000;

/// The longest time that a client is suspended. The server may give up on it.
const SUSPENDED_CLIENT_MS: u64 = 20_000;

/// The time in which a client expects the next bytes after its clock has jumped, as in the hub.
const CLIENT_GRACE: Duration = Duration::from_secs(2);

/// The excuse of a client whose clock jumps while the server is suspended. It cannot know that less time has
/// passed, and the server does not answer in its time of grace.
const UNANSWERED: &str = "a clock jumped beside a suspended server";

impl World<'_> {
    /// Injects a fault.
    pub(super) fn inject(&mut self) -> Result<(), String> {
        let fault = ALL[self.rng.usize(..ALL.len())];
        let is_live = |at: &usize| self.clients[*at].is_live() && !self.clients[*at].is_frozen;
        let live: Vec<usize> = (0..self.clients.len()).filter(is_live).collect();
        let client = (!live.is_empty()).then(|| live[self.rng.usize(..live.len())]);
        if !self.is_meeting() || self.server.is_none() {
            return Ok(());
        }
        self.tell(|| format!("fault: {fault:?} {client:?}"));
        match (fault, client) {
            (
                Fault::Cut
                | Fault::HalfOpen
                | Fault::SlowReader
                | Fault::SlowWriter
                | Fault::ChangedByte
                | Fault::ClientClockJump
                | Fault::SuspendedClient,
                Some(at),
            ) => self.disturb(fault, at),
            (Fault::InvalidCall, Some(at)) => self.send_invalid(at),
            (Fault::DuplicateJoin, Some(at)) => {
                let user = self.clients[at].user;
                let copy = self.connect(user, (4096, 1_000))?;
                self.schedule_ms(10, 2_000, Event::Act(copy, true));
                self.schedule_ms(100, 20_000, Event::Leave(copy));
                self.count("duplicate joins");
            }
            (Fault::Kill, _) => {
                self.count("killed processes");
                self.kill()?;
            }
            (Fault::KillBetweenOutputs, _) => {
                self.armed.insert("processes killed between outputs");
                self.kill_after = Some(self.rng.u32(..300));
            }
            (Fault::SlowCommits, _) => {
                self.commit_delay_ms = [200, 5_000, MINUTES_MS][self.rng.usize(..3)];
                let is_minutes = self.commit_delay_ms > 60_000;
                let kind = if is_minutes { "commits delayed by minutes" } else { "slow commits" };
                self.armed.insert(kind);
            }
            (Fault::RefusedCommit, _) => {
                self.armed.insert("refused commits");
                self.refusals = 1;
            }
            (Fault::LatePackage, _) => {
                self.armed.insert("packages verified late");
                self.task_delay_ms = 5_000;
            }
            (Fault::StuckPackage, _) => {
                self.armed.insert("packages not verified");
                self.stuck_tasks = self.rng.u32(1..10);
            }
            (Fault::FailedStore, _) => {
                self.armed.insert("refusals of the store");
                let error = psom_objects::store::StoreError::failed("the disk is full");
                self.store.files.disk().fails = Some(error);
            }
            (Fault::ClockJump, _) => {
                self.count("clock jumps");
                let jump = self.jump();
                self.now += jump;
            }
            (Fault::ServerClockJump, _) => {
                let jump = self.jump();
                if let Some(server) = &mut self.server {
                    server.clock_ahead += jump;
                }
                self.count("clock jumps of servers");
            }
            (Fault::SuspendedServer, _) => {
                let until = self.later_ms(SUSPENDED_SERVER_MS);
                self.suspend(Side::Server, Some(until));
                for client in &mut self.clients {
                    if client.jumped.is_some_and(|at| self.now < at + CLIENT_GRACE) {
                        client.excuse.get_or_insert(UNANSWERED);
                    }
                }
                self.count("suspended servers");
            }
            (Fault::RoleChange, _) => {
                let user = CHANGING_USERS[self.rng.usize(..3)];
                let role = if self.rng.bool() { Role::Presenter } else { Role::Attendee };
                for at in live {
                    let actions = if self.clients[at].user == user { 3 } else { 0 };
                    for _ in 0..actions {
                        self.schedule_ms(0, 2, Event::Act(at, false));
                    }
                }
                self.schedule_ms(0, 50, Event::SetRole(user, role));
            }
            (Fault::Burst, _) => {
                for at in live {
                    for _ in 0..20 {
                        self.schedule_ms(0, 20, Event::Act(at, false));
                    }
                }
                self.count("bursts");
            }
            (_, None) => {}
        }
        Ok(())
    }

    /// From now on, commits end one after another. Users who connect now wait for many of them.
    pub(super) fn begin_commits_in_a_row(&mut self) {
        if self.is_meeting() {
            let (from, to) = COMMIT_INTERVAL_MS;
            self.commit_interval = Duration::from_millis(self.rng.u64(from..to));
            self.armed.insert("commits in a row");
            for _ in NEWCOMERS {
                self.schedule_ms(5_000, 30_000, Event::JoinAgain);
            }
        }
    }

    /// Connects a user who is connected already.
    pub(super) fn join_again(&mut self) -> Result<(), String> {
        if self.is_meeting() && self.server.is_some() {
            let user = NEWCOMERS[self.rng.usize(..NEWCOMERS.len())];
            let copy = self.connect(user, (4096, 1_000))?;
            self.schedule_ms(10, 2_000, Event::Act(copy, true));
            self.count("duplicate joins");
        }
        Ok(())
    }

    /// Injects a fault of one client or of its connection.
    fn disturb(&mut self, fault: Fault, at: usize) {
        let jump = self.jump();
        let is_upward = POWERLESS.contains(&self.clients[at].user) && self.rng.bool();
        let client = &mut self.clients[at];
        let excuse = match fault {
            Fault::Cut => {
                for side in [Side::Server, Side::Client(at)] {
                    self.schedule_ms(0, 200, Event::Lose(at, side));
                }
                "cut connections"
            }
            Fault::HalfOpen => {
                client.is_frozen = true;
                "half-open connections"
            }
            Fault::SlowReader => {
                (client.down.piece, client.down.delay_us) = SLOW;
                self.schedule_ms(1_000, 60_000, Event::Heal(at));
                "slow readers"
            }
            Fault::SlowWriter => {
                (client.up.piece, client.up.delay_us) = SLOW;
                self.schedule_ms(1_000, 60_000, Event::Heal(at));
                "slow writers"
            }
            Fault::SuspendedClient => {
                let until = self.later_ms(SUSPENDED_CLIENT_MS);
                self.suspend(Side::Client(at), Some(until));
                "suspended clients"
            }
            Fault::ClientClockJump => {
                client.clock_ahead += jump;
                client.jumped = Some(self.now);
                self.count("clock jumps of clients");
                // This alone is no excuse: a hub must not end a connection because its clock jumps.
                if self.server.as_ref().is_some_and(|server| server.suspended_until.is_some()) {
                    self.clients[at].excuse.get_or_insert(UNANSWERED);
                }
                return;
            }
            // The byte changes, and is counted, when bytes are on their way.
            _ => {
                let pipe = if is_upward { &mut client.up } else { &mut client.down };
                pipe.is_corrupting = true;
                return;
            }
        };
        self.clients[at].excuse.get_or_insert(excuse);
        self.count(excuse);
    }

    /// Lets a client send invalid messages, if it has sent all of its last message.
    fn send_invalid(&mut self, at: usize) {
        let client = &mut self.clients[at];
        let is_between_messages = client.up.is_idle() && client.hub.stats().queued_bytes == 0;
        if !POWERLESS.contains(&client.user) || !is_between_messages {
            return;
        }
        let mut rng = self.rng.fork();
        for _ in 0..rng.u32(1..4) {
            let (kind, bytes) = raw::message(&mut rng);
            self.clients[at].up.send(&bytes);
            self.tell(|| format!("client {at} sends an invalid message: {kind:?}"));
            self.count("invalid calls");
        }
        let client = &mut self.clients[at];
        client.excuse.get_or_insert("an invalid message");
        client.is_tainted = true;
        self.wake(at, Direction::Up);
    }

    /// Changes the role of a user, in the meeting and for the next join.
    pub(super) fn set_role(&mut self, user: i64, role: Role) -> Result<(), String> {
        self.tell(|| format!("user {user} becomes {role:?}"));
        self.roles.insert(user, role);
        self.facts.rights.set(user, role);
        let Some(server) = &self.server else { return Ok(()) };
        let root = server.root;
        let is_acting = self
            .clients
            .iter()
            .any(|client| client.user == user && client.is_live() && client.up.has_work());
        self.count(if is_acting { "role changes during operations" } else { "role changes" });
        let set = move |meeting: &mut psom_objects::server::Meeting, cx: &mut _| {
            meeting.set_role(cx, user, role);
        };
        self.input(Side::Server, Input::run(root, set))
    }

    /// Ends the slowness of a client, so that it reads and writes as fast as the others.
    pub(super) fn heal(&mut self, at: usize) {
        let client = &mut self.clients[at];
        for pipe in [&mut client.up, &mut client.down] {
            (pipe.piece, pipe.delay_us) = (16 * 1024, 1_000);
        }
    }

    /// Returns the length of a jump of a clock: from 0.3 to 131 s.
    fn jump(&mut self) -> Duration {
        Duration::from_millis(1 << self.rng.u32(8..18))
    }

    fn later_ms(&mut self, most: u64) -> Instant {
        self.now + Duration::from_millis(self.rng.u64(100..most))
    }
}

/// The speed of a slow connection: up to 64 bytes at a time, and at most 200 ms between two pieces.
const SLOW: (usize, u64) = (64, 200_000);
