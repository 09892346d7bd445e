//! The limits of the input.

/// The largest file that is read (256 MiB): storage files have 4 MiB, but memory dumps have more.
pub(super) const MAX_FILE_BYTES: u64 = 256 << 20;
