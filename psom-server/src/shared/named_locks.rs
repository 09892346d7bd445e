//! Locks by name.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::sync::OwnedMutexGuard;

use super::lock::lock;

/// Locks by name. Tasks wait for each other only if they lock the same name.
#[derive(Debug, Default)]
pub(crate) struct NamedLocks(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl NamedLocks {
    /// Waits for the lock with this name. It is released when the guard is dropped.
    pub(crate) async fn lock(&self, name: &str) -> OwnedMutexGuard<()> {
        let own = {
            let mut locks = lock(&self.0);
            // Every holder and every waiting task has a reference.
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(locks.entry(name.to_owned()).or_default())
        };
        own.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn only_the_same_name_waits() {
        let locks = NamedLocks::default();
        let one = locks.lock("one").await;
        assert!(locks.lock("one").now_or_never().is_none());
        assert!(locks.lock("two").now_or_never().is_some());
        drop(one);
        assert!(locks.lock("one").now_or_never().is_some());
        drop(locks.lock("three").await);
        assert_eq!(lock(&locks.0).len(), 1, "unused locks are removed");
    }
}
