//! The queue of changes that wait to be written, in the order of the calls.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use psom::Write;
use tokio::sync::{Notify, oneshot};

use super::{error::Error, meeting_store::StoredMeeting};
use crate::shared::lock::lock;

/// Approximate size limit of a transaction in bytes, so that the log stays small and callers do not wait
/// long. A single change can be larger.
const MAX_TRANSACTION_BYTES: usize = 4 << 20;

/// Approximate bytes of a row beside its texts.
const ROW_OVERHEAD_BYTES: usize = 64;

/// A change of the store.
#[cfg_attr(
    not(feature = "postgres"),
    expect(dead_code, reason = "only a cluster needs the generations of queued changes")
)]
pub(super) enum StoreChange {
    Create(StoredMeeting, Generation),
    Delete(String, Generation),
    Commit(Arc<str>, Generation, Vec<Write>),
    /// Gives a meeting to another node, or to none.
    #[cfg(feature = "postgres")]
    HandOver(String, Generation, Option<String>),
    /// No change. It is done when all changes before it are.
    Barrier,
}

/// A change in the queue, with the channel for its answer.
pub(super) struct QueuedChange {
    pub(super) change: StoreChange,
    pub(super) done: oneshot::Sender<Result<(), Error>>,
}

/// Receives the answer when a change is durable or has failed.
pub(super) type Done = oneshot::Receiver<Result<(), Error>>;

/// Distinguishes the meetings that had the same ID one after another.
pub(super) type Generation = u64;

/// Accepts changes from any task, and hands them to one writer.
pub(super) struct WriteQueue {
    state: Mutex<QueueState>,
    /// Whether other servers can take meetings over.
    is_shared: bool,
    filled: Notify,
}

struct QueueState {
    changes: VecDeque<QueuedChange>,
    /// The meetings that will exist when all queued changes are written.
    meetings: HashMap<String, Generation>,
    last_generation: Generation,
    /// The reason why the queue accepts no more changes.
    end: Option<Error>,
}

impl WriteQueue {
    /// Returns an empty queue for a store with these meetings.
    pub(super) fn new(meetings: impl IntoIterator<Item = String>) -> Self {
        let meetings = meetings.into_iter().map(|id| (id, 0)).collect();
        let changes = VecDeque::new();
        let state = QueueState { changes, meetings, last_generation: 0, end: None };
        Self { state: Mutex::new(state), is_shared: false, filled: Notify::new() }
    }

    /// Returns the queue of a server that owns no meetings yet and shares its store with others.
    #[cfg(feature = "postgres")]
    pub(super) fn shared() -> Self {
        Self { is_shared: true, ..Self::new([]) }
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        lock(&self.state)
    }

    pub(super) fn create(&self, meeting: StoredMeeting) -> Result<Done, Error> {
        let mut state = self.state();
        if state.meetings.contains_key(&meeting.id) {
            return Err(Error::Exists(meeting.id));
        }
        let (id, generation) = (meeting.id.clone(), state.last_generation + 1);
        let done = self.push(&mut state, StoreChange::Create(meeting, generation))?;
        state.last_generation = generation;
        state.meetings.insert(id, generation);
        Ok(done)
    }

    pub(super) fn delete(&self, meeting: &str) -> Result<Done, Error> {
        let mut state = self.state();
        let Some(generation) = state.meetings.get(meeting).copied() else {
            return Err(Error::NoMeeting(meeting.into()));
        };
        let done = self.push(&mut state, StoreChange::Delete(meeting.into(), generation))?;
        state.meetings.remove(meeting);
        Ok(done)
    }

    /// Queues the writes of a journal, if its meeting still exists.
    pub(super) fn commit(
        &self,
        meeting: &Arc<str>,
        generation: Option<Generation>,
        writes: Vec<Write>,
    ) -> Result<Done, Error> {
        let mut state = self.state();
        let current = state.meetings.get(&**meeting).copied();
        match generation.filter(|_| current == generation) {
            Some(generation) => {
                let change = StoreChange::Commit(Arc::clone(meeting), generation, writes);
                self.push(&mut state, change)
            }
            // In a cluster, this journal lost its meeting to a take-over: the commits of a deleted
            // meeting have no waiting callers.
            None if self.is_shared && generation.is_some() => {
                Err(Error::Moved(meeting.to_string()))
            }
            None => Err(Error::NoMeeting(meeting.to_string())),
        }
    }

