use std::{fmt, sync::Arc, time::Duration};

/// The channel of ConnMgr.
pub const BASE_CHANNEL: u32 = 0;
/// The channel of the application's objects (section 1.3.3).
pub const APPLICATION_CHANNEL: u32 = 2;

/// Limits and times of a connection. The defaults are those of the specification where it gives
/// one.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// The largest record body, in bytes, that is accepted or sent: 1 MiB.
    pub record_limit: u32,
    /// How long a client may take to show its token, and a server to answer: 120 s
    /// (section 3.3.3.1.1).
    pub authentication_timeout: Duration,
    /// How often each side sends a ping: every 30 s (section 3.1.2).
    pub ping_interval: Duration,
    /// A connection on which nothing at all was received for so long is ended: 90 s.
    pub idle_timeout: Duration,
    /// Whether a proxy header comes before the authentication, as it does behind a forwarding
    /// proxy that does not remove it (section 3.2.3.1.1.1): no.
    pub proxy_header: bool,
    /// How many objects may be connected on a connection at a time, or be closed without the
    /// peer's answer: 65,536.
    pub proxy_limit: usize,
    /// Above so many bytes that wait for a peer, its `#[latest]` calls replace older ones: 1 MiB.
    pub soft_mark: usize,
    /// Above so many bytes that wait for a peer, its connection is broken: 8 MiB. What answers the
    /// peer's own messages does not count: while more than the soft mark of that waits, a server
    /// does not read what the peer has sent since.
    pub hard_mark: usize,
    /// Where a connection is broken whose peer has accepted nothing for so long: 10 s.
    pub stall_timeout: Duration,
    /// Takes a line for each message that is sent (`->`) or received (`<-`).
    pub trace: Option<Trace>,
}

/// Takes the lines of a trace.
pub type Trace = Arc<dyn Fn(&str) + Send + Sync>;

impl Default for Config {
    fn default() -> Self {
        Self {
            record_limit: 1 << 20,
            authentication_timeout: Duration::from_secs(120),
            ping_interval: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(90),
            proxy_header: false,
            proxy_limit: 1 << 16,
            soft_mark: 1 << 20,
            hard_mark: 8 << 20,
            stall_timeout: Duration::from_secs(10),
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

/// Which side of the connection a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The side that connects, authenticates and opens channels.
    Client,
    /// The side that is connected to.
    Server,
}
