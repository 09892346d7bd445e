//! The driver: tokio tasks, TLS, listeners and clients.
//!
//! A space runs on one task, which drives its hub (`space_task`). Every connection has its own task,
//! which moves bytes between its transport and the space (`connection`). Both tasks share the
//! connection's `link`, and the bytes between them wait in its `write_buffer`.

mod accept_errors;
mod authenticator;
mod client;
mod connection;
mod credentials;
#[cfg(feature = "journal")]
mod durable;
mod end_cause;
mod handle;
pub mod journal;
mod link;
mod reconnect;
mod remote;
#[cfg(feature = "offline")]
mod replay;
mod server;
pub mod slots;
mod space_task;
pub mod tls;
mod tokens;
#[cfg(feature = "websocket")]
pub mod websocket;
mod write_buffer;

use std::sync::Arc;

pub use accept_errors::AcceptErrors;
pub use authenticator::{Admission, Authenticator, Refused};
pub use client::{Client, ClientBuilder, ClientSession};
pub use handle::{SpaceHandle, SpaceRef};
pub use journal::{Committing, Journal};
pub use reconnect::{Backoff, ConnectionEvent, ReconnectingClient, TokenSource};
pub use remote::{Remote, Sending};
#[cfg(feature = "offline")]
pub use replay::{RefusedCall, Replayed, Replaying};
pub use server::{Server, ServerBuilder, ServerLimits, ServerStats};
pub use tokens::Tokens;

use crate::session::{Config, Trace};

/// Adds a trace to standard error if the environment variable `PSOM_TRACE` is set and the program has
/// set no trace.
fn with_trace(mut config: Config) -> Config {
    let enabled =
        std::env::var_os("PSOM_TRACE").is_some_and(|value| !value.is_empty() && value != "0");
    if enabled && config.trace.is_none() {
        #[expect(clippy::print_stderr, reason = "the user of the variable asked for it")]
        let print = |line: &str| eprintln!("{line}");
        config.trace = Some(Arc::new(print));
    }
    config
}

/// Returns a trace that appends the name of the connection to each line, because one process can have
/// many connections.
fn named(trace: &Trace, name: &str) -> Trace {
    let (trace, name) = (Arc::clone(trace), name.to_owned());
    Arc::new(move |line| trace(&format!("{line}   ({name})")))
}
