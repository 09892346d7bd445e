//! Single files through browsers (sections 3.3.4.3 and 3.3.4.4): a permission is made by the
//! meeting and used by the web server.

use std::sync::{Arc, Mutex, PoisonError, Weak, atomic::Ordering::Relaxed};

use bytes::Bytes;
use psom_objects::{
    package::Manifest,
    store::{Import, StoreError, StoreFuture, WebDownload, WebUpload},
};
use tokio::{
    sync::oneshot::{self, Receiver, Sender},
    task::spawn_blocking,
};

pub(crate) use super::draft::Draft;
use super::{
    DiskStore,
    encrypting::EncryptingFile,
    library::Shelf,
    random_name,
    spool::{Spool, remove_later},
};
use crate::{
    crypto::{FileKey, encrypted_length},
    metrics::Gauge,
};

/// What a form may have besides its file: other fields, boundaries, headers.
pub(crate) const FORM: u64 = 64 << 10;

/// Bytes that are promised to an upload at a time, where nobody has said how many will come.
const STEP: u64 = 1 << 20;

/// The permission to upload the one file of a manifest, as the web server has it.
pub(crate) struct Form {
    /// The library has this, and the shelf the library: it must not hold itself.
    shelf: Weak<Shelf>,
    manifest: Manifest,
    outcome: Sender<Result<Draft, StoreError>>,
    /// Why no attempt could begin, if none could so far.
    refused: Arc<Mutex<Option<StoreError>>>,
}

/// The same permission as the meeting has it. Dropped, it takes everything along.
struct Posted {
    store: DiskStore,
    secret: String,
    url: String,
    outcome: Receiver<Result<Draft, StoreError>>,
    refused: Arc<Mutex<Option<StoreError>>>,
}

/// The permission to download a file decrypted.
#[derive(Clone)]
pub(crate) struct Download {
    /// The file's name in the library.
    pub(crate) stored: String,
    pub(crate) key: FileKey,
    pub(crate) size: u64,
    pub(crate) sha1: Bytes,
    /// What people call the file.
    pub(crate) name: String,
    pub(crate) is_attachment: bool,
}

impl DiskStore {
    pub(super) fn permit_upload(
        &self,
        manifest: Manifest,
    ) -> Result<Box<dyn WebUpload>, StoreError> {
        let library = &self.shelf.library;
        let base = library.config.web_base.as_ref().ok_or(StoreError::Unsupported)?;
        let (sender, outcome) = oneshot::channel();
        let (shelf, refused) = (Arc::downgrade(&self.shelf), Arc::default());
        let form = Form { shelf, manifest, outcome: sender, refused: Arc::clone(&refused) };
        let secret = library.forms.add(&self.shelf.meeting, None, form).ok_or(StoreError::Full)?;
        let url = format!("{base}upload/{secret}");
        Ok(Box::new(Posted { store: self.clone(), secret, url, outcome, refused }))
    }

    pub(super) fn permit_download(&self, wanted: WebDownload<'_>) -> Result<String, StoreError> {
        let library = &self.shelf.library;
        let base = library.config.web_base.as_ref().ok_or(StoreError::Unsupported)?;
        let WebDownload { file, name, is_attachment, user } = wanted;
        let failed = |error: crate::crypto::CryptoError| StoreError::Failed(error.to_string());
        let download = Download {
            stored: file.name.clone(),
            key: FileKey::new(&file.key, &file.iv).map_err(failed)?,
            size: file.size,
            sha1: file.hash.clone(),
            name: name.to_owned(),
            is_attachment,
        };
        let added = library.downloads.add(&self.shelf.meeting, Some(user), download);
        Ok(format!("{base}download/{}", added.ok_or(StoreError::Full)?))
    }
}

impl WebUpload for Posted {
    fn url(&self) -> &str {
        &self.url
    }

    fn finish(mut self: Box<Self>) -> StoreFuture<'static, Result<Import, StoreError>> {
        // Not waited for: whoever has posted the file was answered when it was all there.
        let outcome = self.outcome.try_recv().unwrap_or_else(|_| {
            let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).take();
            Err(refused.unwrap_or_else(|| StoreError::Malformed("no file was posted".into())))
        });
        Box::pin(async move {
            let import = outcome?.publish()?;
            let shelf = &self.store.shelf;
            shelf.library.metrics.uploads_finished.fetch_add(1, Relaxed);
            tracing::info!(meeting = %shelf.meeting, "Took a file from a browser");
            Ok(import)
        })
    }
}

