use std::io;

use rustls::pki_types::pem;

use super::{LostReason, Shared};

/// Why a server cannot listen, a client cannot connect, or TLS cannot be configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The client was given an empty list of addresses.
    #[error("the list of addresses is empty; give at least one as host:port")]
    NoAddress,
    /// An address without a port.
    #[error("{0:?} has no port; give it as host:port")]
    NoPort(String),
    /// A host for which no certificate can be issued.
    #[error("{0:?} is not a host name; give it as host:port")]
    HostName(String),
    /// The address cannot be reached, or TLS failed there.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// The address.
        address: String,
        /// Why the transport failed.
        source: LostReason,
    },
    /// The server's certificate is a certificate authority, which clients must not accept.
    #[error(
        "cannot connect to {address}: {source}: that certificate is an authority; make one with \
         CA:FALSE"
    )]
    AuthorityCertificate {
        /// The address.
        address: String,
        /// The verifier's error.
        source: Shared<rustls::Error>,
    },
    /// The address did not complete TCP and TLS within the time limit.
    #[error("cannot connect to {0}: it does not answer")]
    NoAnswer(String),
    /// The address cannot be listened on.
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
    /// rustls rejects a certificate, a key or a setting.
    #[error("{what}: {source}")]
    Tls {
        /// The rejected item.
        what: &'static str,
        /// The reason.
        source: Shared<rustls::Error>,
    },
}
