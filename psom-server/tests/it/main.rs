//! Complete servers over sockets.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

#[cfg(all(feature = "postgres", feature = "s3", unix))]
mod acknowledgements;
mod client;
#[cfg(all(feature = "postgres", feature = "s3"))]
mod cluster;
mod durable;
#[cfg(all(feature = "postgres", feature = "s3", unix))]
mod failures;
#[cfg(feature = "s3")]
mod s3;
mod server;
mod web;
