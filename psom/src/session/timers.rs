use std::time::{Duration, Instant};

use super::config::Config;

/// The times of one connection (sections 3.1.2, 3.1.6 and 3.3.3.1.1).
#[derive(Debug)]
pub(super) struct Timers {
    authentication: Instant,
    next_ping: Instant,
    last_received: Instant,
}

/// A moment that lies so far ahead; one that no clock can show is in ten years.
pub(crate) fn after(now: Instant, delay: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
    now.checked_add(delay).unwrap_or(now + FAR)
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

    /// Moves the last sign of the peer, and the time for authentication, by a time in which this
    /// side did not listen.
    pub(super) fn excuse(&mut self, now: Instant, late: Duration) {
        self.last_received = after(self.last_received, late).min(now);
        self.authentication = after(self.authentication, late);
    }

    pub(super) fn authentication(&self) -> Instant {
        self.authentication
    }

    /// The next time at which a running session has something to do.
    pub(super) fn running(&self, config: &Config) -> Instant {
        self.next_ping.min(after(self.last_received, config.idle_timeout))
    }

    /// Whether a ping is due; if so, the next one is set at the same interval.
    pub(super) fn ping_due(&mut self, config: &Config, now: Instant) -> bool {
        let due = self.next_ping <= now;
        if due {
            // However short the interval, the time of the next ping is not now.
            self.next_ping = after(now, config.ping_interval.max(Duration::from_millis(1)));
        }
        due
    }

    pub(super) fn idle(&self, config: &Config, now: Instant) -> bool {
        after(self.last_received, config.idle_timeout) <= now
    }
}