impl Drop for Posted {
    fn drop(&mut self) {
        self.store.shelf.library.forms.take(&self.secret);
        // Closed, so that nothing is put into it from here on.
        self.outcome.close();
        if let Ok(Ok(draft)) = self.outcome.try_recv() {
            remove_later(move || drop(draft));
        }
    }
}

impl Form {
    /// Begins to take the file from a body of so many bytes, where that is known.
    pub(crate) fn begin(&self, announced: Option<u64>) -> Result<FileSink, StoreError> {
        let over = || StoreError::Failed("the meeting is over".into());
        let shelf = self.shelf.upgrade().ok_or_else(over)?;
        let config = &shelf.library.config;
        if announced.is_some_and(|length| length > config.package_size.saturating_add(FORM)) {
            return Err(StoreError::TooLarge(config.package_size));
        }
        let place = shelf.library.metrics.uploads.take(config.uploads as u64);
        let place = place.ok_or(StoreError::Full)?;
        let room = encrypted_length(announced.unwrap_or(0).min(config.package_size));
        let held = shelf.library.ledger.hold(room)?;
        let name = random_name();
        let spool = Spool::new(shelf.temporary.join(&name), held);
        let manifest = self.manifest.clone();
        Ok(FileSink { shelf, manifest, name, spool, room, taken: 0, _place: place })
    }

    /// The attempt cannot begin, for the server's own reasons: the client may try again, since it is
    /// promised one (section 3.2.4.1.4.1).
    pub(crate) fn refuse(&self, reason: StoreError) {
        tracing::debug!(%reason, "A file from a browser has to wait");
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }

    /// Waits until nobody wants the file any more.
    pub(crate) async fn withdrawn(&mut self) {
        self.outcome.closed().await;
    }

    /// Says what became of the upload, and whether anybody wants to know.
    pub(crate) fn settle(self, outcome: Result<Draft, StoreError>) -> bool {
        if let (Err(reason), Some(shelf)) = (&outcome, self.shelf.upgrade()) {
            shelf.library.metrics.uploads_refused.fetch_add(1, Relaxed);
            tracing::info!(meeting = %shelf.meeting, %reason, "Refused a file from a browser");
        }
        self.outcome.send(outcome).is_ok()
    }
}

/// A file on its way from a browser, encrypted as it comes. Dropped unfinished, it leaves nothing
/// behind.
pub(crate) struct FileSink {
    shelf: Arc<Shelf>,
    manifest: Manifest,
    name: String,
    spool: Spool<EncryptingFile>,
    /// Bytes of the disk that are promised.
    room: u64,
    taken: u64,
    _place: Gauge,
}

impl FileSink {
    /// Takes the next bytes. Waits while the disk lags.
    pub(crate) async fn write(&mut self, data: Bytes) -> Result<(), StoreError> {
        let config = &self.shelf.library.config;
        self.taken = self.taken.saturating_add(data.len() as u64);
        if self.taken > config.package_size {
            return Err(StoreError::TooLarge(config.package_size));
        }
        let missing = encrypted_length(self.taken).saturating_sub(self.room);
        if missing > 0 {
            // Where there is no room for a step, there may be for this.
            let step = missing.max(STEP);
            let grown = self.spool.grow(step).map(|()| step);
            self.room += match grown {
                Ok(step) => step,
                Err(_) => self.spool.grow(missing).map(|()| missing)?,
            };
        }
        self.shelf.library.metrics.bytes_uploaded.fetch_add(data.len() as u64, Relaxed);
        self.spool.write(data).await
    }

    /// Returns when everything is stored. Nothing is served yet.
    pub(crate) async fn finish(self) -> Result<Draft, StoreError> {
        let Self { shelf, manifest, name, spool, _place, .. } = self;
        let spooled = spool.finish().await?;
        let work = spawn_blocking(move || {
            let (file, held) = spooled.keep();
            let mut draft = Draft::new(shelf, held);
            draft.add(&name);
            let stored = draft.finish(name, file)?;
            let named = manifest.files().into_iter().map(|file| (file.to_owned(), stored.clone()));
            let files = named.collect();
            draft.complete(Import { manifest, files });
            Ok(draft)
        });
        let draft: Result<Draft, StoreError> =
            work.await.map_err(|error| StoreError::Failed(error.to_string()))?;
        draft?.store().await
    }
}
