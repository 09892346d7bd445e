//! Requests to the server, whose answers have the same cookie.

use std::time::Duration;

use psom::{
    Context, DistributedObject, Interface, Peer, Reply, Sent,
    error::{AskError, CallError},
};

/// The time that a server may take to answer a request. After the last byte of a package, it verifies and
/// stores the package, which is slow for a large one.
pub(super) const ANSWER_LIMIT: Duration = Duration::from_secs(300);

/// Sends a request to the server. `then` gets the answer.
pub(super) fn ask<T: DistributedObject>(
    cx: &mut Context<T>,
    cookie: i32,
    call: impl FnOnce(<T::Calls as Interface>::Proxy<Peer<'_>>, i32) -> Sent,
    then: impl FnOnce(&mut T, &mut Context<T>, Result<Reply, AskError>) + Send + 'static,
) -> Result<(), AskError> {
    let server = cx.peer_infos().first().map(|peer| peer.id).ok_or(CallError::Gone)?;
    cx.ask_under(cookie, server, ANSWER_LIMIT, call, then)
}
