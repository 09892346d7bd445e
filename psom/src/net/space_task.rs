//! The task of one space: it drives the space's hub.
//!
//! The task waits for five kinds of events: a completed commit, reports of written bytes, completed
//! futures of objects, messages from connections and programs, and the hub's next deadline. It passes
//! each event to the hub and carries out the hub's outputs.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use slotmap::SecondaryMap;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::Sleep,
};

use super::{
    call_queue::QueuedCall,
    hosted::{Hosted, Moving},
    link::{Link, Reports},
};
use crate::{
    Session, User,
    error::{JournalError, LostReason},
    hub::{Chunk, Hub, HubStats, Input, MAX_DELAY, Output},
    journal::{Committing, Journal},
    space::{ConnectionKey, Task},
    wire::{ObjectKey, auth::Credentials},
};

/// The number of messages that can wait for a space. If more arrive, connections wait and do not
/// read, so that TCP applies backpressure to the peers.
const MAX_WAITING_MESSAGES: usize = 64;

/// The maximum number of messages that are taken at once, so that output leaves regularly.
const MAX_MESSAGES_PER_TURN: usize = 64;

/// The time after which the wall-clock time of a space is corrected. Between two corrections, it advances with
/// the clock of the inputs.
const CLOCK_INTERVAL: Duration = Duration::from_millis(100);

/// A request to the task of a space.
pub(crate) enum Message {
    /// Take over a server's session.
    Accept(Box<Session>, User, Arc<Link>, oneshot::Sender<ConnectionKey>),
    /// Begin a client's session.
    Connect(Credentials, Arc<Link>, oneshot::Sender<ConnectionKey>),
    Input(Input),
    /// Take the calls that the program has made on a connection.
    Calls(Arc<Link>),
    Stats(oneshot::Sender<HubStats>),
}

pub(crate) type Inbox = mpsc::Sender<Message>;

/// Runs a hub on its own task until all senders of its inbox are dropped. The task also runs the connection
/// that `connection` yields, if any.
pub(super) fn start(
    hub: Hub,
    journal: Option<Arc<dyn Journal>>,
    reports: Arc<Reports>,
    connection: Option<oneshot::Receiver<Moving>>,
) -> Inbox {
    let (inbox, messages) = mpsc::channel(MAX_WAITING_MESSAGES);
    let driver = Driver {
        hub,
        links: SecondaryMap::new(),
        reports,
        reporting: Vec::new(),
        journal,
        commits: VecDeque::new(),
        deferred: VecDeque::new(),
        calls: Vec::new(),
        unwoken: None,
        delayed: Vec::new(),
        wake_at: None,
        spawned: JoinSet::new(),
    };
    let driving = async {
        match driver.run(messages).await {
            Err(JournalError::Moved) => tracing::info!("The space has moved to another server"),
            Err(error) => tracing::error!(%error, "The journal failed; its space has ended"),
            Ok(()) => {}
        }
    };
    match connection {
        Some(connection) => drop(tokio::spawn(Hosted::new(driving, connection))),
        None => drop(tokio::spawn(driving)),
    }
    inbox
}

struct Driver {
    hub: Hub,
    links: SecondaryMap<ConnectionKey, Arc<Link>>,
    reports: Arc<Reports>,
    /// The connections whose written bytes must be reported to the hub.
    reporting: Vec<ConnectionKey>,
    journal: Option<Arc<dyn Journal>>,
    /// The outstanding commits, the oldest first.
    commits: VecDeque<Committing>,
    /// The inputs of the program that wait while the hub is busy.
    deferred: VecDeque<Input>,
    /// The empty buffer for the next calls that are taken from a connection.
    calls: Vec<QueuedCall>,
    /// The connection to which bytes were passed last. It is woken when other output follows, so that it
    /// writes the bytes together.
    unwoken: Option<ConnectionKey>,
    /// The connections with delayed bytes. They are woken at `wake_at`, unless later bytes wake them before.
    delayed: Vec<ConnectionKey>,
    /// The time at which the oldest delayed bytes must be written.
    wake_at: Option<Instant>,
    /// The futures of objects, which are dropped with the space.
    spawned: JoinSet<(ObjectKey, Task)>,
}

