//! The admission API of a server, found through the file that the server writes.

use std::{io::ErrorKind, path::PathBuf};

use clap::Args;
use psom_server::ServerFile;
use serde_json::Value;
use ureq::http::{Method, StatusCode};

use super::client::{ApiError, Http};
use crate::error::{CommandError, OrCannot as _, Result};

/// The server to administer.
#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// The server's data directory, which has its address and the administrator's token.
    #[arg(long, value_name = "DIR", default_value = "psom-data", env = "PSOM_DATA")]
    data: PathBuf,
}

/// An administrator's access to a server.
pub(crate) struct Admin {
    http: Http,
    base: String,
    token: String,
}

impl ServerArgs {
    /// Reads the server's file and certificate.
    pub(crate) fn open(&self) -> Result<Admin> {
        let path = self.data.join(ServerFile::NAME);
        let file = ServerFile::read(&self.data).map_err(|error| match error.kind() {
            ErrorKind::NotFound => CommandError::new(format!(
                "no server runs on {}; start one with `psom serve`, or name the data directory of \
                 another with --data",
                self.data.display()
            )),
            _ => CommandError::new(format!("cannot read {}: {error}", path.display())),
        })?;
        let ca = self.data.join(&file.ca);
        let authority = std::fs::read(&ca).or_cannot(format_args!("read {}", ca.display()))?;
        let base = file.http.trim_end_matches('/').to_owned();
        Ok(Admin {
            http: Http::new(&authority, file.web_is_public)?,
            base,
            token: file.admin_token,
        })
    }
}

impl Admin {
    /// Sends a request for something below `/api/nodes`, the servers of a cluster.
    pub(crate) async fn nodes(&self, method: Method, path: &[&str]) -> Result<Value> {
        let mut url = format!("{}/api/nodes", self.base);
        for part in path {
            url.push('/');
            url.extend(part.bytes().map(escape));
        }
        Ok(self.http.api(method, url, Some(&self.token), None).await?)
    }

    /// Sends a request for something below `/api/meetings`. The first part of the path is a
    /// meeting's ID.
    pub(crate) async fn meetings(
        &self,
        method: Method,
        path: &[&str],
        body: Option<Value>,
    ) -> Result<Value> {
        let mut url = format!("{}/api/meetings", self.base);
        for part in path {
            url.push('/');
            url.extend(part.bytes().map(escape));
        }
        let answer = self.http.api(method, url, Some(&self.token), body).await;
        answer.map_err(|error| match (error, path) {
            (error, [_, "invitations", _]) => error.into(),
            (ApiError::Refused { status: StatusCode::NOT_FOUND, .. }, [meeting, ..]) => {
                CommandError::new(format!(
                    "there is no meeting \"{meeting}\"; `psom meeting list` lists them"
                ))
            }
            (error, _) => error.into(),
        })
    }
}

/// Escapes a byte of a meeting's ID for a URL.
fn escape(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    }
}
