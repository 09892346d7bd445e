//! What questions and answers are: whether one may ask, and all that was said. It knows no
//! connections.

use std::collections::BTreeSet;

use psom::Scope;

use crate::{
    qna::QnaBlob,
    server::{Limits, Memory, Recollection, Refusal, texts},
    types::QnaOpenState,
};

/// The durable state of questions and answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub(super) open: QnaOpenState,
    /// All that was put, in order.
    pub(super) blobs: Vec<String>,
    /// The bytes of all that was put.
    bytes: usize,
    /// The identifiers of the questions. They are parts of what was put, so that its limit is
    /// theirs too.
    questions: BTreeSet<String>,
}

/// A change of questions and answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// They are open now, or suspended.
    Opened(QnaOpenState),
    /// Somebody's page says something.
    Put(String),
}

impl State {
    pub(super) fn new() -> Self {
        let (blobs, questions) = (Vec::new(), BTreeSet::new());
        Self { open: QnaOpenState::Open, blobs, bytes: 0, questions }
    }

    pub(super) fn apply(&mut self, change: &Change) {
        match change {
            Change::Opened(state) => self.open = *state,
            Change::Put(blob) => {
                if let Some(QnaBlob::Question { id, .. }) = QnaBlob::read(blob) {
                    self.questions.insert(id);
                }
                self.bytes += blob.len();
                self.blobs.push(blob.clone());
            }
        }
    }

    /// Saves what a change has changed.
    pub(super) fn save(&self, scope: &mut Scope, memory: &Memory, change: &Change) {
        match change {
            Change::Opened(state) => memory.save(scope, "qna", &i32::from(*state)),
            // So that they are read in their order.
            Change::Put(blob) => memory.save(scope, &format!("blob/{:08}", self.blobs.len()), blob),
        }
    }

    /// The state as it was saved.
    pub(super) fn restore(saved: &Recollection<'_>) -> Result<Self, Refusal> {
        let mut state = Self::new();
        state.apply(&Change::Opened(saved.must::<i32>("qna")?.into()));
        for (_, blob) in saved.below("blob")? {
            state.apply(&Change::Put(blob));
        }
        Ok(state)
    }

    /// The number of questions.
    pub(super) fn count(&self) -> i32 {
        i32::try_from(self.questions.len()).unwrap_or(i32::MAX)
    }

    /// Whether there is room for it, and it can be passed on.
    pub(super) fn takes(&self, blob: &str, limits: &Limits) -> bool {
        self.blobs.len() < limits.blobs
            && self.bytes + blob.len() <= limits.blob_bytes
            && texts::fits_in_a_call(blob)
    }
}
