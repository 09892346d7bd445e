use std::fmt::Display;

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// One sentence for people.
    Said(String),
    /// The user does not want it any more.
    Interrupted,
    /// Standard output was closed, as by `| head`: no failure, but nothing more to do either.
    NobodyListens,
}

/// The result of a command.
pub type Result<T = (), E = Failure> = std::result::Result<T, E>;

impl Failure {
    pub fn new(why: impl Into<String>) -> Self {
        Self::Said(why.into())
    }

    /// A failure that a whole sentence explains, in the style of all others.
    pub fn explained(sentence: &str) -> Self {
        let mut rest = sentence.trim_end_matches('.').chars();
        let first = rest.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
        Self::Said(first + rest.as_str())
    }
}

impl From<psom::Error> for Failure {
    fn from(error: psom::Error) -> Self {
        match error {
            // How exactly it went helps nobody.
            psom::Error::Lost(why) if why.is_disconnect() => {
                Self::new("the server is gone; check that it runs, and join again")
            }
            error => Self::new(error.to_string()),
        }
    }
}

impl From<psom::CallError> for Failure {
    fn from(error: psom::CallError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<tokio::task::JoinError> for Failure {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::new(format!("a part of the work was given up: {error}"))
    }
}

/// Says what was being done when something failed.
pub trait While<T> {
    /// `what` completes "cannot ...".
    fn or_cannot(self, what: impl Display) -> Result<T>;
}

impl<T, E: Display> While<T> for std::result::Result<T, E> {
    fn or_cannot(self, what: impl Display) -> Result<T> {
        self.map_err(|error| Failure::new(format!("cannot {what}: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[test]
    fn a_server_that_is_gone_is_called_so() {
        let said = |why: ErrorKind| match Failure::from(psom::Error::Lost(Error::from(why).into()))
        {
            Failure::Said(why) => why,
            other => panic!("{other:?}"),
        };
        for end in [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset, ErrorKind::BrokenPipe] {
            assert_eq!(said(end), "the server is gone; check that it runs, and join again");
        }
        assert_eq!(said(ErrorKind::HostUnreachable), "the connection was lost: host unreachable");
    }
}
