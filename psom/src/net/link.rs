use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio::sync::{Notify, watch};

use crate::{
    Error,
    error::LostReason,
    session::{Chunk, Config, OutQueue, Output},
};

/// What a space, a connection's task and the program around them share of one connection.
#[derive(Debug)]
pub(super) struct Link {
    side: Side,
    queue: Mutex<OutQueue>,
    /// Set while the peer is not listened to.
    paused: watch::Sender<bool>,
    /// Wakes the space, which listens again.
    wake: OnceLock<Arc<Notify>>,
    /// Wakes the task that writes.
    filled: Notify,
    /// Wakes whoever waits for the queue to sink under the soft mark.
    sunk: Notify,
    state: watch::Sender<LinkState>,
    /// Set when whoever holds the connection lets go of it.
    closing: watch::Sender<bool>,
    /// Set when the transport is done with.
    done: watch::Sender<bool>,
    /// Lets calls from outside through one after the other.
    pub(super) gate: tokio::sync::Mutex<()>,
    /// How many bytes the transport has taken.
    taken: AtomicU64,
    /// Whether the peer has sent something that the space has yet to take.
    unread: AtomicBool,
    soft_mark: usize,
    hard_mark: usize,
}

/// Whose end of a connection this is. One side alone waits for the other to take what it was sent:
/// two that waited for each other would both stand still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

/// Closes its connection when it is dropped, wherever that happens.
#[derive(Debug)]
pub(super) struct Closer(pub(super) Arc<Link>);

impl Drop for Closer {
    fn drop(&mut self) {
        self.0.closing.send_replace(true);
    }
}

/// How far a connection is.
#[derive(Debug, Clone)]
pub(super) enum LinkState {
    Connecting,
    /// The root is connected, with this version in force.
    Open(i32),
    Over(Error),
}

/// What there is to write.
pub(super) enum Next {
    Chunk(Chunk),
    /// Everything is written and nothing follows.
    Finished,
}

impl Link {
    pub(super) fn new(config: &Config, side: Side) -> Self {
        Self {
            side,
            queue: Mutex::default(),
            paused: watch::Sender::new(false),
            wake: OnceLock::new(),
            filled: Notify::new(),
            sunk: Notify::new(),
            state: watch::Sender::new(LinkState::Connecting),
            closing: watch::Sender::new(false),
            done: watch::Sender::new(false),
            gate: tokio::sync::Mutex::default(),
            taken: AtomicU64::new(0),
            unread: AtomicBool::new(false),
            soft_mark: config.soft_mark,
            hard_mark: config.hard_mark,
        }
    }

    fn queue(&self) -> MutexGuard<'_, OutQueue> {
        // Nothing panics while it holds the queue.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues what a turn sends. Says whether the peer lags, and whether it lags too far.
    pub(super) fn push(&self, output: Output, config: &Config) -> (bool, bool) {
        let mut queue = self.queue();
        queue.push(output, config);
        let lags = (queue.waiting() > config.soft_mark, queue.take_overflow());
        drop(queue);
        self.filled.notify_one();
        lags
    }

    /// Pings a client to whom nothing is sent at the moment.
    pub(super) fn ping(&self) {
        self.queue().ping();
        self.filled.notify_one();
    }

    /// Says whom to wake once the peer is to be listened to again.
    pub(super) fn set_wake(&self, wake: Arc<Notify>) {
        // A link has one space.
        let _ = self.wake.set(wake);
    }

    /// Announces bytes that answer the peer and will be pushed. Says whether it is not listened to
    /// any more, until it has taken what it asked for.
    pub(super) fn owe(&self, bytes: usize) -> bool {
        let mut queue = self.queue();
        queue.owe(bytes);
        // Nothing is taken meanwhile.
        let owes = self.side == Side::Server && queue.owed() > self.soft_mark;
        if owes {
            self.paused.send_replace(true);
        }
        owes
    }

    /// Whether the peer has yet to take what it asked for, before it is listened to.
    pub(super) fn owes(&self) -> bool {
        self.side == Side::Server && self.queue().owed() > self.soft_mark
    }

    /// Listens to the peer again.
    pub(super) fn unpause(&self) {
        self.set_unread(false);
        self.paused.send_replace(false);
    }

    /// Waits until the peer is listened to, or the connection is over.
    pub(super) async fn listening(&self) {
        if *self.paused.borrow() {
            // The sender is a field of this link.
            let _ = self.paused.subscribe().wait_for(|paused| !*paused).await;
        }
    }

