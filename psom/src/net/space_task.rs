use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::JoinSet,
};

use super::{
    commits::{Commits, Turn, committed},
    journal::Journal,
    link::Link,
};
use crate::{
    Config, Error, Session, Space, User,
    error::{CallError, JournalError, LostReason},
    space::{ConnectionKey, Outgoing, RemoteCall, SpaceStats, Task},
    wire::{ObjectKey, auth::Credentials},
};

/// How many messages may wait for a space. When it falls behind, connections stop reading, and TCP
/// pushes back on the senders.
const INBOX: usize = 64;

/// How many messages are taken before what they led to is sent.
const BATCH: usize = 64;

/// What a space is asked to do.
pub(super) enum Message {
    /// Take over a server's session.
    Accept(Box<Session>, User, Arc<Link>, oneshot::Sender<ConnectionKey>),
    /// Begin a client's session.
    Connect(Arc<Config>, Credentials, Arc<Link>, oneshot::Sender<ConnectionKey>),
    Input(ConnectionKey, Bytes),
    Lost(ConnectionKey, LostReason),
    End(ConnectionKey, Error),
    Run(ObjectKey, Task),
    /// With a reply where the call can fail for a reason that is not known outside.
    Call(RemoteCall, Option<oneshot::Sender<Result<(), CallError>>>),
    /// Close every connection and take no further one.
    Close,
    Stats(oneshot::Sender<SpaceStats>),
}

pub(super) type Inbox = mpsc::Sender<Message>;

/// Runs a space on a task of its own, until nobody can send to it any more.
pub(super) fn start(space: Space, config: Arc<Config>, journal: Option<Arc<dyn Journal>>) -> Inbox {
    let (inbox, messages) = mpsc::channel(INBOX);
    let runner = Runner {
        space,
        config,
        journal: journal.map(Commits::new),
        links: HashMap::new(),
        spawned: JoinSet::new(),
        lagging: HashMap::new(),
        paused: HashMap::new(),
        wake: Arc::default(),
    };
    tokio::spawn(runner.run(messages));
    inbox
}

struct Runner {
    space: Space,
    config: Arc<Config>,
    links: HashMap<ConnectionKey, Arc<Link>>,
    /// Futures of objects; dropped with the space.
    spawned: JoinSet<(ObjectKey, Task)>,
    /// What is not to leave before it is safe, where anything is to be safe.
    journal: Option<Commits>,
    /// Peers for whom more than the soft mark waits.
    lagging: HashMap<ConnectionKey, Lag>,
    /// What peers have sent that are not listened to, since they have yet to take what they asked
    /// for: whoever asks for much gets it before they ask for more, and nobody else waits for them.
    paused: HashMap<ConnectionKey, VecDeque<Bytes>>,
    /// Wakes the space when one of them has taken enough.
    wake: Arc<Notify>,
}

/// How a peer that lags takes what it is sent.
struct Lag {
    since: Instant,
    taken: u64,
    /// How often it was waited for since then.
    waits: u32,
    is_slow: bool,
}

impl Lag {
    /// How often a peer is looked at.
    const WINDOW: Duration = Duration::from_millis(250);
    /// A peer that takes less in that time is slow: 256 KiB a second.
    const PACE: u64 = 64 * 1024;
    /// How long the space waits at a time.
    const WAIT: Duration = Duration::from_millis(1);

    fn new(link: &Link) -> Self {
        Self { since: now(), taken: link.taken(), waits: 0, is_slow: false }
    }

    /// Looks at the peer again. Always true: it lags.
    ///
    /// A machine that has little time for us has little for what writes to the peer, too: so one
    /// becomes slow by how often it was waited for, not by the clock.
    fn look(&mut self, link: &Link, now: Instant) -> bool {
        let waited = u128::from(self.waits) * Self::WAIT.as_nanos() >= Self::WINDOW.as_nanos();
        if waited || self.is_slow && now - self.since >= Self::WINDOW {
            let taken = link.taken();
            self.is_slow = taken - self.taken < Self::PACE;
            (self.since, self.taken, self.waits) = (now, taken, 0);
        }
        true
    }
}

