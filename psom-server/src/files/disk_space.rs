//! The accounts of disk space: the stored bytes, the reserved bytes, and the free bytes of the disk.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use psom_objects::store::StoreError;

use super::error::io_error;
use crate::shared::lock::lock;

/// A function that returns the number of free bytes of a file system.
pub(super) type FreeSpace = fn(&Path) -> io::Result<u64>;

/// Reserves disk space before anything is written, so that concurrent uploads cannot fill the disk
/// together.
pub(super) struct DiskSpace {
    root: PathBuf,
    /// Bytes of the disk that stay free.
    min_free: u64,
    quota: Option<u64>,
    free_space: FreeSpace,
    usage: Mutex<SpaceUsage>,
}

#[derive(Default)]
struct SpaceUsage {
    /// Bytes of the stored files.
    stored: u64,
    /// Bytes that are reserved for uploads.
    reserved: u64,
    /// The part of the reserved bytes that is not written yet, so that the file system still counts
    /// it as free.
    unwritten: u64,
}

/// Reserved disk space, released when dropped.
pub(super) struct Reservation {
    space: Arc<DiskSpace>,
    bytes: u64,
    unwritten: u64,
}

impl DiskSpace {
    pub(super) fn new(
        root: PathBuf,
        min_free: u64,
        quota: Option<u64>,
        free_space: FreeSpace,
    ) -> Self {
        Self { root, min_free, quota, free_space, usage: Mutex::default() }
    }

    fn usage(&self) -> MutexGuard<'_, SpaceUsage> {
        lock(&self.usage)
    }

    /// Reserves space.
    ///
    /// # Errors
    /// [`StoreError::Full`] if the disk or the quota has not enough space left.
    pub(super) fn reserve(self: &Arc<Self>, bytes: u64) -> Result<Reservation, StoreError> {
        let free = (self.free_space)(&self.root).map_err(|error| io_error(&error))?;
        let mut usage = self.usage();
        let fits = |used: [u64; 2], max: u64| {
            let sum = used.iter().try_fold(bytes, |sum, part| sum.checked_add(*part));
            sum.is_some_and(|sum| sum <= max)
        };
        let on_disk = fits([usage.unwritten, self.min_free], free);
        let in_quota = fits([usage.stored, usage.reserved], self.quota.unwrap_or(u64::MAX));
        if !(on_disk && in_quota) {
            return Err(StoreError::Full);
        }
        usage.reserved += bytes;
        usage.unwritten += bytes;
        drop(usage);
        Ok(Reservation { space: Arc::clone(self), bytes, unwritten: bytes })
    }

    /// Counts files of an earlier run, even if they exceed the quota, because they exist.
    pub(super) fn adopted(&self, bytes: u64) {
        let mut usage = self.usage();
        usage.stored = usage.stored.saturating_add(bytes);
    }

    /// Counts files that were removed.
    pub(super) fn removed(&self, bytes: u64) {
        let mut usage = self.usage();
        usage.stored = usage.stored.saturating_sub(bytes);
    }

    /// Returns the number of bytes of the stored files.
    pub(super) fn stored(&self) -> u64 {
        self.usage().stored
    }

    #[cfg(test)]
    pub(super) fn reserved(&self) -> u64 {
        self.usage().reserved
    }
}

impl Reservation {
    /// Notes that bytes were written: from now on the file system counts them itself.
    pub(super) fn written(&mut self, bytes: u64) {
        let bytes = bytes.min(self.unwritten);
        self.unwritten -= bytes;
        self.space.usage().unwritten -= bytes;
    }

    /// Reserves more space.
    ///
    /// # Errors
    /// The errors of [`DiskSpace::reserve`]. The reservation then stays as it is.
    pub(super) fn grow(&mut self, bytes: u64) -> Result<(), StoreError> {
        let mut more = self.space.reserve(bytes)?;
        self.bytes += more.bytes;
        self.unwritten += more.unwritten;
        // These bytes belong to `self` now, so dropping `more` must not release them.
        (more.bytes, more.unwritten) = (0, 0);
        Ok(())
    }

    /// Takes the whole reservation and leaves an empty one.
    pub(super) fn take(&mut self) -> Self {
        let (bytes, unwritten) =
            (std::mem::take(&mut self.bytes), std::mem::take(&mut self.unwritten));
        Self { space: Arc::clone(&self.space), bytes, unwritten }
    }

    /// Releases the space beyond `bytes`, which are all written.
    pub(super) fn shrink(&mut self, bytes: u64) {
        let beyond = self.bytes.saturating_sub(bytes);
        let mut usage = self.space.usage();
        usage.reserved -= beyond;
        usage.unwritten -= self.unwritten;
        self.bytes -= beyond;
        self.unwritten = 0;
    }

    /// Converts the reserved bytes to stored ones.
    pub(super) fn keep(self) {
        self.space.usage().stored += self.bytes;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut usage = self.space.usage();
        usage.reserved -= self.bytes;
        usage.unwritten -= self.unwritten;
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn space(quota: Option<u64>, free_space: FreeSpace) -> Arc<DiskSpace> {
        Arc::new(DiskSpace::new("/".into(), 10, quota, free_space))
    }

    #[test]
    fn reservations_leave_the_minimum_free() {
        let space = space(None, |_| Ok(100));
        assert!(matches!(space.reserve(91), Err(StoreError::Full)));
        let mut first = space.reserve(60).unwrap();
        assert!(matches!(space.reserve(31), Err(StoreError::Full)), "60 are reserved already");
        // A real file system would count these as used. This one does not, so they are free again.
        first.written(60);
        assert!(space.reserve(31).is_ok());
    }

    #[test]
    fn quota_counts_stored_and_reserved_bytes() {
        let space = space(Some(50), |_| Ok(u64::MAX));
        space.reserve(20).unwrap().keep();
        let reservation = space.reserve(30).unwrap();
        assert!(space.reserve(1).is_err());
        drop(reservation);
        assert!(space.reserve(30).is_ok());
        space.removed(20);
        assert!(space.reserve(50).is_ok());
        assert_eq!((space.stored(), space.reserved()), (0, 0));
    }

    #[test]
    fn reservation_grows_and_shrinks() {
        let space = space(Some(50), |_| Ok(100));
        let mut reservation = space.reserve(20).unwrap();
        reservation.grow(30).unwrap();
        assert!(matches!(reservation.grow(1), Err(StoreError::Full)));
        assert_eq!(space.reserved(), 50);
        reservation.written(10);
        reservation.shrink(35);
        assert_eq!((space.reserved(), space.usage().unwritten), (35, 0));
        reservation.keep();
        assert_eq!((space.stored(), space.reserved()), (35, 0));
    }

    #[test]
    fn overflowing_sums_are_refused() {
        let space = space(Some(u64::MAX), |_| Ok(u64::MAX));
        assert!(space.reserve(u64::MAX).is_err());
    }
}
