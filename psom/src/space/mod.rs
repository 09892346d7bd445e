//! The live objects of one application, without I/O: a meeting on a server, a session on a client.
//!
//! A [`Space`] owns every object below one root and every session that is connected to them. One
//! thing happens at a time (a turn): a message, a timer, a task of the program around it. Handlers
//! queue what they send; the program around the space takes it with [`Space::take_output`] when the
//! turn is over.

mod child;
mod context;
mod core;
mod durable;
mod handle;
mod object;
mod peer;
mod reading;
#[cfg(feature = "tokio")]
mod remote_call;
mod user;

use std::{sync::Arc, time::Instant};

pub use self::core::{ConnectionKey, SpaceStats, Spawned, TimerKey};
use self::{
    core::{Core, PeerEntry, Work},
    object::Cell,
    peer::Caller,
};
pub use child::{
    ChildFactories, IntoChild, NoFactories, NoLifecycle, PartCapture, Probe, captures,
};
pub use context::{Context, Scope};
pub use durable::{WhenSafe, Write};
pub use handle::{AnyHandle, Handle};
pub use object::{DistributedObject, Lifecycle, Task};
pub use peer::{Narrow, Peer, PeerId, PeerInfo, Peers, Sent};
#[cfg(feature = "tokio")]
pub(crate) use remote_call::RemoteCall;
pub use user::{User, UserData};

use crate::{
    error::{Error, LostReason, Misuse, PeerMisbehaved, Violation},
    interface::{Incoming, ObjectDesc, Outcome},
    session::{Call, Config, ConnectRequest, Event, Output, Protocols, Session},
    wire::{ObjectKey, auth::Credentials, record::Batch},
};

/// The objects below one root, and the sessions that are connected to them.
///
/// A future of a space that is dropped before it is done takes the objects with it: from then on
/// the space is empty and does nothing.
pub struct Space {
    /// INVARIANT: there whenever no handler runs.
    core: Option<Box<Core>>,
    scratch: String,
    unread: Option<ConnectionKey>,
    closed: bool,
}

/// A peer connects one object so often at the most: each time, calls on the object's peers go to it
/// once more.
const SAME_OBJECT: usize = 16;

/// So much work is done at most before the space takes a look at the world outside.
const WORK: usize = 10_000;

/// How often what runs at the end of a turn may put something else there.
const PASSES: usize = 16;

/// What a turn leaves to be sent on one connection.
#[derive(Debug)]
pub struct Outgoing {
    /// The connection.
    pub connection: ConnectionKey,
    /// The bytes.
    pub output: Output,
    /// Why the connection is over, if it is; the space has forgotten it then.
    pub over: Option<Error>,
}

impl Space {
    /// A space with its root. `further` are objects that will be connected without being declared
    /// as children.
    pub fn new<T: DistributedObject>(
        now: Instant,
        further: impl IntoIterator<Item = ObjectDesc>,
        root: impl FnOnce(&mut Scope) -> T,
    ) -> Result<(Self, Handle<T>), Misuse> {
        Self::try_new(now, further, |scope| Ok(root(scope)))
    }

    /// The same with a root that may fail to be made: then there is no space.
    pub fn try_new<T: DistributedObject, E: From<Misuse>>(
        now: Instant,
        further: impl IntoIterator<Item = ObjectDesc>,
        root: impl FnOnce(&mut Scope) -> Result<T, E>,
    ) -> Result<(Self, Handle<T>), E> {
        let none = Protocols::of(ObjectDesc::of::<T>(), [])?;
        let mut core = Box::new(Core::new(now, none));
        let handle = core.reserve(false);
        core.app.root = handle.key;
        let mut scope = Scope::new(Some(core), handle.key);
        let object = root(&mut scope)?;
        let mut space =
            Self { core: scope.into_core(), scratch: String::new(), unread: None, closed: false };
        if let Some(core) = &mut space.core {
            core.fill(handle, object);
            // Only now the root has said what it connects.
            let announced = std::mem::take(&mut core.announced);
            let further = further.into_iter().chain(announced);
            core.app.protocols = Arc::new(Protocols::of(ObjectDesc::of::<T>(), further)?);
        }
        space.settle();
        Ok((space, handle))
    }

    /// Takes over a server's session whose credentials were judged to be those of `user`.
    pub async fn accept(
        &mut self,
        now: Instant,
        mut session: Session,
        user: User,
    ) -> Option<ConnectionKey> {
        let closed = self.closed;
        let core = self.core_at(now)?;
        if closed || !core.contains(core.app.root) {
            return None;
        }
        session.accept(core.app.clone(), now);
        let mut kept = session.take_kept();
        let connection = core.attach(session, user);
        self.read(connection, &mut kept).await;
        Some(connection)
    }

