//! One connection's protocol as a state machine, without I/O, for both roles.
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
//! Bytes go in with [`Session::receive`], events come out of [`Session::next_event`], bytes to send
//! out of its output, which a hub takes. Time comes in as an argument; [`Session::deadline`] says when
//! [`Session::on_deadline`] wants to be called.

mod calls;
mod config;
mod connmgr;
mod event;
mod inbound;
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
pub use config::{APPLICATION_CHANNEL, BASE_CHANNEL, Config, Role, Trace};
pub use connmgr::{CONN_MGR, ConnMgrClient, ConnMgrClientProxy, ConnMgrServer, ConnMgrServerProxy};
pub use event::{Address, Call, ConnectRequest, Event};
pub(crate) use outbound::{Arguments, LatestKey, Output, Piece, SessionOutput};
pub use protocols::{Application, Protocols};
pub(crate) use timers::after;

use self::{negotiation::ConnMgr, outbound::Outbound, table::ProxyTable, timers::Timers};
use crate::{
    error::{Error, Farewell, LostReason},
    trace::escape,
    wire::{
        ObjectKey,
        auth::{self, Credentials},
        record::{self, Batch},
    },
};

/// One connection.
pub struct Session {
    role: Role,
    config: Arc<Config>,
    trace: Option<Trace>,
    phase: Phase,
    partial: Vec<u8>,
    /// The channel of the records that come (ruling 5).
    incoming_channel: u32,
    outbound: Outbound,
    /// The objects of channel 2, the only channel that is ever opened (section 1.3.3).
    table: Option<ProxyTable>,
    /// Whether channel 2 is or was open.
    opened: bool,
    /// INVARIANT: there as soon as records flow.
    conn_mgr: Option<ConnMgr>,
    timers: Timers,
    dropped: u64,
}

#[derive(Debug)]
enum Phase {
    /// A server waits for the credentials.
    AwaitCredentials,
    /// A server has given the credentials away and reads no further until they are judged.
    Judging,
    /// A client waits for the answer to its credentials.
    AwaitAnswer,
    /// Records flow.
    Running,
    Ended(Error),
}

impl Session {
    /// The server's side of a new connection.
    pub fn server(config: Arc<Config>, now: Instant) -> Self {
        Self::new(Role::Server, config, Phase::AwaitCredentials, now)
    }

    /// The client's side of a new connection: the credentials are ready to be sent.
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

    /// Lets an authenticated client in (section 3.2.3.1.1.1).
    pub fn accept(&mut self, app: Application, now: Instant) {
        if let Phase::Judging = self.phase {
            self.conn_mgr = Some(ConnMgr::new(Role::Server, app));
            self.outbound.bytes().extend(auth::SIGNATURE);
            self.begin(now);
        }
    }

    fn begin(&mut self, now: Instant) {
        self.phase = Phase::Running;
        self.timers.begin(&self.config, now);
    }

    /// Traces to another place than the configuration says, as soon as more is known of the peer.
    pub fn set_trace(&mut self, trace: Trace) {
        self.trace = Some(trace);
    }

    /// Takes bytes from the transport, cut anywhere. What comes back is to be read with
    /// [`next_event`](Self::next_event), and what is left of it given to [`keep`](Self::keep).
    pub fn receive(&mut self, now: Instant, input: Bytes) -> Batch {
        self.timers.received(now);
        if self.partial.is_empty() {
            return Batch::new(input);
        }
        self.partial.extend_from_slice(&input);
        if let Phase::Running = self.phase {
            // A long record is collected here, rather than read from its start with every piece.
            match record::length(&self.partial, self.config.record_limit) {
                Ok(Some(length)) if length <= self.partial.len() => {}
                Ok(_) => return Batch::default(),
                Err(_) => {}
            }
        }
        Batch::new(std::mem::take(&mut self.partial).into())
    }

    /// Keeps what [`next_event`](Self::next_event) has left: an incomplete record, or what came
    /// before the authentication was judged.
    pub fn keep(&mut self, batch: &Batch) {
        if !self.is_ended() {
            self.partial.extend_from_slice(batch.rest());
        }
    }

