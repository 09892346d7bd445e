/// A programming error on this side: neither peers nor timing cause it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// A string longer than 65,535 encoded bytes (section 6.2).
    #[error("a string of {0} encoded bytes does not fit; send at most 65535 bytes")]
    StringTooLong(usize),
    /// A call whose record exceeds the record limit that both sides share.
    #[error("a call of {size} bytes is over the record limit of {limit}; send it in parts")]
    CallTooLong {
        /// The size of the message, in bytes.
        size: usize,
        /// The record limit, in bytes.
        limit: usize,
    },
    /// An object to connect whose type this side has not announced (section 3.1.4.1.3).
    #[error(
        "{0} is not announced; add `connects = Type` to the object that connects it, or \
         `.object::<Type>()` to the builder of the server or client"
    )]
    NotAnnounced(&'static str),
    /// A function that was to send a request called no method with `#[answered_by]`.
    #[error("no method with `#[answered_by(...)]` was called; add the attribute to the method")]
    NoRequest,
    /// A request under a cookie that another request of the same object to the same peer has.
    #[error("the cookie {0} has a request without an answer; use another cookie, or wait")]
    CookieInUse(i32),
    /// A required part of a builder is missing or unusable. The text says what to change.
    #[error("{0}")]
    Builder(&'static str),
}
