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

/// An object whose peers are on other machines. `#[distributed_object]` implements it; it can be
/// implemented by hand as well.
pub trait DistributedObject: Sized + Send + 'static {
    /// What peers call on this object.
    type Serves: Interface;
    /// What this object calls on its peers.
    type Calls: Interface;

    /// The children that the object declares.
    fn children() -> Vec<ChildDesc> {
        Vec::new()
    }

    /// Decodes a call and hands it to the method that it names.
    fn dispatch<'a>(
        &'a mut self,
        cx: &'a mut Context<Self>,
        call: Incoming<'a>,
    ) -> Result<Outcome<'a>, Violation>;

    /// The child that a peer connects under this part name, without regard to ASCII case, or
    /// nothing where there is none; the peer is then told with an OP_CLOSE.
    fn child(
        &mut self,
        cx: &mut Context<Self>,
        part: &str,
    ) -> Result<Option<AnyHandle>, Violation> {
        let _ = (cx, part);
        Ok(None)
    }

    /// A peer was connected: `cx.caller()`.
    fn connected(&mut self, cx: &mut Context<Self>) {
        let _ = cx;
    }

    /// A peer is gone, disconnected by itself or with its connection: `cx.caller()`. It is no
    /// longer among `cx.peers()`, and calls to it fail.
    fn disconnected(&mut self, cx: &mut Context<Self>) {
        let _ = cx;
    }
}

impl ObjectDesc {
    /// The description of an object type.
    pub fn of<T: DistributedObject>() -> Self {
        Self {
            serves: <T::Serves as Interface>::DESC,
            calls: <T::Calls as Interface>::DESC,
            children: T::children,
        }
    }
}

/// What an object may want to know of its peers. Implement it beside `#[distributed_object]`, which
/// finds it.
///
/// It is found where it holds for everything that the struct may be. For a generic struct its bounds
/// stand on the struct, too: `impl<T: Send + Display + 'static> Lifecycle for Gauge<T>` beside
/// `struct Gauge<T: Send + 'static>`, or an implementation for `Gauge<i32>` alone, compiles and is
/// never called.
pub trait Lifecycle: DistributedObject {
    /// A peer was connected: `cx.caller()`.
    fn connected(&mut self, cx: &mut Context<Self>) {
        let _ = cx;
    }

    /// A peer is gone: `cx.caller()`. It is no longer among `cx.peers()`, and calls to it fail.
    fn disconnected(&mut self, cx: &mut Context<Self>) {
        let _ = cx;
    }
}

/// An object in its space, with the context that its handlers get.
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
            // Always succeeds: the type of a handle is the type of its object.
            if let Some(cell) = cell.any().downcast_mut::<ObjectCell<T>>() {
                run(&mut cell.object, &mut cell.cx);
            }
        })
    }
}
