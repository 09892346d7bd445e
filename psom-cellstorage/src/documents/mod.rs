//! The store of documents behind the service.

mod memory;
mod store;

pub use memory::Memory;
#[cfg(feature = "server")]
pub(crate) use memory::user;
pub use store::{Address, DocumentError, DocumentFuture, Documents, Found, Loaded};
