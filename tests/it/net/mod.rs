//! Real sockets on the loopback interface with real TLS.

mod churn;
mod client;
pub(crate) mod common;
mod crowd;
mod durable;
mod endings;
mod file_journal;
mod reconnecting;
mod relaying;
mod reply_budget;
mod server;
mod tls;
mod websocket;
mod yielding;
