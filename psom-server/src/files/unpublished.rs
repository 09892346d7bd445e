use std::{path::PathBuf, sync::Arc};

use psom_objects::store::{Import, StoreError, StoredFile};

use super::{
    disk_space::Reservation,
    encrypting_file::EncryptingFile,
    error::{interrupted, io_error, meeting_ended},
    index::{MeetingIndex, ServedFile},
    spool::{remove_file, run_blocking},
};

/// Encrypted files that are not in the index yet. Dropping them removes them.
///
/// They are temporary files of this machine until they are [stored](Self::store).
pub(crate) struct UnpublishedFiles {
    meeting: Arc<MeetingIndex>,
    import: Option<Import>,
    files: Vec<(String, ServedFile)>,
    reservation: Option<Reservation>,
    /// Whether files can be at their final location.
    is_stored: bool,
}

impl UnpublishedFiles {
    /// Returns an empty set, with the space that is reserved for its files.
    pub(super) fn new(meeting: Arc<MeetingIndex>, reservation: Reservation) -> Self {
        let (import, reservation) = (None, Some(reservation));
        Self { meeting, import, files: Vec::new(), reservation, is_stored: false }
    }

    /// Returns the path of the temporary file with this name.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.meeting.temporary.join(name)
    }

    /// Adds a temporary file that was just created, so that it is removed on failure.
    pub(super) fn add(&mut self, name: &str) {
        let file = ServedFile { key: self.meeting.key(name), length: 0 };
        self.files.push((name.to_owned(), file));
    }

    /// Completes the file that was added last.
    pub(super) fn finish(
        &mut self,
        name: String,
        file: EncryptingFile,
    ) -> Result<StoredFile, StoreError> {
        let (stored, length) = file.finish(name).map_err(|error| io_error(&error))?;
        if let Some(reservation) = &mut self.reservation {
            reservation.written(length);
        }
        if let Some((_, file)) = self.files.last_mut() {
            file.length = length;
        }
        Ok(stored)
    }

    /// Completes the set: all files are written.
    pub(super) fn complete(&mut self, import: Import) {
        // The reservation can be larger than the files turned out to be.
        let length = self.files.iter().map(|(_, file)| file.length).sum();
        if let Some(reservation) = &mut self.reservation {
            reservation.shrink(length);
        }
        self.import = Some(import);
    }

    /// Moves the files to their final location, and returns when they are durable there.
    pub(super) async fn store(mut self) -> Result<Self, StoreError> {
        // The files are moved in a task, which completes even if the caller stops waiting.
        // Otherwise it would be unknown which files have to be removed.
        let work = tokio::spawn(async move {
            self.is_stored = true;
            let keys = self.files.iter().map(|(_, file)| file.key.clone()).collect();
            let put = self.meeting.index.blobs.put(&self.meeting.temporary, keys).await;
            put.map_err(|error| {
                let meeting = &self.meeting.meeting;
                tracing::warn!(%meeting, %error, "could not store a file");
                io_error(&error)
            })?;
            Ok(self)
        });
        work.await.map_err(interrupted)?
    }

    /// Adds the files to the index.
    pub(super) fn publish(mut self) -> Result<Import, StoreError> {
        let import = self.import.take().ok_or_else(meeting_ended)?;
        if !self.meeting.add(self.files.clone()) {
            return Err(meeting_ended());
        }
        self.files.clear();
        if let Some(reservation) = self.reservation.take() {
            reservation.keep();
        }
        Ok(import)
    }
}

impl Drop for UnpublishedFiles {
    fn drop(&mut self) {
        let files = std::mem::take(&mut self.files);
        if files.is_empty() {
            return;
        }
        let temporary: Vec<_> = files.iter().map(|(name, _)| self.path(name)).collect();
        run_blocking(move || temporary.iter().for_each(|path| remove_file(path)));
        if self.is_stored {
            self.meeting.index.delete_later(files.into_iter().map(|(_, file)| file.key).collect());
        }
    }
}
