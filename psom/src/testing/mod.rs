//! Tests without sockets and without waiting, for this crate's own protocol and for your objects.
//!
//! A [`Pair`] joins a server's space with any number of clients' spaces in virtual time; a
//! [`Script`] plays one side byte by byte against a real other side. Everything is synchronous, and
//! two runs of a test do the same.

mod host;
mod pair;
mod script;

pub use pair::Pair;
pub use script::{Script, hex};
