//! Documents in a meeting: the content type `Psom.Document`, the store behind its links, and the
//! client's follower.

mod content;
mod follower;
mod hub;
mod interfaces;

pub use content::DocumentContent;
pub use follower::{DocumentEvent, DocumentFollower, Link, RevisionFile};
pub use hub::{LINK_PATH, MeetingDocuments};
pub use interfaces::{DocumentClient, DocumentClientProxy, DocumentServer, DocumentServerProxy};

/// The name of the content type.
pub const CONTENT_TYPE: &str = "Psom.Document";
