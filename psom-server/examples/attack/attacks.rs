//! The attacks. Each runs in its own task, opens one or several connections, and stops with the others.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use psom_objects::client::{Conference, Event};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    pausing::Pausing,
    target::{MeetingLinks, Target, join, ready},
};

/// The hostile connections of one attack alone.
pub(crate) const CONNECTIONS_ALONE: usize = 20;

/// The time for which an attacker waits for a step of the server.
const STEP_TIMEOUT: Duration = Duration::from_secs(5);

/// The pause of an attacker between two steps while it holds a token or a slot.
const HOLD: Duration = Duration::from_millis(200);

/// The bytes that a joining attacker reads: the beginning of the board.
const READ_BYTES: usize = 24 << 10;

/// A kind of attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attack {
    /// Connects again and again and sends no token.
    Tokenless,
    /// Starts and cancels uploads.
    Uploads,
    /// Joins and stops reading when the server begins to send the board.
    Boards,
    /// Takes tokens and does not use them.
    Joins,
    /// Requests a file and does not read it.
    Downloads,
    /// Begins uploads and sends nothing.
    Slots,
    /// Calls a method endlessly.
    Calls,
    /// Joins as a guest and leaves.
    Guests,
}

/// All attacks, with the number of connections of each: 200 together.
pub(crate) const ALL: [(Attack, usize); 8] = [
    (Attack::Tokenless, 60),
    (Attack::Uploads, 10),
    (Attack::Boards, 40),
    (Attack::Joins, 10),
    (Attack::Downloads, 40),
    (Attack::Slots, 10),
    (Attack::Calls, 20),
    (Attack::Guests, 10),
];

impl Attack {
    pub(crate) fn named(name: &str) -> Option<Self> {
        let mut all = ALL.into_iter().map(|(attack, _)| attack);
        all.find(|attack| format!("{attack:?}").eq_ignore_ascii_case(name))
    }
}

struct Attacker {
    target: Target,
    meeting: usize,
    running: Arc<AtomicBool>,
}

/// Repeats an attack until the time is over.
pub(crate) async fn run(attack: Attack, target: Target, meeting: usize, running: Arc<AtomicBool>) {
    let attacker = Attacker { target, meeting, running };
    while attacker.is_running() {
        match attack {
            Attack::Tokenless => attacker.tokenless().await,
            Attack::Uploads => attacker.uploads().await.unwrap_or_default(),
            Attack::Boards => attacker.boards().await,
            Attack::Joins => attacker.joins().await,
            Attack::Downloads => attacker.downloads().await,
            Attack::Slots => attacker.upload_slots().await.unwrap_or_default(),
            Attack::Calls => attacker.calls().await.unwrap_or_default(),
            Attack::Guests => attacker.guests().await,
        }
    }
}

impl Attacker {
    fn is_running(&self) -> bool {
        self.running.load(Relaxed)
    }

    fn links(&self) -> &MeetingLinks {
        &self.target.meetings[self.meeting]
    }

    async fn hold(&self) {
        while self.is_running() {
            sleep(HOLD).await;
        }
    }

    async fn tokenless(&self) {
        let stream = timeout(STEP_TIMEOUT, TcpStream::connect(&self.target.psom)).await;
        let Ok(Ok(mut stream)) = stream else { return self.target.attempts.add(false) };
        // A server that gives the slot to a newcomer closes this connection.
        let closed = timeout(HOLD, stream.read(&mut [0])).await;
        self.target.attempts.add(closed.is_err());
    }

    async fn uploads(&self) -> Option<()> {
        let (session, mut events) = join(&self.links().presenter).await?;
        ready(&mut events).await?;
        let mut cookie = 1_000_000;
        while self.is_running() {
            let from = cookie;
            cookie += 100;
            let sent = session.run(move |conference, cx| {
                (from..from + 100)
                    .filter(|cookie| {
                        conference.request_upload(cx, *cookie, 1000, 1000).is_ok()
                            && conference.cancel_upload(cx, *cookie).is_ok()
                    })
                    .count()
            });
            let sent = timeout(STEP_TIMEOUT, sent).await;
            let is_sent = matches!(sent, Ok(Ok(1..)));
            self.target.attempts.add(is_sent);
            while events.try_recv().is_ok() {}
            if !is_sent {
                // Reconnects when the server has broken the connection.
                sleep(Duration::from_millis(10)).await;
                return None;
            }
        }
        Some(())
    }

    async fn boards(&self) {
        #[expect(clippy::collection_is_never_read, reason = "keeps the connections open")]
        let mut open = Vec::new();
        while self.is_running() {
            let joining = async {
                let link = self.links().guest.exchange("visitor").await.ok()?;
                let stream = TcpStream::connect(&self.target.psom).await.ok()?;
                let stream = Pausing { stream, bytes_left: READ_BYTES };
                link.join_over(stream, None, |scope| Conference::new(scope, |_: Event| ()))
                    .await
                    .ok()
            };
            let session = timeout(STEP_TIMEOUT, joining).await.ok().flatten();
            self.target.attempts.add(session.is_some());
            open.extend(session);
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn joins(&self) {
        let exchanged = timeout(STEP_TIMEOUT, self.links().guest.exchange("visitor")).await;
        self.target.attempts.add(matches!(exchanged, Ok(Ok(_))));
    }

    async fn downloads(&self) {
        let mut open = Vec::new();
        while self.is_running() && open.len() < 20 {
            let request = async {
                let mut stream = TcpStream::connect(&self.target.http).await.ok()?;
                let (file, host) = (&self.links().file, &self.target.http);
                let head = format!("GET /files/{file} HTTP/1.1\r\nhost: {host}\r\n\r\n");
                stream.write_all(head.as_bytes()).await.ok()?;
                let mut status = [0; 12];
                stream.read_exact(&mut status).await.ok()?;
                status.ends_with(b"200").then_some(stream)
            };
            let stream = timeout(STEP_TIMEOUT, request).await.ok().flatten();
            self.target.attempts.add(stream.is_some());
            open.extend(stream);
        }
        self.hold().await;
    }

    async fn upload_slots(&self) -> Option<()> {
        let (session, mut events) = join(&self.links().presenter).await?;
        ready(&mut events).await?;
        let begun = session.run(|conference, cx| {
            (2_000_000..2_000_005)
                .filter(|cookie| conference.request_upload(cx, *cookie, 1 << 20, 1 << 20).is_ok())
                .count()
        });
        self.target.attempts.add(matches!(begun.await, Ok(1..)));
        tokio::select! {
            () = self.hold() => {}
            _ = session.ended() => {}
        }
        Some(())
    }

    async fn calls(&self) -> Option<()> {
        let (session, mut events) = join(&self.links().guest).await?;
        ready(&mut events).await?;
        while self.is_running() {
            let sent = session.run(|conference, cx| {
                (0..200).filter(|_| conference.reserve_title(cx, "x").is_ok()).count()
            });
            let is_sent = matches!(timeout(STEP_TIMEOUT, sent).await, Ok(Ok(1..)));
            self.target.attempts.add(is_sent);
            while events.try_recv().is_ok() {}
            if !is_sent {
                sleep(Duration::from_millis(10)).await;
                return None;
            }
        }
        Some(())
    }

    async fn guests(&self) {
        let joined = timeout(STEP_TIMEOUT, join(&self.links().guest)).await;
        self.target.attempts.add(matches!(joined, Ok(Some(_))));
    }
}
