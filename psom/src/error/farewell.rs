use super::Error;

/// The maximum length of a Break reason in bytes (ruling 10).
const MAX_REASON_BYTES: usize = 1024;

/// The records that tell the peer how the connection ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Farewell {
    /// A Close record on every open channel (section 2.2.1.1.1).
    Close,
    /// A Close record on the other channels and a Break with this reason on channel 0
    /// (section 2.2.1.1.3).
    Break(String),
    /// No record: the peer has ended the connection, or must not be answered.
    Silence,
}

impl From<&Error> for Farewell {
    fn from(error: &Error) -> Self {
        match error {
            Error::Closed | Error::PeerLeft => Self::Close,
            Error::Decode(error) => Self::Break(ascii(&error.to_string())),
            Error::PeerMisbehaved(error) => Self::Break(ascii(&error.to_string())),
            Error::PeerIncompatible(error) => Self::Break(ascii(&error.to_string())),
            Error::Removed(reason) => Self::Break(ascii(reason)),
            Error::TimedOut(limit) => Self::Break(ascii(limit)),
            Error::Replaced(_) => Self::Break(ascii(&error.to_string())),
            Error::Misuse(_) | Error::Call(_) => Self::Break("internal error".into()),
            Error::PeerClosed | Error::PeerBroke(_) | Error::Lost(_) => Self::Silence,
            Error::Refused => Self::Silence,
            #[cfg(feature = "tokio")]
            Error::Setup(_) => Self::Silence,
        }
    }
}

fn ascii(reason: &str) -> String {
    let printable = |c: char| if c == ' ' || c.is_ascii_graphic() { c } else { '?' };
    reason.chars().map(printable).take(MAX_REASON_BYTES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Violation;

    #[test]
    fn break_reason_is_short_ascii() {
        let error = Violation::new("ü".repeat(3000)).into_error();
        assert_eq!(Farewell::from(&error), Farewell::Break("?".repeat(1024)));
    }

    #[test]
    fn refused_token_is_not_answered() {
        assert_eq!(Farewell::from(&Error::Refused), Farewell::Silence);
    }
}
