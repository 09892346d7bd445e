use super::Misuse;

/// The reason why a call, or another operation on an object or a peer, failed. Nothing was sent.
///
/// Every variant except [`Misuse`](Self::Misuse) is caused by timing or by the peer, so a correct
/// program must expect it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The object was removed, or its peer or its connection is gone.
    #[error("the object, its peer or its connection is gone")]
    Gone,
    /// The two sides have no version of an interface in common.
    #[error("the peer and this side have no version of {0} in common; the object cannot be shared")]
    NotNegotiated(&'static str),
    /// The method belongs to a later version than the one negotiated with this peer.
    #[error("{method} came with version {since} of {interface}, this peer has version {version}")]
    NotInVersion {
        /// The interface.
        interface: &'static str,
        /// The method's wire name.
        method: &'static str,
        /// The version that introduced the method.
        since: i32,
        /// The negotiated version.
        version: i32,
    },
    /// The state of the objects does not allow the operation. The text is shown to people.
    #[error("{0}")]
    NotNow(&'static str),
    /// An object that is passed by reference is not connected to the peer.
    #[error("an object passed by reference is not connected to this peer; connect it first")]
    ReferenceNotConnected,
    /// All proxy identifiers of a channel are used up (section 2.2.2).
    #[error("this connection has used up its proxy identifiers; reconnect")]
    OutOfProxies,
    /// The arguments can never be sent.
    #[error(transparent)]
    Misuse(#[from] Misuse),
}
