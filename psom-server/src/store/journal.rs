use std::sync::Arc;

use psom::{Committing, Journal, JournalError, Write};

use super::{
    Error,
    queue::{Done, Incarnation, Queue},
};

/// The journal of one meeting.
pub(super) struct MeetingJournal {
    queue: Arc<Queue>,
    meeting: Arc<str>,
    incarnation: Option<Incarnation>,
}

impl MeetingJournal {
    pub(super) fn new(queue: Arc<Queue>, meeting: &str) -> Self {
        let incarnation = queue.incarnation(meeting);
        Self { queue, meeting: meeting.into(), incarnation }
    }
}

impl Journal for MeetingJournal {
    fn commit(&self, writes: Vec<Write>) -> Committing {
        // Now, not when the future is polled: this gives the changes their place.
        let done = self.queue.commit(&self.meeting, self.incarnation, writes);
        Box::pin(async move {
            let answer = async { answer(done?).await };
            answer.await.map_err(JournalError::failed)
        })
    }
}

/// Waits for the writer's answer.
pub(super) async fn answer(done: Done) -> Result<(), Error> {
    let gone = |_| Err(Error::Failed("its writer is gone".into()));
    done.await.unwrap_or_else(gone)
}
