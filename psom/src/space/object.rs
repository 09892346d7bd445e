use std::any::{Any, TypeId};

use super::{
    context::Context,
    core::{Cell, Core, Task},
    handle::{AnyHandle, Handle},
    peer::Caller,
};
use crate::{
    error::Violation,
    interface::{ChildDesc, Incoming, Interface, ObjectDesc, Outcome},
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

    /// Notifies the object that a peer, `cx.caller()`, was connected.
    fn connected(&mut self, cx: &mut Context<Self>) {
        let _ = cx;
    }

    /// Notifies the object that a peer, `cx.caller()`, was disconnected, alone or with its
    /// connection. The peer is no longer in `cx.peers()`, and calls to it fail.
    fn disconnected(&mut self, cx: &mut Context<Self>) {
        let _ = cx;
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

/// Notifies an object when its peers are connected and disconnected. The code that
/// `#[distributed_object]` generates calls it if the object implements it.
///
/// For a generic struct, the implementation must have exactly the bounds of the struct. An
/// implementation with further bounds (`impl<T: Send + Display + 'static> Lifecycle for Gauge<T>`
/// for `struct Gauge<T: Send + 'static>`) or for a special case (`Gauge<i32>`) compiles but is never
/// called.
pub trait Lifecycle: DistributedObject {
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
        self.object.dispatch(&mut self.cx, call)
    }

    fn child(&mut self, part: &str) -> Result<Option<AnyHandle>, Violation> {
        self.object.child(&mut self.cx, part)
    }

    fn connected(&mut self) {
        self.object.connected(&mut self.cx);
    }

    fn disconnected(&mut self) {
        self.object.disconnected(&mut self.cx);
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
        Handle::new(self.reserve_slot(TypeId::of::<T>(), desc, while_connected))
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
