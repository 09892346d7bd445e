//! The calls that a program makes from outside a space.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::{hub::CallResult, space::RemoteCall};

/// The maximum number of calls that wait for a space. It is large enough that a program that makes calls in
/// a loop seldom wakes the space.
const MAX_WAITING_CALLS: usize = 1024;

/// The maximum number of bytes in these calls.
const MAX_WAITING_BYTES: usize = 256 * 1024;

/// The calls that a space has not taken yet, in order.
///
/// A message for each call would cost more than the call. Here, only the first call of a series announces
/// itself to the space, which then takes all calls of the series.
#[derive(Debug, Default)]
pub(crate) struct CallQueue {
    waiting: Mutex<WaitingCalls>,
    /// Notified when the calls of a full queue were taken.
    taken: Notify,
}

#[derive(Default)]
struct WaitingCalls {
    calls: Vec<QueuedCall>,
    bytes: usize,
}

/// A call, and the function that receives its result.
pub(crate) type QueuedCall = (RemoteCall, Option<CallResult>);

impl WaitingCalls {
    fn is_full(&self) -> bool {
        self.calls.len() >= MAX_WAITING_CALLS || self.bytes >= MAX_WAITING_BYTES
    }
}

impl std::fmt::Debug for WaitingCalls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WaitingCalls").field("calls", &self.calls.len()).finish_non_exhaustive()
    }
}

impl CallQueue {
    fn waiting(&self) -> MutexGuard<'_, WaitingCalls> {
        // No code panics while it holds the lock.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a call. If it is the first one, it is announced with `announce` before another call can be
    /// added; without success, it is returned.
    pub(crate) fn add(
        &self,
        call: QueuedCall,
        announce: impl FnOnce() -> bool,
    ) -> Result<(), QueuedCall> {
        let mut waiting = self.waiting();
        if waiting.is_full() || waiting.calls.is_empty() && !announce() {
            return Err(call);
        }
        waiting.bytes += call.0.size();
        waiting.calls.push(call);
        Ok(())
    }

    /// Waits until the queue is not full.
    pub(crate) async fn room(&self) {
        loop {
            let taken = self.taken.notified();
            if !self.waiting().is_full() {
                return;
            }
            taken.await;
        }
    }

    /// Moves the calls to `calls`, which must be empty.
    pub(crate) fn take(&self, calls: &mut Vec<QueuedCall>) {
        let mut waiting = self.waiting();
        let was_full = waiting.is_full();
        waiting.bytes = 0;
        std::mem::swap(&mut waiting.calls, calls);
        drop(waiting);
        if was_full {
            self.taken.notify_one();
        }
    }
}
