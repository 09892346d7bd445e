use std::{io, path::PathBuf};

/// Why a server or a proxy cannot start: one line that says what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The data directory cannot be made or written.
    #[error("cannot write to the data directory {}: {source}; {}", path.display(), data_advice(source))]
    Data {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another server runs on the same directory.
    #[error("another server runs on {}; stop it or choose another directory with --data", .0.display())]
    Locked(PathBuf),
    /// An address is none.
    #[error(
        "{option} is {value:?}, which is no address; write it as host:port, for example 127.0.0.1:{port}"
    )]
    Address {
        /// The option: `--listen` or `--http`.
        option: &'static str,
        /// What was given.
        value: String,
        /// A port for the example.
        port: u16,
    },
    /// An address cannot be listened on.
    #[error(
        "cannot listen on {address}: {source}; free the port or choose another address with {option}"
    )]
    Listen {
        /// The option: `--listen` or `--http`.
        option: &'static str,
        /// The address.
        address: String,
        /// The operating system's error.
        source: psom::error::Shared<io::Error>,
    },
    /// HTTP without TLS would leave the machine.
    #[error(
        "HTTP on {0} would carry tokens in the clear beyond this machine; add --https or listen on 127.0.0.1"
    )]
    NeedsHttps(String),
    /// A certificate or its key is no good.
    #[error("{reason}; remove {} and {} to have new ones made", certificate.display(), key.display())]
    Certificate {
        /// What is wrong.
        reason: String,
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of its key.
        key: PathBuf,
    },
    /// The meetings of an earlier run cannot be read.
    #[error("{0}")]
    Store(String),
    /// The files cannot be kept where they are to be.
    #[error(transparent)]
    Files(#[from] crate::files::BlobError),
    /// What says where the files are and whose they are cannot be read.
    #[error(transparent)]
    Record(#[from] crate::files::RecordError),
    /// The machine's clock cannot be right.
    #[error(
        "the clock of this machine says a time before 1975, when no certificate is valid; set it"
    )]
    Clock,
    /// The name for the certificate is none.
    #[error("{0:?} is no host name; give --host a name or an IP address without a port")]
    Host(String),
    /// The administrator's token cannot be used.
    #[error("{} holds no token; remove it to have a new one made", .0.display())]
    Token(PathBuf),
    /// The proxy's header is too long to be read by a proxy.
    #[error("the proxy header has {0} bytes; choose one of 1 to 4096 bytes")]
    ProxyHeader(usize),
    /// Something else, which is not the user's to change.
    #[error("cannot start: {0}")]
    Other(String),
}

fn data_advice(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make room there or choose another with --data"
        }
        _ => "choose another with --data or change its permissions",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_no_matter_of_permissions() {
        let said = |kind: io::ErrorKind| {
            StartError::Data { path: "data".into(), source: kind.into() }.to_string()
        };
        assert!(said(io::ErrorKind::PermissionDenied).ends_with("change its permissions"));
        for full in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
            assert!(said(full).contains("; make room there"), "{}", said(full));
        }
    }
}