    /// Begins a client's session.
    pub fn connect(
        &mut self,
        now: Instant,
        config: Arc<Config>,
        credentials: &Credentials,
    ) -> Option<ConnectionKey> {
        let core = self.core_at(now)?;
        let session = Session::client(config, credentials, core.app.clone(), now);
        Some(core.attach(session, User::new(0, "server")))
    }

    async fn on_event(&mut self, connection: ConnectionKey, event: Event, batch: &Batch) {
        match event {
            Event::Call(call) => self.on_call(connection, call, batch).await,
            Event::Opened { object, address, version } => {
                self.on_connected(object, PeerEntry { connection, address, version });
            }
            Event::Connect(request) => self.on_connect(connection, &request),
            Event::Disconnected { object, address } => {
                self.push_disconnected(connection, [(object, address)]);
            }
            Event::ChannelClosed(closed) => self.push_disconnected(connection, closed),
            Event::Ended(_) => self.push(Work::Over(connection)),
            // Credentials are judged before a space takes the session.
            Event::Authenticate(_) => {}
        }
    }

    async fn on_call(&mut self, connection: ConnectionKey, call: Call, batch: &Batch) {
        let Call { target, address, method, arguments } = call;
        let peer = PeerEntry { connection, address, version: target.version };
        let Some(mut cell) = self.lease(target.object, Some(peer)) else { return };
        let incoming = Incoming {
            interface: target.serves,
            version: target.version,
            method,
            source: batch.bytes(),
            place: arguments,
            scratch: &mut self.scratch,
        };
        let result = match cell.dispatch(incoming) {
            Ok(Outcome::Done(result)) => result,
            Ok(Outcome::Later(handler)) => handler.await,
            Err(violation) => Err(violation),
        };
        self.give_back(target.object, cell);
        self.hold(connection, result.map_err(Violation::into_error));
    }

    fn on_connected(&mut self, object: ObjectKey, peer: PeerEntry) {
        let Some(core) = &mut self.core else { return };
        core.add_peer(object, peer);
        if object == core.app.root {
            core.opened.push((peer.connection, peer.version));
        }
        if let Some(caller) = core.caller(peer) {
            core.work.push_back(Work::Connected(object, caller));
        }
    }

    fn on_connect(&mut self, connection: ConnectionKey, request: &ConnectRequest) {
        let version = self.peer_version(request.parent, connection);
        let parent = PeerEntry { connection, address: request.parent_address, version };
        let child = self.lease(request.parent, Some(parent)).map(|mut cell| {
            let child = cell.child(&request.part);
            self.give_back(request.parent, cell);
            child
        });
        let connected = match child.unwrap_or(Ok(None)) {
            Ok(child) => self.connect_child(connection, request, child.map(|child| child.key)),
            Err(violation) => Err(violation.into_error()),
        };
        self.hold(connection, connected);
    }

    fn peer_version(&self, object: ObjectKey, connection: ConnectionKey) -> i32 {
        let peers = self.core.as_ref().map_or(&[][..], |core| core.peers(object));
        let peer = peers.iter().find(|peer| peer.connection == connection);
        peer.map_or(0, |peer| peer.version)
    }

    fn connect_child(
        &mut self,
        connection: ConnectionKey,
        request: &ConnectRequest,
        child: Option<ObjectKey>,
    ) -> Result<(), Error> {
        let Some(core) = &mut self.core else { return Ok(()) };
        let child = child.and_then(|key| Some((key, core.desc(key)?)));
        let child = child.filter(|(key, _)| {
            let here = |peer: &&PeerEntry| peer.connection == connection;
            core.peers(*key).iter().filter(here).count() < SAME_OBJECT
        });
        let Some(at) = core.connections.get_mut(connection) else { return Ok(()) };
        let Some((key, desc)) = child else {
            at.session.refuse_connect(request.address.proxy);
            return Ok(());
        };
        let accepted = at.session.accept_connect(request, key, &desc);
        if accepted.is_err() {
            // What a factory made for nothing else than this connect goes again.
            core.collect(key);
        }
        let version = accepted?;
        self.on_connected(key, PeerEntry { connection, address: request.address, version });
        Ok(())
    }

    /// Ends the connection where a turn of it was a violation.
    fn hold(&mut self, connection: ConnectionKey, result: Result<(), Error>) {
        if let (Err(error), Some(core)) = (result, &mut self.core) {
            core.end(connection, error);
        }
    }

    fn push(&mut self, work: Work) {
        if let Some(core) = &mut self.core {
            core.work.push_back(work);
        }
    }

    fn push_disconnected(
        &mut self,
        connection: ConnectionKey,
        gone: impl IntoIterator<Item = (ObjectKey, crate::session::Address)>,
    ) {
        let Some(core) = &mut self.core else { return };
        for (object, address) in gone {
            let peer = core.remove_peer(object, connection, address);
            if let Some(caller) = peer.and_then(|peer| core.caller(peer)) {
                core.work.push_back(Work::Disconnected(object, caller));
            }
        }
    }

