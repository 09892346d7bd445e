//! The conference itself: [`Meeting`] is the root of a server's space.

mod limits;
mod policy;

use std::sync::Arc;

pub use limits::Limits;
pub use policy::{DefaultPolicy, Policy};

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
