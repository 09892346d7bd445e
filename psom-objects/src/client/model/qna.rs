use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::set::set;
use crate::{client::json, types::QnaOpenState};

/// Upper bounds on the messages that a model keeps. Both are far above the limits of this library's
/// server.
const MAX_MESSAGES: usize = 20_000;
const MAX_MESSAGE_BYTES: usize = 8 << 20;

/// Questions and answers (section 3.2.4.1.13): the messages that have the form of
/// [`QnaBlob`](crate::qna::QnaBlob), and all others.
///
/// A model keeps at most 20,000 messages with at most 8 MiB.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QnaModel {
    /// Whether users can ask and answer.
    pub state: Option<QnaOpenState>,
    /// The number of questions that the server has counted.
    pub count: i32,
    /// The questions in the order in which they were asked.
    pub questions: Vec<Question>,
    /// Messages in other forms, in the order in which they arrived.
    pub others: Vec<String>,
    /// The index of each question, by its identifier.
    index_by_id: BTreeMap<String, usize>,
    /// The identifiers of deleted questions, which no other question gets.
    deleted: BTreeSet<String>,
    kept_messages: usize,
    kept_bytes: usize,
}

/// A question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Question {
    /// The identifier.
    pub id: String,
    /// The question.
    pub text: String,
    /// The name of the author; may be empty.
    pub by: String,
    /// The answers in the order in which they were given.
    pub answers: Vec<Answer>,
}

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The answer.
    pub text: String,
    /// The name of the author; may be empty.
    pub by: String,
}

/// A change of questions and answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields have the names and the meaning of the model's")]
pub enum QnaEvent {
    /// Users can ask and answer, or no longer can.
    #[serde(rename = "qnaState")]
    State {
        #[serde(serialize_with = "json::text")]
        state: QnaOpenState,
    },
    /// The number of questions that the server has counted.
    #[serde(rename = "qnaCount")]
    Count { count: i32 },
    /// A question.
    #[serde(rename = "qnaQuestion")]
    Question { id: String, text: String, by: String },
    /// An answer to the question with this identifier.
    #[serde(rename = "qnaAnswer")]
    Answer { question: String, text: String, by: String },
    /// A moderator has changed the question with this identifier; without a text, it is deleted.
    #[serde(rename = "qnaModerated")]
    Moderated { question: String, text: Option<String> },
    /// A message in another form.
    #[serde(rename = "qnaBlob")]
    Blob { blob: String },
}

impl QnaModel {
    /// Reports whether users can ask and answer.
    pub fn is_open(&self) -> bool {
        self.state == Some(QnaOpenState::Open)
    }

    /// Returns the question with this identifier.
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.get(*self.index_by_id.get(id)?)
    }

    /// Applies an event. Returns whether it changed the model.
    pub fn apply(&mut self, event: &QnaEvent) -> bool {
        match event {
            QnaEvent::State { state } => set(&mut self.state, Some(*state)),
            QnaEvent::Count { count } => set(&mut self.count, *count),
            QnaEvent::Question { id, text, by } => {
                // A later question with the identifier of an earlier one is ignored.
                let is_known = self.index_by_id.contains_key(id) || self.deleted.contains(id);
                if is_known || !self.reserve(&[id, id, text, by]) {
                    return false;
                }
                self.index_by_id.insert(id.clone(), self.questions.len());
                let (id, text, by) = (id.clone(), text.clone(), by.clone());
                self.questions.push(Question { id, text, by, answers: Vec::new() });
                true
            }
            QnaEvent::Answer { question, text, by } => {
                let Some(index) = self.index_by_id.get(question).copied() else { return false };
                if !self.reserve(&[text, by]) {
                    return false;
                }
                let (text, by) = (text.clone(), by.clone());
                self.questions[index].answers.push(Answer { text, by });
                true
            }
            QnaEvent::Moderated { question, text } => {
                let Some(index) = self.index_by_id.get(question).copied() else { return false };
                match text {
                    Some(text) if self.reserve(&[text]) => {
                        self.questions[index].text.clone_from(text);
                    }
                    Some(_) => return false,
                    None => self.delete(index),
                }
                true
            }
            QnaEvent::Blob { blob } => {
                let fits = self.reserve(&[blob]);
                if fits {
                    self.others.push(blob.clone());
                }
                fits
            }
        }
    }

    /// Deletes a question with its answers.
    fn delete(&mut self, index: usize) {
        let question = self.questions.remove(index);
        self.index_by_id.remove(&question.id);
        self.deleted.insert(question.id);
        for later in self.index_by_id.values_mut().filter(|later| **later > index) {
            *later -= 1;
        }
    }

    /// Counts a message against the upper bounds. Returns false if it does not fit.
    fn reserve(&mut self, texts: &[&str]) -> bool {
        let bytes = self.kept_bytes + texts.iter().map(|text| text.len()).sum::<usize>();
        let fits = self.kept_messages < MAX_MESSAGES && bytes <= MAX_MESSAGE_BYTES;
        if fits {
            (self.kept_messages, self.kept_bytes) = (self.kept_messages + 1, bytes);
        }
        fits
    }
}

