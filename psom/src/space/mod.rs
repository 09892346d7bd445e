//! The objects of one application, without I/O: a meeting on a server, a session on a client.
//!
//! A [`Space`] owns all objects below one root and all sessions that are connected to them. It
//! handles one message, timer or task of the program at a time. Handlers queue their calls in the
//! sessions. A [`Hub`](crate::hub::Hub) decides from which connection the space reads, and when its
//! output is released.

mod asking;
mod asks;
mod barrier;
mod child;
mod context;
mod core;
mod durable;
mod group_calls;
mod handle;
mod handler;
mod object;
mod occasion;
mod on_behalf;
mod peer;
mod reading;
mod remote_call;
mod sending;
mod target;
mod turn;
mod user;

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

#[cfg(feature = "offline")]
pub(crate) use self::core::PlayedCall;
pub use self::core::{SpaceStats, Spawned, Task, TimerKey};
use self::{
    core::{Cell, Core, Work},
    peer::{Caller, PeerEntry},
};
pub use asks::Reply;
pub use child::{
    ChildFactories, IntoChild, NoFactories, NoLifecycle, PartCapture, Probe, Transparent, captures,
};
pub use context::{Context, Scope};
pub use durable::{WhenSafe, Write};
pub use handle::{AnyHandle, Handle};
pub use object::{DistributedObject, Lifecycle, Notified, notify};
pub use occasion::Occasion;
pub use peer::{ConnectionKey, PeerId, PeerInfo, Sent};
pub(crate) use reading::ReadLimit;
pub use remote_call::RemoteCall;
pub use target::{Narrow, Peer, Peers, Prepared};
pub use user::{User, UserData};

use crate::{
    error::{CallError, Error, LostReason, Misuse, PeerMisbehaved},
    interface::ObjectDesc,
    session::{Address, Config, ConnectRequest, Event, Protocols, Session},
    wire::{ObjectKey, auth::Credentials, record::Batch},
};

/// The objects below one root, and the sessions that are connected to them.
///
/// If a future of a space is dropped before it completes, the objects are dropped with it. Then the
/// space is empty and does nothing.
pub struct Space {
    /// INVARIANT: `Some` whenever no handler runs.
    core: Option<Box<Core>>,
    /// The buffer for borrowed strings of the current call.
    text: String,
    closed: bool,
}

/// The maximum number of times that a peer may connect one object. Each connect adds another copy of
/// every call on the object's peers.
const MAX_CONNECTS_OF_ONE_OBJECT: usize = 16;

/// The maximum number of queued work items that run before the space returns to its driver, so that
/// objects that keep queueing work do not block I/O.
const MAX_WORK_ITEMS_PER_TURN: usize = 10_000;

/// The maximum number of rounds of end-of-turn tasks that queue further end-of-turn tasks.
const MAX_END_OF_TURN_ROUNDS: usize = 16;

impl Space {
    /// Creates a space with its root. `undeclared` are types of objects that are connected although
    /// no object declares them.
    pub fn new<T: DistributedObject>(
        now: Instant,
        undeclared: impl IntoIterator<Item = ObjectDesc>,
        root: impl FnOnce(&mut Scope) -> T,
    ) -> Result<(Self, Handle<T>), Misuse> {
        Self::try_new(now, undeclared, |scope| Ok(root(scope)))
    }

    /// Creates a space like [`new`](Self::new), with a root whose creation can fail.
    pub fn try_new<T: DistributedObject, E: From<Misuse>>(
        now: Instant,
        undeclared: impl IntoIterator<Item = ObjectDesc>,
        root: impl FnOnce(&mut Scope) -> Result<T, E>,
    ) -> Result<(Self, Handle<T>), E> {
        Self::try_new_at(now, SystemTime::UNIX_EPOCH, undeclared, root)
    }

