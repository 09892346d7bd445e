//! The actions of a user in a meeting. Each kind of content has its own file.

mod boards;
mod contents;
mod polls;
mod qna;
mod uploads;

use std::sync::Arc;

use psom::{CallError, ClientSession, Context};
use psom_objects::client::{Conference, ContentModel, Model};
pub use uploads::Reservation;

use super::error::ActionError;

/// The ID of a content in its meeting.
pub type ContentId = i64;

/// The actions of a user in a meeting. Cheap to clone. The meeting is left when the last clone is dropped.
///
/// An action returns when the server has handled it. Servers do not answer most actions that they refuse, so
/// an action waits for a barrier ([`ClientSession::settled`]) and compares the state of the meeting with
/// what it wants.
#[derive(Debug, Clone)]
pub struct Actions {
    session: Arc<ClientSession<Conference>>,
}

/// # The state of the meeting, and other actions
impl Actions {
    /// Creates the actions of a session that was connected by other means.
    #[must_use]
    pub fn new(session: Arc<ClientSession<Conference>>) -> Self {
        Self { session }
    }

    /// Returns the session.
    #[must_use]
    pub fn session(&self) -> &Arc<ClientSession<Conference>> {
        &self.session
    }

    pub(super) fn into_session(self) -> Arc<ClientSession<Conference>> {
        self.session
    }

    /// Reads the state of the meeting.
    ///
    /// # Errors
    /// [`ActionError::Ended`]
    pub async fn read<R: Send + 'static>(
        &self,
        read: impl FnOnce(&Model) -> R + Send + 'static,
    ) -> Result<R, ActionError> {
        let read = self.session.run(|conference, _| read(conference.model())).await;
        match read {
            Ok(read) => Ok(read),
            Err(_) => Err(self.why_ended().await),
        }
    }

    /// Runs an action on the conference. It is sent when this returns, and the server has not handled it
    /// yet: [`settled`](Self::settled) waits for that.
    ///
    /// # Errors
    /// The error of `act`, or [`ActionError::Ended`].
    pub async fn act<R: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Conference, &mut Context<Conference>) -> Result<R, CallError>
        + Send
        + 'static,
    ) -> Result<R, ActionError> {
        let acted = self.session.run(|conference, cx| {
            act(conference, cx).map_err(|error| (error, conference.has_ended()))
        });
        match acted.await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err((error, false))) => Err(ActionError::Call(error)),
            // Every call fails once the connection has ended; that is the error to report.
            Ok(Err((_, true))) | Err(_) => Err(self.why_ended().await),
        }
    }

    /// Waits until the server has handled all earlier actions, and the model has their results.
    ///
    /// # Errors
    /// [`ActionError::Ended`]
    pub async fn settled(&self) -> Result<(), ActionError> {
        self.session.settled().await.map_err(ActionError::Ended)
    }

    /// Returns the content with this title, as it is now.
    ///
    /// # Errors
    /// [`ActionError::Ended`]
    pub async fn content(
        &self,
        title: &str,
    ) -> Result<Option<(ContentId, ContentModel)>, ActionError> {
        let title = title.to_owned();
        let find = move |model: &Model| {
            model.content_titled(&title).map(|(id, content)| (id, content.clone()))
        };
        self.read(find).await
    }

    /// Performs an action, and checks its effect after the server has handled it. `what` completes "the
    /// server has not ...".
    async fn perform(
        &self,
        what: &'static str,
        act: impl FnOnce(&mut Conference, &mut Context<Conference>) -> Result<(), CallError>
        + Send
        + 'static,
        has_effect: impl FnOnce(&Model) -> bool + Send + 'static,
    ) -> Result<(), ActionError> {
        self.act(act).await?;
        self.settled().await?;
        if self.read(has_effect).await? { Ok(()) } else { Err(ActionError::Refused(what)) }
    }

    /// Returns the reason why the connection has ended.
    pub(super) async fn why_ended(&self) -> ActionError {
        ActionError::Ended(self.session.ended().await)
    }
}

/// Reports whether a content fulfils a condition.
fn content_is(model: &Model, id: ContentId, is: impl FnOnce(&ContentModel) -> bool) -> bool {
    model.contents.get(&id).is_some_and(is)
}
