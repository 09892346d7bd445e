//! Attacks a running server in the ways that `docs/peer-costs.md` lists, with honest clients beside the
//! attackers. Prints how long the honest clients wait and how much memory the server takes.
//!
//! ```text
//! psom serve --data data &
//! cargo run --release -p psom-server --example attack -- data 30 none tokenless uploads
//! cargo run --release -p psom-server --example attack -- data 60 all
//! ```
//!
//! Each attack runs for the given number of seconds, with 20 honest clients in 2 meetings. `all` runs 200
//! hostile connections of all attacks at the same time, with 500 honest clients in 10 meetings, after the
//! same time without attacks. `stop` pauses the server's process for 95 s.
//!
//! Real attackers use the processors of other machines. The attackers here run in a process of their own that gets
//! the processor time that nobody else needs (`chrt --idle`). The columns of attempts show how much they do.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program that measures")]

mod attacks;
mod honest;
mod hostile;
mod pausing;
mod target;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use psom_objects::client::{Conference, Event};
use psom_server::ServerFile;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use self::{attacks::Attack, honest::Waits, hostile::Hostile, target::Target};

/// The time in which all honest clients join before the measurement begins.
const JOINING: Duration = Duration::from_secs(5);

/// The pause between two newcomers.
const NEWCOMER_PAUSE: Duration = Duration::from_millis(500);

/// A group of honest clients.
#[derive(Clone, Copy)]
struct Crowd {
    meetings: usize,
    per_meeting: usize,
    /// The pause of each client between two calls.
    pause: Duration,
    /// The time for which the server rests before its memory is measured at the end.
    rest: Duration,
}

/// The honest clients beside a single attack. While the server rests, the connections of the attackers end.
const FEW: Crowd = Crowd {
    meetings: 2,
    per_meeting: 10,
    pause: Duration::from_millis(50),
    rest: Duration::from_secs(20),
};

/// The honest clients beside all attacks. While the server rests, the attackers' unused tokens expire, too, which are
/// valid for 120 s.
const MANY: Crowd = Crowd {
    meetings: 10,
    per_meeting: 50,
    pause: Duration::from_millis(500),
    rest: Duration::from_secs(130),
};

/// The result of one measurement.
#[derive(Default)]
struct Figures {
    waits: Waits,
    /// The attempts of the attackers, and those of them that failed.
    attempts: (usize, usize),
    /// The longest times until a newcomer was ready, and until a file was downloaded.
    join: Duration,
    download: Duration,
    failures: usize,
    /// The server's memory in MiB.
    before: u64,
    peak: u64,
    after: u64,
}

impl Figures {
    fn print(&self, name: &str, connections: usize) {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        println!(
            "| {name} | {connections} | {} | {} | {:.2} | {:.2} | {:.2} | {} | {:.0} | {:.0} | {} | {} | {} | {} |",
            self.attempts.0,
            self.attempts.1,
            ms(self.waits.percentile(500)),
            ms(self.waits.percentile(990)),
            ms(self.waits.percentile(1000)),
            self.waits.dropped,
            ms(self.join),
            ms(self.download),
            self.failures,
            self.before,
            self.peak,
            self.after,
        );
    }
}

/// Returns the resident memory of a process in MiB.
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0);
    kib / 1024
}

