use psom::{CallError, Context};

use super::Conference;
use crate::client::followers::poll::PollFollower;

/// # Polls
///
/// If a server refuses a request, it sends the current state, which this client reports as events.
impl Conference {
    /// Votes for a choice, by its index from 0, or withdraws the vote. The answer is
    /// [`PollEvent::Vote`](crate::client::PollEvent::Vote).
    ///
    /// # Errors
    /// The errors of all [actions](#actions), and [`CallError::NotNow`] if the poll is closed.
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
        // The protocol has no index for "no choice"; -1 withdraws the vote (ruling 15).
        let choice = choice.map_or(-1, |index| i32::try_from(index).unwrap_or(i32::MAX));
        self.on_extended::<PollFollower>(cx, id, move |poll, cx| {
            let sent = cx.peers().s_vote(choice);
            poll.root.check(cx, "vote", sent);
        })
    }

    /// Opens a poll for votes, or closes it.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn set_poll_open(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        open: bool,
    ) -> Result<(), CallError> {
        self.on_extended::<PollFollower>(cx, id, move |poll, cx| {
            let sent = cx.peers().s_set_open_state(open);
            poll.root.check(cx, "open or close a poll", sent);
        })
    }

    /// Shows the results to everybody, or only to presenters.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn show_results(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        to_all: bool,
    ) -> Result<(), CallError> {
        self.on_extended::<PollFollower>(cx, id, move |poll, cx| {
            let sent = cx.peers().s_set_results_state(to_all);
            poll.root.check(cx, "show or hide the results of a poll", sent);
        })
    }

    /// Replaces the question and the choices. A vote counts for the new choice with the same index,
    /// if there is one.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn modify_poll(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        question: impl Into<String>,
        choices: Vec<String>,
    ) -> Result<(), CallError> {
        let question = question.into();
        self.on_extended::<PollFollower>(cx, id, move |poll, cx| {
            let sent = cx.peers().s_modify(&question, &choices, true, "");
            poll.root.check(cx, "modify a poll", sent);
        })
    }

    /// Deletes all votes.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn clear_votes(&mut self, cx: &mut Context<Self>, id: i64) -> Result<(), CallError> {
        self.on_extended::<PollFollower>(cx, id, |poll, cx| {
            let sent = cx.peers().s_clear_votes();
            poll.root.check(cx, "clear the votes of a poll", sent);
        })
    }
}
