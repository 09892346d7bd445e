//! Files that are on the disk, but not served yet.

use std::{path::PathBuf, sync::Arc};

use psom_objects::store::{Import, StoreError, StoredFile};

use super::{
    encrypting::EncryptingFile,
    ledger::Held,
    library::{ServedFile, Shelf},
    spool::{remove, remove_later},
    store_error,
};

/// The files of a package, encrypted, but not served yet. Dropped, they are removed again.
///
/// They are temporary files of this machine until they are [stored](Self::store).
pub(crate) struct Draft {
    shelf: Arc<Shelf>,
    import: Option<Import>,
    files: Vec<(String, ServedFile)>,
    held: Option<Held>,
    /// Whether files may be where they are to stay.
    is_stored: bool,
}

impl Draft {
    /// Nothing yet, with room for what is to come.
    pub(super) fn new(shelf: Arc<Shelf>, held: Held) -> Self {
        Self { shelf, import: None, files: Vec::new(), held: Some(held), is_stored: false }
    }

    /// Where a file of this name is written.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.shelf.temporary.join(name)
    }

    /// A file of this name was created: from here on the draft removes it.
    pub(super) fn add(&mut self, name: &str) {
        let served = ServedFile { key: self.shelf.key(name), length: 0 };
        self.files.push((name.to_owned(), served));
    }

    /// Everything was written to the file that was added last.
    pub(super) fn finish(
        &mut self,
        name: String,
        file: EncryptingFile,
    ) -> Result<StoredFile, StoreError> {
        let (stored, length) = file.finish(name).map_err(|error| store_error(&error))?;
        if let Some(held) = &mut self.held {
            held.written(length);
        }
        if let Some((_, served)) = self.files.last_mut() {
            served.length = length;
        }
        Ok(stored)
    }

    /// All files are written.
    pub(super) fn complete(&mut self, import: Import) {
        // What was promised may be more than there was to write.
        let length = self.files.iter().map(|(_, file)| file.length).sum();
        if let Some(held) = &mut self.held {
            held.shrink(length);
        }
        self.import = Some(import);
    }

    /// Puts the files where they stay. Returns when nothing loses them any more.
    pub(super) async fn store(mut self) -> Result<Self, StoreError> {
        // It comes to its end also where nobody waits any more: only then is it known what there
        // is to be removed.
        let work = tokio::spawn(async move {
            self.is_stored = true;
            let keys = self.files.iter().map(|(_, file)| file.key.clone()).collect();
            let put = self.shelf.library.blobs.put(&self.shelf.temporary, keys).await;
            put.map_err(|error| {
                let meeting = &self.shelf.meeting;
                tracing::warn!(%meeting, %error, "Could not store a file");
                store_error(&error)
            })?;
            Ok(self)
        });
        work.await.map_err(|error| StoreError::Failed(error.to_string()))?
    }

    /// Serves the files from now on.
    pub(super) fn publish(mut self) -> Result<Import, StoreError> {
        let over = || StoreError::Failed("the meeting is over".into());
        let import = self.import.take().ok_or_else(over)?;
        let files = self.files.clone();
        if !self.shelf.add(files) {
            return Err(over());
        }
        self.files.clear();
        if let Some(held) = self.held.take() {
            held.keep();
        }
        Ok(import)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let files = std::mem::take(&mut self.files);
        if files.is_empty() {
            return;
        }
        let temporary: Vec<_> = files.iter().map(|(name, _)| self.path(name)).collect();
        remove_later(move || temporary.iter().for_each(|path| remove(path)));
        if self.is_stored {
            self.shelf.library.delete_later(files.into_iter().map(|(_, file)| file.key).collect());
        }
    }
}