    pub(super) fn set_unread(&self, unread: bool) {
        self.unread.store(unread, Ordering::Relaxed);
    }

    pub(super) fn has_unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }

    /// Waits for the next bytes to write.
    pub(super) async fn next(&self) -> Next {
        loop {
            {
                let mut queue = self.queue();
                if let Some(chunk) = queue.pop() {
                    return Next::Chunk(chunk);
                }
                if queue.is_finished() {
                    return Next::Finished;
                }
            }
            self.filled.notified().await;
        }
    }

    /// Waits until whoever holds the connection lets go of it.
    pub(super) async fn closing(&self) {
        // The sender is a field of this link.
        let _ = self.closing.subscribe().wait_for(|closing| *closing).await;
    }

    /// Waits until the transport is done with.
    pub(super) async fn done(&self) {
        let _ = self.done.subscribe().wait_for(|done| *done).await;
    }

    /// Notes that the transport is done with.
    pub(super) fn set_done(&self) {
        self.done.send_replace(true);
    }

    /// How many bytes the transport has taken so far.
    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// The application is gone: the peer is told so.
    pub(super) fn fail(&self) {
        self.queue().fail();
        self.filled.notify_one();
        self.end(LostReason::ApplicationEnded.into());
    }

    /// The transport takes nothing more: whoever waits for it need not.
    pub(super) fn abandon(&self) {
        self.queue().abandon();
        self.sunk.notify_waiters();
    }

    /// Whether there is nothing to write at the moment.
    pub(super) fn is_idle(&self) -> bool {
        self.queue().waiting() == 0
    }

    pub(super) fn is_finished(&self) -> bool {
        self.queue().is_finished()
    }

    pub(super) fn written(&self, bytes: usize) {
        self.taken.fetch_add(bytes as u64, Ordering::Relaxed);
        let mut queue = self.queue();
        queue.written(bytes);
        let has_sunk = queue.waiting() <= self.soft_mark;
        let has_taken = queue.owed() <= self.soft_mark && *self.paused.borrow();
        drop(queue);
        if has_sunk {
            self.sunk.notify_waiters();
        }
        if has_taken && let Some(wake) = self.wake.get() {
            wake.notify_one();
        }
    }

    /// Whether the peer takes what it is sent.
    pub(super) fn has_room(&self) -> bool {
        self.queue().waiting() <= self.soft_mark
    }

    /// Whether so much waits for the peer that it would soon be broken for it.
    pub(super) fn is_nearly_full(&self) -> bool {
        self.queue().unasked() > self.hard_mark / 2
    }

    /// Waits until it does, or until the connection is over.
    pub(super) async fn room(&self) {
        let mut state = self.state.subscribe();
        loop {
            let sunk = self.sunk.notified();
            if self.has_room() || matches!(*state.borrow_and_update(), LinkState::Over(_)) {
                return;
            }
            tokio::select! {
                () = sunk => {}
                _ = state.changed() => {}
            }
        }
    }

    pub(super) fn open(&self, version: i32) {
        self.set(LinkState::Open(version));
    }

    /// Notes why the connection is over; the first reason stays.
    pub(super) fn end(&self, error: Error) {
        self.set(LinkState::Over(error));
    }

    fn set(&self, new: LinkState) {
        self.state.send_if_modified(|state| {
            let over = matches!(state, LinkState::Over(_));
            if !over {
                *state = new;
            }
            !over
        });
        if self.over().is_some() {
            self.paused.send_replace(false);
        }
    }

    /// Waits until the root is connected and returns the version in force.
    pub(super) async fn opened(&self) -> Result<i32, Error> {
        let mut state = self.state.subscribe();
        loop {
            match &*state.borrow_and_update() {
                LinkState::Connecting => {}
                LinkState::Open(version) => return Ok(*version),
                LinkState::Over(error) => return Err(error.clone()),
            }
            // The sender is a field of this link.
            let _ = state.changed().await;
        }
    }

    pub(super) fn over(&self) -> Option<Error> {
        match &*self.state.borrow() {
            LinkState::Over(error) => Some(error.clone()),
            _ => None,
        }
    }

    /// Waits until the connection is over and says why.
    pub(super) async fn ended(&self) -> Error {
        let mut state = self.state.subscribe();
        loop {
            if let LinkState::Over(error) = &*state.borrow_and_update() {
                return error.clone();
            }
            let _ = state.changed().await;
        }
    }
}
