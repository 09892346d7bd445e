//! Messages to an object whose type the sender does not know.

use std::fmt;

use psom::{AnyHandle, Context, DistributedObject, Handle, Scope};

/// An object that takes messages of the type `M`.
pub(super) trait Receive<M>: DistributedObject {
    /// Handles one message.
    fn receive(&mut self, cx: &mut Context<Self>, message: M);
}

/// The address of an object that takes messages of the type `M`.
///
/// An object in a lower layer uses it to reach one in a higher layer, whose type it cannot name.
pub(super) struct Mailbox<M> {
    object: AnyHandle,
    deliver: fn(&mut Scope, AnyHandle, M),
}

impl<M: Send + 'static> Mailbox<M> {
    /// Returns the mailbox of an object.
    pub(super) fn of<T: Receive<M>>(object: Handle<T>) -> Self {
        Self { object: object.into(), deliver: deliver::<T, M> }
    }

    /// Queues a message. A message to an object that no longer exists is dropped.
    pub(super) fn send(self, scope: &mut Scope, message: M) {
        (self.deliver)(scope, self.object, message);
    }
}

fn deliver<T: Receive<M>, M: Send + 'static>(scope: &mut Scope, object: AnyHandle, message: M) {
    if let Some(handle) = scope.downcast::<T>(object) {
        scope.tell(handle, move |object, cx| object.receive(cx, message));
    }
}

impl<M> Clone for Mailbox<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Mailbox<M> {}

impl<M> fmt::Debug for Mailbox<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mailbox").field(&self.object).finish()
    }
}
