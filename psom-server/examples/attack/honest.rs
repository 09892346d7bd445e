//! Honest clients, whose waits are measured.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use psom_objects::client::{Event, UploadEvent};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::target::{Target, join, ready};

/// The time after which a client that got no answer counts as dropped.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// The waits of honest clients.
#[derive(Default)]
pub(crate) struct Waits {
    waits: Vec<Duration>,
    /// The number of clients whose connection ended or got no answer.
    pub(crate) dropped: usize,
}

impl Waits {
    pub(crate) fn add(&mut self, other: Self) {
        self.waits.extend(other.waits);
        self.waits.sort_unstable();
        self.dropped += other.dropped;
    }

    /// Returns the wait that this part of all waits, in thousandths, does not exceed.
    pub(crate) fn percentile(&self, of_1000: usize) -> Duration {
        let index = (self.waits.len() * of_1000 / 1000).min(self.waits.len().saturating_sub(1));
        self.waits.get(index).copied().unwrap_or_default()
    }
}

/// Joins, then repeats a call, and measures the time until each answer from `from` on.
pub(crate) async fn call(
    target: Target,
    meeting: usize,
    pause: Duration,
    from: Instant,
    running: Arc<AtomicBool>,
) -> Waits {
    let mut waits = Vec::new();
    let finished = calls(&target, meeting, pause, from, &running, &mut waits).await.is_some();
    Waits { waits, dropped: usize::from(!finished) }
}

/// Joins and calls until the measurement ends. Returns `None` if the client is dropped.
async fn calls(
    target: &Target,
    meeting: usize,
    pause: Duration,
    from: Instant,
    running: &AtomicBool,
    waits: &mut Vec<Duration>,
) -> Option<()> {
    let (session, mut events) = join(&target.meetings[meeting].guest).await?;
    timeout(ANSWER_TIMEOUT, ready(&mut events)).await.ok()??;
    while running.load(Relaxed) {
        let begin = Instant::now();
        let sent = session.run(|conference, cx| conference.reserve_title(cx, "honest")).await;
        let expected = sent.ok()?.ok()?;
        let answer = async {
            loop {
                let event = events.recv().await?;
                let is_answer = matches!(
                    event,
                    Event::Upload { event: UploadEvent::TitleReservation { .. }, cookie }
                        if cookie == expected
                );
                if is_answer {
                    return Some(());
                }
            }
        };
        timeout(ANSWER_TIMEOUT, answer).await.ok()??;
        if begin >= from {
            waits.push(begin.elapsed());
        }
        session
            .run(move |conference, cx| conference.release_title(cx, expected))
            .await
            .ok()?
            .ok()?;
        sleep(pause.mul_f64(0.5 + random())).await;
    }
    Some(())
}

/// Returns a number from 0 to 1, so that the clients do not call at the same time.
fn random() -> f64 {
    f64::from(rand::random::<u16>()) / f64::from(u16::MAX)
}

/// Joins by a named invitation and downloads the meeting's file. Returns the times that each took.
pub(crate) async fn visit(target: &Target, meeting: usize) -> Option<(Duration, Duration)> {
    let meeting = &target.meetings[meeting];
    let begin = Instant::now();
    let (_session, mut events) = join(&meeting.attendee).await?;
    ready(&mut events).await?;
    let joined = begin.elapsed();
    let begin = Instant::now();
    let mut stream = TcpStream::connect(&target.http).await.ok()?;
    let head = format!(
        "GET /files/{} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
        meeting.file, target.http
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    answer.starts_with(b"HTTP/1.1 200").then(|| (joined, begin.elapsed()))
}
