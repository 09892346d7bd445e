//! Flow control of one space, without I/O: from which peers it reads, and when output is released.
//!
//! A [`Hub`] owns a space, its connections, their send queues and the turns that wait for a
//! journal. A driver moves the bytes. Its loop is:
//!
//! ```text
//!   wait for an event                     (bytes, a finished write, a commit, a time, a task)
//!   hub.handle_input(now, input).await
//!   loop { match hub.poll_output() {
//!       Output::Timeout(at) => break,     (wait again, at most until then)
//!       output => carry it out,
//!   } }
//! ```
//!
//! The interface imposes no other order. Inputs that arrive together may be passed before the
//! outputs are polled; then they form one turn. When a turn ends, its output is appended to the
//! send queues of the peers.
//!
//! The rules of flow control:
//!
//! - **Output commit.** The output of a turn is released when the writes of this turn and of all
//!   earlier turns are safe. The space works on later turns meanwhile.
//! - **Fair reading.** The hub reads a few messages from each connection in rotation, at most a fixed
//!   number of messages and bytes in a turn. A server reads a connection more slowly when its calls
//!   exceed a rate.
//! - **Quotas.** A user, and all users together, have a limited number of connections to a server's
//!   space. The bytes that wait for all peers together are limited.
//! - **Reply budget.** A server pauses reading from a peer whose pending replies exceed the soft
//!   limit ([`ReplyBudget`]).
//! - **Slow readers.** A peer is disconnected if other pending bytes exceed the hard limit, or if
//!   its transport accepts nothing for a time. Before that, the hub waits for peers that read
//!   slowly, within limits (`pacing`).

mod budget;
mod commits;
mod connection;
mod io;
mod pacing;
mod quotas;
mod rate;
mod reading;
mod send_queue;
mod sending;
mod users;

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

pub use budget::ReplyBudget;
pub use io::{CallResult, Chunk, Input, MAX_DELAY, Output};
pub use reading::ReadingStats;
use slotmap::SlotMap;

use self::{
    commits::Commits,
    connection::Connection,
    pacing::{Backlog, Pacing, SmallStep},
    send_queue::Buffers,
    users::Users,
};
use crate::{
    Config, DistributedObject, Handle, Scope, Session, User,
    error::{JournalError, LostReason, Misuse},
    interface::ObjectDesc,
    session::{Role, after, lone_ping},
    space::{ConnectionKey, Space, SpaceStats},
    wire::{auth::Credentials, record},
};

#[cfg(feature = "tokio")]
use crate::metrics::Metrics;

/// The delay of a driver from which time limits are extended: a driver that is this late has not read
/// from the peers either. Shorter delays do not affect time limits of seconds.
pub(crate) const MAX_LATENESS: Duration = Duration::from_millis(100);

/// The time after a late call of the driver in which no time limit ends: several round trips, so that
/// the driver can read the bytes that arrived meanwhile, and peers that were suspended as well can send.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// A space with its connections, send queues and pending commits. See the [module](self).
pub struct Hub {
    space: Space,
    config: Arc<Config>,
    durable: bool,
    /// The connections that are not closed. A key is free only when its connection is removed from here,
    /// because the space forgets a connection while its last output still waits for a commit.
    connections: SlotMap<ConnectionKey, Connection>,
    commits: Commits,
    pacing: Pacing,
    /// True if a peer was observed since the pacing was last updated.
    observed: bool,
    /// The connections with bytes to read, in the order in which they are read.
    ready: VecDeque<ConnectionKey>,
    /// The connections with bytes to read whose root is not connected yet. The hub reads them even
    /// while it is busy: otherwise, newcomers would give up before a slow journal.
    newcomers: VecDeque<ConnectionKey>,
    /// The connections with bytes to read that have used up their part of the turn.
    next_turn: VecDeque<ConnectionKey>,
    /// The number of the current turn.
    turn: u64,
    /// The connections whose calls exceed the rate, and the times at which they are read again.
    throttled: BTreeSet<(Instant, ConnectionKey)>,
    users: Users,
    /// The number of bytes that wait for all peers. Shared bytes count for each peer.
    waiting_bytes: usize,
    /// The number of these bytes from which the memory behind them is counted exactly.
    check_memory_at: usize,
    /// The connections whose output of the last turn was not passed on yet.
    flushing: VecDeque<ConnectionKey>,
    /// The connections with released bytes.
    sendable: VecDeque<ConnectionKey>,
    /// The times at which connections must be checked for a stalled transport.
    stalls: BTreeSet<(Instant, ConnectionKey)>,
    outputs: VecDeque<Output<'static>>,
    buffers: Buffers,
    lent: Lent,
    now: Instant,
    /// The error with which the hub has failed, until the driver has polled it.
    failure: Option<JournalError>,
}

