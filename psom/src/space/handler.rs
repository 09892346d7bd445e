//! The operations that handlers have: on their space, their peers and durable state.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant, SystemTime},
};

use super::{
    context::{Context, Scope},
    core::{Spawned, Task, TimerKey, Work},
    durable::Change,
    handle::{AnyHandle, Handle},
    object::DistributedObject,
    peer::{PeerId, PeerInfo},
    target::{Peer, Peers},
};
use crate::{
    error::{CallError, PeerMisbehaved, Violation},
    interface::{Interface, ObjectDesc},
    wire::ObjectRef,
};

impl Scope {
    /// Returns the time of this turn. Handlers must not read another clock, so that tests and
    /// simulations are reproducible.
    pub fn now(&self) -> Instant {
        self.core().now
    }

    /// Returns the wall-clock time of this turn. In [`testing`](crate::testing), it begins at the Unix
    /// epoch and advances with the virtual time of the test.
    pub fn time(&self) -> SystemTime {
        let core = self.core();
        let (then, time) = core.clock;
        match core.now.checked_duration_since(then) {
            Some(since) => time.checked_add(since).unwrap_or(time),
            // The clock was set after this turn began.
            None => time.checked_sub(then.duration_since(core.now)).unwrap_or(time),
        }
    }

    /// Adds an object to the space. It stays until [`remove`](Self::remove) is called.
    pub fn add<T: DistributedObject>(&mut self, object: T) -> Handle<T> {
        self.add_with(|_, _| object)
    }

    /// Adds the object that `make` returns. `make` gets the object's own handle, so that it can
    /// give it to the object and to others that the object refers to.
    ///
    /// Until `make` returns, [`get`](Self::get) returns [`CallError::Gone`] for the handle.
    /// [`tell`](Self::tell) queues functions for it as usual.
    pub fn add_with<T: DistributedObject>(
        &mut self,
        make: impl FnOnce(&mut Self, Handle<T>) -> T,
    ) -> Handle<T> {
        let handle = self.core_mut().reserve(false);
        let object = make(self, handle);
        self.core_mut().fill(handle, object);
        handle
    }

    /// Adds an object like [`add_with`](Self::add_with), with a `make` that can fail.
    ///
    /// # Errors
    /// Returns the error of `make`. No object is added then.
    pub fn try_add_with<T: DistributedObject, E>(
        &mut self,
        make: impl FnOnce(&mut Self, Handle<T>) -> Result<T, E>,
    ) -> Result<Handle<T>, E> {
        let handle = self.core_mut().reserve(false);
        match make(self, handle) {
            Ok(object) => {
                self.core_mut().fill(handle, object);
                Ok(handle)
            }
            Err(error) => {
                self.core_mut().remove(handle.key);
                Err(error)
            }
        }
    }

    /// Adds an object that exists only while it is connected. It is removed when connecting it
    /// fails, or after its last peer is gone and its `disconnected` has run. Until the first
    /// attempt to connect it, the object stays.
    pub fn add_while_connected<T: DistributedObject>(&mut self, object: T) -> Handle<T> {
        let core = self.core_mut();
        let handle = core.reserve(true);
        core.fill(handle, object);
        handle
    }

    /// Returns the handle of the space's root if the root is a `T`. The handle is valid even while
    /// the root is being created.
    pub fn root<T: DistributedObject>(&self) -> Option<Handle<T>> {
        let core = self.core();
        core.is_a::<T>(core.app.root).then(|| Handle::new(core.app.root))
    }

    /// Removes an object, disconnects it from all its peers, and cancels its timers. Its
    /// `disconnected` is not called. Returns false if the object is already gone.
    pub fn remove(&mut self, object: impl Into<AnyHandle>) -> bool {
        self.core_mut().remove(object.into().key)
    }

    /// Disconnects an object from one peer, including all repeated connects of the object. Its
    /// `disconnected` runs after the current handler, once for each connect. Returns the number of
    /// connects.
    #[must_use = "returns 0 if the object is not connected to the peer"]
    pub fn disconnect(&mut self, object: impl Into<AnyHandle>, peer: PeerId) -> usize {
        let (core, key) = (self.core_mut(), object.into().key);
        let mut peers = core.peers(key).to_vec();
        peers.retain(|at| at.connection == peer.0 && core.disconnect(key, *at));
        peers.len()
    }

    /// Borrows another object.
    ///
    /// # Errors
    /// Returns [`CallError::Gone`] if the object was removed, and for the object whose handler is
    /// running.
    pub fn get<T: DistributedObject>(&self, handle: Handle<T>) -> Result<&T, CallError> {
        self.core().object(handle).ok_or(CallError::Gone)
    }

