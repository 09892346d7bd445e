//! The time limit of a wait.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// The time at which a wait ends, regardless of other events.
pub(super) struct Deadline {
    length: Duration,
    end: Instant,
}

impl Deadline {
    pub(super) fn new(length: Duration) -> Self {
        Self { length, end: Instant::now() + length }
    }

    /// Restarts the time limit after progress.
    pub(super) fn renew(&mut self) {
        *self = Self::new(self.length);
    }

    /// Awaits a future until the deadline. After it, returns `None` even if the future is ready.
    pub(super) async fn wait<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        // A future that is always ready would keep the timeout from firing.
        if Instant::now() >= self.end { None } else { timeout_at(self.end, future).await.ok() }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn other_events_do_not_extend_a_deadline() {
        let mut deadline = Deadline::new(Duration::from_secs(30));
        for _ in 0..29 {
            advance(Duration::from_secs(1)).await;
            assert_eq!(deadline.wait(ready(())).await, Some(()));
        }
        advance(Duration::from_secs(1)).await;
        assert_eq!(deadline.wait(ready(())).await, None);
        deadline.renew();
        assert_eq!(deadline.wait(ready(())).await, Some(()));
        assert_eq!(deadline.wait(pending::<()>()).await, None);
    }
}
