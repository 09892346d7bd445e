use std::{fmt, path::PathBuf, sync::Arc};

use psom_objects::server::{ContentTypes, DefaultPolicy, Policy};

use crate::{
    files::BlobConfig,
    shared::{
        host_port::{ascii_host, split_host_port},
        limits::Limits,
    },
    slides::SlideRenderer,
    start_error::StartError,
    store::Durability,
    tls::CertificatePaths,
};

/// The configuration of a [`Server`](crate::Server). The defaults work as they are.
#[derive(Clone)]
pub struct Options {
    /// The address of the conference: `host:port`, port 0 for a free one (127.0.0.1:8057).
    pub listen: String,
    /// The address of the web server for admission and files (127.0.0.1:8058).
    pub http: String,
    /// The data directory (`./psom-data`).
    pub data: PathBuf,
    /// The PostgreSQL database of a cluster, as a URL: `postgres://USER@HOST/DATABASE`. The meetings are
    /// stored there and not in the data directory, and several servers share them. It requires the
    /// feature `postgres`, and [`blobs`](Self::blobs) in an object store that all of them use.
    pub cluster: Option<String>,
    /// The address in join links, a URL without a path. Without one, links have the address of this
    /// server's web server. In a cluster, it is an address that leads to any of the servers.
    pub entry: Option<String>,
    /// The failures that a commit survives ([`Durability::Full`]).
    pub durability: Durability,
    /// The location of the encrypted files of the meetings (the data directory).
    pub blobs: BlobConfig,
    /// Whether a meeting that cannot be restored prevents the start. Otherwise it is set aside, and the
    /// others run.
    pub strict: bool,
    /// Whether to create the meeting `demo` and invitations to it.
    pub demo: bool,
    /// Whether the web server uses TLS. It must, unless it listens on loopback.
    pub https: bool,
    /// A certificate that browsers trust, for both listeners. It requires [`https`](Self::https).
    pub certificate: Option<CertificatePaths>,
    /// The name or IP address by which clients reach this machine, if it differs from the listening
    /// addresses.
    pub host: Option<String>,
    /// The origins of web pages that may connect by WebSocket, besides the server's own.
    pub origins: Vec<String>,
    /// The server's limits.
    pub limits: Limits,
    /// Limits and timeouts of the conference's connections.
    pub psom: psom::Config,
    /// The policy that decides which user may do what in a meeting.
    pub policy: Arc<dyn Policy>,
    /// The content types that users can share.
    pub content_types: ContentTypes,
    /// Draws the pages of PDFs that people share from browsers. If it is `None`, they get an error.
    pub slides: Option<Arc<dyn SlideRenderer>>,
    /// Further routes of the web server, each below a path such as `/edit`.
    pub routes: Vec<(&'static str, axum::Router)>,
}

impl Options {
    /// Checks that the options fit a cluster, if there is one.
    pub(crate) fn check_cluster(&self) -> Result<(), StartError> {
        if self.cluster.is_none() {
            return Ok(());
        }
        if cfg!(not(feature = "postgres")) {
            return Err(StartError::ClusterNotBuilt);
        }
        if matches!(self.blobs, BlobConfig::Local) {
            return Err(StartError::ClusterOptions(
                "a cluster keeps the files in an object store; give every server the same --files s3://bucket/prefix",
            ));
        }
        if self.demo {
            let text = "--demo is for a single server; create a meeting with `psom meeting create`";
            return Err(StartError::ClusterOptions(text));
        }
        Ok(())
    }

    /// Returns the host in [`entry`](Self::entry).
    pub(crate) fn entry_host(&self) -> Result<Option<String>, StartError> {
        let Some(entry) = &self.entry else { return Ok(None) };
        let host = entry
            .strip_prefix("https://")
            .or_else(|| entry.strip_prefix("http://"))
            .and_then(split_host_port)
            .and_then(|(host, _)| ascii_host(host));
        let text = "--entry is a URL with a port and without a path, for example https://meet.example.com:8058";
        host.map(Some).ok_or(StartError::ClusterOptions(text))
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8057".into(),
            http: "127.0.0.1:8058".into(),
            data: "psom-data".into(),
            cluster: None,
            entry: None,
            durability: Durability::default(),
            blobs: BlobConfig::default(),
            strict: false,
            demo: false,
            https: false,
            certificate: None,
            host: None,
            origins: Vec::new(),
            limits: Limits::default(),
            psom: psom::Config::default(),
            policy: Arc::new(DefaultPolicy),
            content_types: ContentTypes::standard(),
            slides: None,
            routes: Vec::new(),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("listen", &self.listen)
            .field("http", &self.http)
            .field("data", &self.data)
            // The URL of a cluster can contain a password.
            .field("cluster", &self.cluster.is_some())
            .field("entry", &self.entry)
            .field("durability", &self.durability)
            .field("blobs", &self.blobs)
            .field("demo", &self.demo)
            .field("https", &self.https)
            .field("certificate", &self.certificate)
            .field("host", &self.host)
            .field("origins", &self.origins)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
