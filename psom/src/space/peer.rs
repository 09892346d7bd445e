use slotmap::new_key_type;

use super::user::User;
use crate::{error::CallError, session::Address};

new_key_type! {
    /// Names a connection of a space; never reused.
    pub struct ConnectionKey;
}

/// Identifies a peer by its connection. It is the same for every object of the space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub(crate) ConnectionKey);

/// The properties of a peer of an object.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PeerInfo {
    /// The peer's connection.
    pub id: PeerId,
    /// The peer's user.
    pub user: User,
    /// The negotiated version of the object's interface.
    pub version: i32,
}

/// A connected object on one connection: a peer of the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PeerEntry {
    pub(super) connection: ConnectionKey,
    pub(super) address: Address,
    pub(super) version: i32,
}

/// The peer for which a handler runs: the caller of a method, or the peer that was connected or
/// disconnected.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) peer: PeerEntry,
    pub(super) user: User,
}

impl Caller {
    pub(super) fn info(&self) -> PeerInfo {
        let PeerEntry { connection, version, .. } = self.peer;
        PeerInfo { id: PeerId(connection), user: self.user.clone(), version }
    }
}

/// The result of a call. Most handlers ignore it, because a call to a peer that is disconnecting
/// is not an error.
#[derive(Debug, Default)]
pub struct Sent {
    /// The number of peers for which the call was queued.
    pub reached: usize,
    error: Option<CallError>,
}

impl Sent {
    pub(super) fn failed(error: CallError) -> Self {
        Self { reached: 0, error: Some(error) }
    }

    /// Returns the result of a call that was queued for all `peers` of a group.
    pub(super) fn to(peers: usize) -> Self {
        Self { reached: peers, error: None }
    }

    pub(super) fn add(&mut self, result: Result<(), CallError>) {
        match result {
            Ok(()) => self.reached += 1,
            Err(error) => drop(self.error.get_or_insert(error)),
        }
    }

    /// Returns the first error, if the call could not be queued for every peer.
    pub fn ok(&self) -> Result<(), CallError> {
        self.error.clone().map_or(Ok(()), Err)
    }
}
