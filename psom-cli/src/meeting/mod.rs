//! A client's session in a meeting, and the transfers that belong to it.

mod deadline;
#[cfg(feature = "cell")]
pub mod documents;
pub mod download;
mod guest;
mod link;
pub mod queue;
pub mod session;
pub mod texts;
pub mod upload;
