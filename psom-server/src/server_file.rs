use std::{io, path::Path};

use serde::{Deserialize, Serialize};

use crate::shared::private_files;

/// The file `server.json` in the data directory, by which programs on the same machine find a running
/// server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerFile {
    /// The address of the conference, `host:port`.
    pub psom: String,
    /// The address of the web server, `http://host:port` or `https://host:port`.
    pub http: String,
    /// The path of the certificate authority's certificate, relative to the data directory.
    pub ca: String,
    /// Whether the web server has a certificate of a public authority, which systems trust by
    /// default.
    #[serde(default, rename = "webIsPublic", skip_serializing_if = "std::ops::Not::not")]
    pub web_is_public: bool,
    /// The administrator's token.
    #[serde(rename = "adminToken")]
    pub admin_token: String,
    /// The server's process ID.
    pub pid: u32,
}

impl ServerFile {
    /// The name of the file.
    pub const NAME: &str = "server.json";

    /// Reads the file in a data directory.
    ///
    /// # Errors
    /// There is no such file, so no server runs there; or it cannot be read.
    pub fn read(data: &Path) -> io::Result<Self> {
        let bytes = std::fs::read(data.join(Self::NAME))?;
        serde_json::from_slice(&bytes).map_err(io::Error::from)
    }

    pub(crate) fn write(&self, data: &Path) -> io::Result<()> {
        let mut text = serde_json::to_vec(self)?;
        text.push(b'\n');
        private_files::replace(&data.join(Self::NAME), &text)
    }

    pub(crate) fn remove(data: &Path) -> io::Result<()> {
        std::fs::remove_file(data.join(Self::NAME))
    }
}

impl std::fmt::Debug for ServerFile {
    /// Leaves out the token, which must not get into logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerFile")
            .field("psom", &self.psom)
            .field("http", &self.http)
            .field("pid", &self.pid)
            .finish_non_exhaustive()
    }
}
