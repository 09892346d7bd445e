//! A barrier: an exchange without side effects that shows that a peer has handled all earlier calls.
//!
//! PSOM has no answer to a ping. But a peer that does not know a part name must answer the connect with
//! OP_CLOSE (ruling 2), after everything that it received before, and a durable peer releases the answer
//! when all earlier changes are safe. No declared child has an empty part name.

use std::marker::PhantomData;

use super::{
    context::Context, handle::Handle, object::DistributedObject, occasion::Occasion,
    peer::PeerEntry,
};
use crate::{
    error::{CallError, Error, Violation},
    interface::{Incoming, Outcome},
};

/// The part name that no object has.
const NO_PART: &str = "";

/// The object that is connected for a barrier on an object of the type `T`.
struct Barrier<T, F> {
    object: Handle<T>,
    /// The peer that was asked.
    peer: PeerEntry,
    then: Option<F>,
    of: PhantomData<fn(T)>,
}

impl<T, F> DistributedObject for Barrier<T, F>
where
    T: DistributedObject,
    F: FnOnce(&mut T, &mut Context<T>, Result<(), CallError>) + Send + 'static,
{
    type Serves = T::Serves;
    type Calls = T::Calls;

    fn dispatch<'a>(
        &'a mut self,
        _: &'a mut Context<Self>,
        call: Incoming<'a>,
    ) -> Result<Outcome<'a>, Violation> {
        Err(call.unknown_method())
    }

    fn notify(&mut self, cx: &mut Context<Self>, occasion: Occasion) {
        let then = self.then.take_if(|_| occasion == Occasion::Disconnected);
        let Some(then) = then else { return };
        // An end of the channel or the connection disconnects the object as well.
        let is_answered = cx.core_mut().peers(self.object.key).contains(&self.peer);
        let result = if is_answered { Ok(()) } else { Err(CallError::Gone) };
        cx.tell(self.object, move |object, cx| then(object, cx, result));
    }
}

impl<T: DistributedObject> Context<T> {
    /// Runs `then` when the first peer of this object has handled all calls that were sent to it so far:
    /// on a client, when the server has. Its calls in answer to them were received before. If the server
    /// is durable, their changes are safe.
    ///
    /// `then` gets [`CallError::Gone`] if the connection ends first. The peer sees a connect of a part
    /// that does not exist, and does nothing else. A peer whose [`DistributedObject::child`] is written
    /// by hand must know no child with an empty name.
    ///
    /// # Errors
    /// This object has no peer.
    pub fn when_settled(
        &mut self,
        then: impl FnOnce(&mut T, &mut Self, Result<(), CallError>) + Send + 'static,
    ) -> Result<(), Error> {
        let this = self.handle();
        let peer = self.core_mut().peers(this.key).first().copied().ok_or(CallError::Gone)?;
        let barrier = Barrier { object: this, peer, then: Some(then), of: PhantomData };
        let barrier = self.add_while_connected(barrier);
        self.core_mut().connect(peer.connection, peer.address, NO_PART, barrier.key)
    }
}
