//! How statements reach the database, and how their answers come back.

use std::time::Duration;

use super::{
    lease_rules::ACKNOWLEDGE_TIME,
    node::Way,
    statement::{Answer, Awaited, Purpose, Sent, Statement},
    world::{Event, World},
};

/// The time in which a statement must be answered, as in the real store.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(4);

/// The longest delay of a slow way to or from the database, in milliseconds. It is longer than
/// [`ANSWER_TIMEOUT`] by the clock of any node.
const SLOW_MS: u64 = 4_500;

/// The longest delay of the other ways, in microseconds.
const FAST_US: u64 = 2_000;

impl World<'_> {
    /// Sends a statement on a session, or on a new one. Returns its number.
    pub(super) fn send(
        &mut self,
        node: usize,
        way: Way,
        session: Option<u64>,
        statement: Statement,
        purpose: Purpose,
    ) -> u64 {
        let session = session.unwrap_or_else(|| self.database.open_session());
        self.sent += 1;
        let id = self.sent;
        let process = self.nodes[node].process;
        let timeout = if way == Way::Renewals { ACKNOWLEDGE_TIME } else { ANSWER_TIMEOUT };
        self.awaited.insert(id, Awaited { node, process, way, session, purpose });
        self.schedule_by(node, timeout, Event::Expire(id));
        let execute = Event::Execute(Sent { id, node, way, session, statement });
        let link = *self.link(node, way);
        if self.now < link.cut_until {
            self.count("statements without a way to the database");
            // The network can deliver the statement when it works again.
            if self.rng.bool() {
                let at = link.cut_until + Duration::from_micros(self.rng.u64(..FAST_US));
                self.schedule(at, execute);
            }
        } else if self.now < link.slow_until {
            self.count("slow statements");
            self.schedule_ms(0, SLOW_MS, execute);
        } else {
            self.schedule_us(20, FAST_US, execute);
        }
        id
    }

    /// Runs a statement in the database.
    pub(super) fn execute(&mut self, sent: Sent) -> Result<(), String> {
        if self.now < self.database_down_until || !self.database.has_session(sent.session) {
            self.send_answer(&sent, Answer::Failed);
            return Ok(());
        }
        let now = self.database_clock.at(self.now);
        let answer = match &sent.statement {
            Statement::Register => Answer::Registered(self.database.register(sent.node, now)),
            Statement::Renew(by) => Answer::Renewed(self.database.renew(*by, now)),
            Statement::Claim(by) => {
                self.database.bury(now);
                let free = self.database.free_epoch(*by);
                self.schedule_us(0, 1_000, Event::FinishClaim(sent, free));
                return Ok(());
            }
            Statement::Load => {
                let state = self.journal.recover();
                self.check_saved(&state)?;
                Answer::Loaded(state)
            }
            Statement::TakeToken => Answer::TokenTaken,
            Statement::BecomeWriter(incarnation) => {
                Answer::IsWriter(self.database.become_writer(sent.session, *incarnation))
            }
            Statement::Commit(by, epoch, writes) => {
                let has_passed = self.database.passes_fence(*by, *epoch);
                if has_passed {
                    self.journal.begin(writes.clone());
                    self.journal.finish();
                } else {
                    self.count("fenced commits");
                }
                Answer::Written(has_passed)
            }
            Statement::HandOver(by, epoch, to) => {
                let handed = self.database.hand_over(*by, *epoch, *to, now);
                if handed {
                    self.count("meetings handed over");
                }
                Answer::Written(handed)
            }
        };
        self.send_answer(&sent, answer);
        Ok(())
    }

    /// Runs the second part of a claim, which takes the meeting over and reads the owner.
    pub(super) fn finish_claim(&mut self, sent: &Sent, free: Option<i64>) {
        let Statement::Claim(by) = sent.statement else { return };
        if self.now < self.database_down_until || !self.database.has_session(sent.session) {
            return self.send_answer(sent, Answer::Failed);
        }
        if let Some(free) = free {
            if self.database.take_over(by, free) {
                self.count("take-overs");
                self.tell(|| format!("node {} takes the meeting over", sent.node));
            } else {
                self.count("take-overs that lost against another");
            }
        }
        let owner = self.database.find_owner();
        self.send_answer(sent, Answer::Claimed(owner));
    }

    fn send_answer(&mut self, sent: &Sent, answer: Answer) {
        let link = *self.link(sent.node, sent.way);
        let answer = Event::Answer(sent.id, answer);
        if self.now < link.cut_until {
            self.count("answers without a way from the database");
            if self.rng.bool() {
                let at = link.cut_until + Duration::from_micros(self.rng.u64(..FAST_US));
                self.schedule(at, answer);
            }
        } else if self.now < link.loses_answers_until {
            self.count("lost answers");
            // The session ends at the same time, or no answer ever comes.
            if self.rng.bool() {
                self.database.end_session(sent.session);
                self.schedule_us(20, FAST_US, Event::Answer(sent.id, Answer::Failed));
            }
        } else if self.now < link.slow_answers_until {
            self.count("slow answers");
            self.schedule_ms(0, SLOW_MS, answer);
        } else {
            self.schedule_us(20, FAST_US, answer);
        }
    }

    /// Handles the answer of a statement, or its absence. An answer that no process awaits has no effect.
    pub(super) fn on_answer(&mut self, id: u64, answer: Answer) -> Result<(), String> {
        let Some(Awaited { node, process, way, session, purpose }) = self.awaited.remove(&id)
        else {
            return Ok(());
        };
        if way != Way::Writes || matches!(answer, Answer::Failed | Answer::IsWriter(false)) {
            // The database notes the end of a session late if the way to it is cut or slow. Until then, it runs
            // the statements that are still on their way.
            let link = *self.link(node, way);
            let most = if self.now < link.cut_until {
                10_000
            } else if self.now < link.slow_until {
                2 * SLOW_MS
            } else {
                5
            };
            self.schedule_ms(0, most, Event::EndSession(session));
        }
        if self.nodes[node].process != process {
            return Ok(());
        }
        match purpose {
            Purpose::Register(started) => self.on_registered(node, started, &answer),
            Purpose::Renew(started, incarnation) => {
                self.on_renewed(node, started, incarnation, &answer)
            }
            Purpose::Claim => self.on_claimed(node, &answer),
            Purpose::Load(owned) => self.on_loaded(node, owned, &answer),
            Purpose::Admit(member) => self.on_token(member, &answer),
            Purpose::Write => self.on_written(node, id, session, &answer),
        }
    }
}
