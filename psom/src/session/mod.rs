//! The protocol of one connection as a state machine without I/O, for both sides.
//!
//! ```text
//!            client                                server
//!   authentication  ------------------------>  Authenticate event
//!   wait            <------------------------  accept
//!   SetChannel 0, version, addProtocol*, doneProtocols  ---->
//!                   <----  version, addProtocol*, doneProtocols
//!   RPCOpen 2 (lookup), SetChannel 2  ------>
//!   Opened event                               Opened event
//!   calls, connects, closes  <-------------->  calls, connects, closes
//!   Close, or Break and a reason, from either side: Ended event
//! ```
//!
//! [`Session::receive`] takes received bytes, and [`Session::next_event`] returns events. A hub takes
//! the output. The time is an argument of each call; [`Session::deadline`] returns the time at which
//! [`Session::on_deadline`] must be called.

mod calls;
mod config;
mod connmgr;
mod event;
mod inbound;
mod limits;
mod negotiation;
mod outbound;
mod protocols;
mod table;
mod timers;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;

pub(crate) use calls::lone_ping;
pub use config::{APPLICATION_CHANNEL, BASE_CHANNEL, Config, ProxyHeader, Role, Trace};
pub use connmgr::{CONN_MGR, ConnMgrClient, ConnMgrClientProxy, ConnMgrServer, ConnMgrServerProxy};
pub use event::{Address, Call, ConnectRequest, Event};
pub use limits::LimitHits;
pub(crate) use outbound::{Arguments, LatestKey, OutputBuffer, Piece, SessionOutput};
pub use protocols::{Application, Protocols};
pub(crate) use timers::after;

use self::{negotiation::ConnMgr, outbound::Outbound, table::ProxyTable, timers::Timers};
use crate::{
    error::{Error, Farewell, LostReason, PeerMisbehaved},
    trace::escape,
    wire::{
        ObjectKey,
        auth::{self, Credentials},
        record::{self, Batch},
    },
};

/// One side of a connection.
pub struct Session {
    role: Role,
    config: Arc<Config>,
    trace: Option<Trace>,
    phase: Phase,
    partial: Vec<u8>,
    /// The current channel of received records (ruling 5).
    incoming_channel: u32,
    outbound: Outbound,
    /// The objects of channel 2, the only channel that can be opened (section 1.3.3).
    table: Option<ProxyTable>,
    /// True if channel 2 is or was open.
    opened: bool,
    /// INVARIANT: `Some` in the phase `Running`.
    conn_mgr: Option<ConnMgr>,
    timers: Timers,
    dropped: u64,
}

#[derive(Debug)]
enum Phase {
    /// A server waits for credentials.
    AwaitCredentials,
    /// A server has returned the credentials and reads nothing until they are checked.
    CheckingCredentials,
    /// A client waits for the answer to its credentials.
    AwaitAnswer,
    /// The sides exchange records.
    Running,
    Ended(Error),
}

impl Session {
    /// Creates the server's side of a new connection.
    pub fn server(config: Arc<Config>, now: Instant) -> Self {
        Self::new(Role::Server, config, Phase::AwaitCredentials, now)
    }

    /// Creates the client's side of a new connection and queues the credentials.
    pub fn client(
        config: Arc<Config>,
        credentials: &Credentials,
        app: Application,
        now: Instant,
    ) -> Self {
        let mut session = Self::new(Role::Client, config, Phase::AwaitAnswer, now);
        session.conn_mgr = Some(ConnMgr::new(Role::Client, app));
        credentials.write(session.outbound.bytes());
        session
    }

    fn new(role: Role, config: Arc<Config>, phase: Phase, now: Instant) -> Self {
        Self {
            role,
            timers: Timers::new(&config, now),
            trace: config.trace.clone(),
            config,
            phase,
            partial: Vec::new(),
            incoming_channel: BASE_CHANNEL,
            outbound: Outbound::default(),
            table: None,
            opened: false,
            conn_mgr: None,
            dropped: 0,
        }
    }

    /// Accepts the client whose credentials were checked (section 3.2.3.1.1.1).
    pub fn accept(&mut self, app: Application, now: Instant) {
        if let Phase::CheckingCredentials = self.phase {
            self.conn_mgr = Some(ConnMgr::new(Role::Server, app));
            self.outbound.bytes().extend(auth::SIGNATURE);
            self.begin(now);
        }
    }

    fn begin(&mut self, now: Instant) {
        self.phase = Phase::Running;
        self.timers.begin(&self.config, now);
    }

    /// Replaces the trace of the configuration, for example by one that contains the user's name.
    pub fn set_trace(&mut self, trace: Trace) {
        self.trace = Some(trace);
    }

