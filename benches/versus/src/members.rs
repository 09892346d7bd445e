//! The receivers of a broadcast, in a process of their own, so that the server's CPU time is measured alone.
//!
//! The process prints `ready` when all receivers are connected. For each line `N` that it reads, it waits
//! until N messages were received in all, and answers with the median time in milliseconds from sending a
//! numbered message to its last receipt.

use std::{
    io::BufRead as _,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use futures_util::StreamExt as _;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::{
    Result, brokers, ours,
    raw::read_frames,
    tls::{self, Identity},
    websocket,
};

/// The maximum number of timed messages.
const MAX_TIMED: usize = 1 << 10;

/// The received messages. The number of a timed message is the time at which it was sent; other
/// messages have the number 0.
pub struct Receipts {
    count: AtomicU64,
    /// The times at which messages were sent, and the times of their last receipts.
    timed: Vec<(AtomicI64, AtomicI64)>,
}

/// Returns the time in nanoseconds since the epoch, which all processes share.
pub fn now_nanos() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_nanos() as i64
}

impl Receipts {
    fn new() -> Self {
        let timed = (0..MAX_TIMED).map(|_| Default::default()).collect();
        Self { count: AtomicU64::new(0), timed }
    }

    pub fn add(&self, sent: i64) {
        if sent != 0 {
            // Messages are 50 ms apart, so a slot belongs to one message.
            let (slot_sent, last) = &self.timed[(sent / 40_000_000) as usize % MAX_TIMED];
            slot_sent.store(sent, Ordering::Relaxed);
            last.fetch_max(now_nanos(), Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    fn add_many(&self, count: u64) {
        self.count.fetch_add(count, Ordering::Relaxed);
    }

    fn last_receipt_millis(&self) -> f64 {
        let times = self.timed.iter().map(|(sent, last)| {
            (last.load(Ordering::Relaxed) - sent.load(Ordering::Relaxed)) as f64 / 1e6
        });
        let mut times: Vec<f64> = times.filter(|time| *time > 0.0).collect();
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or_default()
    }
}

/// Runs the receivers.
pub async fn run(implementation: &str, address: &str, count: usize) -> Result<()> {
    let receipts = Arc::new(Receipts::new());
    for _ in 0..count {
        match implementation {
            "psom" => ours::receive(address, &receipts).await?,
            "raw" => receive_raw(address, &receipts).await?,
            "tungstenite" => receive_websocket(address, &receipts).await?,
            "redis" | "nats" => receive_broker(implementation, address, &receipts).await?,
            other => return Err(format!("{other} has no receivers").into()),
        }
    }
    println!("ready");
    let answering = tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lock().lines() {
            let expected: u64 = line?.trim().parse()?;
            while receipts.count.load(Ordering::Relaxed) < expected {
                std::thread::sleep(Duration::from_micros(200));
            }
            println!("{}", receipts.last_receipt_millis());
        }
        Result::<()>::Ok(())
    });
    answering.await?
}

async fn receive_raw(address: &str, receipts: &Arc<Receipts>) -> Result<()> {
    let mut stream = tls::connect(tls::inherited()?, address).await?;
    let receipts = receipts.clone();
    tokio::spawn(async move {
        let mut buffer = vec![0; 4096];
        let mut filled = 0;
        while let Ok(read @ 1..) = stream.read(&mut buffer[filled..]).await {
            filled += read;
            let mut plain = 0;
            read_frames(&mut buffer, &mut filled, |number| match number {
                0 => plain += 1,
                sent => receipts.add(sent),
            });
            receipts.add_many(plain);
        }
    });
    Ok(())
}

async fn receive_websocket(address: &str, receipts: &Arc<Receipts>) -> Result<()> {
    let mut socket = websocket::connect(tls::inherited()?, address).await?;
    let receipts = receipts.clone();
    tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next().await {
            if let Some(number) = websocket::number(&message) {
                receipts.add(number);
            }
        }
    });
    Ok(())
}

async fn receive_broker(name: &str, address: &str, receipts: &Arc<Receipts>) -> Result<()> {
    let broker = brokers::named(name).ok_or("no such broker")?;
    let mut stream = broker.subscribe(address).await?;
    let receipts = receipts.clone();
    tokio::spawn(async move {
        let mut buffer = vec![0; 4096];
        let mut filled = 0;
        while let Ok(read @ 1..) = stream.read(&mut buffer[filled..]).await {
            filled += read;
            broker.read(&mut buffer, &mut filled, |number| receipts.add(number));
        }
    });
    Ok(())
}

/// The process of the receivers, as the server sees it.
pub struct Members {
    _process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    expected: u64,
}

impl Members {
    pub async fn start(
        implementation: &str,
        address: &str,
        count: usize,
        identity: &Identity,
    ) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["members", implementation, address, &count.to_string()]);
        command.envs([identity.environment()]).kill_on_drop(true);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = process.stdin.take().ok_or("no input")?;
        let output = BufReader::new(process.stdout.take().ok_or("no output")?).lines();
        let mut members = Self { _process: process, input, output, expected: 0 };
        if members.output.next_line().await?.as_deref() != Some("ready") {
            return Err("the receivers could not connect".into());
        }
        Ok(members)
    }

    /// Waits until the receivers have this many further messages. Returns the median time to the last
    /// receipt of a timed message, in milliseconds.
    pub async fn received(&mut self, messages: usize) -> Result<f64> {
        self.expected += messages as u64;
        self.input.write_all(format!("{}\n", self.expected).as_bytes()).await?;
        Ok(self.output.next_line().await?.ok_or("the receivers have ended")?.parse()?)
    }
}
