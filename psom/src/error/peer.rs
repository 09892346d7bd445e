use std::borrow::Cow;

use super::{DecodeError, Error};

/// A rule of the protocol that the peer broke. Each ends the connection with a Break.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerMisbehaved {
    /// ConnMgr calls out of the order version, addProtocol, doneProtocols (section 3.2.3.1.2).
    #[error("versioning out of order: {0}")]
    VersioningOrder(&'static str),
    /// version, addProtocol or doneProtocols after doneProtocols (section 3.2.3.1.2).
    #[error("{0} after doneProtocols")]
    AfterDoneProtocols(&'static str),
    /// addProtocol with as many versions as hashes it is not (section 3.3.3.1.3.1.2).
    #[error("addProtocol has {versions} versions and {hashes} hashes")]
    ProtocolLists {
        /// How many versions it has.
        versions: usize,
        /// How many hashes it has.
        hashes: usize,
    },
    /// RPCOpen, lookup or a message of channel 2 before versioning was done (section 3.2.3.1.4).
    #[error("channel opened before versioning was done")]
    OpenBeforeVersioning,
    /// RPCOpen to a client, of channel 0, of an open channel, or of one without a root
    /// (section 2.2.1.1.5).
    #[error("channel {0} cannot be opened")]
    CannotOpen(u32),
    /// The body of RPCOpen is no call of lookup on ConnMgr, or lookup came without RPCOpen
    /// (sections 2.2.1.1.5 and 3.3.3.1.3.1.5).
    #[error("lookup belongs in RPCOpen")]
    Lookup,
    /// SetChannel to, or a message on, a channel that is not open (section 2.2.1.1.2).
    #[error("channel {0} is not open")]
    ChannelNotOpen(u32),
    /// A proxy identifier that was never connected, or that its sender closed (section 2.2.2).
    #[error("proxy {0} is not connected")]
    UnknownProxy(i32),
    /// More connects than this side keeps.
    #[error("more than {0} objects are connected")]
    TooManyProxies(usize),
    /// A method index that the interface lacks in the negotiated version (section 2.2.2.2).
    #[error("method {index} is not in {interface} version {version}")]
    UnknownMethod {
        /// The index as it came.
        index: i8,
        /// The interface that was called.
        interface: &'static str,
        /// The negotiated version.
        version: i32,
    },
    /// OP_CONNECT with another hash than the negotiated one (section 2.2.2.1.1).
    #[error("hash {hash} is not {interface} version {version}")]
    ConnectHash {
        /// The hash as it came.
        hash: i64,
        /// The interface that was to be connected.
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
    /// The peer's ConnMgr is another one (sections 3.2.3.1.3.1.1 and 3.3.3.1.3.1.1).
    #[error("ConnMgr hash {0} is unknown")]
    ConnMgrHash(i64),
    /// The peer takes its messages slower than they come up.
    #[error("slow consumer")]
    SlowConsumer,
    /// The application found a violation of its own rules; the text is the application's.
    #[error("{0}")]
    Application(Cow<'static, str>),
}

/// Two sides that share no version of an interface (section 1.7).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no common version of {interface}: we offer {ours:?}, the peer offers {theirs:?}")]
pub struct PeerIncompatible {
    /// The interface that was to be connected.
    pub interface: &'static str,
    /// The versions that we offer.
    pub ours: Vec<i32>,
    /// The versions that the peer offers; none where it does not know the interface.
    pub theirs: Vec<i32>,
}

/// What a handler returns to break the connection of the peer that called it.
///
/// The reason goes to the peer in a Break record, which carries ASCII of at most 1,024 bytes: other
/// characters become `?`, and what is longer is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation(Error);

impl Violation {
    /// A violation of the application's own rules, with a short reason in plain ASCII.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(Error::PeerMisbehaved(PeerMisbehaved::Application(reason.into())))
    }

    /// The error that ends the connection.
    pub fn into_error(self) -> Error {
        self.0
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Violation {}

impl From<DecodeError> for Violation {
    fn from(error: DecodeError) -> Self {
        Self(Error::Decode(error))
    }
}

impl From<PeerMisbehaved> for Violation {
    fn from(error: PeerMisbehaved) -> Self {
        Self(Error::PeerMisbehaved(error))
    }
}
