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

/// What a transport says when its other end is not there any more.
const ENDS: [&str; 5] =
    ["close_notify", "ended the transport", "end of file", "reset by peer", "Broken pipe"];

impl From<psom::Error> for Failure {
    fn from(error: psom::Error) -> Self {
        match error {
            // How exactly it went helps nobody.
            psom::Error::Lost(why) if ENDS.iter().any(|end| why.contains(end)) => {
                Self::new("the server is gone; check that it runs, and join again")
            }
            error => Self::new(error.to_string()),
        }
    }
}

impl From<psom::error::Misuse> for Failure {
    fn from(error: psom::error::Misuse) -> Self {
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
    use super::*;

    #[test]
    fn a_server_that_is_gone_is_called_so() {
        let said = |why: &str| match Failure::from(psom::Error::Lost(why.to_owned())) {
            Failure::Said(why) => why,
            other => panic!("{other:?}"),
        };
        let end = "peer closed connection without sending TLS close_notify: https://docs.rs/rustls";
        for end in [end, "the peer ended the transport", "Connection reset by peer (os error 104)"]
        {
            assert_eq!(said(end), "the server is gone; check that it runs, and join again");
        }
        assert_eq!(said("no route to host"), "the connection was lost: no route to host");
    }
}
