//! The conference itself: [`Meeting`] is the root of a server's space.
//!
//! ```text
//! Meeting
//! ├─ contentUserManager   ContentUserManager   who is there, and as what
//! └─ contentManager       ContentManager       titles, contents, the stage
//!    ├─ uploadManager     UploadManager        packages on their way in
//!    │  └─ uploadStreams  UploadStream         one for each upload
//!    └─ content.{id}      Content              what every content has
//!       └─ extendedContent                     what its type has besides
//!          └─ annotationContainer           what is drawn and written on it
//! ```
//!
//! Every change is made by the object that it belongs to, in the space's one order; whoever joins
//! late is told the same state by the same calls.

mod annotations;
mod clock;
mod content;
mod contents;
mod create;
mod durable;
mod json;
mod kinds;
mod limits;
mod meeting;
mod native_file;
mod notes;
mod policy;
mod poll;
mod ppt;
mod qna;
mod restore;
mod room;
mod stage;
mod stream;
mod summary;
mod titles;
mod uploads;
mod users;
mod web;
mod whiteboard;

use std::sync::Arc;

pub use annotations::AnnotationContainer;
pub use content::Content;
pub use contents::ContentManager;
pub use durable::{Memory, NotSaved, Recollection, RestoreError, SavedState, SetAside};
pub use kinds::{Added, Addition, ContentType, ContentTypes, NewContent, OldContent, Refusal};
pub use limits::{AnnotationLimits, Limits};
pub use meeting::Meeting;
pub use native_file::NativeFileOnlyContent;
pub use notes::SharedNotesContent;
pub use policy::{DefaultPolicy, Policy};
pub use poll::PollContent;
pub use ppt::PptContent;
pub use qna::QnaContent;
pub use room::{ContentRef, Room};
pub use stream::UploadStream;
pub use summary::{ContentSummary, MeetingSummary, UserSummary};
pub use uploads::UploadManager;
pub use users::ContentUserManager;
pub use whiteboard::WhiteboardContent;

use crate::store::FileStore;

/// What a meeting needs from whoever runs it.
#[derive(Clone)]
pub struct MeetingConfig {
    /// What the names of files are appended to: `http://host:port/files/`.
    pub url_base: String,
    /// Where files are kept.
    pub files: Arc<dyn FileStore>,
    /// Who may do what.
    pub policy: Arc<dyn Policy>,
    /// How much the meeting holds.
    pub limits: Limits,
    /// The types of contents that can be shared.
    pub content_types: ContentTypes,
    /// The time of day when the meeting's space was made.
    pub started: std::time::SystemTime,
}

impl MeetingConfig {
    /// A meeting by the ordinary rules, of the specification's contents. `started` is the time of
    /// day when the meeting's space is made.
    pub fn new(
        url_base: impl Into<String>,
        files: Arc<dyn FileStore>,
        started: std::time::SystemTime,
    ) -> Self {
        Self {
            url_base: url_base.into(),
            files,
            policy: Arc::new(DefaultPolicy),
            limits: Limits::default(),
            content_types: ContentTypes::standard(),
            started,
        }
    }
}

impl std::fmt::Debug for MeetingConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MeetingConfig").field("url_base", &self.url_base).finish_non_exhaustive()
    }
}

/// What all objects of a meeting share.
#[derive(Debug)]
struct Shared {
    config: MeetingConfig,
    clock: clock::Clock,
}
