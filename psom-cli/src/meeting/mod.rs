//! A client's session in a meeting, and the transfers that belong to it.

mod deadline;
#[cfg(feature = "cell")]
pub(crate) mod documents;
pub(crate) mod download;
mod guest;
pub(crate) mod link;
pub(crate) mod queue;
pub(crate) mod saved_links;
pub(crate) mod session;
mod state;
pub(crate) mod texts;
pub(crate) mod upload;
