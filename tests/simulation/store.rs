use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use psom_objects::{
    store::{FileStore, StoreError, StoredFile, UploadSink},
    testing::MemoryStore,
};

/// A store of files that outlives the server, and knows which of them a meeting uses.
#[derive(Clone, Default)]
pub(super) struct Store {
    pub(super) files: MemoryStore,
    adopted: Arc<Mutex<BTreeSet<String>>>,
}

impl Store {
    /// Returns a store with the same files, so that a meeting can be restored beside the real one.
    pub(super) fn copy(&self) -> Self {
        let copy = Self::default();
        copy.files.disk().files = self.files.disk().files.clone();
        copy
    }

    /// Returns the names of the files that a restored meeting has taken over.
    pub(super) fn adopted(&self) -> BTreeSet<String> {
        self.adopted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the names of all files.
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.files.disk().files.keys().cloned().collect()
    }

    /// Removes the files that no meeting has taken over, as a server does when it starts.
    pub(super) fn remove_others(&self) {
        let adopted =
            std::mem::take(&mut *self.adopted.lock().unwrap_or_else(PoisonError::into_inner));
        self.files.disk().files.retain(|name, _| adopted.contains(name));
    }
}

impl FileStore for Store {
    fn begin(&self, packed_length: u64) -> Result<Box<dyn UploadSink>, StoreError> {
        self.files.begin(packed_length)
    }

    fn adopt(&self, file: &StoredFile) -> Result<(), StoreError> {
        self.files.adopt(file)?;
        let mut adopted = self.adopted.lock().unwrap_or_else(PoisonError::into_inner);
        adopted.insert(file.name.clone());
        Ok(())
    }

    fn remove(&self, name: &str) {
        self.files.remove(name);
    }
}
