//! The flow of one space, without I/O: which peers are read, and when output leaves.
//!
//! A [`Hub`] owns a space, its connections, their send queues and the turns that wait for a
//! journal. A driver moves the bytes. Its loop is:
//!
//! ```text
//!   wait for something to happen          (bytes, a finished write, a commit, a time, a task)
//!   hub.handle_input(now, input).await
//!   loop { match hub.poll_output() {
//!       Output::Timeout(at) => break,     (wait again, at most until then)
//!       output => carry it out,
//!   } }
//! ```
//!
//! The interface imposes no other order. Inputs that arrive together may be passed before the
//! outputs are polled; they then form one turn. Everything that a turn writes to a peer is
//! appended to the peer's send queue once, when the turn ends.
//!
//! The rules of the flow:
//!
//! - **Output commit.** Output of a turn leaves when the writes of the turn, and those of all turns
//!   before it, are safe. The space works on later turns meanwhile.
//! - **Fair reading.** Connections with unhandled bytes are read in turns, a few messages each.
//! - **Reply budget.** A server does not read from a peer for which more answers to its own
//!   requests wait than the soft limit ([`ReplyBudget`]).
//! - **Slow readers.** A peer for which more than the hard limit of other bytes waits, or whose
//!   transport accepts nothing for a time, is disconnected. Before that the hub waits for peers
//!   that do read, within limits (`pacing`).

mod budget;
mod commits;
mod connection;
mod io;
mod pacing;
mod reading;
mod send_queue;
mod sending;

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

pub use budget::ReplyBudget;
pub use io::{CallResult, Chunk, Input, Output};
use slotmap::SecondaryMap;

use self::{commits::Commits, connection::Connection, pacing::Pacing, send_queue::Buffers};
use crate::{
    Config, DistributedObject, Handle, Scope, Session, User,
    error::{JournalError, LostReason, Misuse},
    interface::ObjectDesc,
    session::{Role, after, lone_ping},
    space::{ConnectionKey, Space, SpaceStats},
    wire::{auth::Credentials, record},
};

/// A driver that calls this much later than it should has not listened to the peers either, so
/// their silence does not count. Longer than any pause of a busy machine that matters.
const MAX_LATENESS: Duration = Duration::from_millis(100);

/// A space with its connections, send queues and pending commits. See the [module](self).
pub struct Hub {
    space: Space,
    config: Arc<Config>,
    durable: bool,
    connections: SecondaryMap<ConnectionKey, Connection>,
    commits: Commits,
    pacing: Pacing,
    /// Whether something was observed since the pacing was last updated.
    observed: bool,
    /// Connections with bytes to read, in the order in which they are read.
    ready: VecDeque<ConnectionKey>,
    /// Connections whose output of the last turn has yet to leave.
    flushing: VecDeque<ConnectionKey>,
    /// Connections with bytes that may leave.
    sendable: VecDeque<ConnectionKey>,
    /// When to look at which connection, because its transport may accept nothing.
    stalls: BTreeSet<(Instant, ConnectionKey)>,
    outputs: VecDeque<Output<'static>>,
    buffers: Buffers,
    lent: Lent,
    now: Instant,
    /// Why the hub has failed, until the driver knows.
    failure: Option<JournalError>,
}

/// The bytes that the last output has lent to the driver.
#[derive(Debug, Clone, Copy)]
enum Lent {
    Nothing,
    /// A session's output, past an empty queue.
    Turn(ConnectionKey),
    /// This many bytes from the front of a queue.
    Queue(ConnectionKey, usize),
}

/// How much a hub holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HubStats {
    /// The objects and peers of the space.
    pub space: SpaceStats,
    /// Connections that are not closed yet.
    pub connections: usize,
    /// Bytes in the send queues.
    pub queued_bytes: usize,
    /// Bytes in the driver's hands, as far as it has reported.
    pub in_flight_bytes: usize,
    /// Bytes of replies that count in the peers' reply budgets.
    pub reply_bytes: usize,
    /// Connections that the driver does not read from.
    pub paused: usize,
    /// Connections with received bytes that are not handled.
    pub unread: usize,
}

