//! A user in a meeting: its events and its actions.

use std::{ops::Deref, sync::Arc};

use psom::ClientSession;
use psom_objects::client::{Conference, Event};

use super::{actions::Actions, exchange::Admitted, queue::Receiver};

/// A user in a meeting. It derefs to [`Actions`], which other tasks can clone. Dropping it leaves the
/// meeting in the background.
#[derive(Debug)]
pub struct Joined {
    pub(super) actions: Actions,
    pub(super) events: Receiver<Event>,
    pub(super) admitted: Admitted,
}

impl Joined {
    /// Waits for the next event. Returns `None` when the connection has ended, or when the program has not
    /// taken events for so long that their queue is full.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.next().await.filter(|event| *event != Event::Ended)
    }

    /// Reports whether [`next`](Self::next) has returned `None` because the queue was full.
    #[must_use]
    pub fn is_overrun(&self) -> bool {
        self.events.is_overrun()
    }

    /// Returns what the server has said about the user: the name, the role and the limit of packages.
    #[must_use]
    pub fn admitted(&self) -> &Admitted {
        &self.admitted
    }

    /// Waits until the connection has ended, and returns the reason.
    pub async fn ended(&self) -> psom::Error {
        self.actions.session().ended().await
    }

    /// Leaves the meeting, and waits until everything is sent and the connection is closed.
    pub async fn leave(self) -> psom::Error {
        let Self { actions, events, .. } = self;
        drop(events);
        close(actions.into_session()).await
    }
}

/// Closes a session that clones of its actions may still have.
async fn close(session: Arc<ClientSession<Conference>>) -> psom::Error {
    match Arc::try_unwrap(session) {
        Ok(session) => session.close().await,
        Err(session) => match session.space().close().await {
            Ok(()) => session.ended().await,
            Err(error) => error.into(),
        },
    }
}

impl Deref for Joined {
    type Target = Actions;

    fn deref(&self) -> &Actions {
        &self.actions
    }
}
