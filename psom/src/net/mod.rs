//! The driver: tokio tasks, TLS, listeners and clients around the pure protocol.
//!
//! A space runs on one task, which drives its hub (`space_task`). Every connection has a task of
//! its own that moves bytes between its transport and the space (`connection`). Both share the
//! connection's `link`; the bytes between them wait in its `outbox`.

mod authenticator;
mod client;
mod connection;
mod handle;
mod journal;
mod link;
mod outbox;
mod remote;
mod server;
mod space_task;
pub mod tls;
mod tokens;
#[cfg(feature = "websocket")]
pub mod websocket;

use std::sync::Arc;

pub use authenticator::{Admission, Authenticator, Refused};
pub use client::{Client, ClientBuilder, ClientSession};
pub use handle::{SpaceHandle, SpaceRef};
pub use journal::{Committing, Journal};
pub use remote::{Remote, Sending};
pub use server::{Server, ServerBuilder, ServerLimits, ServerStats};
pub use tokens::Tokens;

use crate::session::{Config, Trace};

/// Prints a trace to standard error where the environment asks for it (`PSOM_TRACE=1`) and the
/// program has set no other.
fn with_trace(mut config: Config) -> Config {
    let asked =
        std::env::var_os("PSOM_TRACE").is_some_and(|value| !value.is_empty() && value != "0");
    if asked && config.trace.is_none() {
        config.trace = Some(Arc::new(|line| eprintln!("{line}")));
    }
    config
}

/// The same trace with a word on each line that says whose it is: one process can hold many.
fn named(trace: &Trace, name: &str) -> Trace {
    let (trace, name) = (trace.clone(), name.to_owned());
    Arc::new(move |line| trace(&format!("{line}   ({name})")))
}
