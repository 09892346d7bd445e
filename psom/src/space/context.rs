use std::{
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
    time::{Duration, Instant},
};

use super::{
    core::{Core, Spawned, TimerKey, Work},
    handle::{AnyHandle, Handle},
    object::{DistributedObject, Task},
    peer::{Caller, Peer, PeerId, PeerInfo, Peers},
};
use crate::{
    error::{CallError, PeerMisbehaved, Violation},
    interface::{Interface, ObjectDesc},
    wire::{ObjectKey, ObjectRef},
};

/// What a handler can do besides changing its own object.
///
/// It derefs to [`Scope`], which holds what needs no peer.
pub struct Context<T: ?Sized> {
    scope: Scope,
    caller: Option<Caller>,
    object: PhantomData<fn(&mut T)>,
}

/// The objects of a space, as its handlers see them.
pub struct Scope {
    /// INVARIANT: there while a handler runs, and nobody sees a scope at any other time.
    core: Option<Box<Core>>,
    this: ObjectKey,
}

impl Scope {
    pub(super) fn new(core: Option<Box<Core>>, this: ObjectKey) -> Self {
        Self { core, this }
    }

    pub(super) fn into_core(self) -> Option<Box<Core>> {
        self.core
    }

    #[expect(clippy::expect_used, reason = "the invariant of the field")]
    fn core(&self) -> &Core {
        self.core.as_ref().expect("a scope is only seen by a running handler")
    }

    #[expect(clippy::expect_used, reason = "the invariant of the field")]
    pub(super) fn core_mut(&mut self) -> &mut Core {
        self.core.as_mut().expect("a scope is only seen by a running handler")
    }

    /// The time of this turn. Handlers read no other clock, so that a run can be repeated.
    pub fn now(&self) -> Instant {
        self.core().now
    }

    /// Adds an object to the space. It stays until it is removed.
    pub fn add<T: DistributedObject>(&mut self, object: T) -> Handle<T> {
        self.add_with(|_, _| object)
    }

    /// Adds the object that `make` returns. `make` gets the object's own handle, so that it can
    /// give it to the object and to others that the object refers to.
    ///
    /// Until `make` returns, [`get`](Self::get) does not find the object. Calls of
    /// [`tell`](Self::tell) to it are queued as usual.
    pub fn add_with<T: DistributedObject>(
        &mut self,
        make: impl FnOnce(&mut Self, Handle<T>) -> T,
    ) -> Handle<T> {
        let handle = self.core_mut().reserve(false);
        let object = make(self, handle);
        self.core_mut().fill(handle, object);
        handle
    }

    /// Like [`add_with`](Self::add_with), with a `make` that can fail. Then nothing is added.
    ///
    /// # Errors
    /// Returns the error of `make`.
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

    /// Adds an object that lives while it is connected. It is removed when it cannot be connected,
    /// or when its last peer is gone and its `disconnected` has run. An object that is never
    /// connected stays.
    pub fn add_while_connected<T: DistributedObject>(&mut self, object: T) -> Handle<T> {
        let core = self.core_mut();
        let handle = core.reserve(true);
        core.fill(handle, object);
        handle
    }

    /// Returns the handle of the space's root if the root is a `T`. While the root is being made,
    /// the handle is valid already.
    pub fn root<T: DistributedObject>(&self) -> Option<Handle<T>> {
        let core = self.core();
        core.is_a::<T>(core.app.root).then(|| Handle::new(core.app.root))
    }

    /// Removes an object, disconnects it from all its peers, and cancels its timers. Its
    /// `disconnected` is not called. Says whether the object was still there.
    pub fn remove(&mut self, object: impl Into<AnyHandle>) -> bool {
        self.core_mut().remove(object.into().key)
    }

    /// Disconnects an object from one peer's connection, however often it is connected there. Its
    /// `disconnected` runs after the present handler. Says how often it was connected.
    pub fn disconnect(&mut self, object: impl Into<AnyHandle>, peer: PeerId) -> usize {
        let (core, key) = (self.core_mut(), object.into().key);
        let mut peers = core.peers(key).to_vec();
        peers.retain(|at| at.connection == peer.0 && core.disconnect(key, *at));
        peers.len()
    }

    /// Looks at another object. The object whose handler runs has `self` for that.
    pub fn get<T: DistributedObject>(&self, handle: Handle<T>) -> Result<&T, CallError> {
        self.core().object(handle).ok_or(CallError::Gone)
    }

    /// Queues `run` for another object. It runs after the present handler returns, in the order of
    /// the calls. Objects of a space communicate only in this way, so that no handler is re-entered.
    ///
    /// If the object is gone, or goes before its turn, `run` is dropped and counted in
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

    /// Queues `run` like [`tell`](Self::tell), for callers that need to know whether the object is
    /// there.
    ///
    /// # Errors
    /// Returns [`CallError::Gone`] if the object is gone. `run` is dropped then.
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

