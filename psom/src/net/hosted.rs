//! A client's connection on the task of its space.
//!
//! A space with one connection gains nothing from a second task: every message would have to wait until
//! another thread wakes up.
//!
//! The space and its connection wake each other for each message. If they used the waker of the task, the
//! runtime would put the task at the end of its queue and wake another thread to take it, at a cost of
//! several microseconds. The task therefore has a waker of its own, and polls again when it was woken while it
//! was polled.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use tokio::{runtime::Handle, sync::oneshot};

/// The future that moves the bytes of a connection.
pub(crate) type Moving = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The maximum number of polls in a row, before other tasks run. A call and its answer need two.
const MAX_POLLS: usize = 3;

/// The driver of a space, and the connection that runs on the same task.
pub(super) struct Hosted<D> {
    driver: Pin<Box<D>>,
    connection: HostedConnection,
    state: Arc<HostState>,
    /// The waker that the driver and the connection get.
    waker: Waker,
}

enum HostedConnection {
    Awaited(oneshot::Receiver<Moving>),
    Running(Moving),
    Ended,
}

impl<D> Hosted<D> {
    pub(super) fn new(driver: D, connection: oneshot::Receiver<Moving>) -> Self {
        let state = Arc::new(HostState::default());
        let waker = Waker::from(Arc::clone(&state));
        let connection = HostedConnection::Awaited(connection);
        Self { driver: Box::pin(driver), connection, state, waker }
    }
}

/// The waker of the task, and whether the task is being polled.
#[derive(Debug, Default)]
struct HostState {
    /// [`IDLE`], [`POLLED`] or [`WOKEN`].
    polling: AtomicU8,
    task: Mutex<Option<Waker>>,
}

/// The task is not being polled. A wake-up wakes the task.
const IDLE: u8 = 0;

/// The task is being polled, and was not woken since the poll began.
const POLLED: u8 = 1;

/// The task was woken while it was being polled, so it polls again.
const WOKEN: u8 = 2;

impl HostState {
    /// Sets the waker of the task.
    fn set_task(&self, waker: &Waker) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if !task.as_ref().is_some_and(|task| task.will_wake(waker)) {
            *task = Some(waker.clone());
        }
    }

    fn begin(&self) {
        self.polling.store(POLLED, Ordering::Release);
    }

    /// Ends the poll. Returns false if the task was woken meanwhile.
    fn end(&self) -> bool {
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        self.polling.compare_exchange(POLLED, IDLE, success, failure).is_ok()
    }
}

impl Wake for HostState {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        let woken = self.polling.compare_exchange(POLLED, WOKEN, success, failure);
        if woken == Err(IDLE) {
            let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(task) = task {
                task.wake();
            }
        }
    }
}

impl<D: Future<Output = ()>> Future for Hosted<D> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { driver, connection, state, waker } = &mut *self;
        state.set_task(cx.waker());
        let mut own = Context::from_waker(waker);
        for _ in 0..MAX_POLLS {
            state.begin();
            connection.poll(&mut own);
            if driver.as_mut().poll(&mut own).is_ready() {
                return Poll::Ready(());
            }
            if state.end() {
                return Poll::Pending;
            }
        }
        // Later wake-ups wake the task as well, which does no harm.
        state.polling.store(IDLE, Ordering::Release);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl HostedConnection {
    fn poll(&mut self, cx: &mut Context<'_>) {
        if let Self::Awaited(awaited) = self
            && let Poll::Ready(connection) = Pin::new(awaited).poll(cx)
        {
            *self = connection.map_or(Self::Ended, Self::Running);
        }
        if let Self::Running(connection) = self
            && connection.as_mut().poll(cx).is_ready()
        {
            *self = Self::Ended;
        }
    }
}

impl<D> Drop for Hosted<D> {
    /// Lets the connection write its last bytes, for example the Break after a panic of a handler.
    fn drop(&mut self) {
        let connection = std::mem::replace(&mut self.connection, HostedConnection::Ended);
        if let (HostedConnection::Running(connection), Ok(runtime)) =
            (connection, Handle::try_current())
        {
            runtime.spawn(connection);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::{future::poll_fn, sync::atomic::AtomicUsize};

    use super::*;

    /// Counts the wake-ups of the task.
    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Polls a task once whose driver wakes itself in its first `wake_ups` polls. Returns the number of polls of the
    /// driver, the number of wake-ups of the task until then, and the number after one wake-up from outside.
    fn poll_driver(wake_ups: usize) -> (usize, usize, usize) {
        let (polls, kept) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(None)));
        let (polled, keep) = (Arc::clone(&polls), Arc::clone(&kept));
        let driver = poll_fn(move |cx| {
            if polled.fetch_add(1, Ordering::Relaxed) < wake_ups {
                cx.waker().wake_by_ref();
            }
            *keep.lock().unwrap() = Some(cx.waker().clone());
            Poll::<()>::Pending
        });
        let task = Arc::new(Task::default());
        let waker = Waker::from(Arc::clone(&task));
        let mut hosted = Hosted::new(driver, oneshot::channel().1);
        assert!(Pin::new(&mut hosted).poll(&mut Context::from_waker(&waker)).is_pending());
        let woken = task.0.load(Ordering::Relaxed);
        kept.lock().unwrap().take().unwrap().wake();
        (polls.load(Ordering::Relaxed), woken, task.0.load(Ordering::Relaxed))
    }

    #[test]
    fn wake_up_during_a_poll_polls_again_without_waking_the_task() {
        assert_eq!(poll_driver(0), (1, 0, 1));
        assert_eq!(poll_driver(1), (2, 0, 1));
    }

    #[test]
    fn other_tasks_run_after_a_few_polls() {
        assert_eq!(poll_driver(usize::MAX), (MAX_POLLS, 1, 2));
    }
}
