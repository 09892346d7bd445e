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
//! ```
//!
//! Every change is made by the object that it belongs to, in the space's one order; whoever joins
//! late is told the same state by the same calls.

mod clock;
mod content;
mod contents;
mod create;
mod limits;
mod meeting;
mod native_file;
mod policy;
mod stage;
mod stream;
mod summary;
mod titles;
mod uploads;
mod users;

use std::sync::Arc;

pub use content::Content;
pub use contents::ContentManager;
pub use limits::Limits;
pub use meeting::Meeting;
pub use native_file::NativeFileOnlyContent;
pub use policy::{DefaultPolicy, Policy};
pub use stream::UploadStream;
pub use summary::{ContentSummary, MeetingSummary, UserSummary};
pub use uploads::UploadManager;
pub use users::ContentUserManager;

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
    /// The time of day when the meeting's space was made.
    pub started: std::time::SystemTime,
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
