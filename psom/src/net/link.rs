use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::sync::{Notify, watch};

use super::outbox::{Outbox, Writing};
use crate::{Error, hub::Chunk, space::ConnectionKey};

/// The state of one connection that its space's task, its own task and the program share.
#[derive(Debug)]
pub(super) struct Link {
    outbox: Mutex<Outbox>,
    /// Wakes the connection's task when the outbox is no longer empty.
    filled: Notify,
    /// The bytes that the transport has accepted since the last report.
    written: AtomicUsize,
    /// Whether a report is on its way.
    reporting: AtomicBool,
    reports: Arc<Reports>,
    state: watch::Sender<LinkState>,
    /// Set when the program lets go of the connection.
    closing: Notify,
    /// Lets calls from outside the space through one after the other.
    pub(super) gate: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct LinkState {
    /// The version of the root's interface in force, once the root is connected.
    version: Option<i32>,
    /// Whether more bytes wait for the peer than the soft limit.
    congested: bool,
    /// Whether the peer is not read.
    paused: bool,
    /// Why the connection has ended, once it has.
    over: Option<Error>,
    /// Whether the transport is closed.
    done: bool,
}

/// The connections of one space whose transports have accepted many bytes.
#[derive(Debug)]
pub(super) struct Reports {
    keys: Mutex<Vec<ConnectionKey>>,
    pub(super) filled: Notify,
    /// A connection reports when its transport has accepted this many bytes.
    bytes: usize,
}

/// Closes its connection when it is dropped.
#[derive(Debug)]
pub(super) struct Closer(pub(super) Arc<Link>);

impl Drop for Closer {
    fn drop(&mut self) {
        self.0.closing.notify_one();
    }
}

impl Reports {
    pub(super) fn new(bytes: usize) -> Self {
        Self { keys: Mutex::default(), filled: Notify::new(), bytes }
    }

    fn keys(&self) -> MutexGuard<'_, Vec<ConnectionKey>> {
        // Nothing panics while it holds the list.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the connections that have something to report to `keys`.
    pub(super) fn take(&self, keys: &mut Vec<ConnectionKey>) {
        keys.append(&mut self.keys());
    }
}

impl Link {
    pub(super) fn new(reports: Arc<Reports>) -> Self {
        Self {
            outbox: Mutex::default(),
            filled: Notify::new(),
            written: AtomicUsize::new(0),
            reporting: AtomicBool::new(false),
            reports,
            state: watch::Sender::default(),
            closing: Notify::new(),
            gate: tokio::sync::Mutex::default(),
        }
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        // Nothing panics while it holds the outbox.
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives bytes to the connection's task.
    pub(super) fn send(&self, chunk: Chunk<'_>) {
        if self.outbox().push(chunk) {
            self.filled.notify_one();
        }
    }

    /// Ends the connection: its task closes the transport behind what was sent.
    pub(super) fn close(&self, error: Error) {
        self.outbox().finish();
        self.filled.notify_one();
        self.state.send_modify(|state| {
            state.over.get_or_insert(error);
        });
    }

    /// Waits for bytes to write. Reports `false` when everything is written and nothing follows.
    pub(super) async fn next(&self, writing: &mut Writing) -> bool {
        loop {
            {
                let mut outbox = self.outbox();
                if outbox.take(writing) {
                    return true;
                }
                if outbox.is_finished() {
                    return false;
                }
            }
            writing.free_buffer();
            self.filled.notified().await;
        }
    }

    /// Whether there is nothing to write at the moment.
    pub(super) fn is_idle(&self) -> bool {
        self.outbox().is_empty()
    }

    /// Notes that the transport has accepted bytes, and reports them if they are many.
    pub(super) fn written(&self, key: ConnectionKey, bytes: usize) {
        let written = self.written.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if written >= self.reports.bytes && !self.reporting.swap(true, Ordering::Relaxed) {
            self.reports.keys().push(key);
            self.reports.filled.notify_one();
        }
    }

    /// Returns the accepted bytes that were not reported yet.
    pub(super) fn take_written(&self) -> usize {
        self.reporting.store(false, Ordering::Relaxed);
        self.written.swap(0, Ordering::Relaxed)
    }

    pub(super) fn set_paused(&self, paused: bool) {
        self.state.send_modify(|state| state.paused = paused);
    }

    pub(super) fn set_congested(&self, congested: bool) {
        self.state.send_modify(|state| state.congested = congested);
    }

    pub(super) fn open(&self, version: i32) {
        self.state.send_modify(|state| state.version = Some(version));
    }

    /// Notes that the transport is closed.
    pub(super) fn set_done(&self) {
        self.state.send_modify(|state| state.done = true);
    }

    /// Waits until the peer is read again, or the connection has ended.
    pub(super) async fn reading(&self) {
        if self.state.borrow().is_paused() {
            self.wait(|state| !state.is_paused()).await;
        }
    }

    /// Waits until the program lets go of the connection.
    pub(super) async fn closing(&self) {
        self.closing.notified().await;
    }

    /// Waits until the transport is closed.
    pub(super) async fn done(&self) {
        self.wait(|state| state.done).await;
    }

    /// Whether calls from outside may be sent.
    pub(super) fn has_room(&self) -> bool {
        !self.state.borrow().congested
    }

    /// Waits until they may, or until the connection has ended.
    pub(super) async fn room(&self) {
        self.wait(|state| !state.congested || state.over.is_some()).await;
    }

    /// Waits until the root is connected and returns the version in force.
    pub(super) async fn opened(&self) -> Result<i32, Error> {
        self.wait(|state| state.version.is_some() || state.over.is_some()).await;
        let state = self.state.borrow();
        match (&state.over, state.version) {
            (None, Some(version)) => Ok(version),
            (over, _) => Err(over.clone().unwrap_or(Error::Closed)),
        }
    }

    /// Why the connection has ended, if it has.
    pub(super) fn over(&self) -> Option<Error> {
        self.state.borrow().over.clone()
    }

    /// Waits until the connection has ended and returns the reason.
    pub(super) async fn ended(&self) -> Error {
        self.wait(|state| state.over.is_some()).await;
        self.over().unwrap_or(Error::Closed)
    }

    async fn wait(&self, condition: impl FnMut(&LinkState) -> bool) {
        // The sender is a field of this link.
        let _ = self.state.subscribe().wait_for(condition).await;
    }
}

impl LinkState {
    fn is_paused(&self) -> bool {
        self.paused && self.over.is_none()
    }
}