    /// Creates a space like [`try_new`](Self::try_new), with a wall-clock time.
    pub(crate) fn try_new_at<T: DistributedObject, E: From<Misuse>>(
        now: Instant,
        time: SystemTime,
        undeclared: impl IntoIterator<Item = ObjectDesc>,
        root: impl FnOnce(&mut Scope) -> Result<T, E>,
    ) -> Result<(Self, Handle<T>), E> {
        let none = Protocols::of(ObjectDesc::of::<T>(), [])?;
        let mut core = Box::new(Core::new(now, none));
        core.clock.1 = time;
        let handle = core.reserve(false);
        core.app.root = handle.key;
        let mut scope = Scope::new(Some(core), handle.key);
        let object = root(&mut scope)?;
        let mut space = Self { core: scope.into_core(), text: String::new(), closed: false };
        if let Some(core) = &mut space.core {
            core.fill(handle, object);
            // The root can announce types while it is being created.
            let announced = std::mem::take(&mut core.announced);
            let undeclared = undeclared.into_iter().chain(announced);
            core.app.protocols = Arc::new(Protocols::of(ObjectDesc::of::<T>(), undeclared)?);
        }
        space.settle();
        Ok((space, handle))
    }

    /// Accepts a client whose credentials were checked, and takes over its session. Returns the
    /// bytes that the client has sent in advance.
    pub(crate) fn accept(
        &mut self,
        now: Instant,
        key: ConnectionKey,
        mut session: Session,
        user: User,
    ) -> Option<Batch> {
        let closed = self.closed;
        let core = self.core_at(now)?;
        if closed || !core.contains(core.app.root) {
            return None;
        }
        session.accept(core.app.clone(), now);
        let kept = session.take_kept();
        core.attach(key, session, user);
        Some(kept)
    }

    /// Begins a client's session.
    pub(crate) fn connect(
        &mut self,
        now: Instant,
        key: ConnectionKey,
        config: Arc<Config>,
        credentials: &Credentials,
    ) -> Option<()> {
        let core = self.core_at(now)?;
        let session = Session::client(config, credentials, core.app.clone(), now);
        core.attach(key, session, User::new(0, "server"));
        Some(())
    }

    fn on_event(&mut self, connection: ConnectionKey, event: Event) {
        match event {
            Event::Opened { object, address, version } => {
                self.on_connected(object, PeerEntry { connection, address, version });
            }
            Event::Connect(request) => self.on_connect(connection, &request),
            Event::Disconnected { object, address } => {
                self.push_disconnected(connection, [(object, address)]);
            }
            Event::ChannelClosed(closed) => self.push_disconnected(connection, closed),
            Event::Ended(_) => self.push(Work::Ended(connection)),
            // `read` handles calls, and credentials are checked before a space has the session.
            Event::Call(_) | Event::Authenticate(_) => {}
        }
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
        self.end_on_error(connection, connected);
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
        core.flush_group_calls();
        let child = child.and_then(|key| Some((key, core.desc(key)?)));
        let child = child.filter(|(key, _)| {
            let here = |peer: &&PeerEntry| peer.connection == connection;
            core.peers(*key).iter().filter(here).count() < MAX_CONNECTS_OF_ONE_OBJECT
        });
        let Some(at) = core.connections.get_mut(connection) else { return Ok(()) };
        let Some((key, desc)) = child else {
            at.session.refuse_connect(request.address.proxy);
            return Ok(());
        };
        let accepted = at.session.accept_connect(request, key, &desc);
        if accepted.is_err() {
            // A factory may have created the object only for this connect.
            core.collect(key);
        }
        let version = accepted?;
        self.on_connected(key, PeerEntry { connection, address: request.address, version });
        Ok(())
    }

    /// Ends a connection if its peer has violated a rule.
    fn end_on_error(&mut self, connection: ConnectionKey, result: Result<(), Error>) {
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
        gone: impl IntoIterator<Item = (ObjectKey, Address)>,
    ) {
        let Some(core) = &mut self.core else { return };
        for (object, address) in gone {
            let peer = core.remove_peer(object, connection, address);
            if let Some(caller) = peer.and_then(|peer| core.caller(peer)) {
                core.work.push_back(Work::Disconnected(object, caller));
            }
        }
    }

