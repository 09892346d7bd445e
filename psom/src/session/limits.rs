//! Counts how often each limit has taken effect.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Counts of the limits that have taken effect, by the names of the limits. Clones share their counts.
#[derive(Debug, Clone, Default)]
pub struct LimitHits(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl LimitHits {
    fn counts(&self) -> MutexGuard<'_, BTreeMap<&'static str, u64>> {
        // No code panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts that a limit has taken effect.
    pub fn count(&self, limit: &'static str) {
        *self.counts().entry(limit).or_default() += 1;
    }

    /// Returns how often a limit has taken effect.
    pub fn get(&self, limit: &str) -> u64 {
        self.counts().get(limit).copied().unwrap_or(0)
    }

    /// Returns the counts of all limits that have taken effect.
    pub fn all(&self) -> Vec<(&'static str, u64)> {
        self.counts().iter().map(|(limit, count)| (*limit, *count)).collect()
    }
}