impl Hub {
    /// Creates a space and its root. `further` are objects that will be connected without being
    /// declared as children. The limits of `config` apply to every connection.
    ///
    /// In a durable space, output waits until the writes before it are safe
    /// ([`Output::Commit`]); otherwise writes are dropped.
    pub fn new<T: DistributedObject, E: From<Misuse>>(
        now: Instant,
        config: Arc<Config>,
        durable: bool,
        further: impl IntoIterator<Item = ObjectDesc>,
        root: impl FnOnce(&mut Scope) -> Result<T, E>,
    ) -> Result<(Self, Handle<T>), E> {
        let (space, root) = Space::try_new(now, further, root)?;
        let hub = Self {
            space,
            config,
            durable,
            connections: SecondaryMap::new(),
            commits: Commits::new(now),
            pacing: Pacing::default(),
            observed: false,
            ready: VecDeque::new(),
            flushing: VecDeque::new(),
            sendable: VecDeque::new(),
            stalls: BTreeSet::new(),
            outputs: VecDeque::new(),
            buffers: Buffers::default(),
            lent: Lent::Nothing,
            now,
            failure: None,
        };
        Ok((hub, root))
    }

    /// Takes over a server's session whose credentials were accepted as those of `user`. Returns
    /// `None` if the space accepts nobody any more.
    pub fn accept(&mut self, now: Instant, session: Session, user: User) -> Option<ConnectionKey> {
        self.begin(now);
        let (key, batch) = self.space.accept(now, session, user)?;
        let mut connection = Connection::new(Role::Server, now);
        connection.reading.batch = batch;
        self.connections.insert(key, connection);
        self.schedule(key);
        Some(key)
    }

    /// Begins a client's session. Returns `None` if the space accepts nobody any more.
    pub fn connect(&mut self, now: Instant, credentials: &Credentials) -> Option<ConnectionKey> {
        self.begin(now);
        let key = self.space.connect(now, self.config.clone(), credentials)?;
        self.connections.insert(key, Connection::new(Role::Client, now));
        Some(key)
    }

    /// Handles one input. Afterwards, or after further inputs that are at hand, poll the outputs.
    ///
    /// The future is done at once, except while an `async` handler waits. If it is dropped before
    /// it is done, the objects are gone.
    pub async fn handle_input(&mut self, now: Instant, input: Input) {
        self.begin(now);
        match input {
            Input::Received(key, bytes) => self.on_received(key, bytes),
            Input::Lost(key, reason) => self.on_lost(key, reason),
            Input::Written(key, bytes) => self.on_written(key, bytes),
            Input::End(key, error) => self.space.end(now, key, error),
            Input::Close => self.space.close(now),
            Input::Ran(object, task) => {
                self.space.run(now, object, task);
            }
            Input::Call(call, result) => {
                let sent = self.space.call(now, &call).ok();
                if let Some(result) = result {
                    result(sent);
                }
            }
            Input::Committed(Ok(())) => {
                self.commits.finish(now);
            }
            Input::Committed(Err(error)) => {
                self.fail();
                self.failure = Some(error);
            }
            Input::Timeout => self.on_timeout(),
        }
        self.update_pacing();
        self.read(now).await;
    }

