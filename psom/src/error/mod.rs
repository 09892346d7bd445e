//! Errors, sorted by whom they blame.
//!
//! - [`DecodeError`]: bytes that are no PSOM at all.
//! - [`PeerMisbehaved`]: the peer broke a rule of the protocol; a variant per rule.
//! - [`PeerIncompatible`]: nobody is wrong, the two sides share no version.
//! - [`Misuse`]: our own caller asked for something that cannot be sent; the peer never causes it.
//!
//! [`Farewell`] is the one place that decides what a peer is told.

mod decode;
mod farewell;
mod misuse;
mod peer;

pub use decode::DecodeError;
pub use farewell::Farewell;
pub use misuse::Misuse;
pub use peer::{PeerIncompatible, PeerMisbehaved, Violation};

/// What ended a connection or kept an operation from being done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Bytes that do not decode.
    #[error("undecodable bytes: {0}")]
    Decode(#[from] DecodeError),
    /// The peer broke a rule of the protocol.
    #[error("the peer broke a rule: {0}")]
    PeerMisbehaved(#[from] PeerMisbehaved),
    /// The peer speaks no version that we speak.
    #[error("the peer is incompatible: {0}")]
    PeerIncompatible(#[from] PeerIncompatible),
    /// The application asked for something that cannot be done.
    #[error(transparent)]
    Misuse(#[from] Misuse),
    /// The peer ended the connection with a Close record (section 2.2.1.1.1).
    #[error("the peer closed the connection")]
    PeerClosed,
    /// The peer ended the connection with a Break record (section 2.2.1.1.3). The reason is the
    /// peer's, with everything but printable ASCII escaped.
    #[error("the peer broke the connection: {0}")]
    PeerBroke(String),
    /// The transport ended without a Close record.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// The peer sent nothing for too long; the text names the limit.
    #[error("the peer timed out: {0}")]
    TimedOut(&'static str),
    /// The server ended the connection in the place of an answer to the token.
    #[error(
        "the server refused the token, or ended before it could answer; get a new one, tokens are \
         good once and for two minutes"
    )]
    Refused,
    /// We closed the connection: by `close`, `disconnect` or shutdown.
    #[error("the connection was closed on this side")]
    Closed,
    /// A certificate, key or address that cannot be used, or a listener that cannot listen.
    #[error("{0}")]
    Setup(String),
}

/// The result of everything in this crate that can fail for more than one reason.
pub type Result<T, E = Error> = std::result::Result<T, E>;
