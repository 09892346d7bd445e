//! The service over HTTP: an axum router in front of a store of documents.

mod folder;
mod http;
mod service;

pub use folder::Folder;
pub use http::{cell_router, loopback_only};
