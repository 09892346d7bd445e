use std::{io, path::PathBuf};

use psom::error::Shared;
use psom_objects::server::RestoreError;

use crate::{
    admission::AdmissionError,
    files::{BlobError, RecordError},
    meetings::OpenError,
    store,
};

/// The reason why a server or a proxy cannot start. Its text is one line that says what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The data directory cannot be created or written.
    #[error("cannot write to the data directory {}: {source}; {}", path.display(), data_advice(source))]
    Data {
        /// The directory.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// Another server runs on the same directory.
    #[error("another server runs on {}; stop it or choose another directory with --data", .0.display())]
    Locked(PathBuf),
    /// An address is invalid.
    #[error(
        "{option} is {value:?}, which is not an address; write it as host:port, for example 127.0.0.1:{port}"
    )]
    Address {
        /// The option: `--listen`, `--http` or `--upstream`.
        option: &'static str,
        /// The value of the option.
        value: String,
        /// A port for the example.
        port: u16,
    },
    /// The server cannot listen on an address.
    #[error(
        "cannot listen on {address}: {source}; free the port or choose another address with {option}"
    )]
    Listen {
        /// The option: `--listen` or `--http`.
        option: &'static str,
        /// The address.
        address: String,
        /// The error of the system.
        source: Shared<io::Error>,
    },
    /// The web server would send secrets over the network without TLS.
    #[error(
        "HTTP on {0} would carry tokens in the clear beyond this machine; add --https or listen on 127.0.0.1"
    )]
    NeedsHttps(String),
    /// A certificate or its key cannot be used.
    #[error("{reason}; remove {} and {} to create new ones", certificate.display(), key.display())]
    Certificate {
        /// The problem.
        reason: String,
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of its key.
        key: PathBuf,
    },
    /// The certificate in the options cannot be used.
    #[error("{} cannot be used: {reason}; check --cert and --key", path.display())]
    PublicCertificate {
        /// The file of the certificate or of its key.
        path: PathBuf,
        /// The problem.
        reason: String,
    },
    /// A certificate cannot be created.
    #[error("cannot create a certificate: {0}")]
    CreateCertificate(#[source] rcgen::Error),
    /// The store of the meetings cannot be opened.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A meeting of an earlier run cannot be restored.
    #[error("the meeting {id:?} cannot be restored: {source}{}", restore_advice(source))]
    Restore {
        /// The ID of the meeting.
        id: String,
        /// The error of the meeting's objects.
        source: RestoreError,
    },
    /// The content types in the options contradict each other.
    #[error("the content types do not fit together: {0}")]
    ContentTypes(#[source] psom::error::Misuse),
    /// The location of the encrypted files cannot be used.
    #[error(transparent)]
    Files(#[from] BlobError),
    /// The record of the files' location cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The machine's clock is wrong.
    #[error(
        "the clock of this machine is set to a time before 1975, when no certificate is valid; set it"
    )]
    Clock,
    /// The host name for the certificate is invalid.
    #[error("{0:?} is not a host name; give --host a name or an IP address without a port")]
    Host(String),
    /// The file of the administrator's token has no valid token.
    #[error("{} does not contain a token; remove it to create a new one", .0.display())]
    Token(PathBuf),
    /// The proxy header has an invalid length.
    #[error("the proxy header has {0} bytes; choose one of 1 to 4096 bytes")]
    ProxyHeader(usize),
    /// The meeting `demo` cannot be created.
    #[error("cannot create the demo meeting: {0}")]
    Demo(#[source] AdmissionError),
    /// The program was built without clusters.
    #[error("this psom cannot run in a cluster; build it with --features postgres,s3")]
    ClusterNotBuilt,
    /// The options of a cluster contradict each other.
    #[error("{0}")]
    ClusterOptions(&'static str),
    /// The data directory has the certificate authority or the administrator's token of another server.
    #[error(
        "{} has another certificate authority or administrator's token than the cluster; start the \
         node with an empty data directory",
        .0.display()
    )]
    OtherCluster(PathBuf),
    /// The conference's listener cannot be configured.
    #[error("cannot start the conference: {0}")]
    Conference(#[source] psom::Error),
}

impl From<OpenError> for StartError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Store(error) => Self::Store(error),
            OpenError::Meeting { id, source } => Self::Restore { id, source },
            OpenError::ContentTypes(error) => Self::ContentTypes(error),
        }
    }
}

/// Returns what to do about an I/O failure in the data directory.
fn data_advice(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make room there or choose another with --data"
        }
        _ => "choose another with --data or change its permissions",
    }
}

/// Returns what to do about a meeting that cannot be restored, unless the error says it itself.
fn restore_advice(source: &RestoreError) -> &'static str {
    match source {
        RestoreError::Misuse(_) => "",
        _ => "; `psom store check` lists the damage",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_disk_gets_its_own_advice() {
        let text = |kind: io::ErrorKind| {
            StartError::Data { path: "data".into(), source: kind.into() }.to_string()
        };
        assert!(text(io::ErrorKind::PermissionDenied).ends_with("change its permissions"));
        for full in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
            assert!(text(full).contains("; make room there"), "{}", text(full));
        }
    }
}
