use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::Arc,
};

/// Values that content types share with the program around the meeting, each of its own type.
#[derive(Clone, Default)]
pub(super) struct Services(HashMap<TypeId, Arc<dyn Any + Send + Sync>>);

impl Services {
    pub(super) fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        Arc::clone(self.0.get(&TypeId::of::<T>())?).downcast().ok()
    }

    pub(super) fn insert<T: Send + Sync + 'static>(&mut self, service: Arc<T>) {
        self.0.insert(TypeId::of::<T>(), service);
    }
}
