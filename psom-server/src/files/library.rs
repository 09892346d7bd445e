use std::{
    collections::{HashMap, HashSet},
    fmt, io,
    ops::Range,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use super::{
    BlobConfig, BlobError, DiskStore, FilesRecord, WebLimits,
    blobs::{Blobs, Key},
    is_name,
    ledger::{FreeSpace, Ledger},
    permissions::{Permissions, WhenFull},
    pieces::Pieces,
    sweep::sweep,
    web::{Download, Form},
};
use psom_objects::store::{StoreError, StoredFile};
use tokio::task::spawn_blocking;

use crate::{crypto::encrypted_length, metrics::Metrics};

/// Where files are kept, and how much.
#[derive(Debug, Clone)]
pub struct LibraryConfig {
    /// The directory of the meetings' directories.
    pub root: PathBuf,
    /// Where the encrypted files are kept: below `root`. What is on its way is there always.
    pub blobs: BlobConfig,
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
            blobs: BlobConfig::default(),
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
    pub(super) blobs: Blobs,
    index: RwLock<HashMap<String, ServedFile>>,
    /// Files of an earlier run that no meeting has taken over yet, and their lengths.
    found: Mutex<HashMap<Key, u64>>,
}

/// An encrypted file.
#[derive(Debug, Clone)]
pub struct ServedFile {
    pub(crate) key: Key,
    /// Its encrypted bytes.
    pub length: u64,
}

impl Library {
    /// An empty library.
    pub fn new(config: LibraryConfig) -> Result<Arc<Self>, BlobError> {
        Self::counted(config, Arc::default())
    }

    pub(crate) fn counted(
        config: LibraryConfig,
        metrics: Arc<Metrics>,
    ) -> Result<Arc<Self>, BlobError> {
        let blobs = Blobs::open(&config.blobs, &config.root)?;
        Ok(Self::with(config, blobs, metrics, |path| fs4::available_space(path)))
    }

    pub(super) fn with(
        config: LibraryConfig,
        blobs: Blobs,
        metrics: Arc<Metrics>,
        free: FreeSpace,
    ) -> Arc<Self> {
        let ledger = Ledger::new(config.root.clone(), config.reserve, config.quota, free);
        let forms = Permissions::new(config.web, WhenFull::Refuse);
        let downloads = Permissions::new(config.web, WhenFull::Refuse);
        let (ledger, index) = (Arc::new(ledger), RwLock::default());
        let found = Mutex::default();
        Arc::new(Self { config, ledger, metrics, forms, downloads, blobs, index, found })
    }

    /// The store of a meeting.
    pub fn store(self: &Arc<Self>, meeting: &str) -> DiskStore {
        DiskStore::new(self.clone(), meeting)
    }

    /// The file of this name.
    pub fn get(&self, name: &str) -> Option<ServedFile> {
        self.index.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Some bytes of a file, as they are stored: encrypted.
    pub(crate) async fn open(&self, file: &ServedFile, range: Range<u64>) -> io::Result<Pieces> {
        let opened = self.blobs.open_range(&file.key, range).await;
        opened.inspect_err(|error| {
            tracing::warn!(key = %file.key, %error, "Could not read a file");
        })
    }

    /// Makes the place of the files this server's, after the meetings have taken theirs over; not
    /// where it has no mark, was another place at the last run, and has files of which no meeting
    /// has taken one. Their names cannot be guessed: who knows one has made it.
    pub(crate) async fn claim(&self, record: &FilesRecord) -> Result<(), BlobError> {
        let knows_some = !self.index.read().unwrap_or_else(PoisonError::into_inner).is_empty();
        let is_ours = knows_some || record.is_at(&self.config.blobs);
        let may_mark = is_ours || self.found().is_empty();
        self.blobs.claim(&record.server, may_mark).await
    }

    /// Looks for the files of an earlier run, before meetings take them over; not in a place that is
    /// another server's.
    pub(crate) async fn survey(&self, server: &str) -> Result<(), BlobError> {
        self.blobs.is_owned_by(server).await?;
        let found = self.blobs.list().await?;
        *self.found() = found;
        Ok(())
    }

    /// Removes what an earlier run has left and no meeting has taken over: packages that were on
    /// their way, and files that never became a content, or were about to be removed.
    pub(crate) async fn sweep(&self) -> io::Result<()> {
        let left = std::mem::take(&mut *self.found());
        let own = left.into_keys().filter(|key| self.blobs.is_own(key));
        self.blobs.delete(own.collect()).await;
        let root = self.config.root.clone();
        spawn_blocking(move || sweep(&root)).await?
    }

    /// Leaves the files where they are that no meeting has taken over: how many.
    pub(crate) fn leave(&self) -> usize {
        std::mem::take(&mut *self.found()).len()
    }

    fn found(&self) -> MutexGuard<'_, HashMap<Key, u64>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Deletes files that are no longer served.
    pub(super) fn delete_later(&self, keys: Vec<Key>) {
        self.delete_then(keys, || {});
    }

    /// Deletes files, and then does something else.
    pub(super) fn delete_then(&self, keys: Vec<Key>, then: impl FnOnce() + Send + 'static) {
        // Where there is no runtime any more, they are swept at the next start.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let blobs = self.blobs.clone();
            runtime.spawn(async move {
                blobs.delete(keys).await;
                then();
            });
        }
    }

    /// Bytes of all files.
    pub fn stored(&self) -> u64 {
        self.ledger.stored()
    }

    /// Where a file is on this machine's disk, if it is there.
    #[cfg(test)]
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.blobs.path(&self.get(name)?.key)
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
            names: Mutex::new(Some(HashSet::new())),
        }
    }

    /// Where a file of this name is kept.
    pub(super) fn key(&self, name: &str) -> Key {
        Key::new(&self.meeting, name)
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
        if !is_name(&file.name) {
            return failed("its name is none of ours".into());
        }
        if self.has(&file.name) {
            // A meeting that is started again within its server has its files.
            return Ok(());
        }
        let key = self.key(&file.name);
        let Some(found) = self.library.found().get(&key).copied() else {
            return failed(format!("No such file: {key}"));
        };
        let length = encrypted_length(file.size);
        if found != length {
            return failed(format!("it has {found} bytes in the place of {length}"));
        }
        self.library.found().remove(&key);
        self.library.ledger.adopted(length);
        let served = ServedFile { key, length };
        if self.add(vec![(file.name.clone(), served)]) {
            Ok(())
        } else {
            failed("the meeting is over".into())
        }
    }

    fn has(&self, name: &str) -> bool {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.as_ref().is_some_and(|names| names.contains(name))
    }

    /// Takes a file off the shelf. It is still stored.
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
        let Some(home) = self.temporary.parent() else { return };
        for directory in [&*self.temporary, &*home.join("files"), home] {
            // Whoever still writes there removes its own and is swept at the next start.
            let _ = std::fs::remove_dir(directory);
        }
    }
}