    /// Takes received bytes, split at any position, and returns them as a batch. Read the batch with
    /// [`next_event`](Self::next_event) until there is no event, and then pass the unread rest to
    /// [`keep`](Self::keep).
    pub fn receive(&mut self, now: Instant, input: Bytes) -> Batch {
        self.timers.received(now);
        if self.partial.is_empty() {
            return Batch::new(input);
        }
        self.partial.extend_from_slice(&input);
        if let Phase::Running = self.phase {
            // Collects a long record here, so that it is not parsed again with every piece.
            match record::length(&self.partial, self.config.record_limit) {
                Ok(Some(length)) if length <= self.partial.len() => {}
                Ok(_) => return Batch::default(),
                Err(_) => {}
            }
        }
        Batch::new(std::mem::take(&mut self.partial).into())
    }

    /// Keeps the bytes that [`next_event`](Self::next_event) has not read: an incomplete record, or
    /// bytes that arrived before the credentials were checked.
    pub fn keep(&mut self, batch: &Batch) {
        if self.is_ended() || batch.rest().is_empty() {
            return;
        }
        let rest = batch.rest();
        if let (Phase::Running, Ok(Some(length))) =
            (&self.phase, record::length(rest, self.config.record_limit))
        {
            // The rest of the record usually follows. The bytes that have arrived justify twice as many.
            self.partial.reserve(length.min(2 * rest.len()));
        }
        self.partial.extend_from_slice(rest);
    }

    /// Returns the kept bytes, for a server that has accepted a client.
    pub fn take_kept(&mut self) -> Batch {
        Batch::new(std::mem::take(&mut self.partial).into())
    }

    /// Returns the next event. A violation by the peer ends the session: it queues the farewell and
    /// returns [`Event::Ended`].
    pub fn next_event(&mut self, now: Instant, batch: &mut Batch) -> Option<Event> {
        loop {
            match self.step(now, batch) {
                Ok(Step::Event(event)) => return Some(event),
                Ok(Step::Again) => {}
                Ok(Step::Wait) => return None,
                Err(error) => {
                    self.end(error.clone());
                    return Some(Event::Ended(error));
                }
            }
        }
    }

    fn step(&mut self, now: Instant, batch: &mut Batch) -> Result<Step, Error> {
        match self.phase {
            Phase::AwaitCredentials => {
                let has_header = match self.config.proxy_header {
                    ProxyHeader::Never => false,
                    ProxyHeader::Always => true,
                    ProxyHeader::Optional => {
                        let Some(first) = batch.rest().first() else { return Ok(Step::Wait) };
                        *first != auth::SIGNATURE[0]
                    }
                };
                Ok(match Credentials::read(batch, has_header)? {
                    Some(credentials) => {
                        self.phase = Phase::CheckingCredentials;
                        Step::Event(Event::Authenticate(credentials))
                    }
                    None => Step::Wait,
                })
            }
            Phase::AwaitAnswer => Ok(match auth::read_answer(batch)? {
                true => {
                    self.begin(now);
                    self.outbound.write_set_channel(BASE_CHANNEL);
                    self.announce();
                    Step::Again
                }
                false => Step::Wait,
            }),
            Phase::Running => match batch.next_record(self.config.record_limit)? {
                Some(record) => self.on_record(record, batch),
                None => Ok(Step::Wait),
            },
            Phase::CheckingCredentials | Phase::Ended(_) => Ok(Step::Wait),
        }
    }

    /// Ends the session: queues the [`Farewell`] for the error. Objects are released by
    /// [`take_connected`](Self::take_connected).
    pub fn end(&mut self, error: Error) {
        if self.is_ended() {
            return;
        }
        if let Some(limit) = error.limit() {
            self.config.hits.count(limit);
        }
        // A peer that reads too slowly, or that a newcomer replaces, gets only the farewell.
        let instead = matches!(
            error,
            Error::PeerMisbehaved(PeerMisbehaved::SlowConsumer(_)) | Error::Replaced(_)
        );
        self.outbound.finish(instead);
        let farewell = match self.phase {
            Phase::Running => Farewell::from(&error),
            // An unauthenticated client gets no answer (ruling 11).
            _ => Farewell::Silence,
        };
        if farewell != Farewell::Silence && self.table.is_some() {
            self.outbound.write_set_channel(APPLICATION_CHANNEL);
            record::write_close(self.outbound.bytes());
            self.trace(|| "-> #2 close".into());
        }
        match &farewell {
            Farewell::Silence => {}
            Farewell::Close => {
                self.outbound.write_set_channel(BASE_CHANNEL);
                record::write_close(self.outbound.bytes());
                self.trace(|| "-> #0 close".into());
            }
            Farewell::Break(reason) => {
                self.outbound.write_set_channel(BASE_CHANNEL);
                record::write_break(self.outbound.bytes(), reason);
                self.trace(|| format!("-> #0 break \"{}\"", escape(reason.as_bytes())));
            }
        }
        self.phase = Phase::Ended(error);
        self.partial = Vec::new();
    }