/// The bytes that the driver borrows through the last output.
#[derive(Debug, Clone, Copy)]
enum Lent {
    Nothing,
    /// The output of a session, which bypasses the empty send queue.
    Turn(ConnectionKey),
    /// The same, if the driver may delay it.
    DelayableTurn(ConnectionKey),
    /// This number of bytes from the front of a send queue.
    Queue(ConnectionKey, usize),
}

/// The numbers of connections, bytes and other resources of a hub.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HubStats {
    /// The resources of the space.
    pub space: SpaceStats,
    /// The number of connections that are not closed.
    pub connections: usize,
    /// The number of bytes in the send queues.
    pub queued_bytes: usize,
    /// The number of bytes that drivers have and have not reported as written.
    pub in_flight_bytes: usize,
    /// The number of bytes in the peers' reply budgets.
    pub reply_bytes: usize,
    /// The number of connections whose reading is paused.
    pub paused: usize,
    /// The number of connections with unhandled bytes.
    pub unread: usize,
}

impl Hub {
    /// Creates a space and its root. `undeclared` are types of objects that are connected although
    /// no object declares them. The limits of `config` apply to every connection.
    ///
    /// If `durable` is true, the output of a turn waits until its writes are safe
    /// ([`Output::Commit`]). Otherwise writes are dropped.
    pub fn new<T: DistributedObject, E: From<Misuse>>(
        now: Instant,
        config: Arc<Config>,
        durable: bool,
        undeclared: impl IntoIterator<Item = ObjectDesc>,
        root: impl FnOnce(&mut Scope) -> Result<T, E>,
    ) -> Result<(Self, Handle<T>), E> {
        Self::new_at(now, SystemTime::UNIX_EPOCH, config, durable, undeclared, root)
    }

