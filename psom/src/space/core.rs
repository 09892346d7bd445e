use std::{
    any::{Any, TypeId},
    collections::{BTreeMap, BTreeSet, VecDeque},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use slotmap::{SecondaryMap, SlotMap};

use super::{
    asks::Asks,
    durable::{Change, WhenSafe},
    group_calls::GroupCalls,
    handle::{AnyHandle, Handle},
    occasion::Occasion,
    peer::{Caller, ConnectionKey, PeerEntry},
    user::User,
};
use crate::{
    error::{CallError, Error, Violation},
    interface::{Incoming, MethodDesc, ObjectDesc, Outcome},
    session::{Address, Application, Arguments, Protocols, Session, after},
    wire::{Encode, ObjectKey, ProxyId, SlotKey},
};

/// The number of the next space in this process.
static SPACES: AtomicU64 = AtomicU64::new(1);

/// The state of a space, except the object whose handler is running.
pub(super) struct Core {
    pub(super) now: Instant,
    /// A wall-clock time, and the time of the space at which it was true.
    pub(super) clock: (Instant, SystemTime),
    /// Distinguishes the handles of this space from those of other spaces.
    number: u64,
    objects: SlotMap<SlotKey, ObjectSlot>,
    /// The connections by the keys that the hub has given them.
    pub(super) connections: SecondaryMap<ConnectionKey, ConnectionState>,
    pub(super) app: Application,
    /// The work of this turn in the order in which it runs.
    pub(super) work: VecDeque<Work>,
    /// The types announced in addition to those that the root declares. Read once, after the root
    /// was created.
    pub(super) announced: Vec<ObjectDesc>,
    /// The changes of durable state in this turn.
    pub(super) writes: BTreeMap<String, Change>,
    /// The functions to run after the journal has stored the writes.
    pub(super) when_safe: Vec<WhenSafe>,
    /// The tasks to run at the end of the turn, before the output is taken.
    pub(super) closing: Vec<(ObjectKey, Task)>,
    timers: BTreeMap<TimerKey, (ObjectKey, Task)>,
    timer_count: u64,
    pub(super) deadlines: BTreeSet<(Instant, ConnectionKey)>,
    pub(super) spawned: Vec<Spawned>,
    /// The connections whose root was connected since the last call of `Space::take_opened`, with
    /// the negotiated version.
    pub(super) opened: Vec<(ConnectionKey, i32)>,
    /// The connections that have output.
    pub(super) dirty: VecDeque<ConnectionKey>,
    /// The requests that have no answer yet.
    pub(super) asks: Asks<Task, TimerKey>,
    buffer: Vec<u8>,
    /// Calls on all peers of an object that are not appended to the sessions yet.
    pub(super) group_calls: GroupCalls,
    /// The recorded calls of `async fn` handlers that are to be played before the next message.
    #[cfg(feature = "offline")]
    pub(super) played: VecDeque<(ObjectKey, Caller, PlayedCall)>,
    /// The approximate number of bytes queued since the output was last taken.
    pub(super) queued_bytes: usize,
    /// The number of tasks that were dropped because their object was gone.
    pub(super) undelivered: u64,
}

/// A recorded call of an `async fn` handler.
#[cfg(feature = "offline")]
pub(crate) struct PlayedCall {
    pub(super) version: i32,
    pub(super) method: u8,
    pub(super) arguments: bytes::Bytes,
    /// Takes the result when the handler has returned. The core comes from the space and returns to it.
    pub(super) then: Box<TakeResult>,
}

/// Takes the result of a played call.
#[cfg(feature = "offline")]
type TakeResult =
    dyn FnOnce(Box<Core>, ObjectKey, Result<(), Violation>) -> Option<Box<Core>> + Send;

/// Work that handlers have queued.
pub(super) enum Work {
    Task(ObjectKey, Task),
    /// The continuation of a request, with the peer that has answered it.
    Continue(ObjectKey, Option<Caller>, Task),
    Added(ObjectKey),
    Connected(ObjectKey, Caller),
    Disconnected(ObjectKey, Caller),
    /// Notifies every object that was connected on a connection that has ended.
    Ended(ConnectionKey),
}

/// An object of any type, with the context that its handlers get.
pub(super) trait Cell: Send {
    /// Moves the space's core into the context before a handler runs.
    fn enter(&mut self, core: Box<Core>, caller: Option<Caller>);
    /// Returns the core between [`enter`](Self::enter) and [`leave`](Self::leave).
    fn core(&mut self) -> Option<&mut Core>;
    /// Moves the core out of the context after the handler has returned.
    fn leave(&mut self) -> Option<Box<Core>>;
    fn dispatch<'a>(&'a mut self, call: Incoming<'a>) -> Result<Outcome<'a>, Violation>;
    fn child(&mut self, part: &str) -> Result<Option<AnyHandle>, Violation>;
    fn has_after(&self) -> bool;
    fn after(&mut self, method: &'static MethodDesc);
    fn notify(&mut self, occasion: Occasion);
    fn object(&self) -> &dyn Any;
    fn any(&mut self) -> &mut dyn Any;
}

/// A function that runs on one object in a later turn, or later in this one.
pub struct Task(Run);

type Run = Box<dyn FnOnce(&mut dyn Cell) + Send>;

impl Task {
    /// Creates a task from a function that receives the object's cell.
    pub(super) fn from_fn(run: impl FnOnce(&mut dyn Cell) + Send + 'static) -> Self {
        Self(Box::new(run))
    }

    pub(super) fn run(self, cell: &mut dyn Cell) {
        (self.0)(cell);
    }
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Task")
    }
}

/// A future that an object runs outside the space. Its result is a task for the object; pass the
/// task to `Space::run`.
pub struct Spawned {
    /// The object.
    pub object: ObjectKey,
    /// The future.
    pub future: Pin<Box<dyn Future<Output = Task> + Send>>,
}

impl std::fmt::Debug for Spawned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spawned").field("object", &self.object).finish_non_exhaustive()
    }
}

