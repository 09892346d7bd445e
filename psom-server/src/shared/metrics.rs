//! The server's counters, and the text format of `/metrics`.

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// The counters that only this crate can keep. `/metrics` reads all other numbers from their owners.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) uploads: Arc<UploadCount>,
    pub(crate) uploads_finished: AtomicU64,
    pub(crate) uploads_refused: AtomicU64,
    pub(crate) bytes_uploaded: AtomicU64,
    pub(crate) bytes_served: AtomicU64,
    pub(crate) tokens_issued: AtomicU64,
    pub(crate) unauthorized_requests: AtomicU64,
}

impl Metrics {
    /// Counts a request without a valid secret. It is logged at `debug` only, because anybody can
    /// send any number of them.
    pub(crate) fn count_unauthorized(&self, request: &str) {
        self.unauthorized_requests.fetch_add(1, Ordering::Relaxed);
        tracing::debug!("refused {request}");
    }
}

/// The number of uploads in progress.
#[derive(Debug, Default)]
pub(crate) struct UploadCount(AtomicU64);

/// An upload in progress, counted until it is dropped.
#[derive(Debug)]
pub(crate) struct UploadSlot(Arc<UploadCount>);

impl UploadCount {
    /// Counts one more upload, or returns `None` when `limit` uploads are in progress.
    pub(crate) fn take(self: &Arc<Self>, limit: u64) -> Option<UploadSlot> {
        let step = |count| (count < limit).then_some(count + 1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).ok()?;
        Some(UploadSlot(Arc::clone(self)))
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for UploadSlot {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A page in the text format of Prometheus.
#[derive(Debug, Default)]
pub(crate) struct MetricsPage(String);

impl MetricsPage {
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
