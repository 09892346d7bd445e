use std::collections::BTreeMap;

use super::set::set;
use crate::{client::json::Object, types::QnaOpenState};

/// How much a model keeps of what was asked and answered, whatever a server sends: so many messages,
/// and so many bytes of them together.
const MOST: usize = 20_000;
const MOST_BYTES: usize = 8 << 20;

/// Questions and answers (section 3.2.4.1.13), as far as they are in the form of
/// [`QnaBlob`](crate::qna::QnaBlob).
///
/// A model keeps at most 20,000 messages, and 8 MiB of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Qna {
    /// Whether one can ask and answer.
    pub state: Option<QnaOpenState>,
    /// How many questions there are, as the server counts.
    pub count: i32,
    /// The questions, in the order in which they were asked.
    pub questions: Vec<Question>,
    /// What pages of another kind have said, in order.
    pub others: Vec<String>,
    /// Where each question is, by its identifier.
    places: BTreeMap<String, usize>,
    kept: usize,
    bytes: usize,
}

/// A question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Question {
    /// The identifier.
    pub id: String,
    /// The question.
    pub text: String,
    /// What the one who asks calls themselves; may be empty.
    pub by: String,
    /// The answers, in the order in which they were given.
    pub answers: Vec<Answer>,
}

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The answer.
    pub text: String,
    /// What the one who answers calls themselves; may be empty.
    pub by: String,
}

/// Something has changed in questions and answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are those of the model, by the same names")]
pub enum QnaEvent {
    /// Whether one can ask and answer.
    State { state: QnaOpenState },
    /// How many questions there are, as the server counts.
    Count { count: i32 },
    /// Somebody asks.
    Question { id: String, text: String, by: String },
    /// Somebody answers the question with this identifier.
    Answer { question: String, text: String, by: String },
    /// A page of another kind says something.
    Blob { blob: String },
}

impl Qna {
    /// Whether one can ask and answer at present.
    pub fn is_open(&self) -> bool {
        self.state == Some(QnaOpenState::Open)
    }

    /// The question with this identifier.
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.get(*self.places.get(id)?)
    }

    /// Follows a change, and says whether anything was otherwise before.
    pub fn apply(&mut self, event: &QnaEvent) -> bool {
        match event {
            QnaEvent::State { state } => set(&mut self.state, Some(*state)),
            QnaEvent::Count { count } => set(&mut self.count, *count),
            // The first question with an identifier has it.
            QnaEvent::Question { id, text, by } => {
                !self.places.contains_key(id) && self.has_room(&[id, id, text, by]) && {
                    self.places.insert(id.clone(), self.questions.len());
                    let (id, text, by) = (id.clone(), text.clone(), by.clone());
                    self.questions.push(Question { id, text, by, answers: Vec::new() });
                    true
                }
            }
            QnaEvent::Answer { question, text, by } => match self.places.get(question).copied() {
                Some(place) if self.has_room(&[text, by]) => {
                    let (text, by) = (text.clone(), by.clone());
                    self.questions[place].answers.push(Answer { text, by });
                    true
                }
                _ => false,
            },
            QnaEvent::Blob { blob } => {
                self.has_room(&[blob]) && {
                    self.others.push(blob.clone());
                    true
                }
            }
        }
    }

    /// Takes room for a message, where there is some.
    fn has_room(&mut self, texts: &[&str]) -> bool {
        let bytes = self.bytes + texts.iter().map(|text| text.len()).sum::<usize>();
        let room = self.kept < MOST && bytes <= MOST_BYTES;
        if room {
            (self.kept, self.bytes) = (self.kept + 1, bytes);
        }
        room
    }
}

impl QnaEvent {
    /// The event's name in JSON.
    pub(in crate::client) fn name(&self) -> &'static str {
        match self {
            Self::State { .. } => "qnaState",
            Self::Count { .. } => "qnaCount",
            Self::Question { .. } => "qnaQuestion",
            Self::Answer { .. } => "qnaAnswer",
            Self::Blob { .. } => "qnaBlob",
        }
    }

    pub(in crate::client) fn fields(&self, json: Object) -> Object {
        match self {
            Self::State { state } => json.text("state", &state_name(*state)),
            Self::Count { count } => json.number("count", *count),
            Self::Question { id, text, by } => {
                json.text("id", id).text("text", text).text("by", by)
            }
            Self::Answer { question, text, by } => {
                json.text("question", question).text("text", text).text("by", by)
            }
            Self::Blob { blob } => json.text("blob", blob),
        }
    }

    /// The event as one line; `it` is the content, `qna` what was known of it before.
    pub(in crate::client) fn line(&self, it: &str, qna: Option<&Qna>) -> String {
        let who = |by: &str| if by.is_empty() { "Somebody".to_owned() } else { by.to_owned() };
        match self {
            Self::State { state: QnaOpenState::Open } => format!("One can ask in {it}."),
            Self::State { state: QnaOpenState::Suspended } => format!("{it} is suspended."),
            Self::State { state } => format!("{it} is in the state {}.", state_name(*state)),
            Self::Count { count: 1 } => format!("There is 1 question in {it}."),
            Self::Count { count } => format!("There are {count} questions in {it}."),
            Self::Question { text, by, .. } => format!("{} asks in {it}: \"{text}\"", who(by)),
            Self::Answer { question, text, by } => {
                match qna.and_then(|qna| qna.question(question)) {
                    Some(question) => {
                        let (who, question) = (who(by), &question.text);
                        format!("{who} answers \"{question}\" in {it}: \"{text}\"")
                    }
                    None => format!("{} answers in {it}: \"{text}\"", who(by)),
                }
            }
            Self::Blob { blob } => format!("A page of {it} says {} bytes.", blob.len()),
        }
    }
}

fn state_name(state: QnaOpenState) -> String {
    match state {
        QnaOpenState::None => "none".to_owned(),
        QnaOpenState::Open => "open".to_owned(),
        QnaOpenState::Suspended => "suspended".to_owned(),
        QnaOpenState::Other(number) => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{MOST, MOST_BYTES, Qna, QnaEvent};

    fn question(id: usize, text: &str) -> QnaEvent {
        QnaEvent::Question { id: id.to_string(), text: text.to_owned(), by: String::new() }
    }

    #[test]
    fn a_server_that_never_stops_does_not_fill_the_memory() {
        let mut qna = Qna::default();
        let taken = (0..=MOST).filter(|id| qna.apply(&question(*id, "?"))).count();
        assert_eq!((taken, qna.questions.len()), (MOST, MOST));
        let mut qna = Qna::default();
        let blob = QnaEvent::Blob { blob: "x".repeat(60_000) };
        let taken = (0..1000).filter(|_| qna.apply(&blob)).count();
        assert_eq!((taken, qna.others.len()), (MOST_BYTES / 60_000, MOST_BYTES / 60_000));
        assert!(qna.apply(&QnaEvent::Count { count: 1000 }));
    }

    #[test]
    fn an_answer_finds_its_question_and_a_second_question_of_one_name_is_none() {
        let mut qna = Qna::default();
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
}
