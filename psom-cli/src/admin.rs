//! The admission API of a server, found through the file that it writes.

use std::{io::ErrorKind, path::PathBuf};

use clap::Args;
use psom_server::ServerFile;
use serde_json::Value;
use ureq::http::Method;

use crate::{
    failure::{Failure, Result, While},
    http::Http,
};

/// Where the server is.
#[derive(Debug, Args)]
pub struct ServerArgs {
    /// The server's data directory, where it leaves its address and its administrator's token.
    #[arg(long, value_name = "DIR", default_value = "psom-data")]
    data: PathBuf,
}

/// An administrator's connection to the server.
pub struct Admin {
    http: Http,
    base: String,
    token: String,
}

impl ServerArgs {
    pub fn open(&self) -> Result<Admin> {
        let path = self.data.join(ServerFile::NAME);
        let file = ServerFile::read(&self.data).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Failure::new(format!(
                "no server runs on {}; start one with `psom serve`, or say with --data where \
                 another has its data",
                self.data.display()
            )),
            _ => Failure::new(format!("cannot read {}: {error}", path.display())),
        })?;
        let ca = self.data.join(&file.ca);
        let authority = std::fs::read(&ca).or_cannot(format_args!("read {}", ca.display()))?;
        let base = file.http.trim_end_matches('/').to_owned();
        Ok(Admin { http: Http::new(&authority)?, base, token: file.admin_token })
    }
}

impl Admin {
    /// Asks for something below `/api/meetings`.
    pub async fn ask(&self, method: Method, path: &[&str], body: Option<Value>) -> Result<Value> {
        let mut url = format!("{}/api/meetings", self.base);
        for part in path {
            url.push('/');
            url.extend(part.bytes().map(escape));
        }
        let answer = self.http.api(method, url, Some(&self.token), body).await;
        // What the API says to programs is another thing to say to people.
        answer.map_err(|failure| match failure {
            Failure::Said(why) => {
                Failure::Said(why.replace("GET /api/meetings lists", "`psom meeting list` lists"))
            }
            other => other,
        })
    }
}

/// A byte of a meeting's name in a URL.
fn escape(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    }
}
