//! What the server counts, for `/metrics`.

use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Numbers that only this crate can count; the others are asked for when they are wanted.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) uploads: Arc<Uploads>,
    pub(crate) uploads_finished: AtomicU64,
    pub(crate) uploads_refused: AtomicU64,
    pub(crate) bytes_uploaded: AtomicU64,
    pub(crate) bytes_served: AtomicU64,
    pub(crate) tokens_issued: AtomicU64,
    pub(crate) strangers: AtomicU64,
}

impl Metrics {
    /// Counts a request of somebody who may not ask. Anybody can send any number of those, so they
    /// are no lines of the log.
    pub(crate) fn refused_stranger(&self, what: &str) {
        self.strangers.fetch_add(1, Ordering::Relaxed);
        tracing::debug!("Refused {what}");
    }
}

/// How many uploads there are at present.
#[derive(Debug, Default)]
pub(crate) struct Uploads(AtomicU64);

/// A place among the uploads; given back when dropped.
#[derive(Debug)]
pub(crate) struct Gauge(Arc<Uploads>);

impl Uploads {
    /// Takes a place, if not so many are taken.
    pub(crate) fn take(self: &Arc<Self>, limit: u64) -> Option<Gauge> {
        let step = |count| (count < limit).then_some(count + 1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).ok()?;
        Some(Gauge(self.clone()))
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A page in Prometheus' text format.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    /// Adds a number that goes up and down.
    pub(crate) fn gauge(self, name: &str, help: &str, value: u64) -> Self {
        self.line(name, "gauge", help, value)
    }

    /// Adds a number that only grows.
    pub(crate) fn counter(self, name: &str, help: &str, value: u64) -> Self {
        self.line(name, "counter", help, value)
    }

    fn line(mut self, name: &str, kind: &str, help: &str, value: u64) -> Self {
        // Writing to a string does not fail.
        let _ = write!(
            self.0,
            "# HELP psom_{name} {help}\n# TYPE psom_{name} {kind}\npsom_{name} {value}\n"
        );
        self
    }

    pub(crate) fn text(self) -> String {
        self.0
    }
}
