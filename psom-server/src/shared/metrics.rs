//! The server's counters, and the text format of `/metrics`.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering},
};

use psom::LimitHits;

/// The counters that only this crate can keep. `/metrics` reads all other numbers from their owners.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) uploads_finished: AtomicU64,
    pub(crate) uploads_refused: AtomicU64,
    pub(crate) bytes_uploaded: AtomicU64,
    pub(crate) bytes_served: AtomicU64,
    pub(crate) tokens_issued: AtomicU64,
    pub(crate) unauthorized_requests: AtomicU64,
    /// Counts the calls of each method, and measures the turns and queues of the meetings.
    pub(crate) calls: psom::Metrics,
    /// The number of times that each limit has taken effect.
    pub(crate) hits: LimitHits,
}

impl Metrics {
    /// Counts a request without a valid secret. It is logged at `debug` only, because anybody can
    /// send any number of them.
    pub(crate) fn count_unauthorized(&self, request: &str) {
        self.unauthorized_requests.fetch_add(1, Ordering::Relaxed);
        tracing::debug!("refused {request}");
    }
}

/// A page in the text format of Prometheus.
#[derive(Debug, Default)]
pub(crate) struct MetricsPage(String);

impl MetricsPage {
    /// Adds a gauge: a number that can also decrease.
    pub(crate) fn gauge(self, name: &str, help: &str, value: u64) -> Self {
        self.line(name, "gauge", help, value)
    }

    /// Adds a counter for each value of a label.
    pub(crate) fn counters<'a>(
        mut self,
        (name, label): (&str, &str),
        help: &str,
        values: impl IntoIterator<Item = (&'a str, u64)>,
    ) -> Self {
        // Writing to a string does not fail.
        let _ = write!(self.0, "# HELP psom_{name} {help}\n# TYPE psom_{name} counter\n");
        for (key, value) in values {
            let _ = writeln!(self.0, "psom_{name}{{{label}=\"{key}\"}} {value}");
        }
        self
    }

    /// Adds a counter: a number that never decreases.
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
