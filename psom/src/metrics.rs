//! Counters of calls by method, and distributions of turn times and queues.

#[cfg(any(feature = "tokio", test))]
use std::time::Duration;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::interface::InterfaceDesc;

/// Upper bound on the interface halves that are counted. A program that declares more is rare, and its
/// further interfaces are not counted, so that a search for a slot ends.
const MAX_HALVES: usize = 256;

/// The upper bounds of turn times, in microseconds. A turn of a healthy space takes less than a millisecond.
const TURN_BOUNDS_MICROS: [u64; 6] = [10, 100, 1_000, 10_000, 100_000, 1_000_000];

/// The upper bounds of the bytes that wait for all peers of a space.
const QUEUE_BOUNDS_BYTES: [u64; 6] = [0, 1 << 10, 16 << 10, 256 << 10, 4 << 20, 64 << 20];

/// The upper bounds of the messages that a space takes at once. A space takes at most 64.
const INBOX_BOUNDS: [u64; 6] = [1, 2, 4, 8, 16, 32];

/// Counts the calls of each method, and measures turns and queues. Clones share their counts. Give one to
/// [`Config::metrics`](crate::Config::metrics); servers and clients with this configuration then count.
///
/// It prints itself in the text format of Prometheus. The labels are the names of the interfaces and methods
/// that the program has declared, so a peer cannot add any.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Counts>);

struct Counts {
    halves: [OnceLock<Half>; MAX_HALVES],
    turns: Histogram,
    queues: Histogram,
    inboxes: Histogram,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            halves: [const { OnceLock::new() }; MAX_HALVES],
            turns: Histogram::default(),
            queues: Histogram::default(),
            inboxes: Histogram::default(),
        }
    }
}

/// The counts of one half of an interface.
struct Half {
    interface: &'static InterfaceDesc,
    methods: Box<[Method]>,
}

#[derive(Default)]
struct Method {
    received: Calls,
    sent: Calls,
}

#[derive(Default)]
struct Calls {
    count: AtomicU64,
    bytes: AtomicU64,
}

impl Calls {
    fn add(&self, bytes: usize) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// A distribution with six bounds.
#[derive(Default)]
struct Histogram {
    /// The number of values up to each bound and above the bound before it, and of the values above all.
    buckets: [AtomicU64; 7],
    sum: AtomicU64,
}

impl Histogram {
    #[cfg(any(feature = "tokio", test))]
    fn add(&self, bounds: &[u64; 6], value: u64) {
        let bucket = bounds.iter().position(|bound| value <= *bound).unwrap_or(bounds.len());
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    fn print(
        &self,
        f: &mut fmt::Formatter<'_>,
        (name, help): (&str, &str),
        bounds: &[u64; 6],
        per_unit: f64,
    ) -> fmt::Result {
        writeln!(f, "# HELP psom_{name} {help}\n# TYPE psom_{name} histogram")?;
        let mut count = 0;
        for (bucket, bound) in self.buckets.iter().zip(bounds.iter().map(Some).chain([None])) {
            count += bucket.load(Ordering::Relaxed);
            let bound = bound.map_or_else(|| "+Inf".to_owned(), |bound| scaled(*bound, per_unit));
            writeln!(f, "psom_{name}_bucket{{le=\"{bound}\"}} {count}")?;
        }
        let sum = scaled(self.sum.load(Ordering::Relaxed), per_unit);
        writeln!(f, "psom_{name}_sum {sum}\npsom_{name}_count {count}")
    }
}

/// Returns a value in its unit. Sums above 2^53 are rounded.
fn scaled(value: u64, per_unit: f64) -> String {
    (value as f64 / per_unit).to_string()
}

/// Selects the calls of one direction.
type CallsOf = fn(&Method) -> &Calls;

/// The directions of calls.
const DIRECTIONS: [(&str, CallsOf); 2] =
    [("received", |method| &method.received), ("sent", |method| &method.sent)];

impl Metrics {
    /// Logs the counts of each method: events of `tracing` with the target `psom::metrics` and the fields
    /// `interface`, `method`, `direction`, `calls` and `bytes`.
    #[cfg(feature = "metrics")]
    pub fn log(&self) {
        for (direction, of) in DIRECTIONS {
            for ((interface, method), [calls, bytes]) in self.calls(of) {
                tracing::info!(target: "psom::metrics", interface, method, direction, calls, bytes);
            }
        }
    }

    /// Counts a received call.
    pub(crate) fn received(&self, interface: &'static InterfaceDesc, method: i8, bytes: usize) {
        if let Some(method) = usize::try_from(method).ok().and_then(|at| self.method(interface, at))
        {
            method.received.add(bytes);
        }
    }

    /// Counts a call that was sent to one peer.
    pub(crate) fn sent(&self, interface: &'static InterfaceDesc, method: u8, bytes: usize) {
        if let Some(method) = self.method(interface, method.into()) {
            method.sent.add(bytes);
        }
    }

    /// Adds the time of a turn: one input, handled with all the work that it has queued.
    #[cfg(any(feature = "tokio", test))]
    pub(crate) fn turn(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.0.turns.add(&TURN_BOUNDS_MICROS, micros);
    }

    /// Adds the bytes that wait for all peers of a space.
    #[cfg(any(feature = "tokio", test))]
    pub(crate) fn queued(&self, bytes: usize) {
        self.0.queues.add(&QUEUE_BOUNDS_BYTES, bytes as u64);
    }