impl Runner {
    async fn run(mut self, mut messages: mpsc::Receiver<Message>) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut has_listened = false;
        // The making of the root may have saved something.
        self.flush();
        loop {
            let deadline = self.space.deadline();
            tokio::select! {
                // What peers have sent counts before what time has brought.
                biased;
                result = committed(&mut self.journal, &self.config, &self.links) => {
                    if !self.release(result).await {
                        return;
                    }
                }
                // In turns with the messages of those who read.
                () = self.wake.notified(), if !has_listened || messages.is_empty() => {
                    has_listened = true;
                    if !self.listen_again().await {
                        return;
                    }
                }
                count = messages.recv_many(&mut batch, BATCH) => {
                    has_listened = false;
                    if count == 0 {
                        // Nobody asks for anything more, but what was sent is still to leave.
                        return self.drain().await;
                    }
                    for message in batch.drain(..) {
                        if !self.on_message(message).await || !self.read_on().await {
                            return;
                        }
                    }
                    if self.space.deadline().is_some_and(|deadline| deadline <= now()) {
                        self.on_deadline();
                    }
                }
                () = sleep_until(deadline) => self.on_deadline(),
                Some(spawned) = self.spawned.join_next(), if !self.spawned.is_empty() => {
                    match spawned {
                        Ok((object, task)) => drop(self.space.run(now(), object, task)),
                        Err(error) => tracing::error!(%error, "A spawned future failed"),
                    }
                }
            }
            self.flush();
            if !self.catch_up().await {
                return;
            }
            self.hold_back().await;
        }
    }

    /// Reads what is unread, sending in between what it has led to. False where the journal failed.
    async fn read_on(&mut self) -> bool {
        while let Some(key) = self.space.unread() {
            self.flush();
            if !self.catch_up().await {
                return false;
            }
            self.hold_back().await;
            if self.owes(key) {
                self.space.park();
            } else {
                self.space.resume(now()).await;
            }
        }
        true
    }

    /// Goes on with peers that have taken what they asked for, by a piece of what each has sent: what
    /// others have sent comes in between. False where the journal failed.
    async fn listen_again(&mut self) -> bool {
        let paused: Vec<_> = self.paused.keys().copied().collect();
        for key in paused {
            if self.owes(key) {
                continue;
            }
            self.space.unpark(now(), key).await;
            if !self.read_on().await {
                return false;
            }
            self.flush();
            if self.owes(key) {
                continue;
            }
            if let Some(input) = self.paused.get_mut(&key).and_then(VecDeque::pop_front) {
                self.space.receive(now(), key, input).await;
                if !self.read_on().await {
                    return false;
                }
                self.flush();
                self.wake.notify_one();
            } else {
                self.paused.remove(&key);
                self.links.get(&key).inspect(|link| link.unpause());
            }
        }
        true
    }

    /// Reads what a peer that was not listened to has sent before it went, as far as it does not ask
    /// for much again. False where the journal failed.
    async fn hear_out(&mut self, key: ConnectionKey) -> bool {
        let Some(inputs) = self.paused.remove(&key) else { return true };
        self.space.unpark(now(), key).await;
        for input in inputs {
            if !self.read_on().await {
                return false;
            }
            self.flush();
            if self.owes(key) {
                break;
            }
            self.space.receive(now(), key, input).await;
        }
        self.read_on().await
    }

    /// Whether a peer has yet to take what it asked for, before it is listened to.
    fn owes(&self, key: ConnectionKey) -> bool {
        self.links.get(&key).is_some_and(|link| link.owes())
    }

    /// Sends pings, fires timers, ends who is silent: but not who has sent what is yet to be read.
    fn on_deadline(&mut self) {
        let now = now();
        for key in self.space.due(now) {
            if self.links.get(&key).is_some_and(|link| link.has_unread()) {
                self.space.has_sent(now, key);
            }
        }
        self.space.on_deadline(now);
    }

    /// Waits until nothing waits for the journal any more.
    async fn drain(&mut self) {
        while self.journal.as_ref().is_some_and(|journal| !journal.is_idle()) {
            let result = committed(&mut self.journal, &self.config, &self.links).await;
            if !self.release(result).await {
                return;
            }
        }
    }

    /// Waits until not too much waits for the journal. False where the journal has failed.
    async fn catch_up(&mut self) -> bool {
        while self.journal.as_ref().is_some_and(Commits::is_full) {
            let result = committed(&mut self.journal, &self.config, &self.links).await;
            if !self.release(result).await {
                return false;
            }
        }
        true
    }

    /// Sends what was held back for a commit that is done. False where it has failed: the space is
    /// over, since nothing could be promised any more.
    async fn release(&mut self, result: Result<(), JournalError>) -> bool {
        if let Err(error) = result {
            tracing::error!(%error, "The journal failed; its space is gone");
            self.links.values().for_each(|link| link.fail());
            return false;
        }
        for turn in self.journal.as_mut().map(Commits::release).unwrap_or_default() {
            self.finish(turn);
            // Many turns may become safe at once: still no peer is overrun by them.
            self.hold_back().await;
        }
        true
    }

    /// Gives peers that come near the hard mark, but take what they are sent, the time to catch up
    /// before the space makes more. A peer that takes little or nothing is not waited for: it meets
    /// the hard mark.
    async fn hold_back(&mut self) {
        loop {
            let now = now();
            self.lagging.retain(|key, lag| {
                self.links.get(key).is_some_and(|link| !link.has_room() && lag.look(link, now))
            });
            let is_in_need = |(key, lag): (&ConnectionKey, &Lag)| {
                !lag.is_slow && self.links.get(key).is_some_and(|link| link.is_nearly_full())
            };
            if !self.lagging.iter().any(is_in_need) {
                return;
            }
            tokio::time::sleep(Lag::WAIT).await;
            self.lagging.values_mut().for_each(|lag| lag.waits += 1);
        }
    }

    /// False where the journal failed.
    async fn on_message(&mut self, message: Message) -> bool {
        if let Message::Lost(key, _) = &message
            && !self.hear_out(*key).await
        {
            return false;
        }
        let now = now();
        match message {
            Message::Accept(session, user, link, reply) => {
                let key = self.space.accept(now, *session, user).await;
                self.adopt(key, link, reply);
            }
            Message::Connect(config, credentials, link, reply) => {
                let key = self.space.connect(now, config, &credentials);
                self.adopt(key, link, reply);
            }
            Message::Input(key, bytes) => {
                if let Some(inputs) = self.paused.get_mut(&key) {
                    inputs.push_back(bytes);
                } else {
                    if let Some(link) = self.links.get(&key) {
                        link.set_unread(false);
                    }
                    self.space.receive(now, key, bytes).await;
                }
            }
            Message::Lost(key, reason) => self.space.lost(now, key, reason),
            Message::End(key, error) => self.space.end(now, key, error),
            Message::Run(object, task) => drop(self.space.run(now, object, task)),
            Message::Call(call, reply) => {
                let sent = self.space.call(now, &call).ok();
                reply.map(|reply| reply.send(sent));
            }
            Message::Close => self.space.close(now),
            Message::Stats(reply) => drop(reply.send(self.space.stats())),
        }
        true
    }

    fn adopt(
        &mut self,
        key: Option<ConnectionKey>,
        link: Arc<Link>,
        reply: oneshot::Sender<ConnectionKey>,
    ) {
        let Some(key) = key else { return };
        link.set_wake(self.wake.clone());
        self.links.insert(key, link);
        // Whoever asked may have given up; then its transport is gone too.
        if reply.send(key).is_err() {
            self.space.lost(now(), key, LostReason::ApplicationEnded);
        }
    }

    /// What a turn has saved is safe.
    fn finish(&mut self, turn: Turn) {
        turn.when_safe.into_iter().for_each(|run| run());
        turn.outgoing.into_iter().for_each(|outgoing| self.send(outgoing));
    }

    fn send(&mut self, outgoing: Outgoing) {
        let key = outgoing.connection;
        let Some(link) = self.links.get(&key) else { return };
        let (lags, too_far) = link.push(outgoing.output, &self.config);
        if let Some(error) = outgoing.over {
            link.end(error);
            self.links.remove(&key);
            self.paused.remove(&key);
            return;
        }
        self.space.set_congested(key, lags);
        if lags {
            self.lagging.entry(key).or_insert_with(|| Lag::new(link));
        }
        if too_far {
            self.space.end_slow(now(), key);
        }
    }

    /// Hands out what the turns since the last flush have left.
    fn flush(&mut self) {
        for (key, version) in self.space.take_opened() {
            if let Some(link) = self.links.get(&key) {
                link.open(version);
            }
        }
        loop {
            let has_output = self.space.has_output();
            let outgoing = if has_output { self.space.take_output() } else { Vec::new() };
            let (writes, when_safe) = (self.space.take_writes(), self.space.take_when_safe());
            if outgoing.is_empty() && writes.is_empty() && when_safe.is_empty() {
                break;
            }
            for Outgoing { connection, output, .. } in &outgoing {
                // To be told later is to be owed all the same.
                if output.asked() > 0
                    && let Some(link) = self.links.get(connection)
                    && link.owe(output.asked())
                {
                    self.paused.entry(*connection).or_default();
                }
            }
            let turn = Turn { outgoing, when_safe };
            let free = match &mut self.journal {
                Some(journal) => journal.hold(writes, turn),
                None => turn,
            };
            self.finish(free);
        }
        for spawned in self.space.take_spawned() {
            let (object, future) = (spawned.object, spawned.future);
            self.spawned.spawn(async move { (object, future.await) });
        }
    }
}

impl Drop for Runner {
    /// A handler that panicked takes its space with it: its connections are told so.
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("A handler panicked; its space is gone");
        }
        self.links.values().for_each(|link| link.fail());
    }
}

/// By the clock of the timers, so that tests may stand it still.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
