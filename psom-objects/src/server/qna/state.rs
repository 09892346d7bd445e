//! What questions and answers are: whether one may ask, and all that was said. It knows no
//! connections.

use std::collections::{BTreeMap, BTreeSet};

use psom::Scope;
use serde::{Deserialize, Serialize};

use crate::{
    qna::QnaBlob,
    server::{Limits, Memory, Recollection, Refusal},
    texts,
    types::QnaOpenState,
};

/// The bytes of a call that puts a message, besides the message.
const CALL: usize = 16;

/// Which part of what is kept is the most that a user who does not moderate may put, so that nobody
/// uses it up for all.
const SHARE: usize = 10;

/// What was put, by all or by one user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    blobs: usize,
    /// On the wire: whoever joins is told of all at once.
    bytes: usize,
}

impl Sum {
    fn add(&mut self, blob: &str) {
        self.blobs += 1;
        self.bytes += CALL + texts::wire_length(blob);
    }

    fn is_within(self, blobs: usize, bytes: usize) -> bool {
        self.blobs <= blobs && self.bytes <= bytes
    }
}

/// Something that was put, as it is saved.
#[derive(Serialize, Deserialize)]
struct Put<T> {
    user: i64,
    blob: T,
}

/// The durable state of questions and answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub(super) open: QnaOpenState,
    /// All that was put, in order.
    pub(super) blobs: Vec<String>,
    sum: Sum,
    /// What each user has put.
    sums: BTreeMap<i64, Sum>,
    /// The identifiers of the questions. They are parts of what was put, so that its limit is
    /// theirs too.
    questions: BTreeSet<String>,
}

/// A change of questions and answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// They are open now, or suspended.
    Opened(QnaOpenState),
    /// The page of a user says something.
    Put { user: i64, blob: String },
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            open: QnaOpenState::Open,
            blobs: Vec::new(),
            sum: Sum::default(),
            sums: BTreeMap::new(),
            questions: BTreeSet::new(),
        }
    }

    pub(super) fn apply(&mut self, change: &Change) {
        match change {
            Change::Opened(state) => self.open = *state,
            Change::Put { user, blob } => {
                if let Some(QnaBlob::Question { id, .. }) = QnaBlob::read(blob) {
                    self.questions.insert(id);
                }
                self.sum.add(blob);
                self.sums.entry(*user).or_default().add(blob);
                self.blobs.push(blob.clone());
            }
        }
    }

    /// Saves what a change has changed.
    pub(super) fn save(&self, scope: &mut Scope, memory: &Memory, change: &Change) {
        match change {
            Change::Opened(state) => memory.keep(scope, "qna", &i32::from(*state)),
            // So that they are read in their order.
            Change::Put { user, blob } => {
                let key = format!("blob/{:08}", self.blobs.len());
                memory.keep(scope, &key, &Put { user: *user, blob });
            }
        }
    }

    /// The state as it was saved.
    pub(super) fn restore(saved: &Recollection<'_>) -> Result<Self, Refusal> {
        let mut state = Self::new();
        state.apply(&Change::Opened(saved.must::<i32>("qna")?.into()));
        for (_, Put { user, blob }) in saved.below("blob")? {
            state.apply(&Change::Put { user, blob });
        }
        Ok(state)
    }

    /// The number of questions.
    pub(super) fn count(&self) -> i32 {
        i32::try_from(self.questions.len()).unwrap_or(i32::MAX)
    }

    /// Whether there is room for it, and it can be passed on. Who moderates has all the room.
    pub(super) fn takes(&self, user: i64, moderates: bool, blob: &str, limits: &Limits) -> bool {
        let (mut all, mut own) = (self.sum, self.sums.get(&user).copied().unwrap_or_default());
        all.add(blob);
        own.add(blob);
        let share = (limits.blobs.div_ceil(SHARE), limits.blob_bytes.div_ceil(SHARE));
        all.is_within(limits.blobs, limits.blob_bytes)
            && (moderates || own.is_within(share.0, share.1))
            && texts::fits_in_a_call(blob)
    }
}
