//! Limits for reading a package.

/// The limits of [`Package::open`](super::Package::open). It rejects a package that exceeds one of
/// them before it unpacks any entry.
///
/// The defaults suit a meeting server: they admit a presentation with a thousand slides and reject
/// an archive that is made to fill a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackageLimits {
    /// Entries of the archive, including metadata (default: 4,096).
    pub entries: u64,
    /// Bytes of the archive's directory (default: 2 MiB).
    pub directory_bytes: u64,
    /// Bytes of the unpacked manifest (default: 1 MiB). The parser never reads more than 1 MiB.
    pub manifest_bytes: u64,
    /// Bytes of one unpacked file (default: 512 MiB).
    pub file_bytes: u64,
    /// Bytes of all unpacked entries together (default: 1 GiB).
    pub total_bytes: u64,
    /// Unpacked size of an entry divided by its packed size (default: 250). Entries up to
    /// [`RATIO_FLOOR_BYTES`](Self::RATIO_FLOOR_BYTES) are exempt.
    pub ratio: u64,
}

/// The longest manifest that is read or written, in bytes. The manifest of a presentation with a
/// thousand slides has about 200 KiB.
pub(super) const MAX_MANIFEST_BYTES: usize = 1 << 20;

impl PackageLimits {
    /// The unpacked size in bytes up to which an entry may have any ratio. A few empty pixels
    /// compress very well and cost little memory.
    pub const RATIO_FLOOR_BYTES: u64 = 1 << 20;
}

impl Default for PackageLimits {
    fn default() -> Self {
        Self {
            entries: 4096,
            directory_bytes: 2 << 20,
            manifest_bytes: 1 << 20,
            file_bytes: 512 << 20,
            total_bytes: 1 << 30,
            ratio: 250,
        }
    }
}
