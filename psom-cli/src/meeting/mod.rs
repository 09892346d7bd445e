//! A client's session in a meeting, and the transfers that belong to it.

pub(crate) mod answers;
mod certificate;
pub(crate) mod closing;
mod deadline;
#[cfg(feature = "cell")]
pub(crate) mod documents;
pub(crate) mod download;
pub(crate) mod finding;
mod guest;
mod invitation;
pub(crate) mod link;
pub(crate) mod packing;
mod participation;
#[cfg(feature = "queue")]
pub(crate) mod recorded_package;
pub(crate) mod rejoining;
pub(crate) mod saved_links;
pub(crate) mod session;
mod state;
pub(crate) mod texts;
pub(crate) mod upload;
