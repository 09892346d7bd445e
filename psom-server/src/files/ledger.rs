//! The room for files: what is stored, what is promised, and what the disk has left.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use psom_objects::store::StoreError;

/// Asks a file system how many bytes are free.
pub(super) type FreeSpace = fn(&Path) -> io::Result<u64>;

/// Room is promised before a byte is written, so that uploads at the same time cannot fill the
/// disk together.
pub(super) struct Ledger {
    root: PathBuf,
    /// Bytes of the disk that are left to others.
    reserve: u64,
    quota: Option<u64>,
    free: FreeSpace,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    /// Bytes of files that are there to stay.
    stored: u64,
    /// Bytes promised to uploads.
    held: u64,
    /// Those of the promised bytes that the disk does not count as used yet.
    unwritten: u64,
}

/// Room that is promised; given back when dropped.
pub(super) struct Held {
    ledger: Arc<Ledger>,
    bytes: u64,
    unwritten: u64,
}

impl Ledger {
    pub(super) fn new(root: PathBuf, reserve: u64, quota: Option<u64>, free: FreeSpace) -> Self {
        Self { root, reserve, quota, free, books: Mutex::default() }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Promises room for so many bytes.
    pub(super) fn hold(self: &Arc<Self>, bytes: u64) -> Result<Held, StoreError> {
        let free = (self.free)(&self.root).map_err(|error| super::store_error(&error))?;
        let mut books = self.books();
        let fits = |used: [u64; 2], most: u64| {
            let sum = used.iter().try_fold(bytes, |sum, part| sum.checked_add(*part));
            sum.is_some_and(|sum| sum <= most)
        };
        let on_disk = fits([books.unwritten, self.reserve], free);
        let in_quota = fits([books.stored, books.held], self.quota.unwrap_or(u64::MAX));
        if !(on_disk && in_quota) {
            return Err(StoreError::Full);
        }
        books.held += bytes;
        books.unwritten += bytes;
        drop(books);
        Ok(Held { ledger: self.clone(), bytes, unwritten: bytes })
    }

    /// Files of an earlier run have so many bytes: whether there is room or not, they are there.
    pub(super) fn adopted(&self, bytes: u64) {
        let mut books = self.books();
        books.stored = books.stored.saturating_add(bytes);
    }

    /// Files of so many bytes are gone.
    pub(super) fn removed(&self, bytes: u64) {
        let mut books = self.books();
        books.stored = books.stored.saturating_sub(bytes);
    }

    /// Bytes of the files that are there.
    pub(super) fn stored(&self) -> u64 {
        self.books().stored
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> u64 {
        self.books().held
    }
}

impl Held {
    /// So many bytes are written: the disk counts them itself from now on.
    pub(super) fn written(&mut self, bytes: u64) {
        let bytes = bytes.min(self.unwritten);
        self.unwritten -= bytes;
        self.ledger.books().unwritten -= bytes;
    }

    /// Promises more room.
    pub(super) fn grow(&mut self, bytes: u64) -> Result<(), StoreError> {
        let mut more = self.ledger.hold(bytes)?;
        self.bytes += more.bytes;
        self.unwritten += more.unwritten;
        // Both are this one's now.
        (more.bytes, more.unwritten) = (0, 0);
        Ok(())
    }

    /// Hands all of it over, and is nothing itself any more.
    pub(super) fn split(&mut self) -> Self {
        let (bytes, unwritten) =
            (std::mem::take(&mut self.bytes), std::mem::take(&mut self.unwritten));
        Self { ledger: self.ledger.clone(), bytes, unwritten }
    }

    /// Gives back what is beyond so many bytes, all of which are written.
    pub(super) fn shrink(&mut self, bytes: u64) {
        let beyond = self.bytes.saturating_sub(bytes);
        let mut books = self.ledger.books();
        books.held -= beyond;
        books.unwritten -= self.unwritten;
        self.bytes -= beyond;
        self.unwritten = 0;
    }

    /// The bytes are files now, and stay.
    pub(super) fn keep(self) {
        self.ledger.books().stored += self.bytes;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut books = self.ledger.books();
        books.held -= self.bytes;
        books.unwritten -= self.unwritten;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn ledger(quota: Option<u64>, free: FreeSpace) -> Arc<Ledger> {
        Arc::new(Ledger::new("/".into(), 10, quota, free))
    }

    #[test]
    fn the_disk_keeps_its_reserve() {
        let ledger = ledger(None, |_| Ok(100));
        assert!(matches!(ledger.hold(91), Err(StoreError::Full)));
        let mut first = ledger.hold(60).unwrap();
        assert!(matches!(ledger.hold(31), Err(StoreError::Full)), "60 are promised already");
        // The disk would count these as used; here it does not, so they are free again.
        first.written(60);
        assert!(ledger.hold(31).is_ok());
    }

    #[test]
    fn the_quota_counts_what_is_stored_and_what_is_promised() {
        let ledger = ledger(Some(50), |_| Ok(u64::MAX));
        ledger.hold(20).unwrap().keep();
        let held = ledger.hold(30).unwrap();
        assert!(ledger.hold(1).is_err());
        drop(held);
        assert!(ledger.hold(30).is_ok());
        ledger.removed(20);
        assert!(ledger.hold(50).is_ok());
        assert_eq!((ledger.stored(), ledger.held()), (0, 0));
    }

    #[test]
    fn a_promise_grows_and_shrinks() {
        let ledger = ledger(Some(50), |_| Ok(100));
        let mut held = ledger.hold(20).unwrap();
        held.grow(30).unwrap();
        assert!(matches!(held.grow(1), Err(StoreError::Full)));
        assert_eq!(ledger.held(), 50);
        held.written(10);
        held.shrink(35);
        assert_eq!((ledger.held(), ledger.books().unwritten), (35, 0));
        held.keep();
        assert_eq!((ledger.stored(), ledger.held()), (35, 0));
    }

    #[test]
    fn sums_that_no_disk_has_are_refused() {
        let ledger = ledger(Some(u64::MAX), |_| Ok(u64::MAX));
        assert!(ledger.hold(u64::MAX).is_err());
    }
}
