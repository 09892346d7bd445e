//! What questions and answers are: whether one may ask, and all that was said. It knows no
//! connections.

use std::collections::{BTreeMap, BTreeSet};

use psom::Scope;
use serde::{Deserialize, Serialize};

use crate::{
    qna::QnaBlob,
    server::{
        content_type::{Memory, Refusal, SavedValues},
        limits::MeetingLimits,
    },
    types::QnaOpenState,
};

/// The bytes of a call that puts a message, besides the message.
const CALL: usize = 16;

/// Which part of what is kept is the most that a user who does not moderate may put, and which the
/// most that all of them may: nobody uses it up for all, and there is room to answer however many
/// there are, since nothing that was put can be taken back.
const SHARE: usize = 10;
const SHARE_OF_ALL: usize = 2;

/// What was put, by some users or by one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    blobs: usize,
    /// On the wire: whoever joins is told of all at once.
    bytes: usize,
}

impl Sum {
    fn add(&mut self, blob: &str) {
        self.blobs += 1;
        self.bytes += CALL + psom::wire::encoded_bytes(blob);
    }

    /// Whether this and a further message are within a part of the limits.
    fn has_room(mut self, blob: &str, limits: &MeetingLimits, part: usize) -> bool {
        self.add(blob);
        self.blobs <= limits.blobs.div_ceil(part) && self.bytes <= limits.blob_bytes.div_ceil(part)
    }
}

/// Something that was put, as it is saved.
#[derive(Serialize, Deserialize)]
struct Put<T> {
    user: i64,
    moderates: bool,
    blob: T,
}

/// The durable state of questions and answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QnaState {
    pub(super) open: QnaOpenState,
    /// All that was put, in order.
    pub(super) blobs: Vec<String>,
    sum: Sum,
    /// What those have put who did not moderate: all of them, and each.
    audience: Sum,
    sums: BTreeMap<i64, Sum>,
    /// The identifiers of the questions. They are parts of what was put, so that its limit is
    /// theirs too.
    questions: BTreeSet<String>,
}

/// A change of questions and answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum QnaChange {
    /// They are open now, or suspended.
    Opened(QnaOpenState),
    /// The page of a user says something, who moderates or does not.
    Put { user: i64, moderates: bool, blob: String },
}

impl QnaState {
    pub(super) fn new() -> Self {
        Self {
            open: QnaOpenState::Open,
            blobs: Vec::new(),
            sum: Sum::default(),
            audience: Sum::default(),
            sums: BTreeMap::new(),
            questions: BTreeSet::new(),
        }
    }

    pub(super) fn apply(&mut self, change: &QnaChange) {
        match change {
            QnaChange::Opened(state) => self.open = *state,
            QnaChange::Put { user, moderates, blob } => {
                if let Some(QnaBlob::Question { id, .. }) = QnaBlob::read(blob) {
                    self.questions.insert(id);
                }
                self.sum.add(blob);
                if !moderates {
                    self.audience.add(blob);
                    self.sums.entry(*user).or_default().add(blob);
                }
                self.blobs.push(blob.clone());
            }
        }
    }

    /// Saves what a change has changed.
    pub(super) fn save(&self, scope: &mut Scope, memory: &Memory, change: &QnaChange) {
        match change {
            QnaChange::Opened(state) => memory.keep(scope, "qna", &i32::from(*state)),
            // So that they are read in their order.
            QnaChange::Put { user, moderates, blob } => {
                let key = format!("blob/{:08}", self.blobs.len());
                memory.keep(scope, &key, &Put { user: *user, moderates: *moderates, blob });
            }
        }
    }

    /// The state as it was saved.
    pub(super) fn restore(saved: &SavedValues<'_>) -> Result<Self, Refusal> {
        let mut state = Self::new();
        state.apply(&QnaChange::Opened(saved.required::<i32>("qna")?.into()));
        for (_, Put { user, moderates, blob }) in saved.below("blob")? {
            state.apply(&QnaChange::Put { user, moderates, blob });
        }
        Ok(state)
    }

    /// The number of questions.
    pub(super) fn count(&self) -> i32 {
        i32::try_from(self.questions.len()).unwrap_or(i32::MAX)
    }

    /// Whether there is room for it, and it can be passed on. Who moderates has all the room.
    pub(super) fn takes(
        &self,
        user: i64,
        moderates: bool,
        blob: &str,
        limits: &MeetingLimits,
    ) -> bool {
        let own = self.sums.get(&user).copied().unwrap_or_default();
        let may = |sum: Sum, part| sum.has_room(blob, limits, part);
        may(self.sum, 1)
            && (moderates || (may(self.audience, SHARE_OF_ALL) && may(own, SHARE)))
            && psom::wire::fits_in_string(blob)
    }
}
