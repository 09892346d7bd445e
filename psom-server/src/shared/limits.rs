use super::permissions::WebLimits;

/// The server's limits. Each is for all meetings together unless it says otherwise.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Meetings that exist at the same time: 1,000.
    pub meetings: usize,
    /// Users who were ever admitted to one meeting: 10,000. Half of them may be guests; a guest
    /// counts from the first time they connect.
    pub users: usize,
    /// Invitations to one meeting: 1,000.
    pub invitations: usize,
    /// Unredeemed join tokens: 10,000. Tokens that join links issue have their own quota of half as
    /// many, and one meeting has an eighth.
    pub tokens: usize,
    /// Connections to the web server: 1,024. A newcomer beyond this limit takes the slot of the
    /// connection that has been silent longest. Three quarters may transfer files at the same time,
    /// and half of these may belong to one address.
    pub http_connections: usize,
    /// Uploads in progress: 64.
    pub uploads: usize,
    /// Presentations that are drawn for browsers at the same time: 2. Others wait for a minute.
    pub slides_at_once: usize,
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
            users: 10_000,
            invitations: 1000,
            tokens: 10_000,
            http_connections: 1024,
            uploads: 64,
            slides_at_once: 2,
            disk_reserve: 128 << 20,
            quota: None,
            web: WebLimits::default(),
            meeting: psom_objects::server::MeetingLimits::default(),
        }
    }
}