impl QnaEvent {
    /// Returns the approximate number of bytes that the event owns.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Question { id, text, by } | Self::Answer { question: id, text, by } => {
                id.len() + text.len() + by.len()
            }
            Self::Moderated { question, text } => {
                question.len() + text.as_ref().map_or(0, String::len)
            }
            Self::Blob { blob } => blob.len(),
            Self::State { .. } | Self::Count { .. } => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{MAX_MESSAGE_BYTES, MAX_MESSAGES, QnaEvent, QnaModel};

    fn question(id: usize, text: &str) -> QnaEvent {
        QnaEvent::Question { id: id.to_string(), text: text.to_owned(), by: String::new() }
    }

    #[test]
    fn endless_messages_do_not_fill_memory() {
        let mut qna = QnaModel::default();
        let taken = (0..=MAX_MESSAGES).filter(|id| qna.apply(&question(*id, "?"))).count();
        assert_eq!((taken, qna.questions.len()), (MAX_MESSAGES, MAX_MESSAGES));
        let mut qna = QnaModel::default();
        let blob = QnaEvent::Blob { blob: "x".repeat(60_000) };
        let taken = (0..1000).filter(|_| qna.apply(&blob)).count();
        assert_eq!(
            (taken, qna.others.len()),
            (MAX_MESSAGE_BYTES / 60_000, MAX_MESSAGE_BYTES / 60_000)
        );
        assert!(qna.apply(&QnaEvent::Count { count: 1000 }));
    }

    #[test]
    fn answers_join_the_first_question_with_their_id() {
        let mut qna = QnaModel::default();
        let answer = |question: &str| QnaEvent::Answer {
            question: question.to_owned(),
            text: "yes".to_owned(),
            by: "Ada".to_owned(),
        };
        assert!(!qna.apply(&answer("7")));
        assert!(qna.apply(&question(7, "first")) && qna.apply(&question(8, "second")));
        assert!(!qna.apply(&question(7, "again")));
        assert!(qna.apply(&answer("7")) && qna.apply(&answer("7")));
        let first = qna.question("7").unwrap();
        assert_eq!((first.text.as_str(), first.answers.len()), ("first", 2));
        assert!(qna.question("8").unwrap().answers.is_empty());
    }

    #[test]
    fn moderators_change_and_delete_questions() {
        let mut qna = QnaModel::default();
        let moderated = |question: &str, text: Option<&str>| QnaEvent::Moderated {
            question: question.to_owned(),
            text: text.map(str::to_owned),
        };
        assert!(!qna.apply(&moderated("7", None)));
        assert!(qna.apply(&question(7, "first")) && qna.apply(&question(8, "second")));
        assert!(qna.apply(&moderated("7", Some("edited"))));
        assert_eq!(qna.question("7").unwrap().text, "edited");
        assert!(qna.apply(&moderated("7", None)) && qna.question("7").is_none());
        assert_eq!(qna.question("8").unwrap().text, "second");
        assert!(!qna.apply(&question(7, "again")));
        assert_eq!(qna.questions.len(), 1);
    }
}
