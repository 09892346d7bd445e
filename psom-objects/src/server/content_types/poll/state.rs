//! What a poll is: its question and who has voted for what. It knows no connections.

use std::collections::BTreeMap;

use psom::Scope;
use serde::{Deserialize, Serialize};

use crate::{
    interfaces::MOST_CHOICES,
    server::{
        content_type::{Memory, Refusal, SavedValues},
        limits::MeetingLimits,
    },
    texts::{changes_direction, has_visible, look_alike},
};

/// The durable state of a poll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PollState {
    pub(super) question: String,
    pub(super) choices: Vec<String>,
    pub(super) open: bool,
    pub(super) visible_to_all: bool,
    /// One vote a user: the place of the choice. Each is saved by itself.
    #[serde(skip)]
    votes: BTreeMap<i64, usize>,
}

/// A change of a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PollChange {
    /// The question and its choices are these. Votes go by the places of the choices: those for
    /// places that are gone are forgotten.
    Asked { question: String, choices: Vec<String> },
    /// Users can vote, or not.
    Opened(bool),
    /// Everybody sees the results, or not.
    Shown(bool),
    /// A user votes, or takes the vote back.
    Voted { user: i64, choice: Option<usize> },
    /// All votes are forgotten.
    Cleared,
}

impl PollState {
    /// A new poll: it can be voted in, and its results are not shown yet.
    pub(super) fn new(question: String, choices: Vec<String>) -> Self {
        let votes = BTreeMap::new();
        Self { question, choices, open: true, visible_to_all: false, votes }
    }

    pub(super) fn apply(&mut self, change: &PollChange) {
        match change {
            PollChange::Asked { question, choices } => {
                self.question.clone_from(question);
                self.choices.clone_from(choices);
                self.votes.retain(|_, choice| *choice < choices.len());
            }
            PollChange::Opened(open) => self.open = *open,
            PollChange::Shown(visible) => self.visible_to_all = *visible,
            PollChange::Voted { user, choice: Some(choice) } => {
                self.votes.insert(*user, *choice);
            }
            PollChange::Voted { user, choice: None } => {
                self.votes.remove(user);
            }
            PollChange::Cleared => self.votes.clear(),
        }
    }

    /// Saves what a change has changed.
    pub(super) fn save(&self, scope: &mut Scope, memory: &Memory, change: Option<&PollChange>) {
        let vote = |user: &i64| format!("vote/{user}");
        match change {
            None | Some(PollChange::Opened(_) | PollChange::Shown(_)) => {
                memory.keep(scope, "poll", self)
            }
            Some(PollChange::Asked { .. }) => {
                memory.keep(scope, "poll", self);
                memory.erase(scope, "vote");
                self.votes.iter().for_each(|(user, choice)| {
                    memory.keep(scope, &vote(user), choice);
                });
            }
            Some(PollChange::Voted { user, choice: Some(choice) }) => {
                memory.keep(scope, &vote(user), choice);
            }
            Some(PollChange::Voted { user, choice: None }) => memory.erase(scope, &vote(user)),
            Some(PollChange::Cleared) => memory.erase(scope, "vote"),
        }
    }

    /// The state as it was saved.
    pub(super) fn restore(saved: &SavedValues<'_>) -> Result<Self, Refusal> {
        let mut state: Self = saved.required("poll")?;
        for (user, choice) in saved.below("vote")? {
            let user = user.parse().map_err(|_| Refusal::malformed("a vote of nobody"))?;
            state.apply(&PollChange::Voted { user, choice: Some(choice) });
        }
        Ok(state)
    }

    /// What a user has voted for.
    pub(super) fn vote(&self, user: i64) -> Option<usize> {
        self.votes.get(&user).copied()
    }

    /// Those who have voted.
    pub(super) fn voters(&self) -> impl Iterator<Item = i64> {
        self.votes.keys().copied()
    }

    /// The votes for each choice.
    pub(super) fn sums(&self) -> Vec<i32> {
        let mut sums = vec![0_i32; self.choices.len()];
        for choice in self.votes.values() {
            if let Some(sum) = sums.get_mut(*choice) {
                *sum = sum.saturating_add(1);
            }
        }
        sums
    }
}

/// What `sVote` asks for (ruling 15): `Some(None)` takes the vote back, `None` is no vote at all.
pub(super) fn wanted(choice: i32, choices: usize) -> Option<Option<usize>> {
    match usize::try_from(choice) {
        Ok(place) if place < choices => Some(Some(place)),
        Err(_) if choice == -1 => Some(None),
        _ => None,
    }
}

/// Why this is no question for a poll, if it is none (sections 3.2.4.1.11.1 and 3.3.4.1.11.1).
pub(super) fn objection(
    question: &str,
    choices: &[String],
    remember_past_users: bool,
    customization_xml: &str,
    limits: &MeetingLimits,
) -> Option<&'static str> {
    let control =
        |text: &str, allowed: &str| text.chars().any(|c| c.is_control() && !allowed.contains(c));
    let short = |text: &str| {
        text.chars().nth(limits.question_length).is_none() && psom::wire::fits_in_string(text)
    };
    let blank = |text: &str| !has_visible(text);
    let bidi = |text: &str| text.chars().any(changes_direction);
    let repeated =
        |index: usize| choices[..index].iter().any(|earlier| look_alike(earlier, &choices[index]));
    if !remember_past_users || !customization_xml.is_empty() {
        Some("a poll remembers past users and has no customization")
    } else if !(2..=limits.choices.min(MOST_CHOICES)).contains(&choices.len()) {
        Some("a poll has at least two choices, and not more than the limit")
    } else if blank(question) || choices.iter().any(|choice| blank(choice)) {
        Some("the question or a choice is blank")
    } else if !short(question) || !choices.iter().all(|choice| short(choice)) {
        Some("the question or a choice is too long")
    } else if control(question, "\n") || choices.iter().any(|choice| control(choice, "")) {
        Some("the question or a choice has control characters")
    } else if bidi(question) || choices.iter().any(|choice| bidi(choice)) {
        Some("the question or a choice has characters that change the direction of text")
    } else if (1..choices.len()).any(repeated) {
        Some("two choices look alike")
    } else {
        None
    }
}
