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
//! The parts:
//!
//! - [`Server`] starts and stops everything; [`ServerFile`] is how other programs find it.
//! - [`JoinLink`] is a line with which a client on another machine can join.
//! - [`files`] takes packages and keeps encrypted files; [`crypto`] is that encryption, for
//!   clients as well.
//! - [`store`] keeps the state of the meetings beyond the server's end.
//! - [`tls`] makes the server's certificate authority and certificate.
//! - [`manual`] tells how to add a type of content.
//! - [`proxy`] is the silent forwarding proxy of section 3.4.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod address;
mod admission;
mod app;
pub mod crypto;
mod door;
mod error;
pub mod files;
mod follow;
mod home;
mod http;
mod invitations;
mod link;
pub mod manual;
mod meetings;
mod metrics;
mod options;
mod private;
pub mod proxy;
mod room;
mod roster;
mod server;
mod server_file;
pub mod store;
#[cfg(test)]
mod testing;
pub mod tls;

pub use admission::AdmissionError;
pub use error::StartError;
pub use follow::FollowError;
pub use link::{Entry, JoinLink, LinkError};
pub use options::{Limits, Options};
pub use server::{DemoLink, Server};
pub use server_file::ServerFile;
pub use store::Durability;
