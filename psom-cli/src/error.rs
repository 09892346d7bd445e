//! The errors of commands.

use std::fmt::Display;

use crate::clock;

/// The exit status for a wrong command line, as `clap` has it.
pub(crate) const USAGE_STATUS: u8 = 2;

/// The reason why a command fails.
#[derive(Debug)]
pub(crate) enum CommandError {
    /// A sentence for people: lower case, without a full stop.
    Message(String),
    /// A message with an exit status of its own, which the command's help explains.
    Status { status: u8, message: String },
    /// The server cannot be reached, or the connection was lost, so that another attempt can succeed. A
    /// sentence like that of `Message`.
    Unreachable(String),
    /// The user has interrupted the command.
    Interrupted,
    /// Standard output was closed, as by `| head`. The command ends without a failure.
    OutputClosed,
}

/// The result of a command.
pub(crate) type Result<T = (), E = CommandError> = std::result::Result<T, E>;

impl CommandError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::Message(message.into())
    }

    /// Converts a sentence to an error: lower case at the start, and no full stop.
    pub(crate) fn from_sentence(sentence: &str) -> Self {
        let mut rest = sentence.trim_end_matches('.').chars();
        let first = rest.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
        Self::Message(format!("{first}{}", rest.as_str()))
    }

    /// Puts a text in front of the message.
    #[must_use]
    pub(crate) fn prefixed(self, prefix: impl Display) -> Self {
        match self {
            Self::Message(message) => Self::Message(format!("{prefix}: {message}")),
            Self::Unreachable(message) => Self::Unreachable(format!("{prefix}: {message}")),
            other => other,
        }
    }
}

impl From<psom::Error> for CommandError {
    fn from(error: psom::Error) -> Self {
        let message = match &error {
            // The details of the disconnect do not help the user.
            psom::Error::Lost(reason) if reason.is_disconnect() => {
                "the server is gone; check that it runs, and join again".to_owned()
            }
            psom::Error::PeerBroke(reason) => format!("the server ended the connection: {reason}"),
            error => clock::explains(error).unwrap_or_else(|| error.to_string()),
        };
        // A server that ends between the token and its answer looks like one that refuses the token.
        let is_transient = error.is_transient() || error == psom::Error::Refused;
        if is_transient { Self::Unreachable(message) } else { Self::Message(message) }
    }
}

impl From<psom::CallError> for CommandError {
    fn from(error: psom::CallError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<psom_server::StartError> for CommandError {
    fn from(error: psom_server::StartError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<tokio::task::JoinError> for CommandError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::new(format!("a background task has failed: {error}"))
    }
}

/// Adds the name of the failed operation to an error.
pub(crate) trait OrCannot<T> {
    /// `what` completes "cannot ...".
    ///
    /// # Errors
    /// The error, as a sentence.
    fn or_cannot(self, what: impl Display) -> Result<T>;
}

impl<T, E: Display> OrCannot<T> for std::result::Result<T, E> {
    fn or_cannot(self, what: impl Display) -> Result<T> {
        self.map_err(|error| CommandError::new(format!("cannot {what}: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    fn message(kind: ErrorKind) -> String {
        match CommandError::from(psom::Error::Lost(Error::from(kind).into())) {
            CommandError::Unreachable(message) => message,
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn a_departed_server_is_named_as_such() {
        for end in [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset, ErrorKind::BrokenPipe] {
            assert_eq!(message(end), "the server is gone; check that it runs, and join again");
        }
        let unreachable = message(ErrorKind::HostUnreachable);
        assert_eq!(unreachable, "the connection was lost: host unreachable");
    }
}
