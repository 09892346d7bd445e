use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Wake, Waker},
};

/// The tasks that wait to read and to write.
///
/// Reading a ping writes a pong, and a write can find that the peer has closed. So each task can wait
/// for either direction of the transport. A transport stores only the waker of the last poll. Every
/// poll passes this waker, which wakes both tasks.
#[derive(Debug, Default)]
pub(super) struct Wakers(Mutex<[Option<Waker>; 2]>);

/// A direction of a stream.
#[derive(Debug, Clone, Copy)]
pub(super) enum Direction {
    Read,
    Write,
}

impl Wakers {
    pub(super) fn register(&self, direction: Direction, waker: &Waker) {
        let slot = &mut self.wakers()[direction as usize];
        if !slot.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *slot = Some(waker.clone());
        }
    }

    fn wakers(&self) -> MutexGuard<'_, [Option<Waker>; 2]> {
        // A panic in `Waker::clone` leaves the slot valid.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let wakers = self.wakers().each_mut().map(Option::take);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}