    /// Queues the end of this server's ownership of a meeting, after which it accepts no changes of it.
    #[cfg(feature = "postgres")]
    pub(super) fn hand_over(&self, meeting: &str, to: Option<String>) -> Result<Done, Error> {
        let mut state = self.state();
        let Some(generation) = state.meetings.get(meeting).copied() else {
            return Err(Error::NoMeeting(meeting.into()));
        };
        let done = self.push(&mut state, StoreChange::HandOver(meeting.into(), generation, to))?;
        state.meetings.remove(meeting);
        Ok(done)
    }

    /// Accepts changes of a meeting that this server has taken over.
    #[cfg(feature = "postgres")]
    pub(super) fn adopt(&self, meeting: &str) -> Generation {
        let mut state = self.state();
        state.last_generation += 1;
        let generation = state.last_generation;
        state.meetings.insert(meeting.into(), generation);
        generation
    }

    /// Accepts no more changes of a meeting that this server does not own any more.
    #[cfg(feature = "postgres")]
    pub(super) fn forget(&self, meeting: &str, generation: Generation) {
        let mut state = self.state();
        if state.meetings.get(meeting) == Some(&generation) {
            state.meetings.remove(meeting);
        }
    }

    /// Queues a barrier, which is done when all earlier changes are.
    pub(super) fn barrier(&self) -> Result<Done, Error> {
        self.push(&mut self.state(), StoreChange::Barrier)
    }

    pub(super) fn generation(&self, meeting: &str) -> Option<Generation> {
        self.state().meetings.get(meeting).copied()
    }

    fn push(&self, state: &mut QueueState, change: StoreChange) -> Result<Done, Error> {
        if let Some(end) = &state.end {
            return Err(end.clone());
        }
        let (done, receiver) = oneshot::channel();
        state.changes.push_back(QueuedChange { change, done });
        self.filled.notify_one();
        Ok(receiver)
    }

    /// Stops accepting changes. Queued changes are still written. Returns the reason for the end,
    /// which can be an earlier one.
    pub(super) fn end(&self, reason: Error) -> Error {
        let reason = self.state().end.get_or_insert(reason).clone();
        self.filled.notify_one();
        reason
    }

    /// Stops accepting changes, and answers all queued changes with this error.
    pub(super) fn fail(&self, error: &Error) {
        let mut state = self.state();
        state.end = Some(error.clone());
        for change in state.changes.drain(..) {
            // Sending fails if the caller has stopped waiting.
            let _ = change.done.send(Err(error.clone()));
        }
        drop(state);
        self.filled.notify_one();
    }

    /// Waits for changes, and takes as many as fit a transaction. Returns `None` when the queue has
    /// ended and is empty.
    pub(super) async fn take(&self) -> Option<Vec<QueuedChange>> {
        loop {
            {
                let mut state = self.state();
                let mut bytes = 0;
                let fits = |queued: &&QueuedChange| {
                    bytes += queued.change.bytes();
                    bytes <= MAX_TRANSACTION_BYTES
                };
                let count = state.changes.iter().take_while(fits).count().max(1);
                if !state.changes.is_empty() {
                    return Some(state.changes.drain(..count).collect());
                }
                if state.end.is_some() {
                    return None;
                }
            }
            self.filled.notified().await;
        }
    }
}

impl StoreChange {
    fn bytes(&self) -> usize {
        let Self::Commit(.., writes) = self else { return ROW_OVERHEAD_BYTES };
        let size = |write: &Write| {
            write.key.len() + write.value.as_ref().map_or(0, String::len) + ROW_OVERHEAD_BYTES
        };
        writes.iter().map(size).sum()
    }
}
