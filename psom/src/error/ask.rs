use super::CallError;

/// The reason why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The request was not sent, or the peer is gone.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The peer did not answer within the time limit.
    #[error("the peer did not answer in time")]
    TimedOut,
    /// All cookies of the space were used.
    #[error("the space has sent 2147483647 requests; connect again")]
    NoCookie,
}
