use std::{fmt, io, ops::Range, sync::Arc};

use super::{
    blob_location::BlobError,
    blobs::Blobs,
    browser_transfers::BrowserTransfers,
    config::LibraryConfig,
    disk_space::FreeSpace,
    file_stream::FileStream,
    index::{FileIndex, ServedFile},
    location_record::FilesRecord,
    meeting_files::MeetingFiles,
};
use crate::shared::metrics::Metrics;

/// The files of all meetings, and the transfers of single files by browsers.
pub struct Library {
    index: Arc<FileIndex>,
    pub(crate) transfers: Arc<BrowserTransfers>,
}

impl Library {
    /// Returns an empty library.
    ///
    /// # Errors
    /// The location of the files cannot be used.
    pub fn new(config: LibraryConfig) -> Result<Arc<Self>, BlobError> {
        Self::with_metrics(config, Arc::default())
    }

    pub(crate) fn with_metrics(
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
        free_space: FreeSpace,
    ) -> Arc<Self> {
        let transfers =
            Arc::new(BrowserTransfers::new(config.web, config.downloads_per_user, &metrics.hits));
        let index = FileIndex::new(config, blobs, metrics, free_space);
        Arc::new(Self { index, transfers })
    }

    /// Returns the files of a meeting. Call it once for each meeting: its files are known to the
    /// returned value only.
    pub fn meeting(&self, id: &str) -> MeetingFiles {
        MeetingFiles::new(Arc::clone(&self.index), Arc::clone(&self.transfers), id)
    }

    /// Returns the file with this name.
    pub fn get(&self, name: &str) -> Option<ServedFile> {
        self.index.get(name)
    }

    /// Returns the number of bytes of all stored files.
    pub fn stored_bytes(&self) -> u64 {
        self.index.space.stored()
    }

    /// Returns the number of uploads in progress.
    pub(crate) fn uploads(&self) -> usize {
        self.index.uploads()
    }

    /// Opens a range of the encrypted bytes of a file.
    pub(crate) async fn open(
        &self,
        file: &ServedFile,
        range: Range<u64>,
    ) -> io::Result<FileStream> {
        self.index.open(file, range).await
    }

    /// Claims the location of the files for this server. See [`FileIndex::claim`].
    pub(crate) async fn claim(&self, record: &FilesRecord) -> Result<(), BlobError> {
        self.index.claim(record).await
    }

    /// Finds the files of an earlier run. See [`FileIndex::find_files`].
    pub(crate) async fn find_files(&self, server: &str) -> Result<(), BlobError> {
        self.index.find_files(server).await
    }

    /// Finds the files of a meeting that was taken over. See [`FileIndex::find_meeting`].
    pub(crate) async fn find_meeting(&self, meeting: &str) -> Result<(), BlobError> {
        self.index.find_meeting(meeting).await
    }

    /// Removes the found files of one meeting that it has not adopted.
    pub(crate) async fn sweep_meeting(&self, meeting: &str) {
        self.index.sweep_meeting(meeting).await;
    }

    /// Removes the files of an earlier run that no meeting has adopted.
    pub(crate) async fn sweep(&self) -> io::Result<()> {
        self.index.sweep().await
    }

    /// Keeps the files that no meeting has adopted, and returns their number.
    pub(crate) fn keep_found_files(&self) -> usize {
        self.index.keep_found_files()
    }

    /// Returns the size limit of a package, or of a single file, in bytes.
    pub(crate) fn package_size(&self) -> u64 {
        self.index.config.package_size
    }

    /// Returns the path of a file on this machine's disk.
    #[cfg(test)]
    pub(crate) fn path(&self, name: &str) -> Option<std::path::PathBuf> {
        self.index.blobs.path(&self.get(name)?.key)
    }

    /// Returns the number of bytes that are reserved for uploads.
    #[cfg(test)]
    pub(crate) fn reserved_bytes(&self) -> u64 {
        self.index.space.reserved()
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library").field("config", &self.index.config).finish_non_exhaustive()
    }
}
