//! Uploads: packages that clients send in packets or through a browser.

pub(in crate::server) mod manager;
mod stream;
pub(in crate::server) mod target;

pub use manager::UploadManager;
pub use stream::UploadStream;
