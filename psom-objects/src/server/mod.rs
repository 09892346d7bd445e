//! The server side of a conference: [`Meeting`] is the root of a server's space.
//!
//! ```text
//! Meeting
//! ├─ contentUserManager   ContentUserManager   the roster: users and their roles
//! └─ contentManager       ContentManager       title reservations, contents, the stage
//!    ├─ uploadManager     UploadManager        uploads in progress
//!    │  └─ uploadStreams  UploadStream         one for each upload
//!    └─ content.{id}      Content              the properties that every content has
//!       └─ extendedContent                     the properties of its content type
//!          └─ annotationContainer           its annotations
//! ```
//!
//! Only the object itself changes its state, and the space executes all changes in one order. A
//! newcomer receives the current state in the same calls that announce changes.
//!
//! The modules are layers. Each imports only from those below it:
//!
//! 1. `meeting`, the root, which registers the standard content types, and `actions`, the recorded
//!    actions, which find contents by their titles;
//! 2. `content_types`, the content types of the specification;
//! 3. `contents`, the content manager and the contents;
//! 4. `uploads` and `annotations`;
//! 5. `content_type`, the contract between a content and its type;
//! 6. the remaining modules: `context` and the state and rules that it offers.

#[cfg(feature = "offline")]
mod actions;
mod annotations;
mod clock;
mod content_type;
mod content_types;
mod contents;
mod context;
mod durable;
mod former_users;
mod limits;
mod mailbox;
mod meeting;
mod policy;
mod services;
mod stage;
mod summary;
mod titles;
mod uploads;
mod user_pages;
mod users;

#[cfg(feature = "offline")]
pub use actions::{ACTIONS, Actions};
pub use annotations::AnnotationContainer;
pub use clock::TimeOfDay;
pub use content_type::{
    Added, Addition, ContentRef, ContentType, ContentTypes, NewContent, OldContent, Refusal,
};
pub use content_types::{
    NativeFileOnlyContent, PollContent, PptContent, QnaContent, SharedNotesContent,
    WhiteboardContent,
};
pub use contents::{Content, ContentManager};
pub use context::MeetingContext;
pub use durable::{RestoreError, SavedState, SetAsideContent, UnreadableValue};
pub use former_users::FormerUser;
pub use limits::{AnnotationLimits, MeetingLimits};
pub use meeting::{Meeting, MeetingConfig};
pub use policy::{DefaultPolicy, Policy};
pub use psom::{Memory, SavedValues, error::SaveError};
pub use summary::{ContentSummary, MeetingSummary, UserSummary};
pub use uploads::{UploadManager, UploadStream};
pub use users::ContentUserManager;
