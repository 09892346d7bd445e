//! MS-FSSHTTPB, the binary cell storage protocol with which Office edits documents together, and
//! MS-FSSHTTPD, its model of a file.
//!
//! The crate converts between bytes, a typed tree, revisions and a file, in both directions. It
//! has no I/O, no clock and no random numbers.
//!
//! | layer | content |
//! | --- | --- |
//! | [`mod@print`] | trees as text |
//! | [`package`] | OneNote files |
//! | [`mod@file`] | nodes, chunking, signatures, data hash; a client's edit |
//! | [`store`] | index, manifests, cells, revisions, knowledge, coherency |
//! | [`message`] | requests, responses, errors, filters |
//! | [`object`] | headers, nesting, the type table |
//! | [`atom`] | compact integers, extended GUIDs, items |
//!
//! Each layer uses only the layers below it.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

// The derive macro names the crate by its path.
extern crate self as fsshttpb;

pub mod atom;
mod error;
pub mod file;
pub mod message;
pub mod object;
pub mod package;
pub mod print;
pub mod store;

pub use error::{DecodeError, Rule};
