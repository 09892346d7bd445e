use std::ops::Range;

use super::table::ConnectedObject;
use crate::{
    error::Error,
    wire::{ObjectKey, ProxyId, auth::Credentials},
};

/// The address of an object on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// The channel.
    pub channel: u32,
    /// This side's proxy identifier on the channel.
    pub proxy: ProxyId,
}

/// An event of a session. Events are returned in the order in which they happen.
#[derive(Debug)]
pub enum Event {
    /// A client sent its credentials. Answer with `accept` or `end`.
    Authenticate(Credentials),
    /// The application channel is open and its root is connected.
    Opened {
        /// The root object.
        object: ObjectKey,
        /// The root's address.
        address: Address,
        /// The negotiated version.
        version: i32,
    },
    /// The peer connects a child. Answer with `accept_connect` or `refuse_connect`.
    Connect(ConnectRequest),
    /// The peer disconnected an object.
    Disconnected {
        /// The object.
        object: ObjectKey,
        /// The object's former address.
        address: Address,
    },
    /// The peer closed the application channel. Contains all objects that were connected on it, with
    /// their former addresses.
    ChannelClosed(Vec<(ObjectKey, Address)>),
    /// The peer calls a method of the negotiated version.
    Call(Call),
    /// The connection has ended. No event follows.
    Ended(Error),
}

/// The peer's request to connect a child.
#[derive(Debug)]
pub struct ConnectRequest {
    /// The parent object.
    pub parent: ObjectKey,
    /// The parent's address.
    pub parent_address: Address,
    /// The part name of the child.
    pub part: String,
    /// The hash of the peer's half.
    pub hash: i64,
    /// The child's address.
    pub address: Address,
}

/// A call of the peer.
#[derive(Debug)]
pub struct Call {
    pub(crate) target: ConnectedObject,
    pub(crate) address: Address,
    pub(crate) method: i8,
    pub(crate) arguments: Range<usize>,
    /// The number of changes of the proxy table before the call.
    pub(super) table_changes: u64,
}