impl Driver {
    async fn run(mut self, mut messages: mpsc::Receiver<Message>) -> Result<(), JournalError> {
        let mut batch = Vec::with_capacity(MAX_MESSAGES_PER_TURN);
        let mut is_open = true;
        let mut timer = Timer::new();
        let mut clock_set_at = now();
        loop {
            let mut deadline = self.carry_out().await?;
            while !self.hub.is_busy()
                && let Some(input) = self.deferred.pop_front()
            {
                self.handle(input).await;
                deadline = self.carry_out().await?;
            }
            if !is_open && self.commits.is_empty() && self.deferred.is_empty() {
                return Ok(());
            }
            self.wake_delayed();
            deadline = [deadline, self.wake_at].into_iter().flatten().min();
            timer.set(deadline);
            tokio::select! {
                // Bytes that peers have sent count before the time that has passed.
                biased;
                result = oldest(&mut self.commits) => {
                    self.commits.pop_front();
                    self.handle(Input::Committed(result)).await;
                }
                () = self.reports.filled.notified() => self.reports.take(&mut self.reporting),
                Some(spawned) = self.spawned.join_next(), if !self.spawned.is_empty() => {
                    match spawned {
                        Ok((object, task)) => {
                            self.handle(Input::Ran(object, task)).await;
                        }
                        Err(error) => tracing::error!(%error, "A spawned future failed"),
                    }
                }
                count = messages.recv_many(&mut batch, MAX_MESSAGES_PER_TURN),
                    if is_open && self.deferred.len() < MAX_WAITING_MESSAGES =>
                {
                    is_open = count > 0;
                    if let Some(metrics) = self.hub.metrics().filter(|_| is_open) {
                        metrics.taken(count);
                    }
                    for message in batch.drain(..) {
                        self.on_message(message).await;
                    }
                    if deadline.is_some_and(|at| at <= now()) {
                        self.handle(Input::Timeout).await;
                    }
                }
                () = timer.wait(), if deadline.is_some() => {
                    self.handle(Input::Timeout).await;
                }
            }
            if now().saturating_duration_since(clock_set_at) >= CLOCK_INTERVAL {
                let (at, time) = clock();
                self.hub.set_time(at, time);
                clock_set_at = at;
            }
            for index in 0..self.reporting.len() {
                let key = self.reporting[index];
                let Some(link) = self.links.get(key) else { continue };
                let written = link.take_written();
                self.handle(Input::Written(key, written)).await;
            }
            self.reporting.clear();
        }
    }

    /// Passes an input to the hub, and measures the turn.
    async fn handle(&mut self, input: Input) {
        let begun = self.hub.metrics().map(|_| Instant::now());
        self.hub.handle_input(now(), input).await;
        if let (Some(metrics), Some(begun)) = (self.hub.metrics(), begun) {
            metrics.turn(begun.elapsed());
            metrics.queued(self.hub.waiting_bytes());
        }
    }

    async fn on_message(&mut self, message: Message) {
        match message {
            Message::Accept(session, user, link, reply) => {
                let key = self.hub.accept(now(), *session, user);
                self.adopt(key, link, reply).await;
            }
            Message::Connect(credentials, link, reply) => {
                let key = self.hub.connect(now(), &credentials);
                self.adopt(key, link, reply).await;
            }
            Message::Input(input) => {
                let is_of_peer = matches!(input, Input::Received(..) | Input::Lost(..));
                if !is_of_peer && (self.hub.is_busy() || !self.deferred.is_empty()) {
                    self.deferred.push_back(input);
                } else {
                    self.handle(input).await;
                }
            }
            Message::Calls(link) => {
                let (mut calls, now) = (std::mem::take(&mut self.calls), now());
                link.calls.take(&mut calls);
                for (call, result) in calls.drain(..) {
                    let input = Input::Call(call, result);
                    if self.hub.is_busy() || !self.deferred.is_empty() {
                        self.deferred.push_back(input);
                    } else {
                        self.hub.handle_input(now, input).await;
                    }
                }
                self.calls = calls;
            }
            Message::Stats(reply) => drop(reply.send(self.hub.stats())),
        }
    }

    async fn adopt(
        &mut self,
        key: Option<ConnectionKey>,
        link: Arc<Link>,
        reply: oneshot::Sender<ConnectionKey>,
    ) {
        let Some(key) = key else { return };
        self.links.insert(key, link);
        // If the requesting task has timed out, its transport is gone as well.
        if reply.send(key).is_err() {
            let lost = Input::Lost(key, LostReason::ApplicationEnded);
            self.handle(lost).await;
        }
    }

    /// Wakes the connections whose delayed bytes are due.
    fn wake_delayed(&mut self) {
        if self.wake_at.take_if(|at| *at <= now()).is_some() {
            // Most connections that had later bytes have no bytes left.
            let due = self.delayed.drain(..).filter_map(|key| self.links.get(key));
            due.filter(|link| !link.is_idle()).for_each(|link| link.wake());
        }
    }

