/// A call that cannot be sent, by no fault of the peer. Nothing of it reaches the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// A string over 65,535 encoded bytes (section 6.2).
    #[error("a string of {0} encoded bytes does not fit; send at most 65535 bytes")]
    StringTooLong(usize),
    /// A call whose record is over the limit that both sides share.
    #[error("a call of {size} bytes is over the record limit of {limit}; send it in parts")]
    CallTooLong {
        /// The bytes of the message.
        size: usize,
        /// The limit in force.
        limit: usize,
    },
    /// A method that came with a later version than the one negotiated with this peer.
    #[error("{method} came with version {since} of {interface}, this peer has version {version}")]
    NotInVersion {
        /// The interface.
        interface: &'static str,
        /// The method's wire name.
        method: &'static str,
        /// The version that brought the method.
        since: i32,
        /// The negotiated version.
        version: i32,
    },
    /// Something that needs an interface of which the two sides have no version in common.
    #[error("the peer and this side have no version of {0} in common; nothing of it can be shared")]
    NotNegotiated(&'static str),
    /// An object to be connected whose type this side has not announced (section 3.1.4.1.3).
    #[error(
        "{0} is not announced here; give the object that connects it `connects = Type`, or its \
         server or client `.object::<Type>()`"
    )]
    NotAnnounced(&'static str),
    /// Something that the rules of the objects forbid at present, in a sentence for people.
    #[error("{0}")]
    NotNow(&'static str),
    /// The object, its peer or its connection is gone.
    #[error("the object, its peer or its connection is gone")]
    Gone,
    /// A reference to an object that this peer is not connected to.
    #[error("an object passed by reference is not connected to this peer; connect it first")]
    ReferenceNotConnected,
    /// All proxy identifiers of a channel are used up (section 2.2.2).
    #[error("this connection has used up its proxy identifiers; reconnect")]
    OutOfProxies,
    /// A builder was started without something that it needs.
    #[error("{0}")]
    Builder(&'static str),
}
