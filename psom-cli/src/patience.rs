//! How long one waits for something.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// A time that ends, however much of other things happens until then.
pub struct Patience {
    length: Duration,
    end: Instant,
}

impl Patience {
    pub fn new(length: Duration) -> Self {
        Self { length, end: Instant::now() + length }
    }

    /// Begins anew: what is waited for has come nearer.
    pub fn renew(&mut self) {
        *self = Self::new(self.length);
    }

    /// Waits; nothing where the time is over, even if there is something.
    pub async fn wait<T>(&self, next: impl Future<Output = T>) -> Option<T> {
        // What is ready at once each time would never let a timeout have its turn.
        if Instant::now() >= self.end { None } else { timeout_at(self.end, next).await.ok() }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_happens_meanwhile_gives_no_more_time() {
        let mut patience = Patience::new(Duration::from_secs(30));
        for _ in 0..29 {
            advance(Duration::from_secs(1)).await;
            assert_eq!(patience.wait(ready(())).await, Some(()));
        }
        advance(Duration::from_secs(1)).await;
        assert_eq!(patience.wait(ready(())).await, None);
        patience.renew();
        assert_eq!(patience.wait(ready(())).await, Some(()));
        assert_eq!(patience.wait(pending::<()>()).await, None);
    }
}
