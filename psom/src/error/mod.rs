//! Errors, one enum for each party to blame.
//!
//! - [`DecodeError`]: bytes that are not PSOM.
//! - [`PeerMisbehaved`]: the peer violated the protocol; one variant per rule.
//! - [`PeerIncompatible`]: the two sides have no version in common; neither is at fault.
//! - [`Misuse`]: a programming error on this side.
//! - [`CallError`]: a call that timing or the peer made impossible.
//! - [`AskError`]: a request without an answer.
//! - [`LostReason`]: the transport failed.
#![cfg_attr(
    feature = "tokio",
    doc = "- [`SetupError`]: an address, certificate or key cannot be used."
)]
#![cfg_attr(
    feature = "serde",
    doc = "- [`SaveError`], [`SavedValueError`]: a value cannot be saved or restored."
)]
//! - [`JournalError`]: the journal did not store the writes of a turn.
//!
//! [`Farewell`] maps an error to the records that are sent to the peer.

mod ask;
mod call;
mod decode;
mod farewell;
mod journal;
mod lost;
mod misuse;
mod peer;
#[cfg(feature = "serde")]
mod saved;
#[cfg(feature = "tokio")]
mod setup;
mod shared;
mod violation;

pub use ask::AskError;
pub use call::CallError;
pub use decode::DecodeError;
pub use farewell::Farewell;
pub use journal::JournalError;
#[cfg(feature = "journal")]
pub use journal::OpenError;
pub use lost::LostReason;
pub use misuse::Misuse;
pub use peer::{PeerIncompatible, PeerMisbehaved};
#[cfg(feature = "serde")]
pub use saved::{SaveError, SavedValueError};
#[cfg(feature = "tokio")]
pub use setup::{SetupError, TokenError};
pub use shared::Shared;
pub use violation::Violation;

/// The reason why a connection ended or an operation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Bytes that do not decode.
    #[error("undecodable bytes: {0}")]
    Decode(#[from] DecodeError),
    /// The peer violated the protocol.
    #[error("the peer broke a rule: {0}")]
    PeerMisbehaved(#[from] PeerMisbehaved),
    /// The two sides have no common version of an interface.
    #[error("the peer is incompatible: {0}")]
    PeerIncompatible(#[from] PeerIncompatible),
    /// A programming error on this side.
    #[error(transparent)]
    Misuse(#[from] Misuse),
    /// A call that timing or the peer made impossible. Contains every variant except
    /// [`CallError::Misuse`], which is converted to [`Misuse`](Self::Misuse).
    #[error(transparent)]
    Call(CallError),
    /// The peer ended the connection with a Close record (section 2.2.1.1.1).
    #[error("the peer closed the connection")]
    PeerClosed,
    /// The peer closed an object without which it has no use for the connection
    /// ([`Peer::dismiss`](crate::Peer::dismiss)).
    #[error("the peer left")]
    PeerLeft,
    /// The peer ended the connection with a Break record (section 2.2.1.1.3). Contains the peer's
    /// reason; characters other than printable ASCII are escaped.
    #[error("the peer broke the connection: {0}")]
    PeerBroke(String),
    /// The transport ended without a Close record.
    #[error("the connection was lost: {0}")]
    Lost(#[source] LostReason),
    /// The peer did not answer within a time limit. The text names the limit.
    #[error("the peer timed out: {0}")]
    TimedOut(&'static str),
    /// A newer connection took the place of this one. Contains the limit, a field of
    /// [`Config`](crate::Config).
    #[error("a newer connection took the place of this one (limit {0})")]
    Replaced(&'static str),
    /// This side removed the peer ([`Peer::remove`](crate::Peer::remove)). Contains the reason, which the peer
    /// gets too.
    #[error("this side removed the peer: {0}")]
    Removed(String),
    /// The server ended the connection before it answered the token.
    #[error(
        "the server refused the token, or ended before it could answer; get a new one, tokens are \
         valid once and for two minutes"
    )]
    Refused,
    /// This side closed the connection: by `close`, `disconnect` or a shutdown.
    #[error("the connection was closed on this side")]
    Closed,
    /// A certificate, key or address cannot be used.
    #[cfg(feature = "tokio")]
    #[error(transparent)]
    Setup(#[from] SetupError),
}

impl Error {
    /// Returns the limit that ended the connection, a field of [`Config`](crate::Config).
    pub fn limit(&self) -> Option<&'static str> {
        match self {
            Self::Decode(DecodeError::RecordTooLong(..)) => Some("record_limit"),
            Self::PeerMisbehaved(PeerMisbehaved::TooManyProxies(_)) => Some("proxy_limit"),
            Self::PeerMisbehaved(PeerMisbehaved::TooManyUnconfirmedCloses(_)) => {
                Some("unconfirmed_close_limit")
            }
            Self::PeerMisbehaved(PeerMisbehaved::SlowConsumer(limit)) | Self::Replaced(limit) => {
                Some(limit)
            }
            Self::TimedOut(_) => Some("idle_timeout"),
            _ => None,
        }
    }
}

impl From<CallError> for Error {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Misuse(misuse) => Self::Misuse(misuse),
            error => Self::Call(error),
        }
    }
}

impl From<LostReason> for Error {
    fn from(reason: LostReason) -> Self {
        Self::Lost(reason)
    }
}

impl Error {
    /// Reports whether another attempt can succeed without a change by a person: the connection was
    /// lost, the server has closed it (for example, to restart), the meeting has moved to another server of
    /// its cluster, or the server cannot be reached.
    ///
    /// [`Refused`](Self::Refused) is not transient: most likely the server did not accept the token. A
    /// server that shuts down in order ends its connections with [`PeerClosed`](Self::PeerClosed).
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::PeerClosed | Self::TimedOut(_) => true,
            Self::PeerBroke(reason) => reason == journal::MOVED,
            Self::Lost(reason) => reason.is_transient(),
            #[cfg(feature = "tokio")]
            Self::Setup(error) => error.is_transient(),
            _ => false,
        }
    }
}

#[cfg(feature = "journal")]
impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        Self::Setup(SetupError::Journal(error.into()))
    }
}

#[cfg(all(feature = "serde", feature = "tokio"))]
impl From<SavedValueError> for Error {
    fn from(error: SavedValueError) -> Self {
        Self::Setup(SetupError::Saved(error.into()))
    }
}

/// The result of an operation that can fail with an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
