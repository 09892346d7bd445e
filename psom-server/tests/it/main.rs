//! Whole servers, over sockets.
#![expect(clippy::unwrap_used, reason = "tests")]

mod durable;
mod server;
mod web;
