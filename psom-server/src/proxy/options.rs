use std::{fmt, sync::Arc, time::Duration};

use rustls::{ClientConfig, ServerConfig};

use crate::tls::ALTERNATIVE_NAME;

/// The configuration of a proxy.
#[derive(Clone)]
pub struct ProxyOptions {
    /// The listening address: `host:port`, port 0 for a free one.
    pub listen: String,
    /// The address of the server: `host:port`.
    pub upstream: String,
    /// The header that clients have to send first, 1 to 4,096 bytes (`proxyHeader`).
    pub header: Vec<u8>,
    /// The proxy's own certificate; see [`crate::tls::Identity`].
    pub tls: Arc<ServerConfig>,
    /// The certificate authorities that are trusted for the server.
    pub upstream_tls: Arc<ClientConfig>,
    /// The name in the server's certificate (`alternativeName`).
    pub upstream_name: String,
    /// The limits of the proxy.
    pub limits: ProxyLimits,
}

/// The limits of a proxy.
#[derive(Debug, Clone)]
pub struct ProxyLimits {
    /// Concurrent connections: 1,024. Further ones are dropped.
    pub connections: usize,
    /// Connections that have not sent the header yet: 256. Further ones are dropped.
    pub waiting: usize,
    /// The time for the TLS handshake of a client, and for connecting to the server: 10 s.
    pub handshake: Duration,
    /// The time that a client may take to send the header: 120 s.
    pub header: Duration,
    /// The time that one direction may be idle before the connection is dropped: 10 min. Both sides
    /// of a conference ping every 30 s.
    pub idle: Duration,
}

impl Default for ProxyLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            waiting: 256,
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(120),
            idle: Duration::from_secs(600),
        }
    }
}

impl ProxyOptions {
    /// Returns a configuration with the default limits, for a server of this crate.
    pub fn new(
        listen: impl Into<String>,
        upstream: impl Into<String>,
        header: impl Into<Vec<u8>>,
        tls: Arc<ServerConfig>,
        upstream_tls: Arc<ClientConfig>,
    ) -> Self {
        Self {
            listen: listen.into(),
            upstream: upstream.into(),
            header: header.into(),
            tls,
            upstream_tls,
            upstream_name: ALTERNATIVE_NAME.into(),
            limits: ProxyLimits::default(),
        }
    }
}

impl fmt::Debug for ProxyOptions {
    /// Leaves out the header, which is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyOptions")
            .field("listen", &self.listen)
            .field("upstream", &self.upstream)
            .finish_non_exhaustive()
    }
}
