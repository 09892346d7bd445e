use std::time::Duration;

use tokio::time::{Instant, timeout};

/// The transfer rate in bytes per second at which a client never times out. A modem with 56 kbit/s
/// is faster.
const MIN_BYTES_PER_SECOND: u64 = 4 << 10;

/// A timeout for a client that sends or receives a file. Waiting uses up the remaining time, and each
/// transferred byte returns some of it. So a client that stalls or sends single bytes times out, and a
/// slow one does not.
pub(super) struct ProgressTimer {
    remaining: Duration,
    limit: Duration,
}

/// The error of a client that made too little progress.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the transfer is too slow")]
pub(super) struct TooSlow;

impl ProgressTimer {
    /// Returns a timer for a client that may stall for `limit`.
    pub(super) fn new(limit: Duration) -> Self {
        Self { remaining: limit, limit }
    }

    /// Returns the time that the client may still stall.
    pub(super) fn remaining(&self) -> Duration {
        self.remaining
    }

    /// Notes that the client stalled for some time.
    pub(super) fn stalled(&mut self, time: Duration) {
        self.remaining = self.remaining.saturating_sub(time);
    }

    /// Waits for the client.
    pub(super) async fn wait<T>(&mut self, next: impl Future<Output = T>) -> Result<T, TooSlow> {
        let started = Instant::now();
        let next = timeout(self.remaining, next).await.map_err(|_| TooSlow)?;
        self.stalled(started.elapsed());
        Ok(next)
    }

    /// Notes that bytes were transferred.
    pub(super) fn transferred(&mut self, bytes: usize) {
        let micros = (bytes as u64).saturating_mul(1_000_000) / MIN_BYTES_PER_SECOND;
        let earned = Duration::from_micros(micros);
        self.remaining = self.remaining.saturating_add(earned).min(self.limit);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use tokio::time::sleep;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn slow_transfer_completes_and_dripping_one_times_out() {
        let mut slow = ProgressTimer::new(LIMIT);
        for _ in 0..1000 {
            slow.wait(sleep(Duration::from_secs(20))).await.unwrap();
            slow.transferred(80 << 10);
        }
        let mut dripping = ProgressTimer::new(LIMIT);
        for _ in 0..29 {
            dripping.wait(sleep(Duration::from_secs(1))).await.unwrap();
            dripping.transferred(1);
        }
        assert_eq!(dripping.wait(sleep(Duration::from_secs(2))).await, Err(TooSlow));
        assert_eq!(
            ProgressTimer::new(LIMIT).wait(std::future::pending::<()>()).await,
            Err(TooSlow)
        );
    }
}
