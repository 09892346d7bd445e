use std::io;

use rustls::pki_types::pem;

use super::{LostReason, Shared};

/// The reason why a server cannot listen, a client cannot connect, or TLS cannot be configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The client was given an empty list of addresses.
    #[error("the list of addresses is empty; give at least one as host:port")]
    NoAddress,
    /// An address without a port.
    #[error("{0:?} has no port; give it as host:port")]
    NoPort(String),
    /// A host that is not a valid name in a certificate.
    #[error("{0:?} is not a host name; give it as host:port")]
    HostName(String),
    /// The connection to an address failed in TCP or TLS.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// The address.
        address: String,
        /// The reason.
        source: LostReason,
    },
    /// The server's certificate is a certificate authority, which clients must not accept.
    #[error(
        "cannot connect to {address}: {source}: its certificate is a certificate authority; \
         issue the server a certificate with CA:FALSE"
    )]
    AuthorityCertificate {
        /// The address.
        address: String,
        /// The verifier's error.
        source: Shared<rustls::Error>,
    },
    /// The server did not complete TCP and TLS within the time limit.
    #[error("cannot connect to {0}: it does not answer")]
    NoAnswer(String),
    /// The server cannot listen on an address.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: String,
        /// The operating system's error.
        source: Shared<io::Error>,
    },
    /// A text that is not PEM.
    #[error("the {what} cannot be read as PEM: {source}")]
    Pem {
        /// The content: "private key" or "certificates".
        what: &'static str,
        /// The parser's error.
        source: Shared<pem::Error>,
    },
    /// A PEM text without a certificate.
    #[error("there is no certificate in the PEM text")]
    NoCertificate,
    /// A journal cannot be opened.
    #[cfg(feature = "journal")]
    #[error(transparent)]
    Journal(Shared<super::OpenError>),
    /// The saved state of a root cannot be restored.
    #[cfg(feature = "serde")]
    #[error("the saved state cannot be restored: {0}")]
    Saved(#[source] Shared<super::SavedValueError>),
    /// The program could not get a token.
    #[error("there is no token: {0}")]
    Token(#[source] Shared<TokenError>),
    /// rustls rejects a certificate, a key or a setting.
    #[error("{what}: {source}")]
    Tls {
        /// The rejected item.
        what: &'static str,
        /// The reason.
        source: Shared<rustls::Error>,
    },
}

impl SetupError {
    /// Reports whether another attempt can succeed without a change by a person.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Connect { source, .. } => source.is_transient(),
            Self::NoAnswer(_) | Self::Token(_) => true,
            _ => false,
        }
    }
}

/// The error of a program's function that gets a token.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct TokenError(#[from] Box<dyn std::error::Error + Send + Sync>);
