//! A file store in memory, that can be made to fail.

use std::{
    collections::BTreeMap,
    io::Cursor,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use psom_objects::{
    package::{Limits, Package},
    store::{FileStore, Import, StoreError, StoreFuture, StoredFile, UploadSink},
};

/// What a test sees of the store, and how it makes it fail.
#[derive(Default)]
pub struct Disk {
    /// Packages that are being taken at present.
    pub open: usize,
    /// The stored files, with their plain bytes.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What the next operation fails with.
    pub fails: Option<StoreError>,
    stored: u64,
}

#[derive(Clone, Default)]
pub struct MemoryStore(pub Arc<Mutex<Disk>>);

impl MemoryStore {
    fn failure(&self) -> Result<(), StoreError> {
        self.0.lock().unwrap().fails.take().map_or(Ok(()), Err)
    }
}

impl FileStore for MemoryStore {
    fn begin(&self, _: u64) -> Result<Box<dyn UploadSink>, StoreError> {
        self.failure()?;
        self.0.lock().unwrap().open += 1;
        Ok(Box::new(Sink { store: self.clone(), bytes: Vec::new() }))
    }

    fn adopt(&self, file: &StoredFile) -> Result<(), StoreError> {
        match self.0.lock().unwrap().files.contains_key(&file.name) {
            true => Ok(()),
            false => Err(StoreError::Failed("there is no such file".into())),
        }
    }

    fn remove(&self, name: &str) {
        self.0.lock().unwrap().files.remove(name).expect("a file is removed once");
    }
}

/// Whether this is what is needed to read a file, and not another's.
pub fn belongs(name: &str, key: &[u8], iv: &[u8], hash: &[u8]) -> bool {
    let number = name.rsplit('-').next().and_then(|number| number.parse::<u64>().ok());
    let number = number.expect("a file of the store") as u8;
    [(key, 32), (iv, 16), (hash, 20)]
        .into_iter()
        .all(|(bytes, length)| bytes == vec![number; length])
}

struct Sink {
    store: MemoryStore,
    bytes: Vec<u8>,
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.store.0.lock().unwrap().open -= 1;
    }
}

impl Sink {
    fn import(&mut self) -> Result<Import, StoreError> {
        self.store.failure()?;
        let malformed =
            |error: psom_objects::package::PackageError| StoreError::Malformed(error.to_string());
        let bytes = Cursor::new(std::mem::take(&mut self.bytes));
        let mut package = Package::open(bytes, &Limits::default()).map_err(malformed)?;
        let mut import = Import { manifest: package.manifest().clone(), files: BTreeMap::new() };
        let names: Vec<_> = package.files().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            let mut plain = Vec::new();
            package.copy_to(&name, &mut plain).map_err(malformed)?;
            let mut disk = self.store.0.lock().unwrap();
            disk.stored += 1;
            let number = disk.stored as u8;
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