    /// Creates a hub like [`new`](Self::new), with the wall-clock time `time`, which is that of the Unix
    /// epoch otherwise. [`set_time`](Self::set_time) corrects it later.
    pub fn new_at<T: DistributedObject, E: From<Misuse>>(
        now: Instant,
        time: SystemTime,
        config: Arc<Config>,
        durable: bool,
        undeclared: impl IntoIterator<Item = ObjectDesc>,
        root: impl FnOnce(&mut Scope) -> Result<T, E>,
    ) -> Result<(Self, Handle<T>), E> {
        let (space, root) = Space::try_new_at(now, time, undeclared, root)?;
        let check_memory_at = config.space_queue_limit;
        let hub = Self {
            space,
            config,
            durable,
            connections: SlotMap::with_key(),
            commits: Commits::new(now),
            pacing: Pacing::default(),
            observed: false,
            ready: VecDeque::new(),
            newcomers: VecDeque::new(),
            next_turn: VecDeque::new(),
            turn: 1,
            throttled: BTreeSet::new(),
            users: Users::default(),
            waiting_bytes: 0,
            check_memory_at,
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

    /// Returns the metrics of the configuration.
    #[cfg(feature = "tokio")]
    pub(crate) fn metrics(&self) -> Option<&Metrics> {
        self.config.metrics.as_ref()
    }

    /// Returns the number of bytes that wait for all peers. Shared bytes count for each peer.
    #[cfg(feature = "tokio")]
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Sets the wall-clock time at an instant ([`Scope::time`]). Between two calls it advances with the
    /// instants of the inputs.
    pub fn set_time(&mut self, at: Instant, time: SystemTime) {
        self.space.set_clock(at, time);
    }

    /// Accepts a client whose credentials were checked, and takes over its session. The connection
    /// can replace an older one of the same user. Returns `None` if the space accepts no connections
    /// any more, or has as many as the limit allows.
    pub fn accept(&mut self, now: Instant, session: Session, user: User) -> Option<ConnectionKey> {
        self.begin(now);
        let id = user.id;
        self.make_room(id)?;
        let accept = |key| {
            let mut connection = Connection::new(Role::Server, now);
            connection.reading.batch = self.space.accept(now, key, session, user).ok_or(())?;
            Ok::<_, ()>(connection)
        };
        let key = self.connections.try_insert_with_key(accept).ok()?;
        self.users.add(key, id);
        self.schedule(key);
        Some(key)
    }

    /// Begins a client's session. Returns `None` if the space accepts no connections any more.
    pub fn connect(&mut self, now: Instant, credentials: &Credentials) -> Option<ConnectionKey> {
        self.begin(now);
        let connect = |key| {
            let config = Arc::clone(&self.config);
            self.space.connect(now, key, config, credentials).ok_or(())?;
            Ok::<_, ()>(Connection::new(Role::Client, now))
        };
        self.connections.try_insert_with_key(connect).ok()
    }

    /// Handles one input. Afterwards, or after further inputs that have arrived, poll the outputs.
    ///
    /// The future completes immediately unless an `async` handler waits. If it is dropped before it
    /// completes, the space is lost.
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
                self.commits.finish();
            }
            Input::Committed(Err(error)) => {
                self.end_all(error.break_reason());
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
            // Queued outputs precede later bytes: for example, a ping.
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
            self.begin_turn();
            return match self.failure.take() {
                Some(error) => Output::Failed(error),
                None => Output::Timeout(self.deadline()),
            };
        }
        match self.lent {
            Lent::Turn(key) => Output::Send(key, Chunk::Lent(self.space.tail(key))),
            Lent::DelayableTurn(key) => Output::Send(key, Chunk::Delayable(self.space.tail(key))),
            Lent::Queue(key, bytes) => {
                let connection = self.connections.get_mut(key);
                let chunk = connection.and_then(|at| at.queue.front(bytes, &mut at.budget));
                Output::Send(key, chunk.unwrap_or(Chunk::Lent(&[])))
            }
            Lent::Nothing => Output::Timeout(None),
        }
    }

    /// Reports whether the driver should hold further calls and tasks of the program back,
    /// because too many commits are outstanding or the hub waits for slow readers. The hub still
    /// accepts them. It accepts bytes as well, and pauses reading from peers with too many of them.
    pub fn is_busy(&self) -> bool {
        self.commits.is_full() || self.pacing.is_waiting()
    }

    /// Reports whether all commits are done and all output is released.
    pub fn is_committed(&self) -> bool {
        self.commits.is_idle()
    }

    /// Returns the number of accepted bytes that a driver may leave unreported.
    pub fn report_bytes(&self) -> usize {
        connection::report_bytes(&self.config)
    }

    /// Returns the numbers of connections, bytes and other resources.
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

    /// Returns the reply budget of a connection, for tests and diagnostics.
    pub fn reply_budget(&self, key: ConnectionKey) -> Option<ReplyBudget> {
        self.connections.get(key).map(|connection| connection.budget)
    }

    /// Ends all connections with a Break, because the application on this side has failed.
    pub fn fail(&mut self) {
        self.end_all("internal error");
    }

    /// Ends all connections with a Break.
    fn end_all(&mut self, reason: &str) {
        self.reclaim();
        self.space.clear();
        self.commits.clear();
        self.flushing.clear();
        self.ready.clear();
        self.newcomers.clear();
        self.next_turn.clear();
        self.throttled.clear();
        let mut farewell = Vec::new();
        record::write_set_channel(&mut farewell, crate::session::BASE_CHANNEL);
        record::write_break(&mut farewell, reason);
        for (key, connection) in &mut self.connections {
            connection.queue.fail(farewell.clone(), &mut connection.budget);
            connection.reading.clear();
            connection.ended.get_or_insert_with(|| LostReason::ApplicationEnded.into());
            connection.sendable = true;
            self.sendable.push_back(key);
        }
    }

