//! The index of the files that are served, and the part of it that belongs to one meeting.

use std::{
    collections::{HashMap, HashSet},
    io,
    ops::Range,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use psom::net::slots::{Full, Slot, SlotLimits, Slots};
use psom_objects::store::{StoreError, StoredFile};
use tokio::task::spawn_blocking;

use super::{
    blob_location::{BlobError, BlobKey},
    blobs::Blobs,
    config::LibraryConfig,
    crypto::encrypted_length,
    disk_space::{DiskSpace, FreeSpace},
    error::meeting_ended,
    file_stream::FileStream,
    location_record::FilesRecord,
    sweep::sweep,
};
use crate::shared::{
    identifiers::is_random_name,
    lock::{self, lock},
    metrics::Metrics,
};

/// The time without a byte after which an upload can lose its slot to a newcomer. Longer than the
/// pauses of a slow connection.
const MIN_UPLOAD_SILENCE: Duration = Duration::from_secs(10);

/// The files of all meetings. A file on the disk whose name is not in the index is not served.
pub(super) struct FileIndex {
    pub(super) config: LibraryConfig,
    pub(super) space: Arc<DiskSpace>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) blobs: Blobs,
    /// The slots of uploads in progress, by meeting.
    uploads: Slots<String>,
    by_name: RwLock<HashMap<String, ServedFile>>,
    /// The files of an earlier run that no meeting has adopted yet, with their lengths.
    found: Mutex<HashMap<BlobKey, u64>>,
    /// Whether a file of a meeting was missing when the meeting adopted its files.
    is_any_missing: AtomicBool,
}

/// An encrypted file that is served.
#[derive(Debug, Clone)]
pub struct ServedFile {
    pub(crate) key: BlobKey,
    /// The length of the encrypted file in bytes.
    pub length: u64,
}

impl FileIndex {
    pub(super) fn new(
        config: LibraryConfig,
        blobs: Blobs,
        metrics: Arc<Metrics>,
        free_space: FreeSpace,
    ) -> Arc<Self> {
        let space = DiskSpace::new(config.root.clone(), config.reserve, config.quota, free_space);
        let uploads = Slots::new(SlotLimits {
            total: config.uploads,
            owner: config.uploads_per_meeting,
            min_silence: MIN_UPLOAD_SILENCE,
        });
        let (by_name, found, is_any_missing) = Default::default();
        let space = Arc::new(space);
        Arc::new(Self { config, space, metrics, blobs, uploads, by_name, found, is_any_missing })
    }

    /// Takes a slot for an upload to a meeting. If all are taken, evicts an upload that has sent
    /// nothing for [`MIN_UPLOAD_SILENCE`].
    pub(super) fn upload_slot(
        &self,
        meeting: &str,
        on_evicted: impl FnOnce() + Send + 'static,
    ) -> Result<Slot<String>, StoreError> {
        let (slots, before) = (&self.uploads, self.uploads.evictions());
        let slot = slots.take_and(Some(meeting.to_owned()), on_evicted);
        let limit = match slot {
            Ok(_) if slots.evictions() == before => return slot.map_err(|_| StoreError::Full),
            Err(Full::Owner) => "uploads_per_meeting",
            _ => "uploads",
        };
        self.metrics.hits.count(limit);
        let is_refused = slot.is_err();
        tracing::info!(meeting, limit, is_refused, "all slots for uploads are taken");
        slot.map_err(|_| StoreError::Full)
    }

    /// Returns the number of uploads in progress.
    pub(super) fn uploads(&self) -> usize {
        self.uploads.taken()
    }

    /// Returns the file with this name.
    pub(super) fn get(&self, name: &str) -> Option<ServedFile> {
        lock::read(&self.by_name).get(name).cloned()
    }

    /// Opens a range of the encrypted bytes of a file.
    pub(super) async fn open(
        &self,
        file: &ServedFile,
        range: Range<u64>,
    ) -> io::Result<FileStream> {
        let opened = self.blobs.open_range(&file.key, range).await;
        opened.inspect_err(|error| {
            tracing::warn!(key = %file.key, %error, "could not read a file");
        })
    }

    /// Claims the location of the files for this server, after the meetings have adopted theirs.
    ///
    /// A location without an owner's mark can be claimed if a meeting has adopted a file there
    /// (names cannot be guessed, so this server created it), if it was the location at the last
    /// run, or if it is empty. A location without a mark is refused as mistyped if files of
    /// meetings are missing there and none was found.
    pub(super) async fn claim(&self, record: &FilesRecord) -> Result<(), BlobError> {
        let has_adopted = !lock::read(&self.by_name).is_empty();
        if !has_adopted && self.is_any_missing.load(Ordering::Relaxed) {
            self.blobs.check_mark(&record.server).await?;
        }
        let is_known = has_adopted || record.is_at(&self.config.blobs);
        let may_mark = is_known || self.found().is_empty();
        self.blobs.claim(&record.server, may_mark).await
    }

    /// Finds the files of an earlier run, before meetings adopt them.
    ///
    /// # Errors
    /// The location belongs to another server, or cannot be read.
    pub(super) async fn find_files(&self, server: &str) -> Result<(), BlobError> {
        self.blobs.check_owner(server).await?;
        let found = self.blobs.list().await?;
        *self.found() = found;
        Ok(())
    }

    /// Finds the files of a meeting that this server has just taken over, before the meeting adopts them.
    pub(super) async fn find_meeting(&self, meeting: &str) -> Result<(), BlobError> {
        let found = self.blobs.list_meeting(meeting).await?;
        self.found().extend(found);
        Ok(())
    }

