use std::path::PathBuf;

use super::{WebLimits, blob_location::BlobConfig};

/// The configuration of a [`Library`](super::Library): locations and limits. The numbers in the
/// descriptions are the defaults.
#[derive(Debug, Clone)]
pub struct LibraryConfig {
    /// The folder that has one directory for each meeting.
    pub root: PathBuf,
    /// The location of the encrypted files (below `root`). Uploads in progress are always below
    /// `root`.
    pub blobs: BlobConfig,
    /// Bytes of the disk that stay free: 128 MiB.
    pub reserve: u64,
    /// Bytes of all files of all meetings together, uploads included. Without it, the disk is the
    /// limit.
    pub quota: Option<u64>,
    /// Bytes of a package, packed or unpacked: 1 GiB.
    pub package_size: u64,
    /// Uploads in progress, of all meetings: 64.
    pub uploads: usize,
    /// Uploads in progress of one meeting: 16.
    pub uploads_per_meeting: usize,
    /// Decrypted downloads in progress of one user of a meeting: 8.
    pub downloads_per_user: usize,
    /// The URL below which browsers upload and download single files, `http://host:port/web/`.
    /// Without it, such transfers are not supported.
    pub web_base: Option<String>,
    /// Limits of the permissions for these transfers.
    pub web: WebLimits,
}

impl LibraryConfig {
    /// Returns the default configuration below a folder.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            blobs: BlobConfig::default(),
            reserve: 128 << 20,
            quota: None,
            package_size: 1 << 30,
            uploads: 64,
            uploads_per_meeting: 16,
            downloads_per_user: 8,
            web_base: None,
            web: WebLimits::default(),
        }
    }
}
