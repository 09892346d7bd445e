//! Complete servers over sockets.
#![expect(clippy::unwrap_used, reason = "tests")]

mod durable;
#[cfg(feature = "s3")]
mod s3;
mod server;
mod web;
