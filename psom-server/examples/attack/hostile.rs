//! The process of the attackers. It reads the target and the attacks from its standard input, attacks until
//! the standard input ends, and prints the number of its attempts.

use std::{
    io,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::{sync::oneshot, task::JoinSet, time::timeout};

use crate::{
    attacks::{self, Attack},
    target::{Attempts, MeetingLinks, Target},
};

/// The argument with which this program runs the attackers.
pub(crate) const ARGUMENT: &str = "--hostile";

/// The time in which attackers end after the standard input has ended.
const END_TIMEOUT: Duration = Duration::from_secs(2);

/// The target and the attacks, in the form in which the process of the attackers reads them.
#[derive(Serialize, Deserialize)]
struct Orders {
    psom: String,
    http: String,
    pid: u32,
    /// The links of the presenter, the attendee and the guests, and the name of the file.
    meetings: Vec<[String; 4]>,
    /// Names of attacks and numbers of connections.
    attacks: Vec<(String, usize)>,
}

/// A running process of attackers.
pub(crate) struct Hostile(std::process::Child);

impl Hostile {
    /// Starts the attacks in a process that gets the processor time that nobody else needs.
    pub(crate) fn start(target: &Target, attacks: &[(Attack, usize)]) -> io::Result<Self> {
        let links = |meeting: &MeetingLinks| {
            let MeetingLinks { presenter, attendee, guest, file } = meeting;
            [presenter.to_string(), attendee.to_string(), guest.to_string(), file.clone()]
        };
        let orders = Orders {
            psom: target.psom.clone(),
            http: target.http.clone(),
            pid: target.pid,
            meetings: target.meetings.iter().map(links).collect(),
            attacks: attacks
                .iter()
                .map(|(attack, count)| (format!("{attack:?}"), *count))
                .collect(),
        };
        let mut child = std::process::Command::new("chrt")
            .args(["--idle", "0"])
            .arg(std::env::current_exe()?)
            .arg(ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        serde_json::to_writer(&mut *input, &orders)?;
        io::Write::write_all(input, b"\n")?;
        Ok(Self(child))
    }

    /// Stops the attacks, and returns the number of attempts and of those that failed.
    pub(crate) fn stop(self) -> io::Result<(usize, usize)> {
        // This closes the standard input.
        let output = self.0.wait_with_output()?;
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// Runs the attackers.
pub(crate) async fn run() -> io::Result<()> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let orders: Orders = serde_json::from_str(&line)?;
    let meetings = orders.meetings.into_iter().map(|[presenter, attendee, guest, file]| {
        let parse = |text: String| text.parse().map_err(|_| io::ErrorKind::InvalidInput);
        let (presenter, attendee, guest) = (parse(presenter)?, parse(attendee)?, parse(guest)?);
        Ok(MeetingLinks { presenter, attendee, guest, file })
    });
    let meetings = meetings.collect::<io::Result<Arc<[_]>>>()?;
    let attempts = Arc::new(Attempts::default());
    let target = Target {
        psom: orders.psom,
        http: orders.http,
        pid: orders.pid,
        meetings,
        attempts: Arc::clone(&attempts),
    };
    let running = Arc::new(AtomicBool::new(true));
    let mut attackers = JoinSet::new();
    let mut number = 0;
    for (name, count) in orders.attacks {
        let attack = Attack::named(&name).ok_or(io::ErrorKind::InvalidInput)?;
        for _ in 0..count {
            let meeting = number % target.meetings.len();
            attackers.spawn(attacks::run(attack, target.clone(), meeting, Arc::clone(&running)));
            number += 1;
        }
    }
    let (ending, ended) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        let _ = ending.send(());
    });
    let _ = ended.await;
    running.store(false, Relaxed);
    let ended =
        timeout(END_TIMEOUT, async { while attackers.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        attackers.shutdown().await;
    }
    println!("{}", serde_json::to_string(&attempts.get())?);
    Ok(())
}