    /// Queues `run` for another object. It runs after the current handler returns, in the order of
    /// the calls. Objects of a space communicate only in this way, so no handler is re-entered.
    ///
    /// If the object is gone, or is removed before `run` can run, `run` is dropped and counted in
    /// [`SpaceStats::undelivered`](super::SpaceStats::undelivered).
    pub fn tell<T: DistributedObject>(
        &mut self,
        handle: Handle<T>,
        run: impl FnOnce(&mut T, &mut Context<T>) + Send + 'static,
    ) {
        if self.try_tell(handle, run).is_err() {
            self.core_mut().undelivered += 1;
        }
    }

    /// Queues `run` like [`tell`](Self::tell), for callers that need to know whether the object
    /// exists.
    ///
    /// # Errors
    /// Returns [`CallError::Gone`] and drops `run` if the object is gone.
    pub fn try_tell<T: DistributedObject>(
        &mut self,
        handle: Handle<T>,
        run: impl FnOnce(&mut T, &mut Context<T>) + Send + 'static,
    ) -> Result<(), CallError> {
        let core = self.core_mut();
        if !core.contains(handle.key) {
            return Err(CallError::Gone);
        }
        core.work.push_back(Work::Task(handle.key, Task::new(run)));
        Ok(())
    }

    /// Announces an object type that the declarations of the root do not contain, such as a type of
    /// a plug-in. Takes effect only while the root is being created.
    ///
    /// If two announced types have the same interface name but different versions or hashes,
    /// creating the space fails.
    pub fn announce<T: DistributedObject>(&mut self) {
        self.announce_all([ObjectDesc::of::<T>()]);
    }

    /// Announces object types like [`announce`](Self::announce), by their descriptions.
    pub fn announce_all(&mut self, objects: impl IntoIterator<Item = ObjectDesc>) {
        self.core_mut().announced.extend(objects);
    }

    /// Returns the typed handle of an object if the object is a `T`.
    pub fn downcast<T: DistributedObject>(&self, object: AnyHandle) -> Option<Handle<T>> {
        self.core().is_a::<T>(object.key).then(|| Handle::new(object.key))
    }

    /// Cancels a timer. Returns false if it has fired or was cancelled before.
    pub fn cancel(&mut self, timer: TimerKey) -> bool {
        self.core_mut().cancel(timer)
    }
}

/// # Durable state
///
/// The output of a turn is released only after the journal has stored the turn's writes. Meanwhile
/// the space works on the next turns. A space without a journal discards the writes.
impl Scope {
    /// Saves a text under a key. If a turn saves a key several times, the last text is kept.
    pub fn save(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.core_mut().writes.entry(key.into()).or_default().text = Some(value.into());
    }

    /// Deletes a key and all keys below it.
    pub fn erase(&mut self, key: impl Into<String>) {
        let key = key.into();
        let writes = &mut self.core_mut().writes;
        // The map is sorted, so the deletion of a key precedes later writes below it. `0` is the
        // character after `/`.
        let below = writes.range(format!("{key}/")..format!("{key}0"));
        let below: Vec<_> = below.map(|(key, _)| key.clone()).collect();
        below.iter().for_each(|key| drop(writes.remove(key)));
        writes.insert(key, Change { erased: true, text: None });
    }

    /// Runs a function outside the space after the journal has stored the writes of this turn: for
    /// example, to remove a file to which the stored state no longer refers. It must not block.
    pub fn when_safe(&mut self, run: impl FnOnce() + Send + 'static) {
        self.core_mut().when_safe.push(Box::new(run));
    }
}

impl<T: DistributedObject> Context<T> {
    /// Returns the handle of this object.
    pub fn handle(&self) -> Handle<T> {
        Handle::new(self.scope.this)
    }

