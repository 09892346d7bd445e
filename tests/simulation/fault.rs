use std::time::Duration;

use psom::hub::Input;
use psom_objects::types::Role;

use super::world::{Event, Side, World};

/// A fault, or a load beyond the ordinary.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    /// A connection ends without a word, wherever its bytes are.
    Cut,
    /// A connection carries nothing any more, and no side is told.
    HalfOpen,
    /// A client and its network read and write slowly.
    Slow,
    /// A byte changes on its way.
    Corrupt,
    /// The server's process is killed and starts again.
    Kill,
    /// The journal takes long.
    SlowJournal,
    /// The journal refuses a commit.
    RefusedCommit,
    /// The store takes long to verify packages.
    SlowStore,
    /// The store does not answer as long as the meeting lasts.
    StuckStore,
    /// The store refuses something.
    FailedStore,
    /// The clock jumps forward.
    ClockJump,
    /// A user's role changes.
    RoleChange,
    /// Many users act at once.
    Burst,
}

const ALL: [Fault; 13] = [
    Fault::Cut,
    Fault::HalfOpen,
    Fault::Slow,
    Fault::Corrupt,
    Fault::Kill,
    Fault::SlowJournal,
    Fault::RefusedCommit,
    Fault::SlowStore,
    Fault::StuckStore,
    Fault::FailedStore,
    Fault::ClockJump,
    Fault::RoleChange,
    Fault::Burst,
];

/// The users whose roles change.
const CHANGING_USERS: [i64; 3] = [3, 4, 5];

impl Fault {
    fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut connections",
            Self::HalfOpen => "half-open connections",
            Self::Slow => "slow clients",
            Self::Corrupt => "changed bytes",
            Self::Kill => "killed servers",
            Self::SlowJournal => "slow journals",
            Self::RefusedCommit => "refused commits",
            Self::SlowStore => "packages verified late",
            Self::StuckStore => "packages not verified",
            Self::FailedStore => "refusals of the store",
            Self::ClockJump => "clock jumps",
            Self::RoleChange => "role changes",
            Self::Burst => "bursts",
        }
    }
}

impl World<'_> {
    /// Injects a fault.
    pub(super) fn inject(&mut self) -> Result<(), String> {
        let fault = ALL[self.rng.usize(..ALL.len())];
        let live: Vec<usize> = (0..self.clients.len())
            .filter(|at| self.clients[*at].is_live() && self.clients[*at].slot > Some(0))
            .collect();
        let client = (!live.is_empty()).then(|| live[self.rng.usize(..live.len())]);
        if !self.is_meeting() || self.server.is_none() {
            return Ok(());
        }
        self.tell(|| format!("fault: {fault:?} {client:?}"));
        match (fault, client) {
            (Fault::Cut, Some(at)) => {
                self.clients[at].excuse = Some(fault.name());
                let (first, second) = (Side::Server, Side::Client(at));
                self.schedule_ms(0, 200, Event::Lose(at, first));
                self.schedule_ms(0, 200, Event::Lose(at, second));
            }
            (Fault::HalfOpen, Some(at)) => {
                self.clients[at].excuse = Some(fault.name());
                self.clients[at].is_frozen = true;
            }
            (Fault::Slow, Some(at)) => {
                let client = &mut self.clients[at];
                client.excuse = Some(fault.name());
                for pipe in [&mut client.up, &mut client.down] {
                    (pipe.piece, pipe.delay_us) = (64, 200_000);
                }
                self.schedule_ms(1_000, 60_000, Event::Heal(at));
            }
            (Fault::Corrupt, Some(at)) => {
                // The bytes may still have a meaning. A presenter could delete something by it.
                let is_privileged = self.facts.privileged.contains(&self.clients[at].user);
                let mut rng = self.rng.fork();
                if is_privileged || !self.clients[at].up.corrupt(&mut rng) {
                    return Ok(());
                }
                self.clients[at].excuse = Some(fault.name());
            }
            (Fault::Kill, _) => self.kill()?,
            (Fault::SlowJournal, _) => {
                self.commit_delay_ms = [200, 5_000, 120_000][self.rng.usize(..3)];
            }
            (Fault::RefusedCommit, _) => self.refusals = 1,
            (Fault::SlowStore, _) => self.task_delay_ms = 5_000,
            (Fault::StuckStore, _) => self.stuck_tasks = self.rng.u32(1..10),
            (Fault::FailedStore, _) => {
                let error = psom_objects::store::StoreError::failed("the disk is full");
                self.store.files.disk().fails = Some(error);
            }
            (Fault::ClockJump, _) => {
                self.now += Duration::from_millis(1 << self.rng.u32(8..18));
            }
            (Fault::RoleChange, _) => {
                let user = CHANGING_USERS[self.rng.usize(..3)];
                let role = if self.rng.bool() { Role::Presenter } else { Role::Attendee };
                self.roles.insert(user, role);
                if role == Role::Presenter {
                    self.facts.privileged.insert(user);
                }
                if let Some(server) = &self.server {
                    let set = move |meeting: &mut psom_objects::server::Meeting, cx: &mut _| {
                        meeting.set_role(cx, user, role);
                    };
                    self.input(Side::Server, Input::run(server.root, set))?;
                }
            }
            (Fault::Burst, _) => {
                for at in live {
                    for _ in 0..20 {
                        self.schedule_ms(0, 20, Event::Act(at, false));
                    }
                }
            }
            (_, None) => return Ok(()),
        }
        *self.summary.faults.entry(fault.name()).or_default() += 1;
        Ok(())
    }

    /// A slow client reads and writes as others do again.
    pub(super) fn heal(&mut self, at: usize) {
        let client = &mut self.clients[at];
        for pipe in [&mut client.up, &mut client.down] {
            (pipe.piece, pipe.delay_us) = (16 * 1024, 1_000);
        }
    }
}
