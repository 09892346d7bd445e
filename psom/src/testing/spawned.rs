//! Runs the futures that handlers spawn, on the thread of the test.

use std::{
    pin::Pin,
    sync::{Arc, Condvar, Mutex, PoisonError},
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

/// The time that a test waits for an event outside of it, such as the end of a disk access. A test that
/// waits longer has failed.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// Rings when a future can continue.
#[derive(Default)]
pub(super) struct Bell {
    rung: Mutex<bool>,
    ringing: Condvar,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ringing.notify_all();
    }
}

impl Bell {
    /// Polls a future once, within a tokio runtime.
    pub(super) fn poll<F: Future + ?Sized>(
        self: &Arc<Self>,
        future: Pin<&mut F>,
    ) -> Poll<F::Output> {
        #[cfg(feature = "tokio")]
        let _context = runtime::enter();
        let waker = Waker::from(Arc::clone(self));
        future.poll(&mut Context::from_waker(&waker))
    }

    /// Waits until a future that was polled can continue.
    #[expect(clippy::panic, reason = "a test whose futures never end has failed")]
    pub(super) fn wait(&self) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = self.ringing.wait_timeout_while(rung, MAX_WAIT, |rung| !*rung);
        let (mut rung, timeout) = waiting.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            panic!("a handler or a spawned future waits for something that never happens");
        }
        *rung = false;
    }

    /// Polls a future until it is ready.
    pub(super) fn finish<F: Future>(self: &Arc<Self>, future: F) -> F::Output {
        let mut future = std::pin::pin!(future);
        loop {
            match self.poll(future.as_mut()) {
                Poll::Ready(result) => return result,
                Poll::Pending => self.wait(),
            }
        }
    }
}

/// The runtime that drives timers and disk accesses of spawned futures. It has a thread of its own, so
/// that a test which blocks the thread of its own runtime does not stop it.
#[cfg(feature = "tokio")]
mod runtime {
    use std::{sync::OnceLock, thread};

    use tokio::runtime::{Builder, EnterGuard, Handle};

    static RUNTIME: OnceLock<Handle> = OnceLock::new();

    #[expect(clippy::expect_used, reason = "a test without threads cannot run")]
    pub(super) fn enter() -> EnterGuard<'static> {
        let runtime = RUNTIME.get_or_init(|| {
            let runtime = Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("the system has resources for a runtime");
            let handle = runtime.handle().clone();
            thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
            handle
        });
        runtime.enter()
    }
}
