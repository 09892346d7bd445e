//! The content manager and the contents: creating, restoring, presenting, and notifying clients.

mod content;
mod creating;
pub(in crate::server) mod manager;
mod naming;
mod notifying;
mod numbers;
mod presenting;
#[cfg(feature = "offline")]
mod recorded;
mod restoring;
mod state;

pub use content::Content;
pub use manager::ContentManager;