/// Names a timer of a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimerKey {
    at: Instant,
    number: u64,
}

pub(super) struct ObjectSlot {
    type_id: TypeId,
    /// `None` while the object is being created and while one of its handlers runs.
    cell: Option<Box<dyn Cell>>,
    desc: ObjectDesc,
    pub(super) peers: Vec<PeerEntry>,
    /// The groups of peers by name; none is empty.
    groups: BTreeMap<String, Vec<PeerEntry>>,
    timers: BTreeSet<TimerKey>,
    while_connected: bool,
}

pub(super) struct ConnectionState {
    pub(super) session: Session,
    pub(super) user: User,
    pub(super) deadline: Option<Instant>,
    pub(super) dirty: bool,
}

/// The numbers of objects, connections and other resources of a space.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpaceStats {
    /// The number of objects, including the root.
    pub objects: usize,
    /// The number of connections.
    pub connections: usize,
    /// The number of pairs of an object and one of its peers.
    pub peers: usize,
    /// The number of running timers.
    pub timers: usize,
    /// The number of received messages that were dropped because they crossed an OP_CLOSE of this
    /// side. Counts only connections that still exist.
    pub dropped: u64,
    /// The number of calls of [`Scope::tell`](super::Scope::tell), and of other tasks for objects,
    /// that were dropped because the object was gone.
    pub undelivered: u64,
}

impl Core {
    pub(super) fn new(now: Instant, protocols: Protocols) -> Self {
        let app = Application { protocols: Arc::new(protocols), root: ObjectKey::default() };
        Self {
            now,
            clock: (now, SystemTime::UNIX_EPOCH),
            number: SPACES.fetch_add(1, Ordering::Relaxed),
            objects: SlotMap::with_key(),
            connections: SecondaryMap::new(),
            app,
            work: VecDeque::new(),
            announced: Vec::new(),
            writes: BTreeMap::new(),
            when_safe: Vec::new(),
            closing: Vec::new(),
            timers: BTreeMap::new(),
            timer_count: 0,
            deadlines: BTreeSet::new(),
            spawned: Vec::new(),
            opened: Vec::new(),
            dirty: VecDeque::new(),
            asks: Asks::default(),
            buffer: Vec::new(),
            group_calls: GroupCalls::default(),
            #[cfg(feature = "offline")]
            played: VecDeque::new(),
            queued_bytes: 0,
            undelivered: 0,
        }
    }

