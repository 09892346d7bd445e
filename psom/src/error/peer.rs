use std::borrow::Cow;

/// A violation of the protocol by the peer. Every variant ends the connection with a Break.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerMisbehaved {
    /// A ConnMgr call out of the order version, addProtocol, doneProtocols (section 3.2.3.1.2).
    #[error("versioning out of order: {0}")]
    VersioningOrder(&'static str),
    /// A call of version, addProtocol or doneProtocols after doneProtocols (section 3.2.3.1.2).
    #[error("{0} after doneProtocols")]
    AfterDoneProtocols(&'static str),
    /// A call of addProtocol with different numbers of versions and hashes
    /// (section 3.3.3.1.3.1.2).
    #[error("addProtocol has {versions} versions and {hashes} hashes")]
    ProtocolLists {
        /// The number of versions.
        versions: usize,
        /// The number of hashes.
        hashes: usize,
    },
    /// RPCOpen, lookup or a message of channel 2 before doneProtocols (section 3.2.3.1.4).
    #[error("channel opened before versioning was done")]
    OpenBeforeVersioning,
    /// RPCOpen to a client, of channel 0, of an open channel, or of a channel without a root
    /// (section 2.2.1.1.5).
    #[error("channel {0} cannot be opened")]
    CannotOpen(u32),
    /// An RPCOpen whose body is not a call of lookup on ConnMgr, or a lookup without RPCOpen
    /// (sections 2.2.1.1.5 and 3.3.3.1.3.1.5).
    #[error("lookup belongs in RPCOpen")]
    Lookup,
    /// SetChannel to, or a message on, a channel that is not open (section 2.2.1.1.2).
    #[error("channel {0} is not open")]
    ChannelNotOpen(u32),
    /// A proxy identifier that was never connected, or that its sender closed (section 2.2.2).
    #[error("proxy {0} is not connected")]
    UnknownProxy(i32),
    /// An OP_CONNECT above the limit of connected objects.
    #[error("more than {0} objects are connected")]
    TooManyProxies(usize),
    /// A message from a peer that confirms its peer's closes too slowly, or not at all (section 2.2.2.1.2).
    #[error("more than {0} closed objects are not confirmed")]
    TooManyUnconfirmedCloses(usize),
    /// A method index that the interface lacks in the negotiated version (section 2.2.2.2).
    #[error("method {index} is not in {interface} version {version}")]
    UnknownMethod {
        /// The index in the call.
        index: i8,
        /// The interface that was called.
        interface: &'static str,
        /// The negotiated version.
        version: i32,
    },
    /// OP_CONNECT with another hash than the negotiated one (section 2.2.2.1.1).
    #[error("hash {hash} is not {interface} version {version}")]
    ConnectHash {
        /// The hash in the OP_CONNECT.
        hash: i64,
        /// The interface of the child.
        interface: &'static str,
        /// The negotiated version.
        version: i32,
    },
    /// OP_CONNECT on channel 0, whose root has no children (section 3.2.3.1.3).
    #[error("ConnMgr has no children")]
    ConnMgrChild,
    /// A version that both sides list with different hashes (section 3.3.3.1.2).
    #[error("hashes of {interface} version {version} differ")]
    ProtocolHash {
        /// The interface.
        interface: &'static str,
        /// The version that both sides list.
        version: i32,
    },
    /// The peer announced an unknown hash of ConnMgr (sections 3.2.3.1.3.1.1 and 3.3.3.1.3.1.1).
    #[error("ConnMgr hash {0} is unknown")]
    ConnMgrHash(i64),
    /// The peer reads too slowly. Contains the limit that its send queue has reached, a field of
    /// [`Config`](crate::Config).
    #[error("slow consumer ({0})")]
    SlowConsumer(&'static str),
    /// A violation of a rule of the application, with the application's reason.
    #[error("{0}")]
    Application(Cow<'static, str>),
}

/// The two sides have no common version of an interface (section 1.7).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no common version of {interface}: we offer {ours:?}, the peer offers {theirs:?}")]
pub struct PeerIncompatible {
    /// The interface of the object to connect.
    pub interface: &'static str,
    /// The versions that this side offers.
    pub ours: Vec<i32>,
    /// The versions that the peer offers. Empty if the peer does not know the interface.
    pub theirs: Vec<i32>,
}