    /// Adds the number of messages that a space has taken at once.
    #[cfg(any(feature = "tokio", test))]
    pub(crate) fn taken(&self, messages: usize) {
        self.0.inboxes.add(&INBOX_BOUNDS, messages as u64);
    }

    /// Returns the counts of a method. Its index begins at 1.
    fn method(&self, interface: &'static InterfaceDesc, index: usize) -> Option<&Method> {
        // Descriptors are at least 16 bytes apart.
        let start = std::ptr::from_ref(interface).addr() >> 4;
        let mut slots = (0..MAX_HALVES).map(|at| &self.0.halves[(start + at) % MAX_HALVES]);
        let half = slots.find_map(|slot| {
            let half = slot.get_or_init(|| Half::new(interface));
            std::ptr::eq(half.interface, interface).then_some(half)
        });
        half?.methods.get(index.checked_sub(1)?)
    }

    /// Returns the counts of all methods that were called, by interface and method. A descriptor can have
    /// several addresses, and each overload counts for its name.
    fn calls(&self, of: CallsOf) -> BTreeMap<(&'static str, &'static str), [u64; 2]> {
        let mut all = BTreeMap::new();
        for half in self.0.halves.iter().filter_map(OnceLock::get) {
            for (method, counts) in half.interface.methods.iter().zip(&half.methods) {
                let calls = of(counts);
                let [count, bytes] =
                    [&calls.count, &calls.bytes].map(|value| value.load(Ordering::Relaxed));
                if count > 0 {
                    let sums = all.entry((half.interface.name, method.name)).or_insert([0, 0]);
                    *sums = [sums[0] + count, sums[1] + bytes];
                }
            }
        }
        all
    }
}

impl Half {
    fn new(interface: &'static InterfaceDesc) -> Self {
        Self { interface, methods: interface.methods.iter().map(|_| Method::default()).collect() }
    }
}

impl fmt::Display for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (direction, of) in DIRECTIONS {
            let calls = self.calls(of);
            for (at, name, what) in [(0, "calls", "Calls"), (1, "call_bytes", "Bytes of arguments")]
            {
                let name = format!("psom_{name}_{direction}_total");
                writeln!(f, "# HELP {name} {what} {direction}.\n# TYPE {name} counter")?;
                for ((interface, method), sums) in &calls {
                    let value = sums[at];
                    writeln!(f, "{name}{{interface=\"{interface}\",method=\"{method}\"}} {value}")?;
                }
            }
        }
        let turns = ("turn_seconds", "The time of a turn.");
        self.0.turns.print(f, turns, &TURN_BOUNDS_MICROS, 1e6)?;
        let queues =
            ("queued_bytes", "The bytes that wait for all peers of a space, at each turn.");
        self.0.queues.print(f, queues, &QUEUE_BOUNDS_BYTES, 1.0)?;
        let inboxes = ("inbox_messages", "The messages that a space has taken at once.");
        self.0.inboxes.print(f, inboxes, &INBOX_BOUNDS, 1.0)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interface::MethodDesc;

    static LAMP: InterfaceDesc = InterfaceDesc::new(
        "Example.Lamp",
        &[(1, 1)],
        &[MethodDesc::new("sSwitch", &[]), MethodDesc::new("sDim", &[])],
    );

    #[test]
    fn calls_are_counted_by_method_and_direction() {
        let metrics = Metrics::default();
        metrics.received(&LAMP, 1, 3);
        metrics.received(&LAMP, 1, 4);
        metrics.sent(&LAMP, 2, 5);
        // The session refuses such a call; nothing is counted.
        metrics.received(&LAMP, 3, 1);
        metrics.received(&LAMP, -1, 1);
        let text = metrics.to_string();
        let label = |method| format!("{{interface=\"Example.Lamp\",method=\"{method}\"}}");
        for (name, method, value) in [
            ("calls_received", "sSwitch", 2),
            ("call_bytes_received", "sSwitch", 7),
            ("calls_sent", "sDim", 1),
            ("call_bytes_sent", "sDim", 5),
        ] {
            let line = format!("psom_{name}_total{} {value}\n", label(method));
            assert!(text.contains(&line), "{line}{text}");
        }
        assert_eq!(text.matches("Example.Lamp").count(), 4, "{text}");
    }

    #[test]
    fn distributions_are_cumulative() {
        let metrics = Metrics::default();
        metrics.turn(Duration::from_micros(10));
        metrics.turn(Duration::from_millis(2));
        metrics.turn(Duration::from_secs(5));
        metrics.queued(0);
        metrics.taken(64);
        let text = metrics.to_string();
        for line in [
            "psom_turn_seconds_bucket{le=\"0.00001\"} 1",
            "psom_turn_seconds_bucket{le=\"0.01\"} 2",
            "psom_turn_seconds_bucket{le=\"+Inf\"} 3",
            "psom_turn_seconds_count 3",
            "psom_queued_bytes_bucket{le=\"0\"} 1",
            "psom_inbox_messages_bucket{le=\"32\"} 0",
            "psom_inbox_messages_bucket{le=\"+Inf\"} 1",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn program_with_too_many_interfaces_counts_the_first() {
        let metrics = Metrics::default();
        for at in 0..=MAX_HALVES {
            let name: &'static str = Box::leak(format!("Example.{at}").into_boxed_str());
            let methods = Box::leak(Box::new([MethodDesc::new("sPing", &[])]));
            let interface = Box::leak(Box::new(InterfaceDesc::new(name, &[(1, 1)], methods)));
            metrics.received(interface, 1, 1);
        }
        assert_eq!(metrics.calls(|method| &method.received).len(), MAX_HALVES);
    }
}
