//! The outcomes of reservations and uploads, for programs that wait for them.

use std::collections::BTreeMap;

use crate::{
    client::event::{Event, UploadEvent},
    types::{TitleReservationStatus, UploadFinishReason},
};

/// The reason why a reservation or an upload has failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The server has not reserved the title.
    #[error("the server has not reserved the title: {status}")]
    TitleRefused {
        /// The server's answer.
        status: TitleReservationStatus,
        /// The content that has the title.
        content: Option<i64>,
        /// The user who owns or has reserved the title.
        owner: Option<i64>,
    },
    /// The server has rejected or ended the upload.
    #[error("the server has ended the upload ({0})")]
    UploadEnded(UploadFinishReason),
    /// A call could not be sent. `action` completes "cannot ...".
    #[error("cannot {action}: {reason}")]
    NotSent {
        /// The action.
        action: &'static str,
        /// The reason.
        reason: String,
    },
    /// The server has not answered in time.
    #[error("the server has not answered in time; try again")]
    TimedOut,
    /// The connection has ended.
    #[error("the connection has ended; join again")]
    Ended,
}

type Then<T> = Box<dyn FnOnce(Result<T, RequestError>) + Send>;

/// The requests whose outcomes a program waits for, by their cookies.
#[derive(Default)]
pub(super) struct Outcomes {
    titles: BTreeMap<i32, Then<()>>,
    uploads: BTreeMap<i32, Uploading>,
}

struct Uploading {
    created: Option<i64>,
    is_finished: bool,
    then: Then<Option<i64>>,
}

impl Outcomes {
    pub(super) fn wait_for_title(&mut self, cookie: i32, then: Then<()>) {
        self.titles.insert(cookie, then);
    }

    pub(super) fn wait_for_upload(&mut self, cookie: i32, then: Then<Option<i64>>) {
        self.uploads.insert(cookie, Uploading { created: None, is_finished: false, then });
    }

    /// Handles an event. Returns the cookie of an upload that has succeeded and of whose content nothing
    /// is known: the specification does not say whether the content is announced before.
    pub(super) fn on_event(&mut self, event: &Event) -> Option<i32> {
        match event {
            Event::Ended => {
                for (_, then) in std::mem::take(&mut self.titles) {
                    then(Err(RequestError::Ended));
                }
                for (_, upload) in std::mem::take(&mut self.uploads) {
                    (upload.then)(Err(RequestError::Ended));
                }
                None
            }
            Event::Upload { cookie, event } => self.on_upload(*cookie, event),
            _ => None,
        }
    }

    fn on_upload(&mut self, cookie: i32, event: &UploadEvent) -> Option<i32> {
        match *event {
            UploadEvent::TitleReservation { status, content, owner } => {
                if status != TitleReservationStatus::ReservedForCreation {
                    self.fail(cookie, &RequestError::TitleRefused { status, content, owner });
                } else if let Some(then) = self.titles.remove(&cookie) {
                    then(Ok(()));
                }
            }
            UploadEvent::TimedOut => self.fail(cookie, &RequestError::TimedOut),
            UploadEvent::ContentCreated { content } => {
                let upload = self.uploads.get_mut(&cookie)?;
                upload.created = Some(content);
                if upload.is_finished {
                    self.complete(cookie);
                }
            }
            UploadEvent::Finished { reason: UploadFinishReason::Ok } => {
                let upload = self.uploads.get_mut(&cookie)?;
                upload.is_finished = true;
                if upload.created.is_none() {
                    return Some(cookie);
                }
                self.complete(cookie);
            }
            UploadEvent::Rejected { reason } | UploadEvent::Finished { reason } => {
                self.fail(cookie, &RequestError::UploadEnded(reason));
            }
            UploadEvent::TitleReleased
            | UploadEvent::Accepted
            | UploadEvent::WebUploadAccepted { .. }
            | UploadEvent::Progress { .. }
            | UploadEvent::Disconnected => {}
        }
        None
    }

    /// Ends the wait for an upload that has succeeded.
    pub(super) fn complete(&mut self, cookie: i32) {
        if let Some(upload) = self.uploads.remove(&cookie) {
            (upload.then)(Ok(upload.created));
        }
    }

    /// Ends the wait for a request that has failed.
    pub(super) fn fail(&mut self, cookie: i32, error: &RequestError) {
        if let Some(then) = self.titles.remove(&cookie) {
            then(Err(error.clone()));
        }
        if let Some(upload) = self.uploads.remove(&cookie) {
            (upload.then)(Err(error.clone()));
        }
    }
}
