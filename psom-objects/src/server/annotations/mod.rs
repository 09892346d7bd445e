//! The annotations of a content, on the server.

mod calls;
pub(in crate::server) mod container;
mod groups;
mod image;
mod limits;
mod pending;
#[cfg(feature = "offline")]
mod recorded;
mod state;

pub use container::AnnotationContainer;
