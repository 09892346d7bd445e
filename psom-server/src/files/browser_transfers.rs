//! Uploads and downloads of single files by browsers (sections 3.3.4.3 and 3.3.4.4). The meeting
//! creates a permission, and the web server uses it.

use std::{
    sync::{Arc, Mutex, Weak, atomic::Ordering::Relaxed},
    time::Duration,
};

use bytes::Bytes;
use psom::{
    LimitHits,
    net::slots::{Slot, SlotLimits, Slots},
};
use psom_objects::{
    package::Manifest,
    store::{Import, StoreError, StoreFuture, WebDownload, WebUpload},
};
use tokio::{
    sync::{
        Notify,
        oneshot::{self, Receiver, Sender},
    },
    task::spawn_blocking,
};

pub(crate) use super::unpublished::UnpublishedFiles;
use super::{
    WebLimits,
    crypto::{FileKey, encrypted_length},
    encrypting_file::EncryptingFile,
    error::{interrupted, meeting_ended},
    index::MeetingIndex,
    spool::{Spool, run_blocking},
};
use crate::shared::{
    identifiers::random_name,
    lock::lock,
    permissions::{Permissions, WhenFull},
};

/// Bytes that a form can have besides its file: other fields, boundaries, headers.
pub(crate) const MAX_FORM_OVERHEAD_BYTES: u64 = 64 << 10;

/// Bytes of disk space that an upload of unknown length reserves at a time. A step is larger than
/// most chunks, so that few chunks have to reserve space.
const RESERVATION_STEP_BYTES: u64 = 1 << 20;

/// The permissions of browsers that have not been used yet.
pub(crate) struct BrowserTransfers {
    pub(crate) uploads: Permissions<UploadPermission>,
    pub(crate) downloads: Permissions<DownloadPermission>,
    /// The slots of downloads in progress, by meeting and user.
    pub(crate) running_downloads: Slots<(Arc<str>, i64)>,
}

/// The web server's side of a permission to upload the one file of a manifest.
pub(crate) struct UploadPermission {
    /// Weak, because an unused permission must not keep an ended meeting in memory.
    meeting: Weak<MeetingIndex>,
    manifest: Manifest,
    outcome: Sender<Result<UnpublishedFiles, StoreError>>,
    /// The reason why the last attempt could not begin.
    refused: Arc<Mutex<Option<StoreError>>>,
}

/// The meeting's side of an [`UploadPermission`]. Dropping it withdraws the permission and removes
/// the uploaded file.
struct PendingUpload {
    meeting: Arc<MeetingIndex>,
    transfers: Arc<BrowserTransfers>,
    secret: String,
    url: String,
    outcome: Receiver<Result<UnpublishedFiles, StoreError>>,
    refused: Arc<Mutex<Option<StoreError>>>,
}

/// The permission to download a file decrypted.
#[derive(Clone)]
pub(crate) struct DownloadPermission {
    /// The file's name in the library.
    pub(crate) stored_name: String,
    pub(crate) key: FileKey,
    pub(crate) size: u64,
    pub(crate) sha1: Bytes,
    /// The file's name for people.
    pub(crate) display_name: String,
    pub(crate) is_attachment: bool,
    /// The meeting and the user who requested the download.
    pub(crate) owner: (Arc<str>, i64),
}

impl BrowserTransfers {
    pub(super) fn new(limits: WebLimits, per_user: usize, hits: &LimitHits) -> Self {
        let uploads = Permissions::new(("web_uploads", hits), limits, WhenFull::Refuse);
        let downloads = Permissions::new(("web_downloads", hits), limits, WhenFull::Refuse);
        // The web server limits the total.
        let running =
            SlotLimits { total: usize::MAX, owner: per_user, min_silence: Duration::ZERO };
        Self { uploads, downloads, running_downloads: Slots::new(running) }
    }

    /// Removes the permissions that have expired.
    pub(crate) fn remove_expired(&self) {
        self.uploads.remove_expired();
        self.downloads.remove_expired();
    }