    /// Ends the session because its transport is gone, and returns the error. A transport that ends
    /// before the answer to the credentials means that the server has refused them.
    pub fn lost(&mut self, reason: LostReason) -> Error {
        let error = match &self.phase {
            Phase::AwaitAnswer => Error::Refused,
            Phase::Ended(error) => error.clone(),
            _ => Error::Lost(reason),
        };
        self.end(error.clone());
        error
    }

    /// Returns the reason why the session has ended, if it has.
    pub fn ended(&self) -> Option<&Error> {
        match &self.phase {
            Phase::Ended(error) => Some(error),
            _ => None,
        }
    }

    /// Reports whether the session has ended.
    pub fn is_ended(&self) -> bool {
        self.ended().is_some()
    }

    /// Reports whether the root was never connected, so that the session has sent nothing of the space.
    pub(crate) fn is_negotiating(&self) -> bool {
        !self.opened
    }

    /// Reports whether there is output.
    pub fn has_output(&self) -> bool {
        !self.outbound.is_empty()
    }

    /// Returns the output that was not taken yet.
    pub(crate) fn output(&mut self) -> SessionOutput<'_> {
        let pingable = matches!(self.phase, Phase::Running) && self.has_announced();
        let ended = match &self.phase {
            Phase::Ended(error) => Some(error),
            _ => None,
        };
        self.outbound.output(pingable, ended)
    }

    /// Returns the number of bytes of that output.
    pub(crate) fn unsent(&self) -> usize {
        self.outbound.unsent()
    }

    /// Excludes a time before `now` from the idle timeout and the authentication timeout, because
    /// this side did not read from its transport. Neither ends before `grace` has passed.
    pub(crate) fn excuse(&mut self, now: Instant, late: Duration, grace: Duration) {
        self.timers.excuse(&self.config, now, late, grace);
    }

    /// Restarts the idle timeout although nothing was read, because the peer has sent bytes that
    /// wait to be read.
    pub fn has_sent(&mut self, now: Instant) {
        self.timers.received(now);
    }

    /// Sets whether the send queue is above its soft limit, so that `#[latest]` calls must be
    /// replaceable.
    pub fn set_congested(&mut self, congested: bool) {
        self.outbound.congested = congested;
    }

    /// Returns the number of dropped messages that crossed an OP_CLOSE of this side.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Returns the number of connected objects and tombstones.
    pub fn proxies(&self) -> usize {
        self.table.as_ref().map_or(0, ProxyTable::len)
    }

    /// Disconnects all objects and returns them with their addresses. Children precede their
    /// parents, and the root is last.
    pub fn take_connected(&mut self) -> Vec<(ObjectKey, Address)> {
        let table = self.table.take().unwrap_or_default();
        let mut connected = Vec::from_iter(table.opened().map(|(proxy, connected)| {
            (connected.object, Address { channel: APPLICATION_CHANNEL, proxy })
        }));
        connected.sort_by_key(|(_, address)| std::cmp::Reverse(address.proxy.get().unsigned_abs()));
        connected
    }

    /// Returns the time at which [`on_deadline`](Self::on_deadline) must be called.
    pub fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Ended(_) => None,
            Phase::Running => Some(self.timers.running(&self.config)),
            _ => Some(self.timers.authentication()),
        }
    }

    /// Queues a ping if it is due, and ends the session if a time limit has passed.
    pub fn on_deadline(&mut self, now: Instant) -> Option<Event> {
        let error = match self.phase {
            Phase::Ended(_) => return None,
            Phase::Running => {
                // `version` is the first call on ConnMgr (section 3.3.3.1.3.1.1).
                if self.timers.ping_due(&self.config, now) && self.has_announced() {
                    self.outbound.free_buffer();
                    self.ping();
                }
                self.timers.idle(&self.config, now).then_some("nothing received for too long")
            }
            _ => (self.timers.authentication() <= now).then_some("no authentication in time"),
        };
        let error = Error::TimedOut(error?);
        self.end(error.clone());
        Some(Event::Ended(error))
    }

    fn trace(&self, line: impl FnOnce() -> String) {
        if let Some(trace) = &self.trace {
            trace(&line());
        }
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("role", &self.role)
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

/// The result of reading one record.
enum Step {
    Event(Event),
    /// The record caused no event. Read the next one.
    Again,
    /// The next record is incomplete.
    Wait,
}
