use serde::{Serialize, Serializer};

use super::{
    json,
    model::{content::ContentEvent, user::User},
};
use crate::types::{DownloadFinishReason, TitleReservationStatus, UploadFinishReason};

/// A change of the meeting, or the answer to an action. Users and contents are named by their IDs.
///
/// An event serializes as a flat JSON object with the kind of event in `event`:
/// `{"event":"titled","title":"Plan","content":7}`. Keys of files and URLs that give access to a
/// file are omitted, so that a log of events does not reveal a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields have the names and the meaning of the model's")]
pub enum Event {
    /// The server's time.
    ServerTime { time: String },
    /// The URL base, to which the names of files are appended.
    UrlBase { url: String },
    /// The server has sent the meeting's state. The state of its contents follows.
    Ready,
    /// The connection has ended. No event follows.
    Ended,

    /// A user has joined, or has another name.
    UserAdded {
        #[serde(rename = "user")]
        id: i64,
        #[serde(flatten)]
        user: User,
    },
    /// A user has left.
    UserRemoved {
        #[serde(rename = "user")]
        id: i64,
    },

    /// The user on the stage.
    ActivePresenter {
        #[serde(rename = "user")]
        id: Option<i64>,
    },
    /// The content on the stage.
    ActiveContent {
        #[serde(rename = "content")]
        id: Option<i64>,
    },

    /// The URL where a browser can download a decrypted file once.
    WebDownloadAccepted {
        cookie: i32,
        #[serde(skip)]
        url: String,
    },
    /// The server does not offer the decrypted file.
    WebDownloadRejected {
        cookie: i32,
        #[serde(serialize_with = "json::number")]
        reason: DownloadFinishReason,
    },
    /// A call could not be sent. `action` completes "cannot ...".
    NotSent { action: &'static str, reason: String },

    /// A change of a content, or the answer to a request about it.
    #[serde(untagged)]
    Content {
        #[serde(flatten)]
        event: ContentEvent,
        #[serde(rename = "content")]
        id: i64,
    },
    /// A step of an upload, from the reservation of its title to its end.
    #[serde(untagged)]
    Upload {
        #[serde(flatten)]
        event: UploadEvent,
        cookie: i32,
    },
}

/// A step of an upload, in the usual order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase")]
#[non_exhaustive]
pub enum UploadEvent {
    /// The answer to [`reserve_title`](crate::client::Conference::reserve_title).
    TitleReservation {
        /// The outcome.
        #[serde(flatten, serialize_with = "title_reservation")]
        status: TitleReservationStatus,
        /// The content that has the title, if the reservation failed for this reason.
        content: Option<i64>,
        /// The user who owns or has reserved the title, if the server sends it.
        owner: Option<i64>,
    },
    /// The reservation of the title has ended.
    TitleReleased,
    /// The upload may begin.
    #[serde(rename = "uploadAccepted")]
    Accepted,
    /// A browser may send the file once. Call
    /// [`finish_upload`](crate::client::Conference::finish_upload) afterwards.
    WebUploadAccepted {
        /// The URL to which the form with the file is sent.
        #[serde(skip)]
        url: String,
    },
    /// The server does not accept the upload.
    #[serde(rename = "uploadRejected")]
    Rejected {
        /// The reason.
        #[serde(flatten, serialize_with = "finish_reason")]
        reason: UploadFinishReason,
    },
    /// Bytes of the upload have arrived.
    #[serde(rename = "uploadProgress")]
    Progress {
        /// The number of bytes that have arrived so far.
        received: u64,
    },
    /// The server has disconnected the stream before the whole package was sent, and the upload is
    /// cancelled. [`Finished`](Self::Finished) follows with the reason, if the server sends one.
    #[serde(rename = "uploadDisconnected")]
    Disconnected,
    /// The server has not answered a request in time: the reservation of the title, the request to
    /// upload, or the end of the upload. A late answer is still an event.
    #[serde(rename = "uploadTimedOut")]
    TimedOut,
    /// The upload has become a content.
    ContentCreated {
        /// The content's ID.
        content: i64,
    },
    /// The upload has ended.
    #[serde(rename = "uploadFinished")]
    Finished {
        /// The outcome.
        #[serde(flatten, serialize_with = "finish_reason")]
        reason: UploadFinishReason,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde expects")]
fn title_reservation<S: Serializer>(
    status: &TitleReservationStatus,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct ReservationJson {
        ok: bool,
        status: i32,
    }
    let ok = *status == TitleReservationStatus::ReservedForCreation;
    ReservationJson { ok, status: i32::from(*status) }.serialize(serializer)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde expects")]
fn finish_reason<S: Serializer>(
    reason: &UploadFinishReason,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct OutcomeJson {
        ok: bool,
        reason: i32,
    }
    let ok = *reason == UploadFinishReason::Ok;
    OutcomeJson { ok, reason: i32::from(*reason) }.serialize(serializer)
}

impl Event {
    /// Returns the content that a [`Content`](Self::Content) event is about.
    pub fn content(&self) -> Option<i64> {
        match self {
            Self::Content { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// Returns the approximate number of bytes that the event occupies. A program that queues
    /// events can bound its queue with it.
    pub fn size_bytes(&self) -> usize {
        let owned = match self {
            Self::ServerTime { time: text }
            | Self::UrlBase { url: text }
            | Self::WebDownloadAccepted { url: text, .. }
            | Self::NotSent { reason: text, .. }
            | Self::Upload { event: UploadEvent::WebUploadAccepted { url: text }, .. } => {
                text.len()
            }
            Self::UserAdded { user, .. } => user.uri.len() + user.name.len(),
            Self::Content { event, .. } => event.heap_bytes(),
            Self::Ready
            | Self::Ended
            | Self::UserRemoved { .. }
            | Self::ActivePresenter { .. }
            | Self::ActiveContent { .. }
            | Self::WebDownloadRejected { .. }
            | Self::Upload { .. } => 0,
        };
        size_of::<Self>() + owned
    }
}
