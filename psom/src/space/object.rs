use std::any::{Any, TypeId};

use super::{
    context::Context,
    core::{Cell, Core, Task, Work},
    handle::{AnyHandle, Handle},
    occasion::Occasion,
    peer::Caller,
};
use crate::{
    error::Violation,
    interface::{ChildDesc, Incoming, Interface, MethodDesc, ObjectDesc, Outcome},
};

/// An object whose peers are on other machines. `#[distributed_object]` implements it. It can also be
/// implemented by hand.
pub trait DistributedObject: Sized + Send + 'static {
    /// The interface that peers call on this object.
    type Serves: Interface;
    /// The interface that this object calls on its peers.
    type Calls: Interface;

    /// Returns the children that the object declares.
    fn children() -> Vec<ChildDesc> {
        Vec::new()
    }

    /// Decodes a call and calls the method with its index.
    fn dispatch<'a>(
        &'a mut self,
        cx: &'a mut Context<Self>,
        call: Incoming<'a>,
    ) -> Result<Outcome<'a>, Violation>;

    /// Returns the child that a peer connects under a part name, which is compared without regard
    /// to ASCII case. If there is none, the peer gets an OP_CLOSE.
    fn child(
        &mut self,
        cx: &mut Context<Self>,
        part: &str,
    ) -> Result<Option<AnyHandle>, Violation> {
        let _ = (cx, part);
        Ok(None)
    }

    /// Runs before each call of a peer is dispatched. An error breaks the caller's connection, and
    /// the call is not dispatched. `before = path` in `#[distributed_object]` sets it.
    #[inline]
    fn before(
        &mut self,
        cx: &mut Context<Self>,
        method: &'static MethodDesc,
    ) -> Result<(), Violation> {
        let _ = (cx, method);
        Ok(())
    }

    /// True if [`after`](Self::after) is implemented.
    const HAS_AFTER: bool = false;

    /// Runs after the handler of each call has returned, and after an `async fn` handler was awaited,
    /// if [`HAS_AFTER`](Self::HAS_AFTER) is true. `after = path` in `#[distributed_object]` sets both.
    fn after(&mut self, cx: &mut Context<Self>, method: &'static MethodDesc) {
        let _ = (cx, method);
    }

    /// Notifies the object of an event in its life. Objects that the macro declares implement
    /// [`Lifecycle`] instead.
    fn notify(&mut self, cx: &mut Context<Self>, occasion: Occasion) {
        let _ = (cx, occasion);
    }
}

/// Calls the method of [`Lifecycle`] for an occasion.
pub fn notify<T: Lifecycle>(object: &mut T, cx: &mut Context<T>, occasion: Occasion) {
    match occasion {
        Occasion::Added => object.added(cx),
        Occasion::Connected => object.connected(cx),
        Occasion::Disconnected => object.disconnected(cx),
    }
}

impl ObjectDesc {
    /// Returns the description of an object type.
    pub fn of<T: DistributedObject>() -> Self {
        Self {
            serves: <T::Serves as Interface>::DESC,
            calls: <T::Calls as Interface>::DESC,
            children: T::children,
        }
    }
}

/// Notifies an object when it is added, and when its peers are connected and disconnected. The code
/// that `#[distributed_object]` generates calls it if the object implements it.
///
/// A generic struct declares the implementation, with
/// `#[distributed_object(serves = …, calls = …, lifecycle)]`. The implementation must then have the
/// bounds of the struct: one with further bounds or for a special case does not compile.
pub trait Lifecycle: DistributedObject + Notified {
    /// Notifies the object that it was added to its space: by [`Scope::add`](super::Scope::add), as
    /// the root, or when it was restored. It runs after the handler that added the object has
    /// returned, and before any other function runs on the object.
    fn added(&mut self, cx: &mut Context<Self>) {
        let _ = cx;
    }

    /// Notifies the object that a peer, `cx.caller()`, was connected.
    fn connected(&mut self, cx: &mut Context<Self>) {
        let _ = cx;
    }

    /// Notifies the object that a peer, `cx.caller()`, was disconnected. It is no longer in
    /// `cx.peers()`, and calls to it fail.
    fn disconnected(&mut self, cx: &mut Context<Self>) {
        let _ = cx;
    }
}

/// An object whose [`Lifecycle`] is called. `#[distributed_object]` implements it.
#[diagnostic::on_unimplemented(
    message = "the `Lifecycle` of `{Self}` would never be called",
    label = "not declared for this type",
    note = "write `lifecycle` in the arguments of `#[distributed_object]` on the generic struct; for a struct without the macro, override `DistributedObject::notify`"
)]
pub trait Notified {}

/// An object with the context that its handlers get.
pub(super) struct ObjectCell<T> {
    pub(super) object: T,
    pub(super) cx: Context<T>,
}

impl<T: DistributedObject> Cell for ObjectCell<T> {
    fn enter(&mut self, core: Box<Core>, caller: Option<Caller>) {
        self.cx.enter(core, caller);
    }

    fn core(&mut self) -> Option<&mut Core> {
        self.cx.core()
    }

    fn leave(&mut self) -> Option<Box<Core>> {
        self.cx.leave()
    }

    fn dispatch<'a>(&'a mut self, call: Incoming<'a>) -> Result<Outcome<'a>, Violation> {
        // An unknown method has no description; `dispatch` reports it.
        let method = call.description();
        if let Some(method) = method {
            self.object.before(&mut self.cx, method)?;
        }
        self.object.dispatch(&mut self.cx, call)
    }

    fn has_after(&self) -> bool {
        T::HAS_AFTER
    }

    fn after(&mut self, method: &'static MethodDesc) {
        self.object.after(&mut self.cx, method);
    }

    fn child(&mut self, part: &str) -> Result<Option<AnyHandle>, Violation> {
        self.object.child(&mut self.cx, part)
    }

    fn notify(&mut self, occasion: Occasion) {
        self.object.notify(&mut self.cx, occasion);
    }

    fn object(&self) -> &dyn Any {
        &self.object
    }

    fn any(&mut self) -> &mut dyn Any {
        self
    }
}

impl Core {
    /// Reserves the slot of an object, so that its handle exists before the object.
    pub(super) fn reserve<T: DistributedObject>(&mut self, while_connected: bool) -> Handle<T> {
        let desc = ObjectDesc::of::<T>();
        let key = self.reserve_slot(TypeId::of::<T>(), desc, while_connected);
        // Queued before the object exists, so that it precedes all other work on the object.
        self.work.push_back(Work::Added(key));
        Handle::new(key)
    }

    /// Puts an object into its reserved slot.
    pub(super) fn fill<T: DistributedObject>(&mut self, handle: Handle<T>, object: T) {
        self.put_cell(handle.key, Box::new(ObjectCell { object, cx: Context::new(handle.key) }));
    }
}

impl Task {
    pub(crate) fn new<T: DistributedObject>(
        run: impl FnOnce(&mut T, &mut Context<T>) + Send + 'static,
    ) -> Self {
        Self::from_fn(move |cell| {
            // This always succeeds, because the type of a handle is the type of its object.
            if let Some(cell) = cell.any().downcast_mut::<ObjectCell<T>>() {
                run(&mut cell.object, &mut cell.cx);
            }
        })
    }
}
