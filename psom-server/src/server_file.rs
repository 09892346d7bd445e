use std::{io, path::Path};

use serde::{Deserialize, Serialize};

use crate::private;

/// `server.json` in the data directory: how programs on the same machine find a running server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerFile {
    /// The conference, `host:port`.
    pub psom: String,
    /// The web server: `http://host:port` or `https://host:port`.
    pub http: String,
    /// The file of the certificate authority, below the data directory.
    pub ca: String,
    /// The administrator's token.
    #[serde(rename = "adminToken")]
    pub admin_token: String,
    /// The server's process.
    pub pid: u32,
}

impl ServerFile {
    /// The name of the file.
    pub const NAME: &str = "server.json";

    /// Reads the file in a data directory. Where there is none, no server runs there.
    pub fn read(data: &Path) -> io::Result<Self> {
        let bytes = std::fs::read(data.join(Self::NAME))?;
        serde_json::from_slice(&bytes).map_err(io::Error::from)
    }

    pub(crate) fn write(&self, data: &Path) -> io::Result<()> {
        let mut text = serde_json::to_vec(self)?;
        text.push(b'\n');
        private::replace(&data.join(Self::NAME), &text)
    }

    pub(crate) fn remove(data: &Path) -> io::Result<()> {
        std::fs::remove_file(data.join(Self::NAME))
    }
}

impl std::fmt::Debug for ServerFile {
    /// The token is not for logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerFile")
            .field("psom", &self.psom)
            .field("http", &self.http)
            .field("pid", &self.pid)
            .finish_non_exhaustive()
    }
}
