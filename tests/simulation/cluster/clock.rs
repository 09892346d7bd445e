use std::time::{Duration, Instant};

/// The speed of a clock as a fraction of the simulated time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    pub(super) numerator: u32,
    pub(super) denominator: u32,
}

/// A clock that runs at its own speed, and is ahead of the simulated time at first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    start: Instant,
    ahead: Duration,
    rate: Rate,
}

impl Clock {
    pub(super) fn new(start: Instant, ahead: Duration, rate: Rate) -> Self {
        Self { start, ahead, rate }
    }

    /// Returns what the clock shows at a simulated time.
    pub(super) fn at(&self, now: Instant) -> Instant {
        let elapsed = (now - self.start).as_nanos() * u128::from(self.rate.numerator);
        self.start + self.ahead + nanos(elapsed / u128::from(self.rate.denominator))
    }

    /// Returns the first simulated time at which the clock shows a time, or the start.
    pub(super) fn when(&self, shown: Instant) -> Instant {
        let elapsed = shown.saturating_duration_since(self.start + self.ahead);
        let elapsed = elapsed.as_nanos() * u128::from(self.rate.denominator);
        self.start + nanos(elapsed.div_ceil(u128::from(self.rate.numerator)))
    }
}

fn nanos(nanos: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
