//! Files that are on the disk, but not served yet.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use psom_objects::store::{Import, StoreError, StoredFile};

use super::{
    encrypting::EncryptingFile,
    ledger::Held,
    library::{ServedFile, Shelf},
    spool::remove,
    store_error,
};

/// The files of a package, encrypted and safe on the disk, but not served yet. Dropped, they are
/// removed again.
pub(crate) struct Draft {
    shelf: Arc<Shelf>,
    import: Option<Import>,
    files: Vec<(String, ServedFile)>,
    held: Option<Held>,
}

impl Draft {
    /// Nothing yet, with room for what is to come.
    pub(super) fn new(shelf: Arc<Shelf>, held: Held) -> Self {
        Self { shelf, import: None, files: Vec::new(), held: Some(held) }
    }

    /// Where a file of this name is.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.shelf.files.join(name)
    }

    /// A file of this name was created: from here on the draft removes it.
    pub(super) fn add(&mut self, name: &str) {
        let path = self.path(name);
        self.files.push((name.to_owned(), ServedFile { path: path.into(), length: 0 }));
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

    /// All files are there. Returns when the disk knows their names.
    pub(super) fn complete(&mut self, import: Import) -> Result<(), StoreError> {
        sync_directory(&self.shelf.files).map_err(|error| store_error(&error))?;
        // What was promised may be more than there was to write.
        let length = self.files.iter().map(|(_, file)| file.length).sum();
        if let Some(held) = &mut self.held {
            held.shrink(length);
        }
        self.import = Some(import);
        Ok(())
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
        for (_, file) in &self.files {
            remove(&file.path);
        }
    }
}

/// New names are safe only once their directory is.
#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    match File::open(path) {
        // A package without files has no directory.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        directory => directory?.sync_all(),
    }
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}
