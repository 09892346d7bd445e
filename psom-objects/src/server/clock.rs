use std::time::{Instant, SystemTime};

use time::{OffsetDateTime, macros::format_description};

/// The time of day, from the time of a turn: objects read no clock of their own.
#[derive(Debug)]
pub(super) struct Clock {
    /// The same moment as a time of day and as a time of the space.
    started: (SystemTime, Instant),
}

impl Clock {
    pub(super) fn new(started: SystemTime, now: Instant) -> Self {
        Self { started: (started, now) }
    }

    /// A moment in UTC, as `2026-11-22T13:05:00` (section 3.2.4.1.1.1).
    pub(super) fn utc(&self, now: Instant) -> String {
        let (time_of_day, at) = self.started;
        let time = OffsetDateTime::from(time_of_day + now.saturating_duration_since(at));
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
        // Nothing in this format can fail for a time that there is.
        time.format(format).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_time_is_in_the_form_of_the_specification() {
        let now = Instant::now();
        let clock = Clock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000), now);
        assert_eq!(clock.utc(now), "2023-11-14T22:13:20");
        assert_eq!(clock.utc(now + Duration::from_secs(100)), "2023-11-14T22:15:00");
    }
}
