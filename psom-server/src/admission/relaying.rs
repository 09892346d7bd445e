//! The interface between admission and the relay to other servers of a cluster.

use std::pin::Pin;

use psom::{Admission, Refused};

use crate::store::Owner;

/// The pending admission of a client at another server.
pub(crate) type Relayed<'a> = Pin<Box<dyn Future<Output = Result<Admission, Refused>> + Send + 'a>>;

/// Relays clients to the servers that own their meetings.
pub(crate) trait Relaying: Send + Sync {
    /// Connects to the owner of a meeting, for a client with this token.
    fn relay<'a>(&'a self, owner: Owner, meeting: &'a str, token: &'a str) -> Relayed<'a>;

    /// Reports whether a server of the cluster has made this proxy header for the meeting and the token.
    fn is_authentic(&self, header: &[u8], meeting: &str, token: &str) -> bool;

    /// Returns the number of clients that are relayed now, and that of all since the start.
    fn counts(&self) -> (u64, u64);
}
