//! A document on a server of cell storage.

use std::{fs, path::PathBuf};

use bytes::Bytes;
use clap::Args;
use fsshttpb::{atom::Guid, message::PutChanges};
use psom_cellstorage::client::{Client, ClientError, Next, Post};

use crate::{
    error::{CommandError, OrCannot as _, Result},
    http::client::Http,
};

/// The arguments of a command that talks to a server of cell storage.
#[derive(Debug, Args)]
pub(super) struct RemoteArgs {
    /// The document's address, such as http://127.0.0.1:8059/report.docx.
    url: String,
    /// The certificate (PEM) that the server's certificate must lead to, for https.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The name that the server shows to other users, if it does not know you.
    #[arg(long = "as", value_name = "NAME")]
    name: Option<String>,
}

/// A connection to a document.
pub(super) struct Remote {
    http: Http,
    client: Client,
    name: Option<String>,
}

impl RemoteArgs {
    /// Creates a client. Nothing is sent yet.
    pub(super) fn open(self) -> Result<Remote> {
        let authority = match &self.ca {
            Some(path) => fs::read(path).or_cannot(format_args!("read {}", path.display()))?,
            None if self.url.starts_with("http://") => vec![],
            None => {
                let why = "name an http:// address, or the server's certificate with --ca";
                return Err(CommandError::new(why));
            }
        };
        let client = Client::new(self.url, Guid(rand::random()));
        Ok(Remote { http: Http::new(&authority, false)?, client, name: self.name })
    }
}

impl Remote {
    /// Returns the client.
    pub(super) fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    async fn send(&self, post: Post) -> Result<(String, Bytes)> {
        let Post { url, content_type, soap_action, body } = post;
        let mut headers = vec![("content-type", content_type), ("soapaction", soap_action)];
        headers.extend(self.name.iter().map(|name| ("authorization", format!("User {name}"))));
        self.http.post(url, headers, body).await
    }

    /// Queries until the client has the whole document.
    pub(super) async fn query(&mut self) -> Result<(), Failed> {
        loop {
            let post = self.client.query();
            let (content_type, body) = self.send(post).await?;
            if self.client.receive(&content_type, &body)? == Next::Done {
                return Ok(());
            }
        }
    }

    /// Uploads the parts of an edit.
    pub(super) async fn upload(&mut self, parts: &[PutChanges]) -> Result<(), Failed> {
        let mut next = Next::Done;
        for part in parts {
            let post = self.client.upload(part, &[]);
            let (content_type, body) = self.send(post).await?;
            next = self.client.accept(part, &content_type, &body)?;
        }
        if next == Next::Query { self.query().await } else { Ok(()) }
    }
}

/// The reason why an exchange with the server failed.
pub(crate) enum Failed {
    /// The document has changed.
    Coherency,
    /// Any other reason.
    Other(CommandError),
}

impl From<CommandError> for Failed {
    fn from(error: CommandError) -> Self {
        Self::Other(error)
    }
}

impl From<ClientError> for Failed {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Coherency => Self::Coherency,
            error => Self::Other(CommandError::new(error.to_string())),
        }
    }
}

impl From<Failed> for CommandError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Coherency => Self::new(
                "the document has changed on the server; get it again, merge your changes, and put the result",
            ),
            Failed::Other(error) => error,
        }
    }
}
