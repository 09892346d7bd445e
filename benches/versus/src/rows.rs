//! The rows of the table, and the implementations that each row compares.

#[cfg(feature = "capnp")]
use crate::capnp;
use crate::{Result, codec, fan_out, grpc, meeting, ours, raw, websocket};

/// A row that one measurement fills, or two rows if it has two figures.
pub struct Row {
    pub id: &'static str,
    /// The label of each figure.
    pub figures: &'static [&'static str],
    pub implementations: &'static [&'static str],
    /// The goal for psom/raw, as the table prints it.
    pub goals: &'static [&'static str],
}

const fn row(
    id: &'static str,
    figures: &'static [&'static str],
    implementations: &'static [&'static str],
    goals: &'static [&'static str],
) -> Row {
    Row { id, figures, implementations, goals }
}

pub const ROWS: &[Row] = &[
    row(
        "numbers",
        &["encode + decode {Int64, Int32} framed, ns"],
        &["raw", "bincode", "psom"],
        &["≤ 1.5"],
    ),
    row("text", &["encode + decode {String, Int32}, ns"], &["raw", "bincode", "psom"], &["≤ 1.1"]),
    row("batch", &["batch of 8 annotations, µs"], &["raw", "bincode", "psom"], &["≤ 1.15"]),
    row(
        "ping",
        &["call and answer, p50, µs"],
        &["raw", "tungstenite", "tonic", "capnp", "psom"],
        &["≤ 1.25"],
    ),
    row(
        "ping-awaited",
        &["the same with awaited calls from outside a space, µs"],
        &["raw", "psom"],
        &["≤ 2"],
    ),
    row(
        "one-way",
        &[
            "one-way calls on one connection, million/s",
            "one-way calls on one connection, CPU of both sides, ns",
        ],
        &["raw", "tonic", "psom"],
        &["≥ 0.75", "—"],
    ),
    row(
        "one-way-awaited",
        &[
            "the same with awaited calls from outside, ns each",
            "the same with awaited calls from outside, CPU of both sides, ns",
        ],
        &["psom"],
        &["≤ 120 ns", "—"],
    ),
    row(
        "burst-200",
        &["fan-out burst, 200 members, server ns per delivery"],
        &["raw", "tungstenite", "redis", "nats", "psom"],
        &["≤ 1.3"],
    ),
    row(
        "burst-1000",
        &["fan-out burst, 1,000 members, ns"],
        &["raw", "tungstenite", "redis", "nats", "psom"],
        &["≤ 1.3"],
    ),
    row(
        "paced-1000",
        &[
            "fan-out at 20/s, 1,000 members: server µs per delivery",
            "fan-out at 20/s, 1,000 members: last receipt p50, ms",
        ],
        &["raw", "tungstenite", "redis", "nats", "psom"],
        &["≤ 1.1", "≤ 1.1"],
    ),
    row(
        "upload",
        &["acknowledged upload, 64 KiB, MB/s", "acknowledged upload, CPU s/GiB"],
        &["raw", "capnp", "psom"],
        &["≥ 0.9", "—"],
    ),
    row(
        "idle",
        &["idle connection, KiB"],
        &["raw", "tungstenite", "redis", "nats", "psom"],
        &["≤ 1.4"],
    ),
    row("burst-10", &["fan-out burst, 10 members, ns"], &["raw", "psom"], &["flat ± 20 %"]),
    row("burst-100", &["fan-out burst, 100 members, ns"], &["raw", "psom"], &["flat ± 20 %"]),
    row(
        "annotation-process",
        &["one annotation alone, server CPU, µs (durable against a crash of the process)"],
        &["psom"],
        &["≤ 60 µs"],
    ),
    row(
        "annotation-full",
        &["one annotation alone, server CPU, µs (durable against a crash of the machine)"],
        &["psom"],
        &["≤ 150 µs"],
    ),
    row("join-10", JOIN_FIGURES, &["psom"], JOIN_GOALS),
    row("join-100", JOIN_FIGURES, &["psom"], JOIN_GOALS),
    row("join-1000", JOIN_FIGURES, &["psom"], JOIN_GOALS),
    row(
        "share",
        &["`psom share`, MB/s", "`psom share`, server CPU s/GB", "`psom share`, GB written per GB"],
        &["raw", "psom"],
        &["≥ 0.9", "—", "—"],
    ),
    row("burst-4000", &["fan-out burst, 4,000 members, ns"], &["raw", "psom"], &["flat ± 20 %"]),
];

