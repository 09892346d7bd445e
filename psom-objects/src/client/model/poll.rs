use serde::Serialize;

use super::set::set;

/// A question and its votes (section 3.2.4.1.11). A choice is identified by its index, from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PollModel {
    /// The question.
    pub question: String,
    /// The choices.
    pub choices: Vec<String>,
    /// Whether users can vote.
    pub open: bool,
    /// Whether everybody sees the results, or only presenters.
    pub visible_to_all: bool,
    /// The vote of this client's user. `None` if there is no vote, or if the poll no longer has
    /// that choice.
    pub vote: Option<usize>,
    /// The votes for each choice. All are 0 if this client may not see them. A server may send more
    /// numbers than there are choices.
    pub results: Vec<i32>,
}

/// A change of a poll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all_fields = "camelCase")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields have the names and the meaning of the model's")]
pub enum PollEvent {
    /// The question and its choices.
    #[serde(rename = "pollQuestion")]
    Question { question: String, choices: Vec<String> },
    /// Users can vote, or no longer can.
    #[serde(rename = "pollOpen")]
    Open { open: bool },
    /// The results are visible to everybody, or to presenters only.
    #[serde(rename = "pollResultsShown")]
    ResultsShown { visible_to_all: bool },
    /// The vote of this client's user. It is the answer to every vote, including a refused one. It
    /// also follows a question that removes the selected choice or adds it again.
    #[serde(rename = "pollVote")]
    Vote { choice: Option<usize> },
    /// The votes for each choice, or zeros.
    #[serde(rename = "pollResults")]
    Results { results: Vec<i32> },
}

impl PollModel {
    /// Applies an event. Returns whether it changed the model.
    pub fn apply(&mut self, event: &PollEvent) -> bool {
        match event {
            PollEvent::Question { question, choices } => {
                set(&mut self.question, question.clone()) | set(&mut self.choices, choices.clone())
            }
            PollEvent::Open { open } => set(&mut self.open, *open),
            PollEvent::ResultsShown { visible_to_all } => {
                set(&mut self.visible_to_all, *visible_to_all)
            }
            PollEvent::Vote { choice } => set(&mut self.vote, *choice),
            PollEvent::Results { results } => set(&mut self.results, results.clone()),
        }
    }

    /// Returns the votes for a choice, or 0 if the server has not sent any.
    pub fn votes(&self, choice: usize) -> i32 {
        self.results.get(choice).copied().unwrap_or(0)
    }
}

impl PollEvent {
    /// Returns the approximate number of bytes that the event owns.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Question { question, choices } => {
                let choices = choices.iter().map(|choice| size_of::<String>() + choice.len());
                question.len() + choices.sum::<usize>()
            }
            Self::Results { results } => size_of_val(results.as_slice()),
            Self::Open { .. } | Self::ResultsShown { .. } | Self::Vote { .. } => 0,
        }
    }
}
