use std::io::{self, ErrorKind};

use super::Shared;

/// The reason why a transport ended without a Close or Break record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LostReason {
    /// The peer ended the byte stream, with or without TLS close_notify.
    #[error("the peer ended the transport")]
    Eof,
    /// The peer reset the transport, or no longer reads from it.
    #[error("the peer reset the transport")]
    Reset,
    /// TLS failed.
    #[cfg(feature = "tokio")]
    #[error("TLS failed: {0}")]
    Tls(#[source] Shared<rustls::Error>),
    /// The transport failed for another reason.
    #[error("{0}")]
    Io(#[source] Shared<io::Error>),
    /// The space on this side panicked or was dropped, or the application dropped the connection.
    #[error("the application has ended")]
    ApplicationEnded,
}

impl LostReason {
    /// Reports whether a new connection can succeed: everything but a failure of TLS or of this side.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Eof | Self::Reset | Self::Io(_) => true,
            #[cfg(feature = "tokio")]
            Self::Tls(_) => false,
            Self::ApplicationEnded => false,
        }
    }

    /// Reports whether the peer disconnected, as opposed to a failure on this side or in between.
    pub fn is_disconnect(&self) -> bool {
        matches!(self, Self::Eof | Self::Reset)
    }
}

impl From<io::Error> for LostReason {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::UnexpectedEof => Self::Eof,
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
                Self::Reset
            }
            #[cfg(feature = "tokio")]
            _ => match error.downcast::<rustls::Error>() {
                Ok(tls) => Self::Tls(tls.into()),
                Err(other) => Self::Io(other.into()),
            },
            #[cfg(not(feature = "tokio"))]
            _ => Self::Io(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn io_errors_of_a_disconnected_peer_are_disconnects() {
        let reason = |kind: ErrorKind| LostReason::from(io::Error::from(kind));
        assert_eq!(reason(ErrorKind::UnexpectedEof), LostReason::Eof);
        assert_eq!(reason(ErrorKind::ConnectionReset), LostReason::Reset);
        assert_eq!(reason(ErrorKind::BrokenPipe), LostReason::Reset);
        assert!(!reason(ErrorKind::HostUnreachable).is_disconnect());
    }

    #[cfg(feature = "tokio")]
    #[test]
    fn tls_errors_keep_their_source() {
        let error = io::Error::other(rustls::Error::DecryptError);
        let LostReason::Tls(source) = LostReason::from(error) else { panic!("not TLS") };
        assert_eq!(*source, rustls::Error::DecryptError);
    }
}
