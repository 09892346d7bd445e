use std::{
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
};

use super::{core::Core, peer::Caller};
use crate::wire::ObjectKey;

/// The access of a handler to its peers and its space.
///
/// It derefs to [`Scope`], which has the operations that do not depend on the object's peers.
pub struct Context<T: ?Sized> {
    pub(super) scope: Scope,
    pub(super) caller: Option<Caller>,
    object: PhantomData<fn(&mut T)>,
}

/// The access of a handler to the objects of its space.
pub struct Scope {
    /// INVARIANT: `Some` while a handler runs. Only running handlers have access to a scope.
    pub(super) core: Option<Box<Core>>,
    pub(super) this: ObjectKey,
}

impl Scope {
    pub(super) fn new(core: Option<Box<Core>>, this: ObjectKey) -> Self {
        Self { core, this }
    }

    pub(super) fn into_core(self) -> Option<Box<Core>> {
        self.core
    }

    #[expect(clippy::expect_used, reason = "the invariant of the field")]
    pub(super) fn core(&self) -> &Core {
        self.core.as_ref().expect("only a running handler has access to a scope")
    }

    #[expect(clippy::expect_used, reason = "the invariant of the field")]
    pub(super) fn core_mut(&mut self) -> &mut Core {
        self.core.as_mut().expect("only a running handler has access to a scope")
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

    pub(super) fn core(&mut self) -> Option<&mut Core> {
        self.scope.core.as_deref_mut()
    }

    pub(super) fn leave(&mut self) -> Option<Box<Core>> {
        self.caller = None;
        self.scope.core.take()
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
