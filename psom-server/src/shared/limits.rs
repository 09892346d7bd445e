use std::time::Duration;

use super::permissions::WebLimits;

/// The server's limits. Each is for all meetings together unless it says otherwise.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Meetings that exist at the same time: 1,000.
    pub meetings: usize,
    /// The time without users after which a meeting leaves memory: 10 min. It comes back when somebody joins
    /// it. 0 means never.
    pub unload_after: Duration,
    /// Users who were ever admitted to one meeting: 10,000. Half of them may be guests; a guest
    /// counts from the first time they connect.
    pub users: usize,
    /// Invitations to one meeting: 1,000.
    pub invitations: usize,
    /// Unredeemed join tokens: 10,000. Tokens that named and open join links issue have quotas of
    /// their own, each of half as many, and one meeting can use an eighth of each quota.
    pub tokens: usize,
    /// Unredeemed join tokens that open join links issue to guests from one address, except loopback:
    /// 256. It is enough for a large room behind one address, because clients redeem a token at once.
    pub tokens_per_address: usize,
    /// Connections to the conference: 10,000. Further ones are refused.
    pub connections: usize,
    /// Connections to the conference without a token: 256. A newcomer beyond this limit takes the slot
    /// of the connection that has been silent longest, and one address has half of the slots.
    pub unauthenticated: usize,
    /// The time for a TLS handshake with the conference: 10 s.
    pub tls_timeout: Duration,
    /// The time after TLS in which a client sends its token: 15 s.
    pub token_timeout: Duration,
    /// Connections to the web server: 1,024. A newcomer beyond this limit takes the slot of the
    /// connection that has been silent longest. Three quarters may transfer files at the same time,
    /// and half of these may belong to one address.
    pub http_connections: usize,
    /// Uploads in progress: 64. A newcomer beyond this limit or the next takes the slot of an upload
    /// that has sent nothing for 10 s.
    pub uploads: usize,
    /// Presentations that are drawn for browsers at the same time: 2. Others wait for a minute.
    pub slides_at_once: usize,
    /// Uploads in progress of one meeting: 16.
    pub uploads_per_meeting: usize,
    /// Decrypted downloads in progress of one user of a meeting: 8.
    pub downloads_per_user: usize,
    /// Bytes of the disk that stay free: 128 MiB.
    pub disk_reserve: u64,
    /// Bytes of all files together. Without it, the disk is the limit.
    pub quota: Option<u64>,
    /// Permissions for uploads and downloads by browsers.
    pub web: WebLimits,
    /// Limits inside one meeting, and the size of a package.
    pub meeting: psom_objects::server::MeetingLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            meetings: 1000,
            unload_after: Duration::from_secs(600),
            users: 10_000,
            invitations: 1000,
            tokens: 10_000,
            tokens_per_address: 256,
            connections: 10_000,
            unauthenticated: 256,
            tls_timeout: Duration::from_secs(10),
            token_timeout: Duration::from_secs(15),
            http_connections: 1024,
            uploads: 64,
            slides_at_once: 2,
            uploads_per_meeting: 16,
            downloads_per_user: 8,
            disk_reserve: 128 << 20,
            quota: None,
            web: WebLimits::default(),
            meeting: psom_objects::server::MeetingLimits::default(),
        }
    }
}