    /// Returns the next instruction to the driver.
    pub fn poll_output(&mut self) -> Output<'_> {
        self.reclaim();
        loop {
            // A ping, for example, must leave before bytes that are sent later.
            if let Some(output) = self.outputs.pop_front() {
                return output;
            }
            if let Some(lent) = self.next_send() {
                self.lent = lent;
                break;
            }
            if !self.outputs.is_empty() {
                continue;
            }
            if self.space.has_turn() {
                self.end_turn();
                continue;
            }
            self.update_pacing();
            if self.release_turn() {
                continue;
            }
            return match self.failure.take() {
                Some(error) => Output::Failed(error),
                None => Output::Timeout(self.deadline()),
            };
        }
        match self.lent {
            Lent::Turn(key) => Output::Send(key, Chunk::Lent(self.space.tail(key))),
            Lent::Queue(key, bytes) => {
                let connection = self.connections.get_mut(key);
                let chunk = connection.and_then(|at| at.queue.front(bytes, &mut at.budget));
                Output::Send(key, chunk.unwrap_or(Chunk::Lent(&[])))
            }
            Lent::Nothing => Output::Timeout(None),
        }
    }

    /// Whether the hub asks for no further bytes, calls or tasks for now, because it is as far
    /// ahead of the journal as it may be, or waits for readers. It accepts them all the same.
    pub fn is_busy(&self) -> bool {
        self.commits.is_full() || self.pacing.is_waiting()
    }

    /// Whether every commit is done and its output released.
    pub fn is_committed(&self) -> bool {
        self.commits.is_idle()
    }

    /// The number of accepted bytes that a driver may leave unreported.
    pub fn report_bytes(&self) -> usize {
        connection::report_bytes(&self.config)
    }

    /// How much the hub holds.
    pub fn stats(&self) -> HubStats {
        let mut stats = HubStats { space: self.space.stats(), ..HubStats::default() };
        for connection in self.connections.values() {
            stats.connections += 1;
            stats.queued_bytes += connection.queue.bytes();
            stats.in_flight_bytes += connection.in_flight;
            stats.reply_bytes += connection.budget.total();
            stats.paused += usize::from(connection.reading.paused);
            stats.unread += usize::from(connection.reading.has_unread());
        }
        stats
    }

    /// The replies that wait for a peer, for tests and diagnostics.
    pub fn reply_budget(&self, key: ConnectionKey) -> Option<ReplyBudget> {
        self.connections.get(key).map(|connection| connection.budget)
    }

    /// Ends every connection with a Break, because the application on this side cannot go on.
    pub fn fail(&mut self) {
        self.reclaim();
        self.space.clear();
        self.commits.clear();
        self.flushing.clear();
        self.ready.clear();
        let mut farewell = Vec::new();
        record::write_set_channel(&mut farewell, crate::session::BASE_CHANNEL);
        record::write_break(&mut farewell, "internal error");
        for (key, connection) in &mut self.connections {
            connection.queue.fail(farewell.clone(), &mut connection.budget);
            connection.reading.clear();
            connection.ended.get_or_insert(LostReason::ApplicationEnded.into());
            connection.sendable = true;
            self.sendable.push_back(key);
        }
    }

    /// Prepares for an input: takes the time, and excuses peers for a time in which the driver did
    /// not call.
    fn begin(&mut self, now: Instant) {
        self.reclaim();
        // Output of the last turn that was not polled must not mix with that of the next one.
        while let Some(key) = self.flushing.pop_front() {
            self.append_turn(key, None);
        }
        let due = self.space.deadline().into_iter().chain(self.stalls.first().map(|(at, _)| *at));
        if let Some(due) = due.min() {
            let late = now.saturating_duration_since(due.max(self.now));
            if late > MAX_LATENESS {
                self.excuse(now, late);
            }
        }
        self.now = self.now.max(now);
    }

    fn excuse(&mut self, now: Instant, late: Duration) {
        self.space.excuse(now, late);
        for connection in self.connections.values_mut() {
            connection.stall.since = (connection.stall.since + late).min(now);
        }
        let connections = &self.connections;
        let written = |key| connections.get(key).map_or(0, |at: &Connection| at.written);
        self.pacing.restart(now, written);
    }

    fn on_written(&mut self, key: ConnectionKey, bytes: usize) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        connection.in_flight = connection.in_flight.saturating_sub(bytes);
        connection.budget.limit_in_flight(connection.in_flight);
        connection.written += bytes as u64;
        if bytes > 0 {
            connection.stall.since = self.now;
        }
        if std::mem::take(&mut connection.stall.asked) {
            self.check_stall(key);
        }
        self.update(key);
    }

    /// Ends a connection whose transport has accepted nothing for too long; otherwise says when to
    /// look again.
    fn check_stall(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if connection.in_flight == 0 {
            return;
        }
        let due = after(connection.stall.since, self.config.stall_timeout);
        if due <= self.now {
            self.end_slow(key);
        } else {
            connection.stall.check_at = Some(due);
            self.stalls.insert((due, key));
        }
    }

    fn on_timeout(&mut self) {
        let now = self.now;
        for key in self.space.due(now) {
            // A peer that is not read is not silent.
            let unread = self.connections.get(key).is_some_and(|connection| {
                connection.reading.paused || connection.reading.has_unread()
            });
            if unread || self.is_busy() {
                self.space.has_sent(now, key);
            }
        }
        self.space.on_deadline(now);
        while let Some(&(at, key)) = self.stalls.first()
            && at <= now
        {
            self.stalls.remove(&(at, key));
            let Some(connection) = self.connections.get_mut(key) else { continue };
            connection.stall.check_at = None;
            if connection.in_flight > 0 {
                connection.stall.asked = true;
                self.outputs.push_back(Output::ReportWritten(key));
            }
        }
        if self.commits.ping_at(self.config.ping_interval).is_some_and(|at| at <= now) {
            self.commits.pinged(now);
            self.ping_all();
        }
        let lagging: Vec<_> = self.pacing.lagging().collect();
        lagging.into_iter().for_each(|key| self.observe(key));
    }

    /// Pings peers to whom nothing is sent because their output waits for the journal.
    fn ping_all(&mut self) {
        let report_bytes = self.report_bytes();
        for (key, connection) in &mut self.connections {
            let idle = connection.queue.is_between_records() && connection.in_flight < report_bytes;
            if let Some(channel) =
                connection.pingable.filter(|_| idle && connection.ended.is_none())
            {
                let ping = lone_ping(channel);
                connection.in_flight += ping.len();
                self.outputs.push_back(Output::Send(key, Chunk::Shared(ping.into())));
            }
        }
    }

    /// Looks at a connection for which the number of waiting bytes has changed.
    fn update(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let congested = connection.waiting() > self.config.soft_mark;
        if congested != std::mem::replace(&mut connection.congested, congested) {
            self.space.set_congested(key, congested);
            if connection.role == Role::Client {
                self.outputs.push_back(Output::Congested(key, congested));
            }
            if !congested {
                self.pacing.forget(key);
                self.observed = true;
            }
        }
        let may_send = connection.queue.released_bytes() > 0 && connection.room(&self.config) > 0;
        let done = connection.ended.is_some() && connection.queue.bytes() == 0;
        if (may_send || done) && !std::mem::replace(&mut connection.sendable, true) {
            self.sendable.push_back(key);
        }
        if congested {
            self.observe(key);
        }
        self.update_reading(key);
    }

    /// Notes how a congested peer reads.
    fn observe(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connections.get(key) else { return };
        let in_need = connection.ended.is_none()
            && !connection.queue.is_finished()
            && connection.unrequested() > self.config.hard_mark / 2;
        self.pacing.observe(self.now, key, in_need, connection.written);
        self.observed = true;
    }

    fn update_pacing(&mut self) {
        let due = self.pacing.deadline().is_some_and(|at| at <= self.now);
        if std::mem::take(&mut self.observed) || due {
            self.pacing.update(self.now);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        if self.can_read() || self.space.has_work() {
            return Some(self.now);
        }
        let stall = self.stalls.first().map(|(at, _)| *at);
        let ping = self.commits.ping_at(self.config.ping_interval);
        [self.space.deadline(), stall, ping, self.pacing.deadline()].into_iter().flatten().min()
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
