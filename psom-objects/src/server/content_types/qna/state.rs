//! The durable state of questions and answers: the open state and all messages. It does not depend
//! on connections.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use psom::{DurableState, SavedValues};
use serde::{Deserialize, Serialize};

use crate::{
    qna::QnaBlob,
    server::{content_type::Refusal, durable, limits::MeetingLimits},
    types::QnaOpenState,
};

/// Upper bound on the bytes of a call of `cPutBlob` besides the encoded message.
const CALL_OVERHEAD_BYTES: usize = 16;

/// A user who does not moderate may use a tenth of the meeting's limits, so that one user cannot
/// use up the room of all.
const USER_DIVISOR: usize = 10;

/// All users who do not moderate may use half of the limits. Messages cannot be removed, so the
/// other half is reserved for moderators.
const AUDIENCE_DIVISOR: usize = 2;

/// The number and the size of messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    blobs: usize,
    /// The size on the wire, because a newcomer receives all messages at once.
    bytes: usize,
}

impl Sum {
    fn add(&mut self, blob: &str) {
        self.blobs += 1;
        self.bytes += CALL_OVERHEAD_BYTES + psom::wire::encoded_bytes(blob);
    }

    /// Reports whether a further message fits into a part of the limits.
    fn has_room(mut self, blob: &str, limits: &MeetingLimits, divisor: usize) -> bool {
        self.add(blob);
        self.blobs <= limits.blobs.div_ceil(divisor)
            && self.bytes <= limits.blob_bytes.div_ceil(divisor)
    }
}

/// A message from the page of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) user: i64,
    /// Whether the user moderated when they sent it.
    pub(super) moderates: bool,
    pub(super) blob: String,
}

/// The durable state of questions and answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QnaState {
    pub(super) open: QnaOpenState,
    /// All messages in their order.
    messages: Vec<Message>,
    sum: Sum,
    /// The messages of all users who did not moderate.
    audience: Sum,
    /// The messages of each user who did not moderate.
    sums: BTreeMap<i64, Sum>,
    /// The identifiers of the questions. They are parts of messages, so the limits of messages
    /// bound them too.
    questions: BTreeSet<String>,
}

/// A change of questions and answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum QnaChange {
    /// Opens or suspends them.
    Opened(QnaOpenState),
    /// Adds a message.
    Put(Message),
}

/// The key of a saved value of questions and answers.
#[derive(Debug)]
pub(super) enum QnaKey {
    OpenState,
    /// A message by its number, from 1.
    Message(usize),
}

impl fmt::Display for QnaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenState => f.write_str("qna"),
            // Eight digits, so that the order of the keys is the order of the messages.
            Self::Message(number) => write!(f, "blob/{number:08}"),
        }
    }
}

impl QnaState {
    pub(super) fn new() -> Self {
        Self {
            open: QnaOpenState::Open,
            messages: Vec::new(),
            sum: Sum::default(),
            audience: Sum::default(),
            sums: BTreeMap::new(),
            questions: BTreeSet::new(),
        }
    }

    fn put(&mut self, message: Message) {
        let Message { user, moderates, blob } = &message;
        if let Some(QnaBlob::Question { id, .. }) = QnaBlob::read(blob) {
            self.questions.insert(id);
        }
        self.sum.add(blob);
        if !moderates {
            self.audience.add(blob);
            self.sums.entry(*user).or_default().add(blob);
        }
        self.messages.push(message);
    }

    /// Removes the texts and names of a deleted question and its answers. Their messages stay, so that a
    /// newcomer receives the same number of messages and learns of the deletion.
    fn strip(&mut self, question: &str, touched: &mut Vec<QnaKey>) {
        for (number, message) in (1..).zip(&mut self.messages) {
            let Some(blob) = stripped(&message.blob, question) else { continue };
            let mut sums = vec![&mut self.sum];
            if !message.moderates {
                sums.push(&mut self.audience);
                sums.extend(self.sums.get_mut(&message.user));
            }
            for sum in sums {
                sum.bytes += psom::wire::encoded_bytes(&blob);
                sum.bytes -= psom::wire::encoded_bytes(&message.blob);
            }
            message.blob = blob;
            touched.push(QnaKey::Message(number));
        }
    }

    /// Restores the state from its saved values.
    pub(super) fn restore(saved: &SavedValues<'_>) -> Result<Self, Refusal> {
        let mut state = Self::new();
        state.open = saved.required::<i32>("qna")?.into();
        saved.below("blob")?.into_iter().for_each(|(_, message)| state.put(message));
        Ok(state)
    }

    /// Returns the texts of all messages in their order.
    pub(super) fn blobs(&self) -> impl ExactSizeIterator<Item = &str> {
        self.messages.iter().map(|message| &*message.blob)
    }

    /// Returns the number of questions.
    pub(super) fn count(&self) -> i32 {
        i32::try_from(self.questions.len()).unwrap_or(i32::MAX)
    }

    /// Reports whether a message fits into the limits and into a call. Only the meeting's own limits
    /// apply to moderators.
    pub(super) fn takes(
        &self,
        user: i64,
        moderates: bool,
        blob: &str,
        limits: &MeetingLimits,
    ) -> bool {
        let own = self.sums.get(&user).copied().unwrap_or_default();
        let fits = |sum: Sum, divisor| sum.has_room(blob, limits, divisor);
        fits(self.sum, 1)
            && (moderates || (fits(self.audience, AUDIENCE_DIVISOR) && fits(own, USER_DIVISOR)))
            && psom::wire::fits_in_string(blob)
    }
}

/// Returns a message about a question without its text and name, or `None` for other messages.
fn stripped(blob: &str, of: &str) -> Option<String> {
    let (text, by) = (String::new(), String::new());
    let stripped = match QnaBlob::read(blob)? {
        QnaBlob::Question { id, .. } if id == of => QnaBlob::Question { id, text, by },
        QnaBlob::Answer { question, .. } if question == of => {
            QnaBlob::Answer { question, text, by }
        }
        QnaBlob::Moderate { question, text: Some(_) } if question == of => {
            QnaBlob::Moderate { question, text: Some(text) }
        }
        _ => return None,
    };
    Some(stripped.write())
}

impl DurableState for QnaState {
    type Change = QnaChange;
    type Key = QnaKey;
    type Effect = ();

    fn apply(&mut self, change: QnaChange, touched: &mut Vec<QnaKey>) {
        match change {
            QnaChange::Opened(state) => {
                self.open = state;
                touched.push(QnaKey::OpenState);
            }
            QnaChange::Put(message) => {
                let deleted = match QnaBlob::read(&message.blob) {
                    Some(QnaBlob::Moderate { question, text: None }) => Some(question),
                    _ => None,
                };
                self.put(message);
                touched.push(QnaKey::Message(self.messages.len()));
                if let Some(question) = deleted {
                    self.strip(&question, touched);
                }
            }
        }
    }

    fn keys(&self) -> Vec<QnaKey> {
        let messages = (1..=self.messages.len()).map(QnaKey::Message);
        std::iter::once(QnaKey::OpenState).chain(messages).collect()
    }

    fn value(&self, key: &QnaKey) -> Option<String> {
        match key {
            QnaKey::OpenState => Some(durable::json(&i32::from(self.open))),
            QnaKey::Message(number) => self.messages.get(number.checked_sub(1)?).map(durable::json),
        }
    }
}
