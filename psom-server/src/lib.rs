//! A web-conferencing server (MS-PSOM): meetings, admission over HTTP, encrypted files, and the
//! forwarding proxy.
//!
//! ```no_run
//! # async fn run() -> Result<(), psom_server::StartError> {
//! use psom_server::{Options, Server};
//!
//! let server = Server::start(Options { demo: true, ..Options::default() }).await?;
//! for demo in server.demo_links() {
//!     println!("{}", demo.link);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The public parts:
//!
//! - [`Server`] starts and stops a server; [`ServerFile`] lets other programs find it.
//! - [`JoinLink`] is one line of text with which a client on another machine joins a meeting.
//! - [`files`] imports packages and stores encrypted files; [`crypto`] is the encryption, which
//!   clients use as well.
//! - [`store`] keeps the state of the meetings across restarts.
//! - [`limits`] is the table of all limits, by which they are configured and counted.
//! - [`maintenance`] checks and repairs the store of a stopped server.
//! - [`tls`] creates the server's certificate authority and certificate.
//! - [`manual`] explains how to add a content type.
//! - [`proxy`] is the silent forwarding proxy of section 3.4.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod admission;
mod app;
#[cfg(feature = "postgres")]
mod cluster;
mod data_directory;
pub mod files;
mod http;
pub mod limits;
pub mod maintenance;
pub mod manual;
mod meetings;
mod options;
pub mod proxy;
mod server;
mod server_file;
mod shared;
mod slides;
mod start_error;
pub mod store;
#[cfg(test)]
mod testing;
pub mod tls;

/// Readers of untrusted bytes that are not public otherwise, for the fuzz targets.
#[doc(hidden)]
pub mod fuzzing {
    pub use crate::http::read_form as form;
}

pub use admission::{
    AdmissionError, ExchangeError, JoinCredential, JoinLink, LinkAuthority, LinkError,
};
#[cfg(feature = "postgres")]
pub use cluster::{Copied, CopyDirection, copy as copy_store};
pub use files::crypto;
pub use options::Options;
pub use server::{DemoLink, Server};
pub use server_file::ServerFile;
pub use shared::limits::Limits;
pub use slides::SlideRenderer;
pub use start_error::StartError;
pub use store::Durability;