    /// Does the work that handlers have left, until there is none. Objects that tell each other
    /// something for ever do it in turns: the rest is due at once, and done before any message.
    fn settle(&mut self) {
        for _ in 0..WORK {
            let work = self.core.as_mut().and_then(|core| core.work.pop_front());
            let Some(work) = work else { return };
            match work {
                Work::Task(object, task) => {
                    let there = self.enter(object, None, |cell| task.run(cell));
                    if let (false, Some(core)) = (there, &mut self.core) {
                        core.undelivered += 1;
                    }
                }
                Work::Connected(object, caller) => {
                    self.enter(object, Some(caller), |cell| cell.connected());
                }
                Work::Disconnected(object, caller) => {
                    self.enter(object, Some(caller), |cell| cell.disconnected());
                    if let Some(core) = &mut self.core {
                        core.collect(object);
                    }
                }
                Work::Over(connection) => {
                    let Some(core) = &mut self.core else { return };
                    let Some(at) = core.connections.get_mut(connection) else { continue };
                    let gone = at.session.take_connected();
                    core.set_deadline(connection);
                    core.mark(connection);
                    self.push_disconnected(connection, gone);
                }
            }
        }
    }

    /// Runs a handler of an object. Returns whether the object is there.
    fn enter(
        &mut self,
        object: ObjectKey,
        caller: Option<Caller>,
        run: impl FnOnce(&mut dyn Cell),
    ) -> bool {
        let Some(mut core) = self.core.take() else { return false };
        let Some(mut cell) = core.take_cell(object) else {
            self.core = Some(core);
            return false;
        };
        cell.enter(core, caller);
        run(cell.as_mut());
        self.give_back(object, cell);
        true
    }

    fn lease(&mut self, object: ObjectKey, peer: Option<PeerEntry>) -> Option<Box<dyn Cell>> {
        let mut core = self.core.take()?;
        let caller = peer.and_then(|peer| core.caller(peer));
        match core.take_cell(object) {
            Some(mut cell) => {
                cell.enter(core, caller);
                Some(cell)
            }
            None => {
                self.core = Some(core);
                None
            }
        }
    }

    fn give_back(&mut self, object: ObjectKey, mut cell: Box<dyn Cell>) {
        self.core = cell.leave();
        if let Some(core) = &mut self.core {
            core.put_cell(object, cell);
        }
    }

    /// Does something with an object: what a program outside asked for, or what a spawned future
    /// came to. Says whether the object is still there.
    pub fn run(&mut self, now: Instant, object: ObjectKey, task: Task) -> bool {
        let Some(core) = self.core_at(now) else { return false };
        let there = core.contains(object);
        core.work.push_back(Work::Task(object, task));
        self.settle();
        there
    }

    /// Calls the peers of an object, from outside.
    #[cfg(feature = "tokio")]
    pub(crate) fn call(&mut self, now: Instant, call: &RemoteCall) -> Sent {
        let Some(core) = self.core_at(now) else { return Sent::failed(crate::CallError::Gone) };
        core.send_all(call.object, call.interface, call.method, &call.arguments)
    }

    /// The transport of a connection is gone.
    pub fn lost(&mut self, now: Instant, connection: ConnectionKey, reason: LostReason) {
        let Some(core) = self.core_at(now) else { return };
        if let Some(at) = core.connections.get_mut(connection) {
            at.session.lost(reason);
            core.work.push_back(Work::Over(connection));
        }
        self.settle();
    }

    /// Ends a connection from this side.
    pub fn end(&mut self, now: Instant, connection: ConnectionKey, error: Error) {
        if let Some(core) = self.core_at(now) {
            core.end(connection, error);
        }
        self.settle();
    }

    /// Breaks a connection whose peer takes too little: what waits for it is thrown away.
    pub fn end_slow(&mut self, now: Instant, connection: ConnectionKey) {
        self.end(now, connection, PeerMisbehaved::SlowConsumer.into());
    }

    /// Closes every connection, those too that have not opened their channel yet, and takes no
    /// further one.
    pub fn close(&mut self, now: Instant) {
        self.closed = true;
        for connection in self.connections() {
            self.end(now, connection, Error::Closed);
        }
    }

    /// Says whether so much waits for a peer that its `#[latest]` calls are to be replaceable.
    pub fn set_congested(&mut self, connection: ConnectionKey, congested: bool) {
        let at = self.core.as_mut().and_then(|core| core.connections.get_mut(connection));
        if let Some(at) = at {
            at.session.set_congested(congested);
        }
    }

    /// When [`on_deadline`](Self::on_deadline) is to be called.
    pub fn deadline(&self) -> Option<Instant> {
        self.core.as_ref()?.deadline()
    }

