//! Errors of joining and of actions.

use psom::CallError;
use psom_objects::client::RequestError;

use super::exchange::ExchangeError;

/// The reason why a meeting could not be entered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnterError {
    /// The invitation could not be exchanged for a join token.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The conference could not be reached, or has ended the connection.
    #[error(transparent)]
    Connection(#[from] psom::Error),
    /// The server has not sent the meeting in time.
    #[error("the server has not sent the meeting in time; try again")]
    TimedOut,
    /// Events arrive faster than the program can handle them.
    #[error("events arrive faster than this program can handle them; join again")]
    Overrun,
}

impl EnterError {
    /// Reports whether another attempt can succeed without a change by a person.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Exchange(error) => error.is_transient(),
            // A server that ends between the token and its answer looks like one that refuses the token.
            Self::Connection(psom::Error::Refused) | Self::TimedOut => true,
            Self::Connection(error) => error.is_transient(),
            Self::Overrun => false,
        }
    }
}

/// The reason why an action has failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActionError {
    /// The action could not be sent.
    #[error(transparent)]
    Call(CallError),
    /// A reservation or an upload has failed.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The server has handled the action without an effect, so it has refused it. The text completes "the
    /// server has not ...".
    #[error("the server has not {0}; ask a presenter of the meeting for permission")]
    Refused(&'static str),
    /// The connection has ended.
    #[error("the connection has ended: {0}")]
    Ended(#[source] psom::Error),
}
