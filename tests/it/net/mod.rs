//! Real sockets on the loopback interface, real TLS.

mod asking;
mod churn;
mod client;
pub mod common;
mod crowd;
mod durable;
mod endings;
mod server;
mod tls;
