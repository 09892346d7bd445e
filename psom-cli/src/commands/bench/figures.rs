//! Medians and percentiles of measured times.

use std::time::Duration;

use serde_json::{Value, json};

/// Measured times in ascending order.
pub(super) struct Figures(Vec<Duration>);

/// A row of the result.
pub(super) struct Row {
    action: &'static str,
    count: usize,
    per_second: f64,
    p50: Duration,
    p99: Duration,
    max: Duration,
}

impl Figures {
    pub(super) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// Returns the time that `percent` percent of the measured times do not exceed; zero if nothing
    /// was measured.
    fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// Returns the row for `count` actions that took `elapsed` together.
    pub(super) fn row(&self, action: &'static str, count: usize, elapsed: Duration) -> Row {
        Row {
            action,
            count,
            per_second: count as f64 / elapsed.as_secs_f64().max(f64::MIN_POSITIVE),
            p50: self.percentile(50),
            p99: self.percentile(99),
            max: self.percentile(100),
        }
    }
}

impl Row {
    pub(super) fn cells(&self) -> [String; 6] {
        let time = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
        [
            self.action.to_owned(),
            self.count.to_string(),
            format!("{:.1}", self.per_second),
            time(self.p50),
            time(self.p99),
            time(self.max),
        ]
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "action": self.action,
            "count": self.count,
            "perSecond": self.per_second,
            "p50": self.p50.as_secs_f64(),
            "p99": self.p99.as_secs_f64(),
            "max": self.max.as_secs_f64(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_measured_times() {
        let times = (1..=200).rev().map(Duration::from_millis).collect();
        let row = Figures::new(times).row("vote counted", 200, Duration::from_secs(4));
        let cells = ["vote counted", "200", "50.0", "100.0 ms", "198.0 ms", "200.0 ms"];
        assert_eq!(row.cells(), cells);
        let one = Figures::new(vec![Duration::from_millis(7)]);
        assert_eq!((one.percentile(50), one.percentile(99)), (one.0[0], one.0[0]));
        assert_eq!(Figures::new(Vec::new()).percentile(99), Duration::ZERO);
    }
}
