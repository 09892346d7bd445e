use std::time::{Instant, SystemTime};

use time::{OffsetDateTime, macros::format_description};

/// Converts times of the space to times of day. Objects read no clock themselves.
#[derive(Debug)]
pub(super) struct Clock {
    /// The time of day when the meeting started.
    started: SystemTime,
    /// The same moment as a time of the space.
    started_at: Instant,
}

impl Clock {
    /// Returns a clock for a space in which it was `started` at `now`.
    pub(super) fn new(started: SystemTime, now: Instant) -> Self {
        Self { started, started_at: now }
    }

    /// Formats a time of the space in UTC: `2026-11-22T13:05:00` (section 3.2.4.1.1.1).
    pub(super) fn utc(&self, now: Instant) -> String {
        let elapsed = now.saturating_duration_since(self.started_at);
        let time = OffsetDateTime::from(self.started + elapsed);
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
        // Every component of this format exists in every time, so formatting cannot fail.
        time.format(format).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn time_of_day_has_the_format_of_the_specification() {
        let now = Instant::now();
        let clock = Clock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000), now);
        assert_eq!(clock.utc(now), "2023-11-14T22:13:20");
        assert_eq!(clock.utc(now + Duration::from_secs(100)), "2023-11-14T22:15:00");
    }
}
