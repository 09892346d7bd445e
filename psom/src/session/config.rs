use std::{fmt, sync::Arc, time::Duration};

use super::limits::LimitHits;
use crate::metrics::Metrics;

/// The channel of ConnMgr.
pub const BASE_CHANNEL: u32 = 0;
/// The channel of the application's objects (section 1.3.3).
pub const APPLICATION_CHANNEL: u32 = 2;

/// Whether the clients of a server send a proxy header (section 3.2.3.1.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProxyHeader {
    /// No client sends one.
    #[default]
    Never,
    /// Some clients send one, for example those that another server relays. The first byte shows it: a
    /// valid length begins with 0, and the signature does not.
    Optional,
    /// Every client sends one.
    Always,
}

/// The limits and times of a connection. The defaults follow the specification if it has a value.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// The maximum size of a record body in bytes, sent or received. Default: 1 MiB.
    pub record_limit: u32,
    /// The time in which a client must send its token, and a server must answer it. Default: 120 s
    /// (section 3.3.3.1.1).
    pub authentication_timeout: Duration,
    /// The interval at which each side sends a ping. Default: 30 s (section 3.1.2).
    pub ping_interval: Duration,
    /// The time after which a connection ends if nothing was received. Default: 90 s.
    pub idle_timeout: Duration,
    /// Whether clients send a proxy header before the authentication, because a forwarding proxy
    /// does not remove it (section 3.2.3.1.1.1). Default: never.
    pub proxy_header: ProxyHeader,
    /// The maximum number of connected objects and tombstones of a connection. Default: 65,536.
    pub proxy_limit: usize,
    /// The maximum number of objects that this side closed and whose closing the peer has not
    /// confirmed. A peer that sends other messages while it has more to confirm is disconnected.
    /// Default: 16,384.
    pub unconfirmed_close_limit: usize,
    /// The soft limit of a send queue in bytes. Above it, new `#[latest]` calls replace pending
    /// ones. Default: 1 MiB.
    pub soft_limit: usize,
    /// The hard limit of a send queue in bytes. Above it, the connection is broken. Default: 8 MiB.
    ///
    /// Replies to the peer's own requests do not count. Instead, a server pauses reading from a
    /// peer whose replies exceed the soft limit.
    pub hard_limit: usize,
    /// The time after which a server breaks a connection whose transport accepts nothing. Clients
    /// wait, because a server that waits for its journal reads nothing. Default: 10 s.
    pub stall_timeout: Duration,
    /// The maximum number of connections of one user to a space of a server. A further connection
    /// replaces the user's oldest one. Default: 32, more than any person has devices and programs.
    pub connections_per_user: usize,
    /// The maximum number of connections to a space of a server. A further connection replaces the
    /// oldest one of the user who has the most, and is refused if every user has only one.
    /// Default: 5,000.
    pub space_connections: usize,
    /// The maximum number of bytes that wait for all peers of a space together. Above it, the
    /// connection for which the most bytes wait is broken. Bytes that several peers share count
    /// once. Default: 256 MiB.
    pub space_queue_limit: usize,
    /// The number of calls per second that a server handles from one connection in the long run. A
    /// call counts more if it causes much output. A connection above the limit is read more slowly.
    /// 0 means no limit. Default: 2,000; a person who draws causes about 100.
    pub calls_per_second: u32,
    /// The number of calls that a server handles from one connection before
    /// [`calls_per_second`](Self::calls_per_second) takes effect. Default: 20,000, the annotations of
    /// a full board.
    pub call_burst: u32,
    /// Counts how often the limits have taken effect, by the names of the fields of this type.
    pub hits: LimitHits,
    /// Counts calls, and measures turns and queues. Default: `None`, which counts nothing.
    pub metrics: Option<Metrics>,
    /// Receives a line for each message that is sent (`->`) or received (`<-`).
    pub trace: Option<Trace>,
}

/// Receives the lines of a trace.
pub type Trace = Arc<dyn Fn(&str) + Send + Sync>;

impl Default for Config {
    fn default() -> Self {
        Self {
            record_limit: 1 << 20,
            authentication_timeout: Duration::from_secs(120),
            ping_interval: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(90),
            proxy_header: ProxyHeader::Never,
            proxy_limit: 1 << 16,
            unconfirmed_close_limit: 1 << 14,
            soft_limit: 1 << 20,
            hard_limit: 8 << 20,
            stall_timeout: Duration::from_secs(10),
            connections_per_user: 32,
            space_connections: 5000,
            space_queue_limit: 256 << 20,
            calls_per_second: 2000,
            call_burst: 20_000,
            hits: LimitHits::default(),
            metrics: None,
            trace: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("record_limit", &self.record_limit)
            .field("authentication_timeout", &self.authentication_timeout)
            .field("ping_interval", &self.ping_interval)
            .field("idle_timeout", &self.idle_timeout)
            .finish_non_exhaustive()
    }
}

/// The two sides of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The side that connects, authenticates and opens channels.
    Client,
    /// The side that listens.
    Server,
}
