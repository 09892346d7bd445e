use std::ops::RangeInclusive;

use psom::{Context, Violation, distributed_object, error::Misuse};

use super::{
    event::Event,
    json::Object,
    model::set,
    root::{Conference, Root},
};
use crate::interfaces::{self, MOST_CHOICES, PollContentClient};

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
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Question { .. } => "pollQuestion",
            Self::Open { .. } => "pollOpen",
            Self::ResultsShown { .. } => "pollResultsShown",
            Self::Vote { .. } => "pollVote",
            Self::Results { .. } => "pollResults",
        }
    }

    pub(super) fn fields(&self, json: Object) -> Object {
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
    pub(super) fn line(&self, it: &str, poll: Option<&Poll>) -> String {
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

/// How many choices a poll has.
const CHOICES: RangeInclusive<usize> = 2..=MOST_CHOICES;

/// Follows a poll. What the specification rules out ends the connection.
#[distributed_object(
    serves = interfaces::PollContentClient,
    calls = interfaces::PollContentServer
)]
pub(super) struct PollContent {
    id: i64,
    root: Root,
    /// How many choices there are, once the question is told: nothing says that it comes first.
    choices: Option<usize>,
    /// The vote as the server records it. Another question may leave it without a choice, and one
    /// more may bring the choice back.
    recorded: Option<usize>,
}

impl PollContent {
    pub(super) fn new(id: i64, root: Root) -> Self {
        Self { id, root, choices: None, recorded: None }
    }

    /// The vote, where there is a choice for it.
    fn vote(&self) -> Option<usize> {
        self.recorded.filter(|place| self.choices.is_none_or(|choices| *place < choices))
    }

    fn tell(&self, cx: &mut Context<Self>, event: PollEvent) {
        self.root.tell(cx, Event::Poll { id: self.id, event });
    }
}

impl PollContentClient for PollContent {
    fn c_connect_completed(&mut self, cx: &mut Context<Self>) {
        self.root.tell(cx, Event::ExtendedReady { id: self.id });
    }

    fn c_set_local_vote(&mut self, cx: &mut Context<Self>, choice: i32) {
        // A server may record a vote for the number of choices itself (section 3.3.4.1.11.1), and
        // keep one whose choice is gone.
        self.recorded = match usize::try_from(choice) {
            Ok(place) if place <= MOST_CHOICES => Some(place),
            Err(_) if choice == -1 => None,
            _ => return cx.caller().expel(Violation::new("a vote for no choice of any poll")),
        };
        self.tell(cx, PollEvent::Vote { choice: self.vote() });
    }

    fn c_set_open_state(&mut self, cx: &mut Context<Self>, open: bool) {
        self.tell(cx, PollEvent::Open { open });
    }

    fn c_set_question(
        &mut self,
        cx: &mut Context<Self>,
        question: String,
        choices: Vec<String>,
        remember_past_users: bool,
        customization_xml: String,
    ) {
        if !remember_past_users || !customization_xml.is_empty() {
            let why = "a poll that forgets past users, or is customized";
            return cx.caller().expel(Violation::new(why));
        }
        if !CHOICES.contains(&choices.len()) {
            return cx.caller().expel(Violation::new("a poll has two to seven choices"));
        }
        let before = self.vote();
        self.choices = Some(choices.len());
        self.tell(cx, PollEvent::Question { question, choices });
        if self.vote() != before {
            self.tell(cx, PollEvent::Vote { choice: self.vote() });
        }
    }

    fn c_set_results(&mut self, cx: &mut Context<Self>, results: Vec<i32>) {
        let is_complete = match self.choices {
            Some(choices) => [choices, MOST_CHOICES].contains(&results.len()),
            None => CHOICES.contains(&results.len()),
        };
        if !is_complete || results.iter().any(|votes| *votes < 0) {
            let why = "results of a poll have a number of votes for each choice";
            return cx.caller().expel(Violation::new(why));
        }
        self.tell(cx, PollEvent::Results { results });
    }

    fn c_set_results_state(&mut self, cx: &mut Context<Self>, visible_to_all: bool) {
        self.tell(cx, PollEvent::ResultsShown { visible_to_all });
    }
}

/// # Polls
///
/// A server does not say that it refuses something: it tells how things are, as events.
impl Conference {
    /// Votes for a choice, by its place from 0, or takes the vote back. The answer is
    /// [`PollEvent::Vote`].
    ///
    /// # Errors
    /// There is no such poll, or it is closed.
    pub fn vote(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        choice: Option<usize>,
    ) -> Result<(), Misuse> {
        let poll = self.model().contents.get(&id).and_then(|content| content.poll.as_ref());
        if poll.is_some_and(|poll| !poll.open) {
            return Err(Misuse::NotNow("the poll is closed; vote when it is open again"));
        }
        // No server knows a place that is none.
        let choice = choice.map_or(-1, |place| i32::try_from(place).unwrap_or(i32::MAX));
        self.on_extended::<PollContent>(cx, id, move |poll, cx| {
            let sent = cx.peers().s_vote(choice);
            poll.root.check(cx, "vote", sent);
        })
    }

    /// Lets users vote, or not.
    pub fn set_poll_open(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        open: bool,
    ) -> Result<(), Misuse> {
        self.on_extended::<PollContent>(cx, id, move |poll, cx| {
            let sent = cx.peers().s_set_open_state(open);
            poll.root.check(cx, "open or close a poll", sent);
        })
    }

    /// Shows the results to everybody, or to presenters alone.
    pub fn show_results(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        to_all: bool,
    ) -> Result<(), Misuse> {
        self.on_extended::<PollContent>(cx, id, move |poll, cx| {
            let sent = cx.peers().s_set_results_state(to_all);
            poll.root.check(cx, "show or hide the results of a poll", sent);
        })
    }

    /// Asks another question, or words it anew. Votes go by the places of the choices: who has
    /// voted for a place that is there still has done so.
    pub fn modify_poll(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        question: impl Into<String>,
        choices: Vec<String>,
    ) -> Result<(), Misuse> {
        let question = question.into();
        self.on_extended::<PollContent>(cx, id, move |poll, cx| {
            let sent = cx.peers().s_modify(&question, &choices, true, "");
            poll.root.check(cx, "modify a poll", sent);
        })
    }

    /// Forgets all votes.
    pub fn clear_votes(&mut self, cx: &mut Context<Self>, id: i64) -> Result<(), Misuse> {
        self.on_extended::<PollContent>(cx, id, |poll, cx| {
            let sent = cx.peers().s_clear_votes();
            poll.root.check(cx, "clear the votes of a poll", sent);
        })
    }
}