    pub(super) fn permit_upload(
        self: &Arc<Self>,
        meeting: &Arc<MeetingIndex>,
        manifest: Manifest,
    ) -> Result<Box<dyn WebUpload>, StoreError> {
        let base = meeting.index.config.web_base.as_ref().ok_or(StoreError::Unsupported)?;
        let (sender, outcome) = oneshot::channel();
        let refused = Arc::default();
        let permission = UploadPermission {
            meeting: Arc::downgrade(meeting),
            manifest,
            outcome: sender,
            refused: Arc::clone(&refused),
        };
        let secret =
            self.uploads.add(&meeting.meeting, None, permission).ok_or(StoreError::Full)?;
        let url = format!("{base}upload/{secret}");
        let (meeting, transfers) = (Arc::clone(meeting), Arc::clone(self));
        Ok(Box::new(PendingUpload { meeting, transfers, secret, url, outcome, refused }))
    }

    pub(super) fn permit_download(
        &self,
        meeting: &MeetingIndex,
        download: WebDownload<'_>,
    ) -> Result<String, StoreError> {
        let base = meeting.index.config.web_base.as_ref().ok_or(StoreError::Unsupported)?;
        let WebDownload { file, name, is_attachment, user } = download;
        let key = FileKey::new(&file.key, &file.iv);
        let permission = DownloadPermission {
            stored_name: file.name.clone(),
            key: key.map_err(StoreError::failed)?,
            size: file.size,
            sha1: file.hash.clone(),
            display_name: name.to_owned(),
            is_attachment,
            owner: (Arc::from(&*meeting.meeting), user),
        };
        let secret = self.downloads.add(&meeting.meeting, Some(user), permission);
        Ok(format!("{base}download/{}", secret.ok_or(StoreError::Full)?))
    }

    /// Removes all permissions of a meeting that has ended.
    pub(super) fn remove_meeting(&self, meeting: &str) {
        self.uploads.remove_meeting(meeting);
        self.downloads.remove_meeting(meeting);
    }
}

impl WebUpload for PendingUpload {
    fn url(&self) -> &str {
        &self.url
    }

    fn finish(mut self: Box<Self>) -> StoreFuture<'static, Result<Import, StoreError>> {
        // The outcome is already here, because the browser got its answer only after the whole file
        // had arrived.
        let outcome = self.outcome.try_recv().unwrap_or_else(|_| {
            let refused = lock(&self.refused).take();
            Err(refused.unwrap_or_else(|| StoreError::malformed("no file was uploaded")))
        });
        Box::pin(async move {
            let import = outcome?.publish()?;
            self.meeting.index.metrics.uploads_finished.fetch_add(1, Relaxed);
            tracing::info!(meeting = %self.meeting.meeting, "imported a file from a browser");
            Ok(import)
        })
    }
}

impl Drop for PendingUpload {
    fn drop(&mut self) {
        self.transfers.uploads.take(&self.secret);
        // Close the channel first, so that no outcome arrives after the check.
        self.outcome.close();
        if let Ok(Ok(files)) = self.outcome.try_recv() {
            run_blocking(move || drop(files));
        }
    }
}

impl UploadPermission {
    /// Begins to receive the file from a request body of the given length, if it is known.
    pub(crate) fn begin(&self, body_length: Option<u64>) -> Result<BrowserUpload, StoreError> {
        let meeting = self.meeting.upgrade().ok_or_else(meeting_ended)?;
        let config = &meeting.index.config;
        let max_body_bytes = config.package_size.saturating_add(MAX_FORM_OVERHEAD_BYTES);
        if body_length.is_some_and(|length| length > max_body_bytes) {
            return Err(StoreError::TooLarge(config.package_size));
        }
        let evicted = Arc::new(Notify::new());
        let slot = meeting.index.upload_slot(&meeting.meeting, {
            let evicted = Arc::clone(&evicted);
            move || evicted.notify_one()
        })?;
        let reserved_bytes = encrypted_length(body_length.unwrap_or(0).min(config.package_size));
        let reservation = meeting.index.space.reserve(reserved_bytes)?;
        let name = random_name();
        let spool = Spool::new(meeting.temporary.join(&name), reservation, EncryptingFile::from);
        let manifest = self.manifest.clone();
        let received_bytes = 0;
        Ok(BrowserUpload {
            meeting,
            manifest,
            name,
            spool,
            reserved_bytes,
            received_bytes,
            slot,
            evicted,
        })
    }

