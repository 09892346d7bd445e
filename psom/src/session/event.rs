use std::ops::Range;

use super::table::Connected;
use crate::{
    error::Error,
    wire::{ObjectKey, ProxyId, auth::Credentials},
};

/// The place of an object on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// The channel.
    pub channel: u32,
    /// This side's proxy identifier on it.
    pub proxy: ProxyId,
}

/// What a session tells the layer above, in the order in which it happened.
#[derive(Debug)]
pub enum Event {
    /// A client shows its credentials; answer with `accept` or `end`.
    Authenticate(Credentials),
    /// The application channel is open and its root is connected.
    Opened {
        /// The root object.
        object: ObjectKey,
        /// Its place.
        address: Address,
        /// The version in force.
        version: i32,
    },
    /// The peer connects a child; answer with `accept_connect` or `refuse_connect`.
    Connect(ConnectRequest),
    /// The peer disconnected an object.
    Disconnected {
        /// The object.
        object: ObjectKey,
        /// The place that it had.
        address: Address,
    },
    /// The peer closed the application channel: every object that was connected on it, and where.
    ChannelClosed(Vec<(ObjectKey, Address)>),
    /// The peer calls a method that the negotiated version has.
    Call(Call),
    /// The connection is over; nothing follows.
    Ended(Error),
}

/// A child that the peer wants connected.
#[derive(Debug)]
pub struct ConnectRequest {
    /// The connected object whose child it is.
    pub parent: ObjectKey,
    /// The parent's place.
    pub parent_address: Address,
    /// The child's name.
    pub part: String,
    /// The hash of the peer's half.
    pub hash: i64,
    /// The place that the child has from now on.
    pub address: Address,
}

/// A call that the peer made.
#[derive(Debug)]
pub struct Call {
    pub(crate) target: Connected,
    pub(crate) address: Address,
    pub(crate) method: i8,
    pub(crate) arguments: Range<usize>,
}
