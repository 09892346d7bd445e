use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
};

use bytes::Bytes;
use psom_objects::{
    package::Manifest,
    store::{
        FileStore, Import, StoreError, StoreFuture, StoredFile, UploadSink, WebDownload, WebUpload,
    },
};
use tokio::task::spawn_blocking;

use super::{
    import::import,
    library::{Library, Shelf},
    random_name,
    spool::{Spool, remove_later},
};
use crate::metrics::{Gauge, Metrics};

/// The files of one meeting.
#[derive(Clone)]
pub struct DiskStore {
    pub(super) shelf: Arc<Shelf>,
}

impl DiskStore {
    pub(super) fn new(library: Arc<Library>, meeting: &str) -> Self {
        Self { shelf: Arc::new(Shelf::new(library, meeting)) }
    }

    /// Removes all files, and takes no more: the meeting is over.
    pub fn clear(&self) {
        let keys = self.shelf.close().into_iter().map(|file| file.key).collect();
        let shelf = self.shelf.clone();
        self.shelf.library.delete_then(keys, move || {
            remove_later(move || shelf.remove_directories());
        });
    }

    fn metrics(&self) -> &Metrics {
        &self.shelf.library.metrics
    }

    fn admit(&self, packed_length: u64) -> Result<Upload, StoreError> {
        let config = &self.shelf.library.config;
        if packed_length > config.package_size {
            return Err(StoreError::TooLarge(config.package_size));
        }
        let place = self.metrics().uploads.take(config.uploads as u64).ok_or(StoreError::Full)?;
        let held = self.shelf.library.ledger.hold(packed_length)?;
        let path = self.shelf.temporary.join(random_name());
        Ok(Upload {
            store: self.clone(),
            spool: Spool::new(path, held),
            announced: packed_length,
            taken: 0,
            _place: place,
        })
    }
}

impl FileStore for DiskStore {
    fn begin(&self, packed_length: u64) -> Result<Box<dyn UploadSink>, StoreError> {
        match self.admit(packed_length) {
            Ok(upload) => Ok(Box::new(upload)),
            Err(reason) => {
                self.metrics().uploads_refused.fetch_add(1, Ordering::Relaxed);
                let meeting = &self.shelf.meeting;
                tracing::info!(%meeting, packed_length, %reason, "Refused an upload");
                Err(reason)
            }
        }
    }

    fn adopt(&self, file: &StoredFile) -> Result<(), StoreError> {
        self.shelf.adopt(file)
    }

    fn remove(&self, name: &str) {
        if let Some(file) = self.shelf.take(name) {
            self.shelf.library.delete_later(vec![file.key]);
        }
    }

    fn web_upload(&self, manifest: Manifest) -> Result<Box<dyn WebUpload>, StoreError> {
        self.permit_upload(manifest)
    }

    fn web_download(&self, download: WebDownload<'_>) -> Result<String, StoreError> {
        self.permit_download(download)
    }
}

impl fmt::Debug for DiskStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiskStore").field("meeting", &self.shelf.meeting).finish_non_exhaustive()
    }
}

struct Upload {
    store: DiskStore,
    spool: Spool,
    announced: u64,
    taken: u64,
    _place: Gauge,
}

impl UploadSink for Upload {
    fn write(&mut self, data: Bytes) -> StoreFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let length = data.len() as u64;
            self.taken = self.taken.saturating_add(length);
            if self.taken > self.announced {
                return Err(StoreError::TooLarge(self.announced));
            }
            self.store.metrics().bytes_uploaded.fetch_add(length, Ordering::Relaxed);
            self.spool.write(data).await
        })
    }

    fn finish(
        self: Box<Self>,
        unpacked_length: u64,
    ) -> StoreFuture<'static, Result<Import, StoreError>> {
        Box::pin(async move {
            let store = self.store.clone();
            let (meeting, packed) = (&store.shelf.meeting, self.taken);
            match self.complete(unpacked_length).await {
                Ok(import) => {
                    store.metrics().uploads_finished.fetch_add(1, Ordering::Relaxed);
                    let files = import.files.len();
                    tracing::info!(%meeting, packed, files, "Took a package");
                    Ok(import)
                }
                Err(reason) => {
                    store.metrics().uploads_refused.fetch_add(1, Ordering::Relaxed);
                    tracing::info!(%meeting, packed, %reason, "Refused a package");
                    Err(reason)
                }
            }
        })
    }
}

impl Upload {
    async fn complete(self, unpacked_length: u64) -> Result<Import, StoreError> {
        let Self { store, spool, _place, .. } = self;
        let spooled = spool.finish().await?;
        let work = spawn_blocking(move || {
            let package = spooled.file.try_clone().map_err(|e| super::store_error(&e))?;
            // The temporary file goes when `spooled` does, after the import.
            import(store.shelf, package, unpacked_length)
        });
        // If nobody waits any more, the draft is dropped by the runtime, and its files with it.
        let draft = work.await.map_err(|error| StoreError::Failed(error.to_string()))??;
        draft.store().await?.publish()
    }
}
