use std::sync::Arc;

use psom::{Committing, Journal, JournalError, Write};

use super::{
    error::Error,
    queue::{Done, Incarnation, WriteQueue},
};

/// The journal of one meeting.
pub(super) struct MeetingJournal {
    queue: Arc<WriteQueue>,
    meeting: Arc<str>,
    incarnation: Option<Incarnation>,
}

impl MeetingJournal {
    pub(super) fn new(queue: Arc<WriteQueue>, meeting: &str) -> Self {
        let incarnation = queue.incarnation(meeting);
        Self { queue, meeting: meeting.into(), incarnation }
    }
}

impl Journal for MeetingJournal {
    fn commit(&self, writes: Vec<Write>) -> Committing {
        // Queued here, not when the future is polled, so that the order of the calls counts.
        let done = self.queue.commit(&self.meeting, self.incarnation, writes);
        Box::pin(async move {
            let committed = async { wait(done?).await };
            committed.await.map_err(JournalError::failed)
        })
    }
}

/// Waits for the answer of the writer.
pub(super) async fn wait(done: Done) -> Result<(), Error> {
    done.await.unwrap_or(Err(Error::Stopped(None)))
}
