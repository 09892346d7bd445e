use std::time::Duration;

use tokio::time::{Instant, timeout};

/// How long a sender may send nothing at all.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes a second of a sender with whom one does not run out of patience.
const RATE: u64 = 4 << 10;

/// Patience with a sender. Waiting uses it up, and what comes gives some of it back: so one that
/// stalls, or drips, ends, and one that is slow does not.
pub(super) struct Pace(Duration);

/// Patience has run out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooSlow;

impl Pace {
    pub(super) fn new() -> Self {
        Self(PATIENCE)
    }

    /// Waits for what comes next.
    pub(super) async fn wait<T>(&mut self, next: impl Future<Output = T>) -> Result<T, TooSlow> {
        let begun = Instant::now();
        let next = timeout(self.0, next).await.map_err(|_| TooSlow)?;
        self.0 = self.0.saturating_sub(begun.elapsed());
        Ok(next)
    }

    /// So many bytes have come.
    pub(super) fn came(&mut self, bytes: usize) {
        let earned = Duration::from_micros((bytes as u64).saturating_mul(1_000_000) / RATE);
        self.0 = self.0.saturating_add(earned).min(PATIENCE);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_is_slow_arrives_and_who_drips_does_not() {
        let mut slow = Pace::new();
        for _ in 0..1000 {
            slow.wait(sleep(Duration::from_secs(20))).await.unwrap();
            slow.came(80 << 10);
        }
        let mut dripping = Pace::new();
        for _ in 0..29 {
            dripping.wait(sleep(Duration::from_secs(1))).await.unwrap();
            dripping.came(1);
        }
        assert_eq!(dripping.wait(sleep(Duration::from_secs(2))).await, Err(TooSlow));
        assert_eq!(Pace::new().wait(std::future::pending::<()>()).await, Err(TooSlow));
    }
}
