//! The durable state of a poll: its question and its votes. It does not depend on connections.

use std::{collections::BTreeMap, fmt};

use psom::{DurableState, SavedValues};
use serde::{Deserialize, Serialize};

use crate::{
    interfaces::MAX_CHOICES,
    server::{content_type::Refusal, durable, limits::MeetingLimits},
    texts::{changes_direction, has_visible, is_noncharacter, look_alike, separates_lines},
};

/// The durable state of a poll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PollState {
    pub(super) question: String,
    pub(super) choices: Vec<String>,
    pub(super) open: bool,
    pub(super) visible_to_all: bool,
    /// The vote of each user: the index of a choice. Each vote is saved under its own key.
    #[serde(skip)]
    votes: BTreeMap<i64, usize>,
}

/// A change of a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PollChange {
    /// Sets the question and its choices. A vote refers to the index of its choice, so votes for
    /// indices that no longer exist are removed.
    Asked { question: String, choices: Vec<String> },
    /// Opens or closes the poll.
    Opened(bool),
    /// Shows the results to all users, or hides them.
    Shown(bool),
    /// Sets or removes the vote of a user.
    Voted { user: i64, choice: Option<usize> },
    /// Removes all votes.
    Cleared,
}

/// The key of a saved value of a poll.
#[derive(Debug)]
pub(super) enum PollKey {
    /// The question, the choices and the settings.
    Poll,
    /// The prefix of all votes, which has no value of its own.
    Votes,
    /// The vote of a user.
    Vote(i64),
}

impl fmt::Display for PollKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Poll => f.write_str("poll"),
            Self::Votes => f.write_str("vote"),
            Self::Vote(user) => write!(f, "vote/{user}"),
        }
    }
}

impl PollState {
    /// Returns an open poll whose results only moderators see.
    pub(super) fn new(question: String, choices: Vec<String>) -> Self {
        let votes = BTreeMap::new();
        Self { question, choices, open: true, visible_to_all: false, votes }
    }

    /// Restores the state from its saved values.
    pub(super) fn restore(saved: &SavedValues<'_>) -> Result<Self, Refusal> {
        let mut state: Self = saved.required("poll")?;
        for (user, choice) in saved.below("vote")? {
            let user =
                user.parse().map_err(|_| Refusal::malformed("the key of a vote has no user"))?;
            state.votes.insert(user, choice);
        }
        Ok(state)
    }

    /// Returns the vote of a user: the index of a choice.
    pub(super) fn vote(&self, user: i64) -> Option<usize> {
        self.votes.get(&user).copied()
    }

    /// Returns the users who have voted.
    pub(super) fn voters(&self) -> impl Iterator<Item = i64> {
        self.votes.keys().copied()
    }

    /// Returns the number of votes for each choice.
    pub(super) fn sums(&self) -> Vec<i32> {
        let mut sums = vec![0i32; self.choices.len()];
        for choice in self.votes.values() {
            if let Some(sum) = sums.get_mut(*choice) {
                *sum = sum.saturating_add(1);
            }
        }
        sums
    }
}

impl DurableState for PollState {
    type Change = PollChange;
    type Key = PollKey;
    type Effect = ();

    fn apply(&mut self, change: PollChange, touched: &mut Vec<PollKey>) {
        match change {
            PollChange::Asked { question, choices } => {
                self.votes.retain(|_, choice| *choice < choices.len());
                (self.question, self.choices) = (question, choices);
                // The removal of all votes precedes the remaining ones.
                touched.extend([PollKey::Poll, PollKey::Votes]);
                touched.extend(self.votes.keys().map(|user| PollKey::Vote(*user)));
            }
            PollChange::Opened(open) => {
                self.open = open;
                touched.push(PollKey::Poll);
            }
            PollChange::Shown(visible) => {
                self.visible_to_all = visible;
                touched.push(PollKey::Poll);
            }
            PollChange::Voted { user, choice } => {
                match choice {
                    Some(choice) => self.votes.insert(user, choice),
                    None => self.votes.remove(&user),
                };
                touched.push(PollKey::Vote(user));
            }
            PollChange::Cleared => {
                self.votes.clear();
                touched.push(PollKey::Votes);
            }
        }
    }

    fn keys(&self) -> Vec<PollKey> {
        let votes = self.votes.keys().map(|user| PollKey::Vote(*user));
        std::iter::once(PollKey::Poll).chain(votes).collect()
    }

    fn value(&self, key: &PollKey) -> Option<String> {
        match key {
            PollKey::Poll => Some(durable::json(self)),
            PollKey::Votes => None,
            PollKey::Vote(user) => self.votes.get(user).map(durable::json),
        }
    }
}

/// Returns the vote that `sVote` requests (ruling 15): `Some(None)` removes the vote, and `None` is
/// an invalid index.
pub(super) fn wanted(choice: i32, choices: usize) -> Option<Option<usize>> {
    match usize::try_from(choice) {
        Ok(place) if place < choices => Some(Some(place)),
        Err(_) if choice == -1 => Some(None),
        _ => None,
    }
}

/// Returns the reason why a poll cannot have this question, or `None` if it can (sections 3.2.4.1.11.1 and 3.3.4.1.11.1).
pub(super) fn objection(
    question: &str,
    choices: &[String],
    remember_past_users: bool,
    customization_xml: &str,
    limits: &MeetingLimits,
) -> Option<&'static str> {
    let control = |text: &str, allowed: &str| {
        text.chars().any(|c| is_noncharacter(c) || c.is_control() && !allowed.contains(c))
    };
    let short = |text: &str| {
        text.chars().nth(limits.question_length).is_none() && psom::wire::fits_in_string(text)
    };
    let blank = |text: &str| !has_visible(text);
    let bidi = |text: &str| text.chars().any(|c| changes_direction(c) || separates_lines(c));
    let repeated =
        |index: usize| choices[..index].iter().any(|earlier| look_alike(earlier, &choices[index]));
    if !remember_past_users || !customization_xml.is_empty() {
        Some("a poll remembers past users and has no customization")
    } else if !(2..=limits.choices.min(MAX_CHOICES)).contains(&choices.len()) {
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