    /// Prepares for an input: sets the time, and extends the time limits if the driver is late.
    fn begin(&mut self, now: Instant) {
        self.reclaim();
        // Output of the last turn that was not polled must not mix with output of the next turn.
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
        self.space.excuse(now, late, GRACE);
        let begun = now.checked_sub(self.config.stall_timeout.saturating_sub(GRACE));
        for connection in self.connections.values_mut() {
            let excused = connection.stall.since + late;
            connection.stall.since = excused.max(begun.unwrap_or(excused)).min(now);
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
            self.pacing.record(self.now, key, connection.written);
        }
        if std::mem::take(&mut connection.stall.report_requested) {
            self.check_stall(key);
        }
        self.update(key);
    }

    /// Ends a connection whose transport has accepted nothing for too long. Otherwise schedules the
    /// next check.
    fn check_stall(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if connection.in_flight == 0 {
            return;
        }
        let due = after(connection.stall.since, self.config.stall_timeout);
        if due <= self.now {
            self.end_slow(key, "stall_timeout");
        } else {
            connection.stall.check_at = Some(due);
            self.stalls.insert((due, key));
        }
    }

    fn on_timeout(&mut self) {
        let now = self.now;
        for key in self.space.due(now) {
            // A peer that this side does not read cannot be idle.
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
                connection.stall.report_requested = true;
                self.outputs.push_back(Output::ReportWritten(key));
            }
        }
        if self.commits.ping_at(self.config.ping_interval).is_some_and(|at| at <= now) {
            self.commits.pinged(now);
            self.ping_all();
        }
        while let Some(&(at, key)) = self.throttled.first()
            && at <= now
        {
            self.throttled.remove(&(at, key));
            self.schedule(key);
        }
        #[expect(clippy::needless_collect, reason = "observing changes the pacing")]
        let lagging: Vec<_> = self.pacing.lagging().collect();
        lagging.into_iter().for_each(|key| self.observe(key));
    }

    /// Pings the peers whose output is held back by the journal.
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

    /// Updates the state of a connection after the number of its waiting bytes has changed.
    fn update(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let waiting = connection.waiting();
        self.waiting_bytes += waiting;
        self.waiting_bytes -= std::mem::replace(&mut connection.counted, waiting);
        let congested = waiting > self.config.soft_limit;
        if congested != std::mem::replace(&mut connection.congested, congested) {
            self.space.set_congested(key, congested);
            if connection.role == Role::Client {
                self.outputs.push_back(Output::Congested(key, congested));
            }
            if !congested {
                self.pacing.drained(key);
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
        self.check_memory();
    }

    /// Records the progress of a congested peer.
    fn observe(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connections.get(key) else { return };
        let has_ended = connection.ended.is_some() || connection.queue.is_finished();
        let (bytes, limit) = (connection.unrequested(), self.config.hard_limit);
        let backlog = match bytes {
            _ if has_ended || bytes <= limit / 2 => Backlog::AtMostHalf,
            _ if bytes <= limit / 4 * 3 => Backlog::AboveHalf,
            _ => Backlog::AboveThreeQuarters,
        };
        self.pacing.observe(self.now, key, backlog, connection.written);
        self.observed = true;
    }

    /// Returns the time from which the hub may take a step. `None` if it must wait for slow readers.
    fn allowed_from(&self, step: SmallStep) -> Option<Instant> {
        self.pacing.allowed_from(self.now, step)
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
        let throttled = self.throttled.first().map(|(at, _)| *at);
        let read = self.next_read();
        let release =
            self.commits.can_release().then(|| self.allowed_from(SmallStep::Release)).flatten();
        let pacing = self.pacing.deadline();
        let all = [self.space.deadline(), stall, ping, throttled, read, release, pacing];
        all.into_iter().flatten().min()
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
