//! What a package may cost its reader.

/// The most that [`Package::open`](super::Package::open) accepts. A package beyond any of them is
/// refused before anything of it is unpacked.
///
/// The defaults suit a meeting server: a presentation of a thousand slides fits, an archive made
/// to exhaust a disk does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Entries of the archive, metadata included (4,096).
    pub entries: u64,
    /// Bytes of the archive's directory (2 MiB).
    pub directory_bytes: u64,
    /// Bytes of the manifest, unpacked (1 MiB; never more than that is parsed).
    pub manifest_bytes: u64,
    /// Bytes of one file, unpacked (512 MiB).
    pub file_bytes: u64,
    /// Bytes of all entries together, unpacked (1 GiB).
    pub total_bytes: u64,
    /// How many times larger than packed an entry may be unpacked (250). Small entries are
    /// exempt, see [`Limits::RATIO_FLOOR`].
    pub ratio: u64,
}

impl Limits {
    /// Up to this unpacked size an entry may have any ratio: a few empty pixels pack very well,
    /// and do no harm.
    pub const RATIO_FLOOR: u64 = 1 << 20;
}

impl Default for Limits {
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
