use std::ops::RangeInclusive;

use psom::{Context, Violation, distributed_object};

use crate::{
    client::{
        model::{content::ContentEvent, poll::PollEvent},
        root::Root,
    },
    interfaces::{MAX_CHOICES, PollContentClient, PollContentServer},
};

/// The number of choices that a poll has (section 3.1.4.1.14).
const CHOICE_COUNTS: RangeInclusive<usize> = 2..=MAX_CHOICES;

/// Follows a poll. A call that violates the specification ends the connection.
#[distributed_object(
    serves = PollContentClient,
    calls = PollContentServer
)]
pub(in crate::client) struct PollFollower {
    id: i64,
    pub(in crate::client) root: Root,
    /// The number of choices, after the question has arrived. The specification does not require it
    /// to arrive first.
    choices: Option<usize>,
    /// The vote that the server has recorded. A new question may have no choice with that index,
    /// and a later question may have one again.
    recorded: Option<usize>,
}

impl PollFollower {
    pub(in crate::client) fn new(id: i64, root: Root) -> Self {
        Self { id, root, choices: None, recorded: None }
    }

    /// Returns the vote, if the poll has a choice with its index.
    fn vote(&self) -> Option<usize> {
        self.recorded.filter(|place| self.choices.is_none_or(|choices| *place < choices))
    }

    fn report(&self, cx: &mut Context<Self>, event: PollEvent) {
        self.root.report_content(cx, self.id, ContentEvent::Poll(event));
    }
}

impl PollContentClient for PollFollower {
    fn c_connect_completed(&mut self, cx: &mut Context<Self>) {
        self.root.report_content(cx, self.id, ContentEvent::ExtendedReady);
    }

    fn c_set_local_vote(&mut self, cx: &mut Context<Self>, choice: i32) {
        // A server may record a vote that equals the number of choices (section 3.3.4.1.11.1,
        // ruling 15), and may keep a vote for a choice that was removed.
        self.recorded = match usize::try_from(choice) {
            Ok(place) if place <= MAX_CHOICES => Some(place),
            Err(_) if choice == -1 => None,
            _ => return cx.caller().expel(Violation::new("a vote for an impossible choice")),
        };
        self.report(cx, PollEvent::Vote { choice: self.vote() });
    }

    fn c_set_open_state(&mut self, cx: &mut Context<Self>, open: bool) {
        self.report(cx, PollEvent::Open { open });
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
            let why = "a poll with unsupported options";
            return cx.caller().expel(Violation::new(why));
        }
        if !CHOICE_COUNTS.contains(&choices.len()) {
            return cx.caller().expel(Violation::new("a poll has two to seven choices"));
        }
        let before = self.vote();
        self.choices = Some(choices.len());
        self.report(cx, PollEvent::Question { question, choices });
        if self.vote() != before {
            self.report(cx, PollEvent::Vote { choice: self.vote() });
        }
    }

    fn c_set_results(&mut self, cx: &mut Context<Self>, results: Vec<i32>) {
        let is_complete = match self.choices {
            Some(choices) => [choices, MAX_CHOICES].contains(&results.len()),
            None => CHOICE_COUNTS.contains(&results.len()),
        };
        if !is_complete || results.iter().any(|votes| *votes < 0) {
            let why = "poll results must have a number of votes for each choice";
            return cx.caller().expel(Violation::new(why));
        }
        self.report(cx, PollEvent::Results { results });
    }

    fn c_set_results_state(&mut self, cx: &mut Context<Self>, visible_to_all: bool) {
        self.report(cx, PollEvent::ResultsShown { visible_to_all });
    }
}