    /// The connections of which [`on_deadline`](Self::on_deadline) would send a ping or end one.
    pub fn due(&self, now: Instant) -> Vec<ConnectionKey> {
        let deadlines = self.core.iter().flat_map(|core| &core.deadlines);
        deadlines.take_while(|(at, _)| *at <= now).map(|(_, connection)| *connection).collect()
    }

    /// Notes that a peer is there, though what it has sent was not [received](Self::receive) yet.
    pub fn has_sent(&mut self, now: Instant, connection: ConnectionKey) {
        if let Some(core) = self.core_at(now)
            && let Some(at) = core.connections.get_mut(connection)
        {
            at.session.has_sent(now);
        }
    }

    /// Fires the timers that are due, sends pings, ends connections whose limits have passed.
    pub fn on_deadline(&mut self, now: Instant) {
        let Some(core) = self.core_at(now) else { return };
        core.take_due_timers();
        while let Some(&(at, connection)) = core.deadlines.first()
            && at <= now
        {
            core.deadlines.remove(&(at, connection));
            let Some(due) = core.connections.get_mut(connection) else { continue };
            if due.session.on_deadline(now).is_some() {
                core.work.push_back(Work::Over(connection));
            }
            core.set_deadline(connection);
            core.mark(connection);
        }
        self.settle();
    }

    /// Runs what was to wait for the end of the turn.
    fn end_turn(&mut self) {
        for pass in 0.. {
            let Some(core) = &mut self.core else { return };
            if core.closing.is_empty() {
                return;
            }
            let closing = std::mem::take(&mut core.closing).into_iter();
            core.work.extend(closing.map(|(object, task)| Work::Task(object, task)));
            // An object that never comes to an end has the next turn for it.
            if pass == PASSES {
                return;
            }
            self.settle();
        }
    }

    /// What the turns since the last call have left to be sent.
    pub fn take_output(&mut self) -> Vec<Outgoing> {
        self.end_turn();
        let Some(core) = &mut self.core else { return Vec::new() };
        core.gathered = 0;
        let dirty = std::mem::take(&mut core.dirty);
        let mut outgoing = Vec::with_capacity(dirty.len());
        for connection in dirty {
            core.unmark(connection);
            let Some(at) = core.connections.get_mut(connection) else { continue };
            let output = at.session.take_output();
            let over = at.session.ended().cloned();
            if over.is_some() {
                let deadline = at.deadline;
                core.connections.remove(connection);
                deadline.map(|deadline| core.deadlines.remove(&(deadline, connection)));
            }
            outgoing.push(Outgoing { connection, output, over });
        }
        outgoing
    }

    /// What became of durable state in the turns whose output was just taken: that output must not
    /// leave before these are safe.
    pub fn take_writes(&mut self) -> Vec<Write> {
        let writes = self.core.as_mut().map(|core| std::mem::take(&mut core.writes));
        let writes = writes.unwrap_or_default().into_iter();
        writes.flat_map(|(key, change)| change.writes(key)).collect()
    }

    /// What is to run once the writes that were just taken are safe.
    pub fn take_when_safe(&mut self) -> Vec<WhenSafe> {
        self.core.as_mut().map(|core| std::mem::take(&mut core.when_safe)).unwrap_or_default()
    }

    /// The connections whose root was connected since the last call, and the versions in force.
    pub fn take_opened(&mut self) -> Vec<(ConnectionKey, i32)> {
        self.core.as_mut().map(|core| std::mem::take(&mut core.opened)).unwrap_or_default()
    }

    /// Whether [`take_output`](Self::take_output) has something to give.
    pub fn has_output(&self) -> bool {
        self.core.as_ref().is_some_and(|core| !core.dirty.is_empty() || !core.closing.is_empty())
    }

    /// The futures that handlers have spawned since the last call.
    pub fn take_spawned(&mut self) -> Vec<Spawned> {
        self.core.as_mut().map(|core| std::mem::take(&mut core.spawned)).unwrap_or_default()
    }

    /// Every connection.
    pub fn connections(&self) -> Vec<ConnectionKey> {
        self.core.as_ref().map_or_else(Vec::new, |core| core.connections.keys().collect())
    }

    /// How much the space holds.
    pub fn stats(&self) -> SpaceStats {
        self.core.as_ref().map_or_else(SpaceStats::default, |core| core.stats())
    }

    /// Whether the space is empty for good, because a future of it was dropped.
    pub fn is_dead(&self) -> bool {
        self.core.is_none()
    }

    fn core_at(&mut self, now: Instant) -> Option<&mut Core> {
        let core = self.core.as_mut()?;
        core.now = now;
        Some(core)
    }
}

impl std::fmt::Debug for Space {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Space").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
