use psom_objects::client::{Model, PollModel};

use super::{Actions, ContentId, content_is};
use crate::error::ActionError;

/// # Polls
///
/// All actions fail with [`ActionError::Refused`] if the user may not perform them, and with
/// [`CallError::Gone`](psom::CallError::Gone) if the content is no poll.
impl Actions {
    /// Votes for a choice by its index from 0.
    ///
    /// # Errors
    /// The errors of all [actions](Self#polls), and [`CallError::NotNow`](psom::CallError::NotNow) if the
    /// poll is closed.
    pub async fn vote(&self, poll: ContentId, choice: usize) -> Result<(), ActionError> {
        self.set_vote(poll, Some(choice)).await
    }

    /// Withdraws the user's vote.
    ///
    /// # Errors
    /// As for [`vote`](Self::vote).
    pub async fn withdraw_vote(&self, poll: ContentId) -> Result<(), ActionError> {
        self.set_vote(poll, None).await
    }

    async fn set_vote(&self, poll: ContentId, choice: Option<usize>) -> Result<(), ActionError> {
        // The server answers every vote with the one that it has recorded, before the end of the barrier.
        self.perform(
            "recorded the vote",
            move |conference, cx| conference.vote(cx, poll, choice),
            move |model| poll_is(model, poll, |poll| poll.vote == choice),
        )
        .await
    }

    /// Opens a poll for votes, or closes it.
    ///
    /// # Errors
    /// The errors of all [actions](Self#polls).
    pub async fn set_poll_open(&self, poll: ContentId, open: bool) -> Result<(), ActionError> {
        self.perform(
            "opened or closed the poll",
            move |conference, cx| conference.set_poll_open(cx, poll, open),
            move |model| poll_is(model, poll, |poll| poll.open == open),
        )
        .await
    }

    /// Shows the results to everybody, or only to presenters.
    ///
    /// # Errors
    /// The errors of all [actions](Self#polls).
    pub async fn show_results(&self, poll: ContentId, to_all: bool) -> Result<(), ActionError> {
        self.perform(
            "shown or hidden the results",
            move |conference, cx| conference.show_results(cx, poll, to_all),
            move |model| poll_is(model, poll, |poll| poll.visible_to_all == to_all),
        )
        .await
    }
}

fn poll_is(model: &Model, id: ContentId, is: impl FnOnce(&PollModel) -> bool) -> bool {
    content_is(model, id, |content| content.poll.as_ref().is_some_and(is))
}
