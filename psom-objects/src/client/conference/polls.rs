use psom::{CallError, Context};

use super::Conference;
use crate::client::followers::poll::PollContent;

/// # Polls
///
/// A server does not say that it refuses something: it tells how things are, as events.
impl Conference {
    /// Votes for a choice, by its place from 0, or takes the vote back. The answer is
    /// [`PollEvent::Vote`](crate::client::PollEvent::Vote).
    ///
    /// # Errors
    /// There is no such poll, or it is closed.
    pub fn vote(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        choice: Option<usize>,
    ) -> Result<(), CallError> {
        let poll = self.model().contents.get(&id).and_then(|content| content.poll.as_ref());
        if poll.is_some_and(|poll| !poll.open) {
            return Err(CallError::NotNow("the poll is closed; vote when it is open again"));
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
    ) -> Result<(), CallError> {
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
    ) -> Result<(), CallError> {
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
    ) -> Result<(), CallError> {
        let question = question.into();
        self.on_extended::<PollContent>(cx, id, move |poll, cx| {
            let sent = cx.peers().s_modify(&question, &choices, true, "");
            poll.root.check(cx, "modify a poll", sent);
        })
    }

    /// Forgets all votes.
    pub fn clear_votes(&mut self, cx: &mut Context<Self>, id: i64) -> Result<(), CallError> {
        self.on_extended::<PollContent>(cx, id, |poll, cx| {
            let sent = cx.peers().s_clear_votes();
            poll.root.check(cx, "clear the votes of a poll", sent);
        })
    }
}
