use std::time::Duration;

use tokio::time::{Instant, timeout};

/// Bytes a second of a client with whom one does not run out of patience.
const RATE: u64 = 4 << 10;

/// Patience with a client who sends or takes something. Waiting uses it up, and what moves gives
/// some of it back: so one that stalls, or drips, ends, and one that is slow does not.
pub(super) struct Pace {
    left: Duration,
    most: Duration,
}

/// Patience has run out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooSlow;

impl Pace {
    /// How long nothing at all may move.
    pub(super) fn new(patience: Duration) -> Self {
        Self { left: patience, most: patience }
    }

    /// How long may still be waited.
    pub(super) fn left(&self) -> Duration {
        self.left
    }

    /// So long was waited.
    pub(super) fn waited(&mut self, time: Duration) {
        self.left = self.left.saturating_sub(time);
    }

    /// Waits for what comes next.
    pub(super) async fn wait<T>(&mut self, next: impl Future<Output = T>) -> Result<T, TooSlow> {
        let begun = Instant::now();
        let next = timeout(self.left, next).await.map_err(|_| TooSlow)?;
        self.waited(begun.elapsed());
        Ok(next)
    }

    /// So many bytes have moved.
    pub(super) fn moved(&mut self, bytes: usize) {
        let earned = Duration::from_micros((bytes as u64).saturating_mul(1_000_000) / RATE);
        self.left = self.left.saturating_add(earned).min(self.most);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use tokio::time::sleep;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn who_is_slow_arrives_and_who_drips_does_not() {
        let mut slow = Pace::new(PATIENCE);
        for _ in 0..1000 {
            slow.wait(sleep(Duration::from_secs(20))).await.unwrap();
            slow.moved(80 << 10);
        }
        let mut dripping = Pace::new(PATIENCE);
        for _ in 0..29 {
            dripping.wait(sleep(Duration::from_secs(1))).await.unwrap();
            dripping.moved(1);
        }
        assert_eq!(dripping.wait(sleep(Duration::from_secs(2))).await, Err(TooSlow));
        assert_eq!(Pace::new(PATIENCE).wait(std::future::pending::<()>()).await, Err(TooSlow));
    }
}