    /// Removes the found files of one meeting that it has not adopted.
    pub(super) async fn sweep_meeting(&self, meeting: &str) {
        let own = BlobKey::new(meeting, "").to_string();
        let unused = self.found().extract_if(|key, _| key.to_string().starts_with(&own)).collect();
        let unused: HashMap<BlobKey, u64> = unused;
        self.blobs.delete(unused.into_keys().collect()).await;
    }

    /// Removes the files of an earlier run that no meeting has adopted: uploads that were
    /// interrupted, and files whose content was never created or was being deleted.
    pub(super) async fn sweep(&self) -> io::Result<()> {
        let unused = std::mem::take(&mut *self.found());
        let removable = unused.into_keys().filter(|key| self.blobs.is_removable(key));
        self.blobs.delete(removable.collect()).await;
        let root = self.config.root.clone();
        spawn_blocking(move || sweep(&root)).await?
    }

    /// Keeps the files that no meeting has adopted, and returns their number.
    pub(super) fn keep_found_files(&self) -> usize {
        std::mem::take(&mut *self.found()).len()
    }

    fn found(&self) -> MutexGuard<'_, HashMap<BlobKey, u64>> {
        lock(&self.found)
    }

    /// Deletes files that are no longer served, in the background.
    pub(super) fn delete_later(&self, keys: Vec<BlobKey>) {
        self.delete_then(keys, || {});
    }

    /// Deletes files in the background and then calls `then`.
    pub(super) fn delete_then(&self, keys: Vec<BlobKey>, then: impl FnOnce() + Send + 'static) {
        // Without a runtime the server is stopping, and the next start sweeps the files.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let blobs = self.blobs.clone();
            runtime.spawn(async move {
                blobs.delete(keys).await;
                then();
            });
        }
    }

    fn insert(&self, name: String, file: ServedFile) {
        lock::write(&self.by_name).insert(name, file);
    }

    /// Removes a file from the index, and its bytes from the accounts.
    fn remove(&self, name: &str) -> Option<ServedFile> {
        let file = lock::write(&self.by_name).remove(name)?;
        self.space.removed(file.length);
        Some(file)
    }
}

/// The files of one meeting in the index.
pub(super) struct MeetingIndex {
    pub(super) index: Arc<FileIndex>,
    pub(super) meeting: Box<str>,
    /// The directory for uploads in progress.
    pub(super) temporary: PathBuf,
    /// The names of the files. `None` once the meeting has ended.
    names: Mutex<Option<HashSet<String>>>,
}

impl MeetingIndex {
    pub(super) fn new(index: Arc<FileIndex>, meeting: &str) -> Self {
        let temporary = index.config.root.join(meeting).join("tmp");
        let names = Mutex::new(Some(HashSet::new()));
        Self { index, meeting: meeting.into(), temporary, names }
    }

    /// Returns the key of a file with this name.
    pub(super) fn key(&self, name: &str) -> BlobKey {
        BlobKey::new(&self.meeting, name)
    }

    /// Adds files to the index. Returns `false` without adding any if the meeting has ended.
    pub(super) fn add(&self, files: Vec<(String, ServedFile)>) -> bool {
        let mut names = lock(&self.names);
        let Some(names) = names.as_mut() else { return false };
        for (name, file) in files {
            names.insert(name.clone());
            self.index.insert(name, file);
        }
        true
    }

    /// Adds a file of an earlier run to the index.
    pub(super) fn adopt(&self, file: &StoredFile) -> Result<(), StoreError> {
        let failed = |reason: String| Err(StoreError::failed(reason));
        // The name comes from the store and becomes a part of a path.
        if !is_random_name(&file.name) {
            return failed("its name does not have the form of 32 hexadecimal digits".into());
        }
        if self.has(&file.name) {
            // The meeting was restarted in a running server.
            return Ok(());
        }
        let key = self.key(&file.name);
        let Some(found) = self.index.found().get(&key).copied() else {
            self.index.is_any_missing.store(true, Ordering::Relaxed);
            return failed(format!("the file {key} does not exist"));
        };
        let length = encrypted_length(file.size);
        if found != length {
            return failed(format!("the file has {found} bytes instead of {length}"));
        }
        self.index.found().remove(&key);
        self.index.space.adopted(length);
        let served = ServedFile { key, length };
        if self.add(vec![(file.name.clone(), served)]) { Ok(()) } else { Err(meeting_ended()) }
    }

    fn has(&self, name: &str) -> bool {
        lock(&self.names).as_ref().is_some_and(|names| names.contains(name))
    }

    /// Removes a file of this meeting from the index. The stored bytes stay.
    pub(super) fn take(&self, name: &str) -> Option<ServedFile> {
        let mut names = lock(&self.names);
        // A meeting cannot remove the files of another one.
        let is_own = names.as_mut().is_some_and(|names| names.remove(name));
        is_own.then(|| self.index.remove(name)).flatten()
    }

    /// Removes all files of the meeting from the index, and accepts no others.
    pub(super) fn close(&self) -> Vec<ServedFile> {
        let names = lock(&self.names).take().unwrap_or_default();
        names.iter().filter_map(|name| self.index.remove(name)).collect()
    }

    /// Removes the meeting's directories, if they are empty.
    pub(super) fn remove_directories(&self) {
        let Some(home) = self.temporary.parent() else { return };
        for directory in [&*self.temporary, &*home.join("files"), home] {
            // An upload that still writes removes its file itself; the next start sweeps the rest.
            let _ = std::fs::remove_dir(directory);
        }
    }
}
