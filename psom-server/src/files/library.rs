use std::{
    collections::{HashMap, HashSet},
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use super::{
    DiskStore, WebLimits,
    ledger::{FreeSpace, Ledger},
    permissions::Permissions,
    web::{Download, Form},
};
use psom_objects::store::{StoreError, StoredFile};

use crate::{crypto::encrypted_length, metrics::Metrics};

/// Where files are kept, and how much.
#[derive(Debug, Clone)]
pub struct LibraryConfig {
    /// The directory of the meetings' directories.
    pub root: PathBuf,
    /// Bytes of the disk that are left free: 128 MiB.
    pub reserve: u64,
    /// Bytes of all files of all meetings together, uploads included; without it, what the disk
    /// has.
    pub quota: Option<u64>,
    /// Bytes of a package, packed or unpacked: 1 GiB.
    pub package_size: u64,
    /// Packages on their way in at a time, of all meetings: 64.
    pub uploads: usize,
    /// Where browsers reach what serves single files to them, `http://host:port/web/`; without it
    /// there are no such transfers.
    pub web_base: Option<String>,
    /// How many of these transfers may be about to begin.
    pub web: WebLimits,
}

impl LibraryConfig {
    /// The defaults, below a directory.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            reserve: 128 << 20,
            quota: None,
            package_size: 1 << 30,
            uploads: 64,
            web_base: None,
            web: WebLimits::default(),
        }
    }
}

/// All files that are served. A name that is not in here is no file, whatever is on the disk.
pub struct Library {
    pub(super) config: LibraryConfig,
    pub(super) ledger: Arc<Ledger>,
    pub(super) metrics: Arc<Metrics>,
    /// Who may upload a single file, and who may download one decrypted.
    pub(crate) forms: Permissions<Form>,
    pub(crate) downloads: Permissions<Download>,
    index: RwLock<HashMap<String, ServedFile>>,
}

/// An encrypted file on the disk.
#[derive(Debug, Clone)]
pub struct ServedFile {
    /// Where it is.
    pub path: Arc<Path>,
    /// Its encrypted bytes.
    pub length: u64,
}

impl Library {
    /// An empty library.
    pub fn new(config: LibraryConfig) -> Arc<Self> {
        Self::with(config, Arc::default(), |path| fs4::available_space(path))
    }

    pub(crate) fn counted(config: LibraryConfig, metrics: Arc<Metrics>) -> Arc<Self> {
        Self::with(config, metrics, |path| fs4::available_space(path))
    }

    pub(super) fn with(config: LibraryConfig, metrics: Arc<Metrics>, free: FreeSpace) -> Arc<Self> {
        let ledger = Ledger::new(config.root.clone(), config.reserve, config.quota, free);
        let (forms, downloads) = (Permissions::new(config.web), Permissions::new(config.web));
        let (ledger, index) = (Arc::new(ledger), RwLock::default());
        Arc::new(Self { config, ledger, metrics, forms, downloads, index })
    }

    /// The store of a meeting.
    pub fn store(self: &Arc<Self>, meeting: &str) -> DiskStore {
        DiskStore::new(self.clone(), meeting)
    }

    /// The file of this name.
    pub fn get(&self, name: &str) -> Option<ServedFile> {
        self.index.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Bytes of all files.
    pub fn stored(&self) -> u64 {
        self.ledger.stored()
    }

    /// Bytes that are promised to uploads.
    #[cfg(test)]
    pub(crate) fn held(&self) -> u64 {
        self.ledger.held()
    }

    /// Bytes of a package, or of a single file.
    pub(crate) fn package_size(&self) -> u64 {
        self.config.package_size
    }

    fn add(&self, name: String, file: ServedFile) {
        self.index.write().unwrap_or_else(PoisonError::into_inner).insert(name, file);
    }

    /// Forgets a file; its bytes are no longer the ledger's.
    fn forget(&self, name: &str) -> Option<ServedFile> {
        let file = self.index.write().unwrap_or_else(PoisonError::into_inner).remove(name)?;
        self.ledger.removed(file.length);
        Some(file)
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library").field("config", &self.config).finish_non_exhaustive()
    }
}

/// The files of one meeting.
pub(super) struct Shelf {
    pub(super) library: Arc<Library>,
    pub(super) meeting: Box<str>,
    pub(super) temporary: PathBuf,
    pub(super) files: PathBuf,
    /// The names of the files; nothing once the meeting is over.
    names: Mutex<Option<HashSet<String>>>,
}

impl Shelf {
    pub(super) fn new(library: Arc<Library>, meeting: &str) -> Self {
        let home = library.config.root.join(meeting);
        Self {
            library,
            meeting: meeting.into(),
            temporary: home.join("tmp"),
            files: home.join("files"),
            names: Mutex::new(Some(HashSet::new())),
        }
    }

    /// Puts files on the shelf, all or none: none where the meeting is over.
    pub(super) fn add(&self, files: Vec<(String, ServedFile)>) -> bool {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(names) = names.as_mut() else { return false };
        for (name, file) in files {
            names.insert(name.clone());
            self.library.add(name, file);
        }
        true
    }

    /// Puts a file of an earlier run back on the shelf.
    pub(super) fn adopt(&self, file: &StoredFile) -> Result<(), StoreError> {
        let failed = |why: String| Err(StoreError::Failed(why));
        // It comes from the store, and becomes a part of a path.
        if !(file.name.len() == 32 && file.name.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            return failed("its name is none of ours".into());
        }
        let path = self.files.join(&file.name);
        let found = match std::fs::metadata(&path) {
            Ok(found) => found.len(),
            Err(error) => return failed(error.to_string()),
        };
        let length = encrypted_length(file.size);
        if found != length {
            return failed(format!("it has {found} bytes in the place of {length}"));
        }
        self.library.ledger.adopted(length);
        let served = ServedFile { path: path.into(), length };
        if self.add(vec![(file.name.clone(), served)]) {
            Ok(())
        } else {
            failed("the meeting is over".into())
        }
    }

    /// Takes a file off the shelf. It is still on the disk.
    pub(super) fn take(&self, name: &str) -> Option<ServedFile> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        // Another meeting's files are not this one's to remove.
        let own = names.as_mut().is_some_and(|names| names.remove(name));
        own.then(|| self.library.forget(name)).flatten()
    }

    /// Takes all files off the shelf, lets no other be put there, and permits nothing any more.
    pub(super) fn close(&self) -> Vec<ServedFile> {
        self.library.forms.forget(&self.meeting);
        self.library.downloads.forget(&self.meeting);
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let names = names.take().unwrap_or_default();
        names.iter().filter_map(|name| self.library.forget(name)).collect()
    }

    /// Removes the meeting's directories, if nothing is in them.
    pub(super) fn remove_directories(&self) {
        for directory in [Some(&*self.temporary), Some(&*self.files), self.files.parent()] {
            // Whoever still writes there removes its own and is swept at the next start.
            let _ = directory.map(std::fs::remove_dir).unwrap_or(Ok::<(), io::Error>(()));
        }
    }
}
