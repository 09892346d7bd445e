use std::{borrow::Cow, fmt};

use super::{DecodeError, Error, PeerMisbehaved};

/// The error by which a handler breaks the connection of its caller.
///
/// The reason is sent to the peer in a Break record, which carries at most 1,024 bytes of ASCII.
/// Other characters are replaced by `?`, and a longer reason is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation(Error);

impl Violation {
    /// Creates a violation of a rule of the application, with a short reason in ASCII.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(Error::PeerMisbehaved(PeerMisbehaved::Application(reason.into())))
    }

    /// Returns the error that ends the connection.
    pub fn into_error(self) -> Error {
        self.0
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Violation {}

impl From<DecodeError> for Violation {
    fn from(error: DecodeError) -> Self {
        Self(Error::Decode(error))
    }
}

/// Breaks the connection of a caller whose values cannot be saved. Other connections continue.
#[cfg(feature = "serde")]
impl From<super::SaveError> for Violation {
    fn from(error: super::SaveError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<PeerMisbehaved> for Violation {
    fn from(error: PeerMisbehaved) -> Self {
        Self(Error::PeerMisbehaved(error))
    }
}
