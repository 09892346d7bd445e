use std::{
    fmt,
    future::poll_fn,
    sync::{Arc, Mutex, atomic::Ordering},
};

use bytes::Bytes;
use psom::net::slots::Slot;
use psom_objects::{
    package::Manifest,
    store::{
        FileStore, Import, StoreError, StoreFuture, StoredFile, UploadSink, WebDownload, WebUpload,
    },
};
use tokio::task::spawn_blocking;

use super::{
    arriving_package::ArrivingPackage,
    browser_transfers::BrowserTransfers,
    crypto::{Decryptor, FileKey},
    error::{interrupted, io_error},
    index::{FileIndex, MeetingIndex},
    package_import::import_package,
    spool::{Spool, run_blocking},
};
use crate::shared::{identifiers::random_name, lock::lock, metrics::Metrics};

/// The files of one meeting: the [`FileStore`] of its objects.
#[derive(Clone)]
pub struct MeetingFiles {
    meeting: Arc<MeetingIndex>,
    transfers: Arc<BrowserTransfers>,
}

impl MeetingFiles {
    pub(super) fn new(
        index: Arc<FileIndex>,
        transfers: Arc<BrowserTransfers>,
        meeting: &str,
    ) -> Self {
        Self { meeting: Arc::new(MeetingIndex::new(index, meeting)), transfers }
    }

    /// Removes all files of a meeting that has ended, and accepts no others.
    pub fn clear(&self) {
        self.transfers.remove_meeting(&self.meeting.meeting);
        let keys = self.meeting.close().into_iter().map(|file| file.key).collect();
        let meeting = Arc::clone(&self.meeting);
        self.meeting.index.delete_then(keys, move || {
            run_blocking(move || meeting.remove_directories());
        });
    }

    /// Stops serving the files of a meeting, because another server serves them. The stored bytes
    /// stay.
    pub(crate) fn release(&self) {
        self.transfers.remove_meeting(&self.meeting.meeting);
        self.meeting.close();
    }

    fn metrics(&self) -> &Metrics {
        &self.meeting.index.metrics
    }

    fn begin_upload(&self, packed_length: u64) -> Result<PackageUpload, StoreError> {
        let config = &self.meeting.index.config;
        if packed_length > config.package_size {
            return Err(StoreError::TooLarge(config.package_size));
        }
        let spool = Arc::new(Mutex::new(None));
        let evicted = Arc::clone(&spool);
        // An evicted upload gives back its disk space at once. Its next packet fails.
        let on_evicted = move || drop(lock(&evicted).take());
        let slot = self.meeting.index.upload_slot(&self.meeting.meeting, on_evicted)?;
        let reservation = self.meeting.index.space.reserve(packed_length)?;
        let folder = self.meeting.temporary.clone();
        let path = folder.join(random_name());
        let make = move |package| ArrivingPackage::new(package, folder);
        *lock(&spool) = Some(Spool::new(path, reservation, make));
        Ok(PackageUpload {
            meeting: Arc::clone(&self.meeting),
            spool,
            announced_bytes: packed_length,
            received_bytes: 0,
            slot,
        })
    }
}

impl FileStore for MeetingFiles {
    fn begin(&self, packed_length: u64) -> Result<Box<dyn UploadSink>, StoreError> {
        match self.begin_upload(packed_length) {
            Ok(upload) => Ok(Box::new(upload)),
            Err(reason) => {
                self.metrics().uploads_refused.fetch_add(1, Ordering::Relaxed);
                let meeting = &self.meeting.meeting;
                tracing::info!(%meeting, packed_length, %reason, "refused an upload");
                Err(reason)
            }
        }
    }

    fn adopt(&self, file: &StoredFile) -> Result<(), StoreError> {
        self.meeting.adopt(file)
    }

