//! Meetings in tests: in virtual time, without a server, a network or a disk.
//!
//! [`psom::testing::Pair`] joins a [`Meeting`](crate::server::Meeting) and its participants in one
//! thread, and a [`MemoryStore`] keeps the files. To test a restart, restore the meeting from its
//! saved state:
//!
//! ```
//! use std::{sync::Arc, time::SystemTime};
//!
//! use psom::{Config, testing::Pair};
//! use psom_objects::{
//!     client::{Conference, Event, Upload},
//!     server::{Meeting, MeetingConfig, SavedState},
//!     testing::MemoryStore,
//!     types::{Participant, Role},
//! };
//!
//! let files = Arc::new(MemoryStore::default());
//! let config = MeetingConfig::new("http://files/", files, SystemTime::UNIX_EPOCH);
//! let open = |state: &SavedState| {
//!     Pair::server(Config::default(), |scope| {
//!         Meeting::restore(scope, config.clone(), state).expect("the saved state is readable")
//!     })
//! };
//! let join = |pair: &mut Pair<Meeting, Conference>| {
//!     let ada = Participant { uri: "sip:ada@example.com".into(), role: Role::Presenter };
//!     pair.join_as(ada.user(1, "Ada"), |scope| Conference::new(scope, |_: Event| ()))
//! };
//!
//! let mut state = SavedState::new();
//! let mut pair = open(&state);
//! let ada = join(&mut pair);
//! let board = Upload::whiteboard("Sketch")?;
//! pair.on_client(ada, |conference, cx| conference.upload(cx, board))?;
//!
//! pair.take_writes().into_iter().for_each(|write| write.apply(&mut state));
//! let mut pair = open(&state);
//! let ada = join(&mut pair);
//! let titles = pair.on_client(ada, |conference, _| {
//!     let contents = conference.model().contents.values();
//!     contents.filter_map(|content| content.title.clone()).collect::<Vec<_>>()
//! });
//! assert_eq!(titles, ["Sketch"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{
    collections::BTreeMap,
    io::Cursor,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

use crate::{
    package::{Package, PackageError, PackageLimits},
    store::{FileStore, Import, StoreError, StoreFuture, StoredFile, UploadSink},
};

/// A store that keeps plaintext files in memory. Its clones share the files.
///
/// The files are named `file-1`, `file-2` and so on, in the order of their arrival. The key,
/// initialization vector and hash of the first are 32, 16 and 20 bytes of the value 1, and so on.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Disk>>);

/// The content of a [`MemoryStore`].
#[derive(Debug, Default)]
pub struct Disk {
    /// The number of packages that are being received.
    pub open: usize,
    /// The stored files, with their plain bytes.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The error of the next operation that begins, writes or finishes a package.
    pub fails: Option<StoreError>,
    stored: u64,
}

impl MemoryStore {
    /// Returns the content, for inspection and for changes.
    pub fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failure(&self) -> Result<(), StoreError> {
        self.disk().fails.take().map_or(Ok(()), Err)
    }
}

impl FileStore for MemoryStore {
    fn begin(&self, _: u64) -> Result<Box<dyn UploadSink>, StoreError> {
        self.failure()?;
        self.disk().open += 1;
        Ok(Box::new(Sink { store: self.clone(), bytes: Vec::new() }))
    }

    fn adopt(&self, file: &StoredFile) -> Result<(), StoreError> {
        match self.disk().files.contains_key(&file.name) {
            true => Ok(()),
            false => Err(StoreError::failed("there is no such file")),
        }
    }

    fn read(&self, file: &StoredFile) -> StoreFuture<'static, Result<Bytes, StoreError>> {
        let found = self.disk().files.get(&file.name).cloned().map(Bytes::from);
        Box::pin(async move { found.ok_or_else(|| StoreError::failed("there is no such file")) })
    }

    /// # Panics
    /// The file does not exist. A meeting must remove each file once.
    #[expect(clippy::expect_used, reason = "only a faulty meeting removes a file twice")]
    fn remove(&self, name: &str) {
        self.disk().files.remove(name).expect("a file is removed once");
    }
}

struct Sink {
    store: MemoryStore,
    bytes: Vec<u8>,
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.store.disk().open -= 1;
    }
}

impl Sink {
    fn import(&mut self) -> Result<Import, StoreError> {
        self.store.failure()?;
        let malformed = |error: PackageError| StoreError::malformed(error);
        let bytes = Cursor::new(std::mem::take(&mut self.bytes));
        let mut package = Package::open(bytes, &PackageLimits::default()).map_err(malformed)?;
        let mut import = Import { manifest: package.manifest().clone(), files: BTreeMap::new() };
        let names: Vec<_> = package.files().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            let mut plain = Vec::new();
            package.copy_to(&name, &mut plain).map_err(malformed)?;
            let mut disk = self.store.disk();
            disk.stored += 1;
            let number = (disk.stored & 0xFF) as u8;
            let stored = StoredFile {
                name: format!("file-{}", disk.stored),
                key: vec![number; 32].into(),
                iv: vec![number; 16].into(),
                hash: vec![number; 20].into(),
                size: plain.len() as u64,
            };
            disk.files.insert(stored.name.clone(), plain);
            import.files.insert(name, stored);
        }
        Ok(import)
    }
}

impl UploadSink for Sink {
    fn write(&mut self, data: Bytes) -> StoreFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.store.failure()?;
            self.bytes.extend(data);
            Ok(())
        })
    }

    fn finish(mut self: Box<Self>, _: u64) -> StoreFuture<'static, Result<Import, StoreError>> {
        Box::pin(async move { self.import() })
    }
}
