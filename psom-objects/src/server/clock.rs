use std::{
    fmt,
    sync::Arc,
    time::{Instant, SystemTime},
};

use time::{OffsetDateTime, macros::format_description};

/// Reads the time of day.
pub type TimeOfDay = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Converts times of the space to times of day. Objects read no clock themselves.
pub(super) struct Clock {
    /// The source of the time of day, which follows corrections of the system's clock. Without it, the
    /// time of day advances with the time of the space.
    time_of_day: Option<TimeOfDay>,
    /// The time of day when the meeting started.
    started: SystemTime,
    /// The same moment as a time of the space.
    started_at: Instant,
}

impl Clock {
    /// Returns a clock for a space in which it was `started` at `now`.
    pub(super) fn new(started: SystemTime, now: Instant, time_of_day: Option<TimeOfDay>) -> Self {
        Self { time_of_day, started, started_at: now }
    }

    /// Formats a time of the space in UTC: `2026-11-22T13:05:00` (section 3.2.4.1.1.1).
    pub(super) fn utc(&self, now: Instant) -> String {
        let elapsed = now.saturating_duration_since(self.started_at);
        let time = self.time_of_day.as_ref().map_or(self.started + elapsed, |read| read());
        let time = OffsetDateTime::from(time);
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
        // Every component of this format exists in every time, so formatting cannot fail.
        time.format(format).unwrap_or_default()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("started", &self.started).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicU64, Ordering},
        time::Duration,
    };

    use super::*;

    #[test]
    fn time_of_day_has_the_format_of_the_specification() {
        let now = Instant::now();
        let started = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let clock = Clock::new(started, now, None);
        assert_eq!(clock.utc(now), "2023-11-14T22:13:20");
        assert_eq!(clock.utc(now + Duration::from_secs(100)), "2023-11-14T22:15:00");
    }

    #[test]
    fn time_of_day_follows_a_corrected_clock() {
        let seconds = Arc::new(AtomicU64::new(1_700_000_000));
        let time_of_day = {
            let seconds = Arc::clone(&seconds);
            move || SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.load(Ordering::Relaxed))
        };
        let now = Instant::now();
        let clock = Clock::new(time_of_day(), now, Some(Arc::new(time_of_day)));
        assert_eq!(clock.utc(now), "2023-11-14T22:13:20");
        seconds.fetch_add(3600, Ordering::Relaxed);
        assert_eq!(clock.utc(now), "2023-11-14T23:13:20");
    }
}
