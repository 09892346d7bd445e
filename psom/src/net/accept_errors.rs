//! Failures of a listener to accept connections.

use std::{io, time::Duration};

use tokio::time::{Instant, sleep};

/// How long a listener waits after a failure. Most likely the process has no free file descriptor, and
/// connections have to end first.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// How often failures are logged.
const LOG_INTERVAL: Duration = Duration::from_secs(1);

/// Logs the failures of a listener, at most one line per second.
#[derive(Debug, Default)]
pub struct AcceptErrors {
    failures: u64,
    logged: Option<Instant>,
}

impl AcceptErrors {
    /// Handles a failure, and waits before the listener tries again.
    pub async fn handle(&mut self, error: &io::Error) {
        if let Some(failures) = self.count() {
            tracing::warn!(%error, failures, "Could not accept connections");
        }
        sleep(RETRY_DELAY).await;
    }

    /// Counts a failure. Returns how many are to be logged now.
    fn count(&mut self) -> Option<u64> {
        self.failures += 1;
        let now = Instant::now();
        if self.logged.is_some_and(|logged| now - logged < LOG_INTERVAL) {
            return None;
        }
        self.logged = Some(now);
        Some(std::mem::take(&mut self.failures))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn failures_are_logged_once_per_second_with_their_number() {
        let mut errors = AcceptErrors::default();
        let mut logged = Vec::new();
        for _ in 0..35 {
            logged.extend(errors.count());
            sleep(RETRY_DELAY).await;
        }
        assert_eq!(logged, [1, 10, 10, 10]);
    }
}