    fn read(&self, file: &StoredFile) -> StoreFuture<'static, Result<Bytes, StoreError>> {
        let (index, file) = (Arc::clone(&self.meeting.index), file.clone());
        Box::pin(async move {
            let damaged = || StoreError::failed("the file is damaged");
            let key = FileKey::new(&file.key, &file.iv).map_err(StoreError::failed)?;
            let gone = || StoreError::failed("the file is gone");
            let served = index.get(&file.name).ok_or_else(gone)?;
            let opened = index.open(&served, 0..served.length).await;
            let mut stream = opened.map_err(|error| io_error(&error))?;
            let mut decryptor = Decryptor::new(&key);
            let mut plain = Vec::new();
            while let Some(chunk) =
                poll_fn(|cx| stream.poll_next(cx)).await.map_err(|error| io_error(&error))?
            {
                plain.extend_from_slice(decryptor.update(&chunk));
            }
            let (rest, digest) = decryptor.finish().map_err(|_| damaged())?;
            plain.extend(rest);
            if digest.size != file.size || digest.sha1[..] != file.hash[..] {
                return Err(damaged());
            }
            Ok(plain.into())
        })
    }

    fn remove(&self, name: &str) {
        if let Some(file) = self.meeting.take(name) {
            self.meeting.index.delete_later(vec![file.key]);
        }
    }

    fn web_upload(&self, manifest: Manifest) -> Result<Box<dyn WebUpload>, StoreError> {
        self.transfers.permit_upload(&self.meeting, manifest)
    }

    fn web_download(&self, download: WebDownload<'_>) -> Result<String, StoreError> {
        self.transfers.permit_download(&self.meeting, download)
    }
}

impl fmt::Debug for MeetingFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meeting = &self.meeting.meeting;
        f.debug_struct("MeetingFiles").field("meeting", meeting).finish_non_exhaustive()
    }
}

/// A package that is being uploaded.
struct PackageUpload {
    meeting: Arc<MeetingIndex>,
    /// `None` once a newcomer has taken the slot, and while bytes are queued.
    spool: Arc<Mutex<Option<Spool<ArrivingPackage>>>>,
    announced_bytes: u64,
    received_bytes: u64,
    slot: Slot<String>,
}

impl UploadSink for PackageUpload {
    fn write(&mut self, data: Bytes) -> StoreFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let length = data.len() as u64;
            self.received_bytes = self.received_bytes.saturating_add(length);
            if self.received_bytes > self.announced_bytes {
                return Err(StoreError::TooLarge(self.announced_bytes));
            }
            self.meeting.index.metrics.bytes_uploaded.fetch_add(length, Ordering::Relaxed);
            // While the queue is full, the upload waits for the server and cannot be evicted.
            self.slot.set_busy();
            let spool = lock(&self.spool).take().ok_or(StoreError::Full)?;
            let written = spool.write(data).await;
            *lock(&self.spool) = Some(spool);
            self.slot.set_silent();
            written
        })
    }

    fn finish(
        self: Box<Self>,
        unpacked_length: u64,
    ) -> StoreFuture<'static, Result<Import, StoreError>> {
        Box::pin(async move {
            let index = Arc::clone(&self.meeting);
            let (meeting, packed) = (&index.meeting, self.received_bytes);
            match self.import(unpacked_length).await {
                Ok(import) => {
                    index.index.metrics.uploads_finished.fetch_add(1, Ordering::Relaxed);
                    let files = import.files.len();
                    tracing::info!(%meeting, packed, files, "imported a package");
                    Ok(import)
                }
                Err(reason) => {
                    index.index.metrics.uploads_refused.fetch_add(1, Ordering::Relaxed);
                    tracing::info!(%meeting, packed, %reason, "refused a package");
                    Err(reason)
                }
            }
        })
    }
}

impl PackageUpload {
    async fn import(self, unpacked_length: u64) -> Result<Import, StoreError> {
        let Self { meeting, spool, slot, .. } = self;
        // The slot is kept until the end of the import.
        slot.set_busy();
        let spool = lock(&spool).take().ok_or(StoreError::Full)?;
        let spooled = spool.finish().await?;
        let work = spawn_blocking(move || {
            // The temporary file is removed when `spooled` is dropped, after the import.
            let spooled = spooled;
            import_package(meeting, spooled.file, unpacked_length)
        });
        // If the caller stops waiting, the runtime drops the files, which removes them.
        work.await.map_err(interrupted)??.store().await?.publish()
    }
}
