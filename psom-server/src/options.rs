use std::{fmt, path::PathBuf, sync::Arc};

use psom_objects::server::{ContentTypes, DefaultPolicy, Policy};

use crate::store::Durability;

use crate::files::{BlobConfig, WebLimits};

/// How a server is run. The defaults need no configuration.
#[derive(Clone)]
pub struct Options {
    /// Where the conference listens: `host:port`, port 0 for a free one (127.0.0.1:8057).
    pub listen: String,
    /// Where admission and files are served (127.0.0.1:8058).
    pub http: String,
    /// The data directory (`./psom-data`).
    pub data: PathBuf,
    /// What the state of the meetings survives ([`Durability::Full`]).
    pub durability: Durability,
    /// Where the encrypted files of the meetings are kept (in the data directory).
    pub blobs: BlobConfig,
    /// Whether to create the meeting `demo` and invitations to it.
    pub demo: bool,
    /// Whether admission and files are served over TLS. Beyond loopback they have to be.
    pub https: bool,
    /// The name or IP address by which clients reach this machine, where it is another than those
    /// that are listened on.
    pub host: Option<String>,
    /// How much the server takes.
    pub limits: Limits,
    /// Limits and times of the conference's connections.
    pub psom: psom::Config,
    /// Who may do what in a meeting.
    pub policy: Arc<dyn Policy>,
    /// The types of contents that can be shared.
    pub content_types: ContentTypes,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8057".into(),
            http: "127.0.0.1:8058".into(),
            data: "psom-data".into(),
            durability: Durability::default(),
            blobs: BlobConfig::default(),
            demo: false,
            https: false,
            host: None,
            limits: Limits::default(),
            psom: psom::Config::default(),
            policy: Arc::new(DefaultPolicy),
            content_types: ContentTypes::standard(),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("listen", &self.listen)
            .field("http", &self.http)
            .field("data", &self.data)
            .field("durability", &self.durability)
            .field("blobs", &self.blobs)
            .field("demo", &self.demo)
            .field("https", &self.https)
            .field("host", &self.host)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// How much a server takes, of all its meetings together unless it says otherwise.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Meetings at a time: 1,000.
    pub meetings: usize,
    /// Users who were ever admitted to a meeting: 10,000. Half of them may be guests; a guest counts
    /// from when he has come.
    pub users: usize,
    /// Invitations to a meeting: 1,000.
    pub invitations: usize,
    /// Tokens that are not redeemed yet: 10,000. Those that come by a link have half as many places of
    /// their own, and one meeting an eighth.
    pub tokens: usize,
    /// Connections to the web server: 1,024. Beyond them, the one that has been silent longest makes
    /// room. Three quarters may be carrying files at a time, and half of these one address.
    pub http_connections: usize,
    /// Packages on their way in at a time: 64.
    pub uploads: usize,
    /// Bytes of the disk that are left free: 128 MiB.
    pub disk_reserve: u64,
    /// Bytes of all files together; without it, what the disk has.
    pub quota: Option<u64>,
    /// Transfers of single files through browsers that may be about to begin.
    pub web: WebLimits,
    /// What each meeting holds, and how large a package may be.
    pub meeting: psom_objects::server::MeetingLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            meetings: 1000,
            users: 10_000,
            invitations: 1000,
            tokens: 10_000,
            http_connections: 1024,
            uploads: 64,
            disk_reserve: 128 << 20,
            quota: None,
            web: WebLimits::default(),
            meeting: psom_objects::server::MeetingLimits::default(),
        }
    }
}
