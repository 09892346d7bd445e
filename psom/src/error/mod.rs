//! Errors, sorted by whom they blame.
//!
//! - [`DecodeError`]: bytes that are not PSOM.
//! - [`PeerMisbehaved`]: the peer broke a rule of the protocol; one variant per rule.
//! - [`PeerIncompatible`]: the two sides have no version in common; neither is at fault.
//! - [`Misuse`]: a programming error on this side.
//! - [`CallError`]: a call that timing or the peer made impossible.
//! - [`LostReason`]: the transport failed.
#![cfg_attr(
    feature = "tokio",
    doc = "- [`SetupError`]: an address, certificate or key cannot be used."
)]
//! - [`JournalError`]: durable state cannot be made safe.
//!
//! [`Farewell`] alone decides which record tells the peer about an error.

mod call;
mod decode;
mod farewell;
mod journal;
mod lost;
mod misuse;
mod peer;
#[cfg(feature = "tokio")]
mod setup;
mod shared;

pub use call::CallError;
pub use decode::DecodeError;
pub use farewell::Farewell;
pub use journal::JournalError;
pub use lost::LostReason;
pub use misuse::Misuse;
pub use peer::{PeerIncompatible, PeerMisbehaved, Violation};
#[cfg(feature = "tokio")]
pub use setup::SetupError;
pub use shared::Shared;

/// Why a connection ended or an operation failed.
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
    /// A programming error on this side.
    #[error(transparent)]
    Misuse(#[from] Misuse),
    /// Timing or the peer made a call impossible. Never [`CallError::Misuse`]:
    /// [`Misuse`](Self::Misuse) is that.
    #[error(transparent)]
    Call(CallError),
    /// The peer ended the connection with a Close record (section 2.2.1.1.1).
    #[error("the peer closed the connection")]
    PeerClosed,
    /// The peer ended the connection with a Break record (section 2.2.1.1.3). The reason is the
    /// peer's, with everything but printable ASCII escaped.
    #[error("the peer broke the connection: {0}")]
    PeerBroke(String),
    /// The transport ended without a Close record.
    #[error("the connection was lost: {0}")]
    Lost(#[source] LostReason),
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
    /// A certificate, key or address cannot be used.
    #[cfg(feature = "tokio")]
    #[error(transparent)]
    Setup(#[from] SetupError),
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

/// The result of everything in this crate that can fail for more than one reason.
pub type Result<T, E = Error> = std::result::Result<T, E>;
