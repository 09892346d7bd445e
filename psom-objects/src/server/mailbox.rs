//! Messages to an object whose type the sender does not know.

use std::{fmt, sync::Arc};

use psom::{Context, DistributedObject, Handle, Scope};

/// An object that takes messages of the type `M`.
pub(super) trait Receive<M>: DistributedObject {
    /// Handles one message.
    fn receive(&mut self, cx: &mut Context<Self>, message: M);
}

/// Queues a message for one object.
type Deliver<M> = dyn Fn(&mut Scope, M) + Send + Sync;

/// The address of an object that takes messages of the type `M`. It is cheap to clone.
///
/// An object in a lower layer uses it to reach one in a higher layer, whose type it cannot name.
pub(super) struct Mailbox<M>(Arc<Deliver<M>>);

impl<M: Send + 'static> Mailbox<M> {
    /// Returns the mailbox of an object.
    pub(super) fn of<T: Receive<M>>(object: Handle<T>) -> Self {
        Self(Arc::new(move |scope, message| {
            scope.tell(object, move |object, cx| object.receive(cx, message));
        }))
    }

    /// Queues a message. A message to an object that no longer exists is dropped.
    pub(super) fn send(&self, scope: &mut Scope, message: M) {
        (self.0)(scope, message);
    }
}

impl<M> Clone for Mailbox<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M> fmt::Debug for Mailbox<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").finish_non_exhaustive()
    }
}
