//! A client's session in a meeting, and the transfers that belong to it.

mod deadline;
#[cfg(feature = "cell")]
pub(crate) mod documents;
pub(crate) mod download;
mod guest;
mod link;
pub(crate) mod queue;
pub(crate) mod session;
pub(crate) mod texts;
pub(crate) mod upload;