    /// Says that objects of this type will be connected though nothing that the root declares
    /// connects them: those of a plug-in, for example. For the time when the root is made; later it
    /// has no effect. Where another type has the same interface name but other versions or hashes,
    /// whoever makes the space gets an error.
    pub fn announce<T: DistributedObject>(&mut self) {
        self.announce_all([ObjectDesc::of::<T>()]);
    }

    /// The same with types that are known by their descriptions.
    pub fn announce_all(&mut self, objects: impl IntoIterator<Item = ObjectDesc>) {
        self.core_mut().announced.extend(objects);
    }

    /// Returns the typed handle of an object if the object is a `T`.
    pub fn downcast<T: DistributedObject>(&self, object: AnyHandle) -> Option<Handle<T>> {
        self.core().is_a::<T>(object.key).then(|| Handle::new(object.key))
    }

    /// Cancels a timer. Says whether it was still to come.
    pub fn cancel(&mut self, timer: TimerKey) -> bool {
        self.core_mut().cancel(timer)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("this", &self.this).finish_non_exhaustive()
    }
}

impl<T: ?Sized> Context<T> {
    pub(super) fn new(this: ObjectKey) -> Self {
        Self { scope: Scope::new(None, this), caller: None, object: PhantomData }
    }

    pub(super) fn enter(&mut self, core: Box<Core>, caller: Option<Caller>) {
        self.scope.core = Some(core);
        self.caller = caller;
    }

    pub(super) fn leave(&mut self) -> Option<Box<Core>> {
        self.caller = None;
        self.scope.core.take()
    }
}

impl<T: DistributedObject> Context<T> {
    /// The handle of this object.
    pub fn handle(&self) -> Handle<T> {
        Handle::new(self.scope.this)
    }

    /// The peer that called, was connected, or is gone. Where nobody called (a timer, a `tell`,
    /// what a program runs from outside), what is sent to it goes nowhere:
    /// [`reached`](super::Sent::reached) is 0.
    pub fn caller(&mut self) -> <T::Calls as Interface>::Proxy<Peer<'_>> {
        let this = self.scope.this;
        let caller = self.caller.as_ref();
        #[expect(clippy::expect_used, reason = "the invariant of the field")]
        let core = self.scope.core.as_mut().expect("a context is only seen by a running handler");
        T::Calls::proxy(Peer::new(core, this, caller))
    }

    /// All peers of this object.
    pub fn peers(&mut self) -> <T::Calls as Interface>::Proxy<Peers<'_>> {
        let this = self.scope.this;
        T::Calls::proxy(Peers::new(self.scope.core_mut(), this))
    }

    /// What is known of each peer of this object.
    pub fn peer_infos(&self) -> Vec<PeerInfo> {
        let core = self.scope.core();
        let callers = core.peers(self.scope.this).iter().filter_map(|peer| core.caller(*peer));
        callers.map(|caller| caller.info()).collect()
    }

    /// The peer of this object with this connection, if there is one.
    pub fn peer(&mut self, id: PeerId) -> Option<<T::Calls as Interface>::Proxy<Peer<'_>>> {
        let this = self.scope.this;
        let core = self.scope.core_mut();
        let peer = core.peers(this).iter().find(|peer| peer.connection == id.0).copied()?;
        let caller = core.caller(peer)?;
        Some(T::Calls::proxy(Peer::new(core, this, Some(&caller))))
    }

    /// The object that the caller passed by reference (section 3.1.1.1.4), or nothing for null. A
    /// reference to something else than a connected `U` is a violation.
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

    /// Runs a future outside the space (disk, conversion, another server) and comes back with its
    /// result as a turn of its own. Nothing comes back to an object that was removed meanwhile.
    pub fn spawn<F>(
        &mut self,
        future: F,
        then: impl FnOnce(&mut T, &mut Context<T>, F::Output) + Send + 'static,
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

    /// Does something with this object when all that has come in so far was handled, before
    /// anything is sent: the place to put what several calls have changed into one.
    pub fn at_end_of_turn(&mut self, run: impl FnOnce(&mut T, &mut Context<T>) + Send + 'static) {
        let this = self.scope.this;
        self.scope.core_mut().closing.push((this, Task::new(run)));
    }

    /// Does something with this object after a delay, unless it is removed or the timer cancelled
    /// before.
    pub fn after(
        &mut self,
        delay: Duration,
        run: impl FnOnce(&mut T, &mut Context<T>) + Send + 'static,
    ) -> TimerKey {
        let this = self.scope.this;
        self.scope.core_mut().after(this, delay, Task::new(run))
    }
}

impl<T: ?Sized> Deref for Context<T> {
    type Target = Scope;

    fn deref(&self) -> &Scope {
        &self.scope
    }
}

impl<T: ?Sized> DerefMut for Context<T> {
    fn deref_mut(&mut self) -> &mut Scope {
        &mut self.scope
    }
}

impl<T: ?Sized> fmt::Debug for Context<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("caller", &self.caller).finish_non_exhaustive()
    }
}
