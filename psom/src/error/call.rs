use super::Misuse;

/// Why a call, or another operation on an object or a peer, was not done. Nothing of it reaches
/// the wire.
///
/// Every variant except [`Misuse`](Self::Misuse) is caused by timing or by the peer, so a correct
/// program must expect it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The object, its peer or its connection is gone.
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
    /// The present state of the objects forbids the operation. The text is a sentence for people.
    #[error("{0}")]
    NotNow(&'static str),
    /// The peer is not connected to an object that is passed by reference.
    #[error("an object passed by reference is not connected to this peer; connect it first")]
    ReferenceNotConnected,
    /// All proxy identifiers of a channel are used up (section 2.2.2).
    #[error("this connection has used up its proxy identifiers; reconnect")]
    OutOfProxies,
    /// The caller passed something that can never be sent.
    #[error(transparent)]
    Misuse(#[from] Misuse),
}