    /// Runs the work that handlers have queued, up to a limit. The rest runs in the next turn,
    /// before any message is read.
    fn settle(&mut self) {
        for _ in 0..MAX_WORK_ITEMS_PER_TURN {
            let work = self.core.as_mut().and_then(|core| core.work.pop_front());
            let Some(work) = work else { return };
            match work {
                Work::Task(object, task) => self.run_task(object, None, task),
                Work::Continue(object, caller, task) => self.run_task(object, caller, task),
                Work::Added(object) => {
                    self.enter(object, None, |cell| cell.notify(Occasion::Added));
                }
                Work::Connected(object, caller) => {
                    self.enter(object, Some(caller), |cell| cell.notify(Occasion::Connected));
                }
                Work::Disconnected(object, caller) => {
                    self.enter(object, Some(caller), |cell| cell.notify(Occasion::Disconnected));
                    if let Some(core) = &mut self.core {
                        core.collect(object);
                    }
                }
                Work::Ended(connection) => {
                    let Some(core) = &mut self.core else { return };
                    core.flush_group_calls();
                    let Some(at) = core.connections.get_mut(connection) else { continue };
                    let gone = at.session.take_connected();
                    core.set_deadline(connection);
                    core.mark(connection);
                    self.push_disconnected(connection, gone);
                }
            }
        }
    }

    /// Runs a task on its object, or counts it if the object is gone.
    fn run_task(&mut self, object: ObjectKey, caller: Option<Caller>, task: Task) {
        let exists = self.enter(object, caller, |cell| task.run(cell));
        if let (false, Some(core)) = (exists, &mut self.core) {
            core.undelivered += 1;
        }
    }

    /// Runs a handler of an object. Returns false if the object does not exist.
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

    /// Runs a task on an object, for the program or for a spawned future. Returns false if the
    /// object does not exist.
    pub(crate) fn run(&mut self, now: Instant, object: ObjectKey, task: Task) -> bool {
        let Some(core) = self.core_at(now) else { return false };
        let exists = core.contains(object);
        core.work.push_back(Work::Task(object, task));
        self.settle();
        exists
    }

    /// Calls the peers of an object, for the program.
    pub(crate) fn call(&mut self, now: Instant, call: &RemoteCall) -> Sent {
        let Some(core) = self.core_at(now) else { return Sent::failed(CallError::Gone) };
        core.send_all(call.object, call.interface, call.method, &call.arguments)
    }

    /// Ends a connection whose transport is gone.
    pub(crate) fn lost(&mut self, now: Instant, connection: ConnectionKey, reason: LostReason) {
        let Some(core) = self.core_at(now) else { return };
        core.flush_group_calls();
        if let Some(at) = core.connections.get_mut(connection) {
            at.session.lost(reason);
            core.work.push_back(Work::Ended(connection));
        }
        self.settle();
    }

    /// Ends a connection from this side.
    pub(crate) fn end(&mut self, now: Instant, connection: ConnectionKey, error: Error) {
        if let Some(core) = self.core_at(now) {
            core.end(connection, error);
        }
        self.settle();
    }

    /// Breaks a connection whose peer reads too slowly for a limit: the output that waits for it is
    /// dropped.
    pub(crate) fn end_slow(
        &mut self,
        now: Instant,
        connection: ConnectionKey,
        limit: &'static str,
    ) {
        self.end(now, connection, PeerMisbehaved::SlowConsumer(limit).into());
    }

    /// Ends all connections, including those that have not opened their channel yet, and accepts no
    /// new ones.
    pub(crate) fn close(&mut self, now: Instant) {
        self.closed = true;
        let connections =
            self.core.as_ref().map(|core| core.connections.keys().collect::<Vec<_>>());
        for connection in connections.unwrap_or_default() {
            self.end(now, connection, Error::Closed);
        }
    }

    /// Drops every object and every session.
    pub(crate) fn clear(&mut self) {
        self.core = None;
    }

    /// Sets whether the send queue of a peer is above its soft limit.
    pub(crate) fn set_congested(&mut self, connection: ConnectionKey, congested: bool) {
        if let Some(core) = &mut self.core {
            core.flush_group_calls();
        }
        if let Some(at) = self.connection_mut(connection) {
            at.session.set_congested(congested);
        }
    }

    fn connection_mut(&mut self, key: ConnectionKey) -> Option<&mut core::ConnectionState> {
        self.core.as_mut()?.connections.get_mut(key)
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
