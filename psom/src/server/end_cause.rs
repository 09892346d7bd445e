//! The side that caused the end of a connection, for the log of a server.

use crate::error::Error;

/// Returns the side that caused the end: the client also if it violated the protocol or stopped answering,
/// and this server ended the connection for it.
pub(super) fn of(reason: &Error) -> &'static str {
    match reason {
        Error::Closed
        | Error::Removed(_)
        | Error::Replaced(_)
        | Error::Misuse(_)
        | Error::Call(_)
        | Error::Setup(_) => "server",
        Error::Lost(_) => "network",
        _ => "client",
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error as IoError, ErrorKind};

    use super::*;
    use crate::error::Violation;

    #[test]
    fn broken_rule_is_caused_by_the_client() {
        assert_eq!(of(&Violation::new("a rule").into_error()), "client");
        assert_eq!((of(&Error::PeerClosed), of(&Error::TimedOut("idle"))), ("client", "client"));
        assert_eq!((of(&Error::Closed), of(&Error::Removed("why".into()))), ("server", "server"));
        assert_eq!(of(&Error::Lost(IoError::from(ErrorKind::ConnectionReset).into())), "network");
    }
}