    /// Notes that an attempt could not begin because of the server. The browser can try again,
    /// because the specification promises it one attempt (section 3.2.4.1.4.1).
    pub(crate) fn refuse(&self, reason: StoreError) {
        tracing::debug!(%reason, "an upload by a browser could not begin");
        *lock(&self.refused) = Some(reason);
    }

    /// Waits until the meeting withdraws the permission.
    pub(crate) async fn withdrawn(&mut self) {
        self.outcome.closed().await;
    }

    /// Hands the outcome to the meeting. Returns `false` if the meeting has withdrawn the permission.
    pub(crate) fn complete(self, outcome: Result<UnpublishedFiles, StoreError>) -> bool {
        if let (Err(reason), Some(meeting)) = (&outcome, self.meeting.upgrade()) {
            meeting.index.metrics.uploads_refused.fetch_add(1, Relaxed);
            tracing::info!(meeting = %meeting.meeting, %reason, "refused a file from a browser");
        }
        self.outcome.send(outcome).is_ok()
    }
}

/// A single file that a browser uploads. It is encrypted as it arrives. Dropping it unfinished
/// removes it.
pub(crate) struct BrowserUpload {
    meeting: Arc<MeetingIndex>,
    manifest: Manifest,
    name: String,
    spool: Spool<EncryptingFile>,
    reserved_bytes: u64,
    received_bytes: u64,
    slot: Slot<String>,
    evicted: Arc<Notify>,
}

impl BrowserUpload {
    /// Queues the next bytes of the file. Waits while the queue is full.
    pub(crate) async fn write(&mut self, data: Bytes) -> Result<(), StoreError> {
        let index = &self.meeting.index;
        self.received_bytes = self.received_bytes.saturating_add(data.len() as u64);
        if self.received_bytes > index.config.package_size {
            return Err(StoreError::TooLarge(index.config.package_size));
        }
        let missing = encrypted_length(self.received_bytes).saturating_sub(self.reserved_bytes);
        if missing > 0 {
            // If there is no space for a whole step, there may be enough for these bytes.
            let step = missing.max(RESERVATION_STEP_BYTES);
            self.reserved_bytes += match self.spool.grow(step) {
                Ok(()) => step,
                Err(_) => self.spool.grow(missing).map(|()| missing)?,
            };
        }
        index.metrics.bytes_uploaded.fetch_add(data.len() as u64, Relaxed);
        // While the queue is full, the browser waits for the server, and its upload cannot be
        // evicted.
        self.slot.set_busy();
        self.spool.write(data).await?;
        self.slot.set_silent();
        Ok(())
    }

    /// Returns the notification that a newcomer has taken this upload's slot.
    pub(crate) fn eviction(&self) -> Arc<Notify> {
        Arc::clone(&self.evicted)
    }

    /// Stores the file, and returns when it is durable. It is not served yet.
    pub(crate) async fn finish(self) -> Result<UnpublishedFiles, StoreError> {
        let Self { meeting, manifest, name, spool, slot, .. } = self;
        slot.set_busy();
        let spooled = spool.finish().await?;
        let work = spawn_blocking(move || {
            let (file, reservation) = spooled.keep();
            let mut files = UnpublishedFiles::new(meeting, reservation);
            files.add(&name);
            let stored = files.finish(name, file)?;
            let named = manifest.files().into_iter().map(|file| (file.to_owned(), stored.clone()));
            let import = Import { files: named.collect(), manifest: manifest.clone() };
            files.complete(import);
            Ok(files)
        });
        let files: Result<UnpublishedFiles, StoreError> = work.await.map_err(interrupted)?;
        files?.store().await
    }
}
