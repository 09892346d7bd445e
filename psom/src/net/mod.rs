//! The driver of a hub: tokio tasks, links, TLS, and slots for connections.
//!
//! A space runs on one task, which drives its hub (`space_task`). Every connection has its own task,
//! which moves bytes between its transport and the space (`connection`). Both tasks share the
//! connection's `link`, and the bytes between them wait in its `write_buffer`.
//!
//! The module also exports the [`Client`] and the [`Server`], which start these tasks.

pub(crate) mod accept_errors;
pub mod buffers;
mod call_queue;
pub(crate) mod connection;
pub(crate) mod handle;
pub(crate) mod hosted;
pub(crate) mod link;
pub mod slots;
pub(crate) mod space_task;
pub mod tasks;
pub mod tls;
mod write_buffer;

use std::sync::Arc;

pub use accept_errors::AcceptErrors;
pub use handle::{SpaceHandle, SpaceRef};

#[cfg(feature = "offline")]
pub use crate::client::{RefusedCall, Replayed, Replaying};
use crate::session::{Config, Trace};
#[cfg(feature = "websocket")]
pub use crate::websocket;
pub use crate::{
    client::{
        Backoff, Client, ClientBuilder, ClientSession, ConnectionEvent, ReconnectingClient, Remote,
        Sending, TokenSource,
    },
    journal::{self, Committing, Journal},
    server::{
        Admission, Authenticator, Refused, Server, ServerBuilder, ServerLimits, ServerStats, Tokens,
    },
};

/// Adds a trace to standard error if the environment variable `PSOM_TRACE` is set and the program has
/// set no trace.
pub(crate) fn with_trace(mut config: Config) -> Config {
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
pub(crate) fn named(trace: &Trace, name: &str) -> Trace {
    let (trace, name) = (Arc::clone(trace), name.to_owned());
    Arc::new(move |line| trace(&format!("{line}   ({name})")))
}
