//! Support for tests without sockets and without waiting.
//!
//! A [`Pair`] connects a server's space with any number of clients' spaces in virtual time. A
//! [`Script`] exchanges bytes with one side, so that a test plays the other side. All methods are
//! synchronous, and tests are deterministic.

mod host;
mod pair;
mod script;
mod spawned;

pub use pair::Pair;
pub use script::{Script, hex};