    pub(super) fn stats(&self) -> SpaceStats {
        SpaceStats {
            objects: self.objects.len(),
            connections: self.connections.values().filter(|at| !at.session.is_ended()).count(),
            peers: self.objects.values().map(|slot| slot.peers.len()).sum(),
            timers: self.timers.len(),
            dropped: self.connections.values().map(|at| at.session.dropped()).sum(),
            undelivered: self.undelivered,
        }
    }

    /// Reserves a slot for an object, so that its handle exists before the object.
    pub(super) fn reserve_slot(
        &mut self,
        type_id: TypeId,
        desc: ObjectDesc,
        while_connected: bool,
    ) -> ObjectKey {
        let (peers, timers) = (Vec::new(), BTreeSet::new());
        let groups = BTreeMap::new();
        let slot = ObjectSlot { type_id, cell: None, desc, peers, groups, timers, while_connected };
        ObjectKey { space: self.number, slot: self.objects.insert(slot) }
    }

    fn slot(&self, key: ObjectKey) -> Option<&ObjectSlot> {
        self.objects.get(key.slot).filter(|_| key.space == self.number)
    }

    pub(super) fn slot_mut(&mut self, key: ObjectKey) -> Option<&mut ObjectSlot> {
        self.objects.get_mut(key.slot).filter(|_| key.space == self.number)
    }

    /// Removes an object and disconnects it from all its peers. If a handler of the object is
    /// running, the object is dropped after the handler returns.
    pub(super) fn remove(&mut self, key: ObjectKey) -> bool {
        if !self.contains(key) {
            return false;
        }
        self.flush_group_calls();
        let Some(slot) = self.objects.remove(key.slot) else { return false };
        slot.timers.iter().for_each(|timer| drop(self.timers.remove(timer)));
        self.asks.forget(key);
        for peer in slot.peers {
            if peer.address.proxy == ProxyId::ROOT {
                // A channel cannot exist without its root, so the connection ends.
                self.end(peer.connection, Error::Closed);
            } else if let Some(connection) = self.connections.get_mut(peer.connection) {
                connection.session.disconnect(peer.address);
                self.mark(peer.connection);
            }
        }
        true
    }

    pub(super) fn contains(&self, key: ObjectKey) -> bool {
        self.slot(key).is_some()
    }