const JOIN_FIGURES: &[&str] = &[
    "joining until all members are there, server CPU per join, ms",
    "one join after these, server CPU, ms",
];
const JOIN_GOALS: &[&str] = &["≤ 1 ms", "≤ 1 ms"];

/// Makes one measurement.
pub async fn measure(row: &str, implementation: &str) -> Result<Vec<f64>> {
    if let Some(members) = row.strip_prefix("burst-") {
        return fan_out::burst(implementation, members.parse()?).await;
    }
    if let Some(members) = row.strip_prefix("join-") {
        return meeting::joining(members.parse()?).await;
    }
    match (row, implementation) {
        ("numbers" | "text" | "batch", _) => codec::measure(row, implementation),
        ("paced-1000", _) => fan_out::paced(implementation, 1_000).await,
        ("idle", _) => fan_out::idle(implementation, 1_000).await,
        ("annotation-process", _) => meeting::annotation("process").await,
        ("annotation-full", _) => meeting::annotation("full").await,
        ("share", "raw") => meeting::write_file(),
        ("share", _) => meeting::share().await,
        ("ping" | "ping-awaited", "raw") => raw::ping().await,
        ("ping", "tungstenite") => websocket::ping().await,
        ("ping", "tonic") => grpc::ping().await,
        ("one-way", "tonic") => grpc::one_way().await,
        #[cfg(feature = "capnp")]
        ("ping", "capnp") => capnp::ping().await,
        #[cfg(feature = "capnp")]
        ("upload", "capnp") => capnp::upload().await,
        (_, "capnp") => Err("the program was built without --features capnp".into()),
        ("ping", "psom") => ours::ping().await,
        ("ping-awaited", "psom") => ours::awaited_ping().await,
        ("one-way", "raw") => raw::one_way().await,
        ("one-way", "psom") => ours::one_way().await,
        ("one-way-awaited", "psom") => ours::awaited_one_way().await,
        ("upload", "raw") => raw::upload().await,
        ("upload", "psom") => ours::upload().await,
        _ => Err(format!("there is no measurement of {row} for {implementation}").into()),
    }
}

/// The sizes of the workloads, equal for all implementations.
pub mod sizes {
    use std::time::Duration;

    /// The round trips of a ping measurement, after as many to warm up.
    pub const ROUND_TRIPS: usize = 20_000;
    /// The calls that a sender of one-way calls passes on at once.
    pub const CALLS_PER_TURN: usize = 1_000;
    pub const ONE_WAY_TURNS: usize = 10_000;
    /// The maximum number of one-way calls that were sent and not received.
    pub const ONE_WAY_WINDOW: usize = 100_000;
    pub const AWAITED_CALLS: usize = 2_000_000;
    pub const UPLOAD_CHUNK_BYTES: usize = 64 * 1024;
    pub const UPLOAD_CHUNKS: usize = 16 * 1024;
    /// The maximum number of chunks without an acknowledgement.
    pub const UPLOAD_WINDOW: usize = 4;
    /// The messages of a burst, which are sent in one turn.
    pub const BURST_MESSAGES: usize = 64;
    pub const BURST_DELIVERIES: usize = 1_500_000;
    /// The annotations of a measurement, after as many to warm up.
    pub const ANNOTATIONS: usize = 1_000;
    /// The members who join at the same time.
    pub const JOINS_AT_ONCE: usize = 16;
    /// The users who join one after another when all members are there.
    pub const NEWCOMERS: usize = 20;
    pub const SHARED_FILE_BYTES: usize = 512 << 20;
    pub const PACED_MESSAGES: usize = 60;
    pub const PACED_INTERVAL: Duration = Duration::from_millis(50);
}