    /// What was received and could not be read yet, for a server that has judged credentials.
    pub fn take_kept(&mut self) -> Batch {
        Batch::new(std::mem::take(&mut self.partial).into())
    }

    /// The next event. A rule that the peer broke ends the session: the farewell is then ready to
    /// be sent and the event is the last.
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
                Ok(match Credentials::read(batch, self.config.proxy_header)? {
                    Some(credentials) => {
                        self.phase = Phase::Judging;
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
            Phase::Judging | Phase::Ended(_) => Ok(Step::Wait),
        }
    }

    /// Ends the session: writes what the peer is told ([`Farewell`]) and forgets every object.
    pub fn end(&mut self, error: Error) {
        if self.is_ended() {
            return;
        }
        let slow = error == crate::error::PeerMisbehaved::SlowConsumer.into();
        self.outbound.finish(slow);
        let farewell = match self.phase {
            Phase::Running => Farewell::from(&error),
            // Anything before the authentication is closed without an answer (ruling 11).
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

    /// The transport is gone. Returns what that means: a server that hangs up on the credentials
    /// has refused them.
    pub fn lost(&mut self, reason: LostReason) -> Error {
        let error = match &self.phase {
            Phase::AwaitAnswer => Error::Refused,
            Phase::Ended(error) => error.clone(),
            _ => Error::Lost(reason),
        };
        self.end(error.clone());
        error
    }

    /// Why the session ended, if it has.
    pub fn ended(&self) -> Option<&Error> {
        match &self.phase {
            Phase::Ended(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the session has ended.
    pub fn is_ended(&self) -> bool {
        self.ended().is_some()
    }

    /// Whether there is something to send.
    pub fn has_output(&self) -> bool {
        !self.outbound.is_empty()
    }

    /// The output that was written and not taken yet.
    pub(crate) fn output(&mut self) -> SessionOutput<'_> {
        let pingable = matches!(self.phase, Phase::Running) && self.has_announced();
        let ended = match &self.phase {
            Phase::Ended(error) => Some(error),
            _ => None,
        };
        self.outbound.output(pingable, ended)
    }

    /// The number of bytes of that output.
    pub(crate) fn unsent(&self) -> usize {
        self.outbound.unsent()
    }

    /// Does not count this much of the time before `now` as silence of the peer.
    pub(crate) fn excuse(&mut self, now: Instant, late: Duration) {
        self.timers.excuse(now, late);
    }

    /// Notes that the peer is there, though what it has sent is yet to be read.
    pub fn has_sent(&mut self, now: Instant) {
        self.timers.received(now);
    }

    /// Says whether so much waits for the peer that `#[latest]` calls are to be replaceable.
    pub fn set_congested(&mut self, congested: bool) {
        self.outbound.congested = congested;
    }

    /// How many messages were dropped that crossed a close of this side.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many proxy identifiers are held, tombstones included.
    pub fn proxies(&self) -> usize {
        self.table.as_ref().map_or(0, ProxyTable::len)
    }

    /// Disconnects every object: gives them back with their places, children before their parents
    /// and the root last.
    pub fn take_connected(&mut self) -> Vec<(ObjectKey, Address)> {
        let table = self.table.take().unwrap_or_default();
        let mut connected = Vec::from_iter(table.opened().map(|(proxy, connected)| {
            (connected.object, Address { channel: APPLICATION_CHANNEL, proxy })
        }));
        connected.sort_by_key(|(_, address)| std::cmp::Reverse(address.proxy.get().unsigned_abs()));
        connected
    }

    /// When [`on_deadline`](Self::on_deadline) is to be called.
    pub fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Ended(_) => None,
            Phase::Running => Some(self.timers.running(&self.config)),
            _ => Some(self.timers.authentication()),
        }
    }

    /// Sends a ping that is due, or ends the session where a limit has passed.
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

enum Step {
    Event(Event),
    Again,
    Wait,
}