    /// Returns the peer that called, was connected, or was disconnected.
    ///
    /// In a handler without a caller (a timer, [`tell`](Scope::tell), a function that the program
    /// runs from outside), calls on this proxy fail with [`CallError::Gone`].
    pub fn caller(&mut self) -> <T::Calls as Interface>::Proxy<Peer<'_>> {
        let this = self.scope.this;
        let caller = self.caller.as_ref();
        #[expect(clippy::expect_used, reason = "the invariant of the field")]
        let core = self.scope.core.as_mut().expect("only a running handler has access to a scope");
        T::Calls::proxy(Peer::new(core, this, caller))
    }

    /// Returns the group of all peers of this object.
    pub fn peers(&mut self) -> <T::Calls as Interface>::Proxy<Peers<'_>> {
        let this = self.scope.this;
        T::Calls::proxy(Peers::new(self.scope.core_mut(), this))
    }

    /// Returns the group of all peers of this object except the caller. If the caller is connected
    /// several times, all of its connects are excluded.
    pub fn others(&mut self) -> <T::Calls as Interface>::Proxy<Peers<'_>> {
        let this = self.scope.this;
        let caller = self.caller.as_ref().map(|caller| caller.peer.connection);
        let core = self.scope.core_mut();
        let mut others = core.peers(this).to_vec();
        others.retain(|peer| Some(peer.connection) != caller);
        T::Calls::proxy(Peers::only(core, this, others))
    }

    /// Returns the group of the peers that have joined a group of this object with
    /// [`Peer::join`]. It is empty if no peer has joined it.
    pub fn group(&mut self, name: &str) -> <T::Calls as Interface>::Proxy<Peers<'_>> {
        let this = self.scope.this;
        let core = self.scope.core_mut();
        let members = core.group(this, name);
        T::Calls::proxy(Peers::only(core, this, members))
    }

    /// Returns the group of these peers of this object. Unlike a filter, it does not look at the properties of
    /// all peers.
    pub fn only(&mut self, peers: &BTreeSet<PeerId>) -> <T::Calls as Interface>::Proxy<Peers<'_>> {
        let this = self.scope.this;
        let core = self.scope.core_mut();
        let mut only = Vec::new();
        if !peers.is_empty() {
            let all = core.peers(this).iter();
            only.extend(all.filter(|peer| peers.contains(&PeerId(peer.connection))));
        }
        T::Calls::proxy(Peers::only(core, this, only))
    }

    /// Returns the peer of an object that has only one: the server, for an object of a client. Calls
    /// on the proxy fail with [`CallError::Gone`] if the object is not connected.
    pub fn server(&mut self) -> <T::Calls as Interface>::Proxy<Peer<'_>> {
        let this = self.scope.this;
        let core = self.scope.core_mut();
        let caller = core.peers(this).first().copied().and_then(|peer| core.caller(peer));
        T::Calls::proxy(Peer::new(core, this, caller.as_ref()))
    }

    /// Returns the properties of each peer of this object.
    pub fn peer_infos(&self) -> Vec<PeerInfo> {
        let core = self.scope.core();
        let callers = core.peers(self.scope.this).iter().filter_map(|peer| core.caller(*peer));
        callers.map(|caller| caller.info()).collect()
    }

    /// Returns the peer of this object on a connection, if there is one.
    pub fn peer(&mut self, id: PeerId) -> Option<<T::Calls as Interface>::Proxy<Peer<'_>>> {
        let this = self.scope.this;
        let core = self.scope.core_mut();
        let peer = core.peers(this).iter().find(|peer| peer.connection == id.0).copied()?;
        let caller = core.caller(peer)?;
        Some(T::Calls::proxy(Peer::new(core, this, Some(&caller))))
    }

    /// Returns the object that the caller passed by reference (section 3.1.1.1.4), or `None` for a
    /// null reference.
    ///
    /// # Errors
    /// The reference does not identify a connected object of the type `U`.
    pub fn resolve<U: DistributedObject>(
        &self,
        reference: ObjectRef,
    ) -> Result<Option<Handle<U>>, Violation> {
        let Some(proxy) = reference.proxy_id() else { return Ok(None) };
        let core = self.scope.core();
        let caller = self.caller.as_ref().map(|caller| caller.peer.connection);
        let session = caller.and_then(|at| core.connections.get(at)).map(|at| &at.session);
        let object = session.and_then(|session| session.object_at(proxy));
        match object.filter(|&key| core.is_a::<U>(key)) {
            Some(key) => Ok(Some(Handle::new(key))),
            None => Err(PeerMisbehaved::UnknownProxy(proxy.get()).into()),
        }
    }

    /// Runs a future outside the space (disk access, a conversion, a request to another server).
    /// Then runs `then` with its result, in a new turn. If this object was removed meanwhile, the
    /// result is dropped.
    ///
    /// A server or client polls the future on its tokio runtime. In a test,
    /// [`Pair`](crate::testing::Pair) polls it once, and
    /// [`Pair::finish_spawned`](crate::testing::Pair::finish_spawned) waits until it is ready.
    pub fn spawn<F>(
        &mut self,
        future: F,
        then: impl FnOnce(&mut T, &mut Self, F::Output) + Send + 'static,
    ) where
        F: Future<Output: Send> + Send + 'static,
    {
        let future = Box::pin(async move {
            let result = future.await;
            Task::new::<T>(move |object, cx| then(object, cx, result))
        });
        let object = self.scope.this;
        self.scope.core_mut().spawned.push(Spawned { object, future });
    }

    /// Queues `run` for the end of the turn: after all input that has arrived is handled, and before
    /// any output is sent. Use it to combine the changes of several calls into one.
    pub fn at_end_of_turn(&mut self, run: impl FnOnce(&mut T, &mut Self) + Send + 'static) {
        let this = self.scope.this;
        self.scope.core_mut().closing.push((this, Task::new(run)));
    }

    /// Starts a timer that runs `run` after a delay, unless this object is removed or the timer is
    /// cancelled first.
    pub fn after(
        &mut self,
        delay: Duration,
        run: impl FnOnce(&mut T, &mut Self) + Send + 'static,
    ) -> TimerKey {
        let this = self.scope.this;
        self.scope.core_mut().after(this, delay, Task::new(run))
    }
}
