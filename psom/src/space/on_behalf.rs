//! Work of one object on another, on behalf of a peer.

#[cfg(feature = "offline")]
use bytes::Bytes;

use super::{
    context::Context,
    core::{Core, Task, Work},
    handle::Handle,
    object::DistributedObject,
    peer::{Caller, ConnectionKey, PeerEntry},
};
#[cfg(feature = "offline")]
use super::{context::Scope, core::PlayedCall};
#[cfg(all(feature = "offline", feature = "tokio"))]
use crate::error::Error;
#[cfg(feature = "offline")]
use crate::error::Violation;
use crate::{
    error::CallError,
    session::Address,
    wire::{ObjectKey, ProxyId},
};

#[cfg(feature = "offline")]
impl PlayedCall {
    /// Returns a call. `then` runs when the handler has returned.
    pub(crate) fn new(
        version: i32,
        method: u8,
        arguments: Bytes,
        then: impl FnOnce(&mut Scope, Result<(), Violation>) + Send + 'static,
    ) -> Self {
        let then = Box::new(|core, object, result| {
            let mut scope = Scope::new(Some(core), object);
            then(&mut scope, result);
            scope.into_core()
        });
        Self { version, method, arguments, then }
    }
}

impl Core {
    /// Returns an object's peer on a connection as a caller. If the object is not connected there,
    /// the caller gets an identifier that no object has, so that calls on it fail.
    fn caller_at(&self, object: ObjectKey, connection: ConnectionKey) -> Option<Caller> {
        if !self.contains(object) {
            return None;
        }
        // Identifiers count up from 1 and do not reach the last one.
        let nowhere = Address { channel: u32::MAX, proxy: ProxyId::connected_here(i32::MAX) };
        let peer = self.peers(object).iter().find(|peer| peer.connection == connection).copied();
        self.caller(peer.unwrap_or(PeerEntry { connection, address: nowhere, version: 0 }))
    }
}

impl<T: DistributedObject> Context<T> {
    /// Connects another object to the first peer of this one.
    #[cfg(all(feature = "offline", feature = "tokio"))]
    pub(crate) fn connect_to_first<U: DistributedObject>(
        &mut self,
        part: &str,
        object: Handle<U>,
    ) -> Result<(), Error> {
        let this = self.handle().key;
        let core = self.core_mut();
        let peer = core.peers(this).first().copied().ok_or(CallError::Gone)?;
        core.connect(peer.connection, peer.address, part, object.key)
    }

    /// Plays a recorded call of an `async fn` handler on this object, for the caller of this handler.
    /// The space awaits it in place before it reads the next message.
    #[cfg(feature = "offline")]
    pub(crate) fn play_awaited(&mut self, call: PlayedCall) {
        let Some(caller) = self.caller.clone() else { return };
        let this = self.handle().key;
        self.core_mut().played.push_back((this, caller, call));
    }

    /// Queues `run` for another object like [`Scope::tell`](super::Scope::tell), with the caller of
    /// this handler as the caller. One object can thus perform a method of another as if the peer had
    /// called it. If the other object is not connected to the caller, calls on `cx.caller()` fail
    /// with [`CallError::Gone`].
    ///
    /// # Errors
    /// Returns [`CallError::Gone`] and drops `run` if this handler has no caller, or if the other
    /// object is gone.
    pub fn tell_as_caller<U: DistributedObject>(
        &mut self,
        object: Handle<U>,
        run: impl FnOnce(&mut U, &mut Context<U>) + Send + 'static,
    ) -> Result<(), CallError> {
        let connection = self.caller.as_ref().ok_or(CallError::Gone)?.peer.connection;
        let core = self.core_mut();
        let caller = core.caller_at(object.key, connection).ok_or(CallError::Gone)?;
        let task = Task::new(move |object: &mut U, cx: &mut Context<U>| {
            // Reset when the object leaves the context.
            cx.caller = Some(caller);
            run(object, cx);
        });
        core.work.push_back(Work::Task(object.key, task));
        Ok(())
    }
}
