use std::ops::RangeInclusive;

use psom::{Context, Violation, distributed_object};

use crate::{
    client::{event::Event, model::poll::PollEvent, root::Root},
    interfaces::{self, MOST_CHOICES, PollContentClient},
};

/// How many choices a poll has.
const CHOICES: RangeInclusive<usize> = 2..=MOST_CHOICES;

/// Follows a poll. What the specification rules out ends the connection.
#[distributed_object(
    serves = interfaces::PollContentClient,
    calls = interfaces::PollContentServer
)]
pub(in crate::client) struct PollContent {
    id: i64,
    pub(in crate::client) root: Root,
    /// How many choices there are, once the question is told: nothing says that it comes first.
    choices: Option<usize>,
    /// The vote as the server records it. Another question may leave it without a choice, and one
    /// more may bring the choice back.
    recorded: Option<usize>,
}

impl PollContent {
    pub(in crate::client) fn new(id: i64, root: Root) -> Self {
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
