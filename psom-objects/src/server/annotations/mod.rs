//! The annotations of a content, on the server.

mod calls;
pub(in crate::server) mod container;
mod groups;
mod image;
mod pending;
mod rules;
mod saved;

pub use container::AnnotationContainer;
