use std::time::{Duration, Instant};

use crate::Config;

/// The number of bytes of output that count as much as one call: a call to many peers costs more than
/// a call to one.
const OUTPUT_BYTES_PER_CALL: usize = 4 * 1024;

/// The rate at which one connection's calls are handled.
///
/// It needs no timer: `paid_until` is the time at which the work that was done so far is paid for, if
/// each call pays for `1 / calls_per_second`. It may be ahead of the clock by the burst.
#[derive(Debug, Default)]
pub(super) struct Rate {
    paid_until: Option<Instant>,
    /// True from the first call over the limit until all calls are paid for.
    pub(super) throttled: bool,
}

impl Rate {
    /// Counts handled calls and the bytes of output that they caused.
    pub(super) fn count(&mut self, now: Instant, calls: usize, output: usize, config: &Config) {
        let calls = calls.saturating_add(output / OUTPUT_BYTES_PER_CALL);
        let Some(cost) = time_of(calls, config.calls_per_second) else { return };
        let start = self.paid_until.map_or(now, |paid| paid.max(now));
        self.paid_until = Some(crate::session::after(start, cost));
    }

    /// Notes that the connection is below the limit again, if all its calls are paid for.
    pub(super) fn recover(&mut self, now: Instant) {
        self.throttled &= self.paid_until.is_some_and(|paid| paid > now);
    }

    /// Returns the time from which the next call may be handled, if that is later than now.
    pub(super) fn wait_until(&self, now: Instant, config: &Config) -> Option<Instant> {
        let burst = time_of(config.call_burst as usize, config.calls_per_second)?;
        let free = self.paid_until?.checked_sub(burst)?;
        (free > now).then_some(free)
    }
}

/// Returns the time that calls take at a rate. `None` if the rate is 0, which means no limit.
fn time_of(calls: usize, calls_per_second: u32) -> Option<Duration> {
    let nanos =
        (calls as u64).saturating_mul(1_000_000_000).checked_div(calls_per_second.into())?;
    Some(Duration::from_nanos(nanos))
}
