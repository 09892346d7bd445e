use std::sync::Arc;

use psom::{Committing, Journal, JournalError, Write};

use super::{
    error::Error,
    queue::{Done, Generation, WriteQueue},
};

/// The journal of one meeting.
pub(super) struct MeetingJournal {
    queue: Arc<WriteQueue>,
    meeting: Arc<str>,
    generation: Option<Generation>,
}

impl MeetingJournal {
    pub(super) fn new(queue: Arc<WriteQueue>, meeting: &str) -> Self {
        let generation = queue.generation(meeting);
        Self { queue, meeting: meeting.into(), generation }
    }
}

impl Journal for MeetingJournal {
    fn commit(&self, writes: Vec<Write>) -> Committing {
        // Queue the writes here and not when the future is polled, so that they are in the order of
        // the calls.
        let done = self.queue.commit(&self.meeting, self.generation, writes);
        Box::pin(async move {
            let committed = async { wait(done?).await };
            committed.await.map_err(|error| match error {
                Error::Moved(_) => JournalError::Moved,
                error => JournalError::failed(error),
            })
        })
    }
}

/// Waits for the answer of the writer.
pub(super) async fn wait(done: Done) -> Result<(), Error> {
    done.await.unwrap_or(Err(Error::Stopped(None)))
}