/// Measures the crowd for a time while the attacks run.
async fn measure(
    target: &Target,
    crowd: Crowd,
    seconds: u64,
    attacks: &[(Attack, usize)],
) -> Figures {
    let mut figures = Figures { before: memory(target.pid), ..Figures::default() };
    let running = Arc::new(AtomicBool::new(true));
    let mut honest = JoinSet::new();
    let begin = Instant::now() + JOINING;
    for number in 0..crowd.meetings * crowd.per_meeting {
        let (target, running) = (target.clone(), Arc::clone(&running));
        let meeting = number % crowd.meetings;
        honest.spawn(honest::call(target, meeting, crowd.pause, begin, running));
    }
    // All clients are connected before the attacks begin.
    sleep(JOINING).await;
    let hostile = if attacks.is_empty() {
        None
    } else {
        Some(Hostile::start(target, attacks).expect("the attackers can be started"))
    };
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut newcomer = 0;
    while Instant::now() < end {
        let meeting = newcomer % crowd.meetings;
        newcomer += 1;
        match timeout(Duration::from_secs(30), honest::visit(target, meeting)).await {
            Ok(Some((joined, downloaded))) => {
                figures.join = figures.join.max(joined);
                figures.download = figures.download.max(downloaded);
            }
            _ => figures.failures += 1,
        }
        figures.peak = figures.peak.max(memory(target.pid));
        sleep(NEWCOMER_PAUSE).await;
    }
    running.store(false, Relaxed);
    while let Some(waits) = honest.join_next().await {
        figures.waits.add(waits.unwrap());
    }
    if let Some(hostile) = hostile {
        figures.attempts = hostile.stop().expect("the attackers stop");
    }
    sleep(crowd.rest).await;
    figures.after = memory(target.pid);
    figures
}

/// Stops the server's process for 95 s, like a paused virtual machine, and reports whether a client that
/// waits longer than usual for the server is still connected.
async fn stop_process(target: &Target) {
    let link = target.meetings[0].guest.exchange("visitor").await.unwrap();
    let psom_server::JoinCredential::Token(token) = &link.credential else { return };
    let mut config = psom::Config::default();
    config.idle_timeout = Duration::from_secs(600);
    let client = psom::Client::builder()
        .root_with(|scope| Conference::new(scope, |_: Event| ()))
        .token(token)
        .config(config)
        .tls(link.tls().unwrap())
        .alternative_name(&link.alternative_name);
    let session = client.connect(&link.address).await.unwrap();
    sleep(Duration::from_secs(25)).await;
    let signal = |name: &str| {
        let sent =
            std::process::Command::new("kill").args([name, &target.pid.to_string()]).status();
        assert!(sent.unwrap().success());
    };
    signal("-STOP");
    sleep(Duration::from_secs(95)).await;
    signal("-CONT");
    let ended = timeout(Duration::from_secs(10), session.ended()).await;
    println!(
        "stop: {}",
        ended.map_or_else(|_| "still connected".into(), |error| error.to_string())
    );
}

async fn run(target: &Target, name: &str, seconds: u64) {
    if name == "stop" {
        return stop_process(target).await;
    }
    let (crowd, attacks) = match name {
        "all" => (MANY, attacks::ALL.to_vec()),
        "none" => (FEW, Vec::new()),
        name => (FEW, vec![(Attack::named(name).unwrap(), attacks::CONNECTIONS_ALONE)]),
    };
    if name == "all" {
        let figures = measure(target, crowd, seconds, &[]).await;
        figures.print("500 honest clients alone", 0);
    }
    let figures = measure(target, crowd, seconds, &attacks).await;
    let connections = attacks.iter().map(|(_, count)| count).sum();
    figures.print(name, connections);
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if_eq(hostile::ARGUMENT).is_some() {
        return hostile::run().await.expect("the process that measures starts the attackers");
    }
    let usage = "write: attack DATA SECONDS ATTACK...";
    let data = arguments.next().expect(usage);
    let seconds = arguments.next().and_then(|text| text.parse().ok()).expect(usage);
    let names: Vec<String> = arguments.collect();
    let server =
        ServerFile::read(Path::new(&data)).expect("a server runs with this data directory");
    let meetings = if names.iter().any(|name| name == "all") { MANY } else { FEW }.meetings;
    let target = Target::prepare(&server, meetings).await.expect("the meetings can be prepared");
    println!(
        "| attack | hostile connections | attempts | refused | p50 ms | p99 ms | max ms | honest clients \
         dropped | slowest join ms | slowest download ms | failed visits | MiB before | MiB peak | MiB \
         after |"
    );
    println!("| --- {}|", "| --: ".repeat(13));
    for name in &names {
        run(&target, name, seconds).await;
    }
}
