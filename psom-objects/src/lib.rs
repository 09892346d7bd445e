//! The distributed objects of a web conference (MS-PSOM), built with nothing but the public
//! framework.
//!
//! - [`interfaces`]: both halves of every object, as the specification declares them.
//! - [`server`]: the conference itself, behind a [`server::Meeting`] as the root of a space.
//! - [`annotation`]: what is drawn and written on a content, the same for both sides.
//! - [`client`]: a mirror of the conference that a program reads and is told of changes.
//! - [`package`]: OC packages, in which content is uploaded.
//! - [`qna`]: what the pages of questions and answers say to each other.
//! - [`store`]: where a server keeps files; whoever runs a server implements it.
//! - [`testing`]: meetings in tests.
//! - [`texts`]: how long a text is on the wire.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod annotation;
pub mod client;
mod hex;
pub mod interfaces;
pub mod package;
pub mod qna;
pub mod server;
pub mod store;
pub mod testing;
pub mod texts;
pub mod types;
