use std::{fmt, marker::PhantomData};

use crate::wire::{ObjectKey, ObjectRef};

/// Identifies an object of a space.
///
/// A handle does not keep its object alive. Using a handle after its object was removed, or in
/// another space, returns [`CallError::Gone`](crate::error::CallError::Gone).
pub struct Handle<T> {
    pub(crate) key: ObjectKey,
    object: PhantomData<fn() -> T>,
}

impl<T> Handle<T> {
    pub(crate) fn new(key: ObjectKey) -> Self {
        Self { key, object: PhantomData }
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Handle<T> {}

impl<T> PartialEq for Handle<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<T> Eq for Handle<T> {}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({:?})", self.key)
    }
}

impl<T> From<Handle<T>> for ObjectRef {
    fn from(handle: Handle<T>) -> Self {
        Self::object(handle.key)
    }
}

/// A [`Handle`] without the type of its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnyHandle {
    pub(crate) key: ObjectKey,
}

impl<T> From<Handle<T>> for AnyHandle {
    fn from(handle: Handle<T>) -> Self {
        Self { key: handle.key }
    }
}

impl From<AnyHandle> for ObjectRef {
    fn from(handle: AnyHandle) -> Self {
        Self::object(handle.key)
    }
}
