//! What waits to be written, in the order of the calls.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use psom::Write;
use tokio::sync::{Notify, oneshot};

use super::{Error, StoredMeeting};

/// Roughly the bytes of a transaction; a single change may be larger.
const GROUP: usize = 4 << 20;
/// Roughly what a write takes besides its texts.
const OVERHEAD: usize = 64;

/// A change of the store.
pub(super) enum Change {
    Create(StoredMeeting),
    Delete(String),
    Commit(Arc<str>, Vec<Write>),
    /// Is done when everything before it is.
    Nothing,
}

/// A change, and who waits for it.
pub(super) struct Waiting {
    pub(super) change: Change,
    pub(super) done: oneshot::Sender<Result<(), Error>>,
}

/// Is told when a change is durable, or why it is not.
pub(super) type Done = oneshot::Receiver<Result<(), Error>>;

/// Which of the meetings that had an identifier one after another.
pub(super) type Incarnation = u64;

/// Takes changes at any time and gives them to one writer.
pub(super) struct Queue {
    state: Mutex<State>,
    filled: Notify,
}

struct State {
    waiting: VecDeque<Waiting>,
    /// The meetings that there are once everything that waits is written.
    meetings: HashMap<String, Incarnation>,
    incarnations: Incarnation,
    /// Why nothing is taken any more.
    end: Option<Error>,
}

impl Queue {
    pub(super) fn new(meetings: impl IntoIterator<Item = String>) -> Self {
        let meetings = meetings.into_iter().map(|id| (id, 0)).collect();
        let state = State { waiting: VecDeque::new(), meetings, incarnations: 0, end: None };
        Self { state: Mutex::new(state), filled: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn create(&self, meeting: StoredMeeting) -> Result<Done, Error> {
        let mut state = self.state();
        if state.meetings.contains_key(&meeting.id) {
            return Err(Error::Exists(meeting.id));
        }
        let id = meeting.id.clone();
        let done = self.push(&mut state, Change::Create(meeting))?;
        state.incarnations += 1;
        let incarnation = state.incarnations;
        state.meetings.insert(id, incarnation);
        Ok(done)
    }

    pub(super) fn delete(&self, meeting: &str) -> Result<Done, Error> {
        let mut state = self.state();
        if !state.meetings.contains_key(meeting) {
            return Err(Error::NoMeeting(meeting.into()));
        }
        let done = self.push(&mut state, Change::Delete(meeting.into()))?;
        state.meetings.remove(meeting);
        Ok(done)
    }

    /// Takes what a journal commits, while its meeting is the one that it was made for.
    pub(super) fn commit(
        &self,
        meeting: &Arc<str>,
        incarnation: Option<Incarnation>,
        writes: Vec<Write>,
    ) -> Result<Done, Error> {
        let mut state = self.state();
        if incarnation.is_none() || state.meetings.get(&**meeting).copied() != incarnation {
            return Err(Error::NoMeeting(meeting.to_string()));
        }
        self.push(&mut state, Change::Commit(meeting.clone(), writes))
    }

    /// Is done when all that was taken so far is.
    pub(super) fn settle(&self) -> Result<Done, Error> {
        self.push(&mut self.state(), Change::Nothing)
    }

    pub(super) fn incarnation(&self, meeting: &str) -> Option<Incarnation> {
        self.state().meetings.get(meeting).copied()
    }

    fn push(&self, state: &mut State, change: Change) -> Result<Done, Error> {
        if let Some(end) = &state.end {
            return Err(end.clone());
        }
        let (done, waits) = oneshot::channel();
        state.waiting.push_back(Waiting { change, done });
        self.filled.notify_one();
        Ok(waits)
    }

    /// Takes nothing more; what was taken stays. Returns why it has ended, which may be earlier.
    pub(super) fn end(&self, why: Error) -> Error {
        let why = self.state().end.get_or_insert(why).clone();
        self.filled.notify_one();
        why
    }

    /// Everything that waits fails, and everything that comes.
    pub(super) fn fail(&self, why: &Error) {
        let mut state = self.state();
        state.end = Some(why.clone());
        for waiting in state.waiting.drain(..) {
            // Who is not there any more needs no answer.
            let _ = waiting.done.send(Err(why.clone()));
        }
    }

    /// What waits, as much as a transaction may have. Nothing when there will be no more.
    pub(super) async fn take(&self) -> Option<Vec<Waiting>> {
        loop {
            {
                let mut state = self.state();
                let mut bytes = 0;
                let fits = |waiting: &&Waiting| {
                    bytes += waiting.change.bytes();
                    bytes <= GROUP
                };
                let count = state.waiting.iter().take_while(fits).count().max(1);
                if !state.waiting.is_empty() {
                    return Some(state.waiting.drain(..count).collect());
                }
                if state.end.is_some() {
                    return None;
                }
            }
            self.filled.notified().await;
        }
    }
}

impl Change {
    fn bytes(&self) -> usize {
        let Self::Commit(_, writes) = self else { return OVERHEAD };
        let size = |write: &Write| {
            write.key.len() + write.value.as_ref().map_or(0, String::len) + OVERHEAD
        };
        writes.iter().map(size).sum()
    }
}