    /// Carries out all outputs of the hub. Returns the hub's deadline.
    async fn carry_out(&mut self) -> Result<Option<Instant>, JournalError> {
        loop {
            match self.hub.poll_output() {
                Output::Commit(writes) => {
                    let commit = self.journal.as_ref().map(|journal| journal.commit(writes));
                    self.commits.extend(commit);
                }
                Output::RunWhenSafe(run) => run(),
                Output::Spawn(spawned) => {
                    let (object, future) = (spawned.object, spawned.future);
                    self.spawned.spawn(async move { (object, future.await) });
                }
                Output::ReportWritten(key) => self.reporting.push(key),
                Output::Failed(error) => return Err(error),
                Output::Timeout(at) => {
                    wake(&self.links, self.unwoken.take());
                    let Some(key) = self.reporting.pop() else { return Ok(at) };
                    let Some(link) = self.links.get(key) else { continue };
                    let written = link.take_written();
                    self.handle(Input::Written(key, written)).await;
                }
                Output::Send(key, chunk @ Chunk::Delayable(_)) => {
                    let Some(link) = self.links.get(key) else { continue };
                    // The bytes are written with those before them, or with the first that are urgent.
                    if link.send(chunk) {
                        self.delayed.push(key);
                        self.wake_at.get_or_insert_with(|| now() + MAX_DELAY);
                    }
                }
                Output::Send(key, chunk) => {
                    if self.unwoken != Some(key) {
                        wake(&self.links, self.unwoken.replace(key));
                    }
                    if let Some(link) = self.links.get(key) {
                        link.send(chunk);
                    }
                }
                output => change_link(&mut self.links, output),
            }
        }
    }
}

/// Wakes the task of a connection to write the bytes that were passed.
fn wake(links: &SecondaryMap<ConnectionKey, Arc<Link>>, key: Option<ConnectionKey>) {
    if let Some(link) = key.and_then(|key| links.get(key)) {
        link.wake();
    }
}

/// Carries out an output that changes the state of one connection.
fn change_link(links: &mut SecondaryMap<ConnectionKey, Arc<Link>>, output: Output<'_>) {
    match output {
        Output::Send(key, chunk) => {
            links.get(key).inspect(|link| {
                link.send(chunk);
                link.wake();
            });
        }
        Output::Opened(key, version) => drop(links.get(key).map(|link| link.open(version))),
        Output::PauseReading(key) => drop(links.get(key).map(|link| link.set_paused(true))),
        Output::ResumeReading(key) => drop(links.get(key).map(|link| link.set_paused(false))),
        Output::Congested(key, congested) => {
            links.get(key).inspect(|link| link.set_congested(congested));
        }
        Output::Closed(key, error) => drop(links.remove(key).map(|link| link.close(error))),
        // These outputs do not concern a single connection.
        Output::Commit(_)
        | Output::RunWhenSafe(_)
        | Output::Spawn(_)
        | Output::ReportWritten(_)
        | Output::Failed(_)
        | Output::Timeout(_) => {}
    }
}

impl Drop for Driver {
    /// Sends a Break to the peers because the space has ended, for example by a panic of a handler.
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("A handler panicked; its space has ended");
        }
        self.hub.fail();
        loop {
            match self.hub.poll_output() {
                Output::Timeout(_) => return,
                output => change_link(&mut self.links, output),
            }
        }
    }
}

/// Waits until the oldest commit is done. Waits forever if there is none.
async fn oldest(commits: &mut VecDeque<Committing>) -> Result<(), JournalError> {
    match commits.front_mut() {
        Some(commit) => commit.await,
        None => std::future::pending().await,
    }
}

/// Returns the time of tokio's clock and the wall-clock time. If a test has paused tokio's clock, the
/// wall-clock time stops and advances with it.
pub(super) fn clock() -> (Instant, SystemTime) {
    let (now, real) = (now(), Instant::now());
    let time = SystemTime::now();
    let shifted = match now.checked_duration_since(real) {
        Some(ahead) => time.checked_add(ahead),
        None => time.checked_sub(real.duration_since(now)),
    };
    (now, shifted.unwrap_or(time))
}

/// Reads tokio's clock, which tests can pause.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Waits for the hub's deadline. Most deadlines are seconds away and stay the same for many inputs, so the timer
/// is kept instead of being registered again for each input.
struct Timer {
    at: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl Timer {
    fn new() -> Self {
        let at = now();
        Self { at, sleep: Box::pin(tokio::time::sleep_until(at.into())) }
    }

    fn set(&mut self, deadline: Option<Instant>) {
        if let Some(at) = deadline.filter(|at| *at != self.at) {
            self.at = at;
            self.sleep.as_mut().reset(at.into());
        }
    }

    async fn wait(&mut self) {
        if self.at <= now() {
            // A timer would wait until the next millisecond. Yielding lets other tasks run.
            tokio::task::yield_now().await;
        } else {
            self.sleep.as_mut().await;
        }
    }
}
