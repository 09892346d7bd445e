//! The distributed objects of a web conference (MS-PSOM), built only with the public API of the
//! framework.
//!
//! - [`interfaces`]: the interfaces of every object, for both sides.
//! - [`server`]: the server side of a conference. [`server::Meeting`] is the root of a space.
//! - [`annotation`]: the annotations of a content, for both sides.
//! - [`client`]: a mirror of the conference, which notifies a program of changes.
//! - [`package`]: OC packages, in which clients upload contents.
//! - [`qna`]: the messages between the pages of questions and answers.
//! - [`store`]: the interface to the file store, which a server implements.
//! - [`testing`]: meetings in tests, without a server, a network or a disk.
//! - [`texts`]: characters that are unsafe in the texts that users see.
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