    pub(super) fn object<T: 'static>(&self, handle: Handle<T>) -> Option<&T> {
        self.slot(handle.key)?.cell.as_ref()?.object().downcast_ref()
    }

    pub(super) fn is_a<T: 'static>(&self, key: ObjectKey) -> bool {
        self.slot(key).is_some_and(|slot| slot.type_id == TypeId::of::<T>())
    }

    pub(super) fn desc(&self, key: ObjectKey) -> Option<ObjectDesc> {
        self.slot(key).map(|slot| slot.desc)
    }

    /// Takes an object out of its slot while one of its handlers runs.
    pub(super) fn take_cell(&mut self, key: ObjectKey) -> Option<Box<dyn Cell>> {
        self.slot_mut(key)?.cell.take()
    }

    /// Puts an object back into its slot. Drops the object if it was removed meanwhile.
    pub(super) fn put_cell(&mut self, key: ObjectKey, cell: Box<dyn Cell>) {
        if let Some(slot) = self.slot_mut(key) {
            slot.cell = Some(cell);
        }
    }

    pub(super) fn peers(&self, key: ObjectKey) -> &[PeerEntry] {
        self.slot(key).map_or(&[], |slot| &slot.peers)
    }

    pub(super) fn caller(&self, peer: PeerEntry) -> Option<Caller> {
        let user = self.connections.get(peer.connection)?.user.clone();
        Some(Caller { peer, user })
    }

    pub(super) fn add_peer(&mut self, key: ObjectKey, peer: PeerEntry) {
        self.flush_group_calls();
        if let Some(slot) = self.slot_mut(key) {
            slot.peers.push(peer);
        }
    }

    /// Removes a peer from the group of its object and returns it.
    pub(super) fn remove_peer(
        &mut self,
        key: ObjectKey,
        connection: ConnectionKey,
        address: Address,
    ) -> Option<PeerEntry> {
        self.flush_group_calls();
        let slot = self.slot_mut(key)?;
        let matches = |peer: &PeerEntry| peer.connection == connection && peer.address == address;
        let index = slot.peers.iter().position(matches)?;
        let removed = slot.peers.remove(index);
        slot.groups.retain(|_, members| {
            members.retain(|member| *member != removed);
            !members.is_empty()
        });
        if !self.asks.is_empty() {
            self.end_asks(connection, key);
        }
        Some(removed)
    }

    /// Adds a connected peer of an object to a group.
    pub(super) fn join(&mut self, key: ObjectKey, peer: PeerEntry, group: String) {
        let Some(slot) = self.slot_mut(key).filter(|slot| slot.peers.contains(&peer)) else {
            return;
        };
        let members = slot.groups.entry(group).or_default();
        if !members.contains(&peer) {
            members.push(peer);
        }
    }

    /// Removes a peer from a group.
    pub(super) fn leave(&mut self, key: ObjectKey, peer: PeerEntry, group: &str) -> bool {
        let Some(slot) = self.slot_mut(key) else { return false };
        let Some(members) = slot.groups.get_mut(group) else { return false };
        let Some(index) = members.iter().position(|member| *member == peer) else { return false };
        members.remove(index);
        if members.is_empty() {
            slot.groups.remove(group);
        }
        true
    }

    /// Returns the members of a group of an object.
    pub(super) fn group(&self, key: ObjectKey, group: &str) -> Vec<PeerEntry> {
        self.slot(key).and_then(|slot| slot.groups.get(group)).cloned().unwrap_or_default()
    }

    /// Removes an object that exists only while it is connected, if it has no peer.
    pub(super) fn collect(&mut self, key: ObjectKey) {
        let slot = self.slot(key);
        if slot.is_some_and(|slot| slot.while_connected && slot.peers.is_empty()) {
            self.remove(key);
        }
    }

    pub(super) fn attach(&mut self, key: ConnectionKey, session: Session, user: User) {
        let deadline = session.deadline();
        let connection = ConnectionState { session, user, deadline, dirty: false };
        self.connections.insert(key, connection);
        self.deadlines.extend(deadline.map(|deadline| (deadline, key)));
        self.mark(key);
    }

    /// Adds a connection to `dirty` if it has output.
    pub(super) fn mark(&mut self, key: ConnectionKey) {
        if let Some(connection) = self.connections.get_mut(key)
            && !connection.dirty
            && connection.session.has_output()
        {
            connection.dirty = true;
            self.dirty.push_back(key);
        }
    }

    /// Updates the deadline of a connection in the sorted set of deadlines.
    pub(super) fn set_deadline(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let deadline = connection.session.deadline();
        if deadline == connection.deadline && deadline.is_some_and(|at| at > self.now) {
            return;
        }
        let old = std::mem::replace(&mut connection.deadline, deadline);
        self.deadlines.extend(deadline.map(|deadline| (deadline, key)));
        if old != deadline
            && let Some(old) = old
        {
            self.deadlines.remove(&(old, key));
        }
    }

    /// Ends a connection and queues the notification of the objects that were connected on it.
    pub(super) fn end(&mut self, key: ConnectionKey, error: Error) {
        self.flush_group_calls();
        if let Some(connection) = self.connections.get_mut(key) {
            connection.session.end(error);
            self.work.push_back(Work::Ended(key));
            self.mark(key);
        }
    }

    /// Encodes the arguments of a call, to be shared by all peers to which it is sent.
    pub(super) fn marshal(&mut self, arguments: &[&dyn Encode]) -> Result<Arguments, CallError> {
        Ok(Arguments::encode(std::mem::take(&mut self.buffer), arguments)?)
    }

    pub(super) fn recycle(&mut self, arguments: Arguments) {
        self.buffer = arguments.recycle();
    }

    /// Reports whether both sides of a connection have a common version of an object type.
    pub(super) fn speaks(&self, connection: ConnectionKey, object: &ObjectDesc) -> bool {
        let at = self.connections.get(connection);
        at.is_some_and(|at| at.session.version(object).is_ok())
    }

    /// Connects an object to a peer, as a part of the object at `parent`.
    pub(super) fn connect(
        &mut self,
        connection: ConnectionKey,
        parent: Address,
        part: &str,
        key: ObjectKey,
    ) -> Result<(), Error> {
        self.flush_group_calls();
        let desc = self.desc(key).ok_or(CallError::Gone)?;
        let at = self.connections.get_mut(connection).ok_or(CallError::Gone)?;
        let connected = at.session.connect(parent, part, key, &desc);
        if connected.is_err() {
            self.collect(key);
        }
        let (address, version) = connected?;
        let Some(at) = self.connections.get_mut(connection) else { return Ok(()) };
        let peer = PeerEntry { connection, address, version };
        let caller = Caller { peer, user: at.user.clone() };
        self.add_peer(key, peer);
        self.work.push_back(Work::Connected(key, caller));
        self.mark(connection);
        Ok(())
    }

    /// Disconnects an object from one peer.
    pub(super) fn disconnect(&mut self, key: ObjectKey, peer: PeerEntry) -> bool {
        self.flush_group_calls();
        let Some(at) = self.connections.get_mut(peer.connection) else { return false };
        if peer.address.proxy == ProxyId::ROOT {
            let was_connected = !at.session.is_ended();
            self.end(peer.connection, Error::Closed);
            return was_connected;
        }
        if !at.session.disconnect(peer.address) {
            return false;
        }
        let caller = Caller { peer, user: at.user.clone() };
        self.mark(peer.connection);
        self.remove_peer(key, peer.connection, peer.address);
        self.work.push_back(Work::Disconnected(key, caller));
        true
    }

    pub(super) fn after(&mut self, object: ObjectKey, delay: Duration, task: Task) -> TimerKey {
        self.timer_count += 1;
        let timer = TimerKey { at: after(self.now, delay), number: self.timer_count };
        if let Some(slot) = self.slot_mut(object) {
            slot.timers.insert(timer);
            self.timers.insert(timer, (object, task));
        }
        timer
    }

    pub(super) fn cancel(&mut self, timer: TimerKey) -> bool {
        let Some((object, _)) = self.timers.remove(&timer) else { return false };
        if let Some(slot) = self.slot_mut(object) {
            slot.timers.remove(&timer);
        }
        true
    }

    /// Returns the time at which the space must run next without input.
    pub(super) fn deadline(&self) -> Option<Instant> {
        // Work that is left over from the last turn is due immediately.
        if !self.work.is_empty() {
            return Some(self.now);
        }
        let timer = self.timers.keys().next().map(|timer| timer.at);
        let connection = self.deadlines.first().map(|(at, _)| *at);
        [timer, connection].into_iter().flatten().min()
    }

    /// Queues the tasks of the timers that are due.
    pub(super) fn take_due_timers(&mut self) {
        while let Some(entry) = self.timers.first_entry().filter(|timer| timer.key().at <= self.now)
        {
            let (timer, (object, task)) = entry.remove_entry();
            if let Some(slot) = self.slot_mut(object) {
                slot.timers.remove(&timer);
            }
            self.work.push_back(Work::Task(object, task));
        }
    }
}
