use std::time::{Duration, Instant};

use super::config::Config;

/// The timers of one connection (sections 3.1.2, 3.1.6 and 3.3.3.1.1).
#[derive(Debug)]
pub(super) struct Timers {
    authentication: Instant,
    next_ping: Instant,
    last_received: Instant,
}

/// Returns the time after a delay. If an `Instant` cannot represent it, returns a time in ten years.
pub(crate) fn after(now: Instant, delay: Duration) -> Instant {
    const TEN_YEARS: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
    now.checked_add(delay).unwrap_or(now + TEN_YEARS)
}

impl Timers {
    pub(super) fn new(config: &Config, now: Instant) -> Self {
        let authentication = after(now, config.authentication_timeout);
        Self { authentication, next_ping: after(now, config.ping_interval), last_received: now }
    }

    pub(super) fn begin(&mut self, config: &Config, now: Instant) {
        self.next_ping = after(now, config.ping_interval);
        self.last_received = now;
    }

    pub(super) fn received(&mut self, now: Instant) {
        self.last_received = now;
    }

    /// Extends the idle timeout and the authentication timeout by a time in which this side did not
    /// read from its transport. Neither ends before `grace` has passed.
    pub(super) fn excuse(
        &mut self,
        config: &Config,
        now: Instant,
        late: Duration,
        grace: Duration,
    ) {
        let excused = after(self.last_received, late);
        let grace_begin = now.checked_sub(config.idle_timeout.saturating_sub(grace));
        self.last_received = excused.max(grace_begin.unwrap_or(excused)).min(now);
        self.authentication = after(self.authentication, late).max(after(now, grace));
    }

    pub(super) fn authentication(&self) -> Instant {
        self.authentication
    }

    /// Returns the next deadline of a running session.
    pub(super) fn running(&self, config: &Config) -> Instant {
        self.next_ping.min(after(self.last_received, config.idle_timeout))
    }

    /// Reports whether a ping is due, and schedules the next one.
    pub(super) fn ping_due(&mut self, config: &Config, now: Instant) -> bool {
        let due = self.next_ping <= now;
        if due {
            // An interval of zero would make the session's deadline always due.
            self.next_ping = after(now, config.ping_interval.max(Duration::from_millis(1)));
        }
        due
    }

    pub(super) fn idle(&self, config: &Config, now: Instant) -> bool {
        after(self.last_received, config.idle_timeout) <= now
    }
}
