use super::set::set;
use crate::client::json::Object;

/// A question and its votes (section 3.2.4.1.11). Choices are known by their places, from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Poll {
    /// The question.
    pub question: String,
    /// The choices.
    pub choices: Vec<String>,
    /// Whether users can vote.
    pub open: bool,
    /// Whether everybody sees the results, or presenters alone.
    pub visible_to_all: bool,
    /// What this client's user has voted for; none where that is no choice of the poll (any more).
    pub vote: Option<usize>,
    /// The votes for each choice; zeros where this client may not see them. A server may tell more
    /// of them than there are choices.
    pub results: Vec<i32>,
}

/// Something has changed in a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are those of the model, by the same names")]
pub enum PollEvent {
    /// The question and its choices.
    Question { question: String, choices: Vec<String> },
    /// Whether users can vote.
    Open { open: bool },
    /// Whether everybody sees the results.
    ResultsShown { visible_to_all: bool },
    /// What this client's user has voted for. Every vote is answered with it, also one that does
    /// not count. It comes behind a question too that takes the choice away, or brings it back.
    Vote { choice: Option<usize> },
    /// The votes for each choice, or zeros.
    Results { results: Vec<i32> },
}

impl Poll {
    /// Follows a change, and says whether anything was otherwise before.
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

    /// The votes for the choice at this place; 0 where the server has told none.
    pub fn votes(&self, choice: usize) -> i32 {
        self.results.get(choice).copied().unwrap_or(0)
    }
}

impl PollEvent {
    /// The event's name in JSON.
    pub(in crate::client) fn name(&self) -> &'static str {
        match self {
            Self::Question { .. } => "pollQuestion",
            Self::Open { .. } => "pollOpen",
            Self::ResultsShown { .. } => "pollResultsShown",
            Self::Vote { .. } => "pollVote",
            Self::Results { .. } => "pollResults",
        }
    }

    pub(in crate::client) fn fields(&self, json: Object) -> Object {
        match self {
            Self::Question { question, choices } => {
                json.text("question", question).texts("choices", choices)
            }
            Self::Open { open } => json.flag("open", *open),
            Self::ResultsShown { visible_to_all } => json.flag("visibleToAll", *visible_to_all),
            Self::Vote { choice } => json.maybe("choice", choice.map(|choice| choice as i64)),
            Self::Results { results } => json.numbers("results", results),
        }
    }

    /// The event as one line; `it` is the content, `poll` what was known of it before.
    pub(in crate::client) fn line(&self, it: &str, poll: Option<&Poll>) -> String {
        let choice = |place: usize| match poll.and_then(|poll| poll.choices.get(place)) {
            Some(choice) => format!("\"{choice}\""),
            None => format!("choice {}", place + 1),
        };
        match self {
            Self::Question { question, choices } => {
                let choices: Vec<_> =
                    choices.iter().map(|choice| format!("\"{choice}\"")).collect();
                format!("{it} asks \"{question}\": {}.", choices.join(", "))
            }
            Self::Open { open: true } => format!("One can vote in {it}."),
            Self::Open { open: false } => format!("{it} is closed."),
            Self::ResultsShown { visible_to_all: true } => {
                format!("Everybody sees the results of {it}.")
            }
            Self::ResultsShown { visible_to_all: false } => {
                format!("The results of {it} are for presenters.")
            }
            Self::Vote { choice: Some(place) } => {
                format!("You have voted for {} in {it}.", choice(*place))
            }
            Self::Vote { choice: None } => format!("You have no vote in {it}."),
            Self::Results { results } => {
                // What a server tells beyond the choices is padding (section 3.2.4.1.11.1).
                let told = poll.map_or(0, |poll| poll.choices.len());
                let told = if told == 0 { results.len() } else { told };
                let results = results.iter().take(told).enumerate();
                let results =
                    results.map(|(place, votes)| format!("{votes} for {}", choice(place)));
                let results: Vec<_> = results.collect();
                format!("Votes in {it}: {}.", results.join(", "))
            }
        }
    }
}
