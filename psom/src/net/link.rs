use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::sync::{Notify, watch};

use super::{
    call_queue::CallQueue,
    write_buffer::{WriteBuffer, Writing},
};
use crate::{Error, hub::Chunk, space::ConnectionKey};

/// The state of one connection that its space's task, its own task and the program share.
#[derive(Debug)]
pub(crate) struct Link {
    buffer: Mutex<WriteBuffer>,
    /// Wakes the connection's task when the buffer is no longer empty.
    filled: Notify,
    /// The bytes that the transport has accepted since the last report.
    written: AtomicUsize,
    /// True if the connection is in the list of reports.
    reporting: AtomicBool,
    reports: Arc<Reports>,
    state: watch::Sender<LinkState>,
    /// Notified when the program drops the connection.
    closing: Notify,
    /// The calls from outside the space that the space has not taken yet.
    pub(crate) calls: CallQueue,
    /// Serializes calls from outside the space that have to wait.
    pub(crate) gate: tokio::sync::Mutex<()>,
    /// False while the bytes that wait for the peer exceed the soft limit, and from the end of the
    /// connection. The same as in `state`, for a fast check.
    has_room: AtomicBool,
    /// The same as in `state`.
    is_paused: AtomicBool,
    /// True from the end of the connection. The same as in `state`.
    is_over: AtomicBool,
}

#[derive(Debug, Default)]
struct LinkState {
    /// The negotiated version of the root's interface, after the root is connected.
    version: Option<i32>,
    /// True if the bytes that wait for the peer exceed the soft limit.
    congested: bool,
    /// True if reading is paused.
    paused: bool,
    /// The reason why the connection has ended, if it has.
    over: Option<Error>,
    /// True if the transport is closed.
    done: bool,
}

/// The connections of one space that must report written bytes.
#[derive(Debug)]
pub(crate) struct Reports {
    keys: Mutex<Vec<ConnectionKey>>,
    pub(super) filled: Notify,
    /// The number of written bytes after which a connection reports.
    bytes: usize,
}

/// Closes its connection when it is dropped.
#[derive(Debug)]
pub(crate) struct Closer(pub(crate) Arc<Link>);

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
        // No code panics while it holds the lock.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the connections that must report to `keys`.
    pub(super) fn take(&self, keys: &mut Vec<ConnectionKey>) {
        keys.append(&mut self.keys());
    }
}

impl Link {
    pub(crate) fn new(reports: Arc<Reports>) -> Self {
        Self {
            buffer: Mutex::default(),
            filled: Notify::new(),
            written: AtomicUsize::new(0),
            reporting: AtomicBool::new(false),
            reports,
            state: watch::Sender::default(),
            closing: Notify::new(),
            calls: CallQueue::default(),
            gate: tokio::sync::Mutex::default(),
            has_room: AtomicBool::new(true),
            is_paused: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
        }
    }

    fn buffer(&self) -> MutexGuard<'_, WriteBuffer> {
        // No code panics while it holds the lock.
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes bytes to the connection's task. [`wake`](Self::wake) must follow: all bytes that are passed
    /// before it are written together. Returns `true` if no other bytes waited.
    pub(super) fn send(&self, chunk: Chunk<'_>) -> bool {
        self.buffer().push(chunk)
    }

    /// Wakes the connection's task to write the bytes that were passed.
    pub(super) fn wake(&self) {
        self.filled.notify_one();
    }

    /// Ends the connection: its task closes the transport after all bytes are written.
    pub(super) fn close(&self, error: Error) {
        self.buffer().finish();
        self.filled.notify_one();
        self.state.send_modify(|state| {
            state.over.get_or_insert(error);
            self.has_room.store(false, Ordering::Release);
            self.is_over.store(true, Ordering::Release);
        });
    }

    /// Waits for bytes to write. Returns false when all bytes are written and the connection has
    /// ended.
    pub(super) async fn next(&self, writing: &mut Writing) -> bool {
        loop {
            {
                let mut buffer = self.buffer();
                if buffer.take(writing) {
                    return true;
                }
                if buffer.is_finished() {
                    return false;
                }
            }
            writing.free_buffer();
            self.filled.notified().await;
        }
    }

    /// Reports whether there are no bytes to write.
    pub(super) fn is_idle(&self) -> bool {
        self.buffer().is_empty()
    }

    /// Counts bytes that the transport has accepted, and reports them above a threshold.
    pub(super) fn written(&self, key: ConnectionKey, bytes: usize) {
        let written = self.written.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if written >= self.reports.bytes && !self.reporting.swap(true, Ordering::Relaxed) {
            self.reports.keys().push(key);
            self.reports.filled.notify_one();
        }
    }

    /// Returns the number of accepted bytes since the last call.
    pub(super) fn take_written(&self) -> usize {
        self.reporting.store(false, Ordering::Relaxed);
        self.written.swap(0, Ordering::Relaxed)
    }

    pub(super) fn set_paused(&self, paused: bool) {
        self.state.send_modify(|state| {
            state.paused = paused;
            self.is_paused.store(paused, Ordering::Release);
        });
    }

    pub(super) fn set_congested(&self, congested: bool) {
        self.state.send_modify(|state| {
            state.congested = congested;
            self.has_room.store(!congested && state.over.is_none(), Ordering::Release);
        });
    }

    pub(super) fn open(&self, version: i32) {
        self.state.send_modify(|state| state.version = Some(version));
    }

    /// Sets that the transport is closed.
    pub(super) fn set_done(&self) {
        self.state.send_modify(|state| state.done = true);
    }

    /// Waits until the peer is read again, or the connection has ended.
    pub(super) async fn reading(&self) {
        if self.is_paused.load(Ordering::Acquire) {
            self.wait(|state| !state.is_paused()).await;
        }
    }

    /// Waits until the program drops the connection.
    pub(super) async fn closing(&self) {
        self.closing.notified().await;
    }

    /// Waits until the transport is closed.
    pub(crate) async fn done(&self) {
        self.wait(|state| state.done).await;
    }

    /// Reports whether calls from outside may be sent: the connection has not ended, and the send queue
    /// is below its soft limit.
    pub(crate) fn has_room(&self) -> bool {
        self.has_room.load(Ordering::Acquire)
    }

    /// Waits until calls may be sent or the connection has ended.
    pub(crate) async fn room(&self) {
        self.wait(|state| !state.congested || state.over.is_some()).await;
    }

    /// Waits until the root is connected and returns the negotiated version.
    pub(crate) async fn opened(&self) -> Result<i32, Error> {
        self.wait(|state| state.version.is_some() || state.over.is_some()).await;
        let state = self.state.borrow();
        match (&state.over, state.version) {
            (None, Some(version)) => Ok(version),
            (over, _) => Err(over.clone().unwrap_or(Error::Closed)),
        }
    }

    /// Reports whether the connection has ended.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// Returns the reason why the connection has ended, if it has.
    pub(crate) fn over(&self) -> Option<Error> {
        self.state.borrow().over.clone()
    }

    /// Waits until the connection has ended and returns the reason.
    pub(crate) async fn ended(&self) -> Error {
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
