//! Following an invitation: `POST /api/join`, without more HTTP than that takes.

use std::time::Duration;

use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::{Entry, JoinLink, address::split_host_port};

/// How long the web server may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The longest answer that is read.
const LIMIT: u64 = 64 << 10;

/// Why an invitation cannot be followed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// The web server did not answer in time.
    #[error("the server at {http} does not answer")]
    NoAnswer {
        /// The server's address.
        http: String,
    },
    /// The web server cannot be reached.
    #[error("the server at {http} cannot be asked: {source}")]
    Unreachable {
        /// The server's address.
        http: String,
        /// The failure.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server refuses, with a sentence for people.
    #[error("{0}")]
    Refused(String),
    /// The web server at the address does not speak this protocol.
    #[error("the web server at {http} is not a psom server")]
    NotPsom {
        /// The server's address.
        http: String,
    },
}

impl JoinLink {
    /// Follows the link, if it is an invitation: the answer is a link for one connection within 120
    /// seconds. Any other link is its own answer. `name` is what others are to see, unless the
    /// invitation says it; each time an invitation for anybody is followed, another guest comes.
    ///
    /// # Errors
    /// Returns an error if the web server cannot be reached, is not a psom server, or refuses.
    pub async fn follow(&self, name: &str) -> Result<Self, FollowError> {
        let Entry::Invitation { secret, http } = &self.entry else { return Ok(self.clone()) };
        let asked = timeout(PATIENCE, self.ask(http, secret, name)).await;
        let no_answer = |_| FollowError::NoAnswer { http: http.clone() };
        let unreachable = |source| FollowError::Unreachable { http: http.clone(), source };
        let answer = asked.map_err(no_answer)?.map_err(unreachable)?;
        match (answer["sAuthId"].as_str(), answer["error"].as_str()) {
            (Some(token), _) => Ok(Self { entry: Entry::Token(token.into()), ..self.clone() }),
            (None, Some(why)) => Err(FollowError::Refused(why.into())),
            (None, None) => Err(FollowError::NotPsom { http: http.clone() }),
        }
    }

    async fn ask(
        &self,
        http: &str,
        secret: &str,
        name: &str,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        // What a link says was checked when it was read, but a link may be made in other ways.
        let (scheme, authority) = http.split_once("://").ok_or("its address is none")?;
        let (host, port) = split_host_port(authority).ok_or("its address is none")?;
        let body = json!({ "invite": secret, "displayName": name }).to_string();
        // In this version an answer ends with its connection, and comes in one piece.
        let request = format!(
            "POST /api/join HTTP/1.0\r\nhost: {authority}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let stream = TcpStream::connect((host, port)).await?;
        let answer = match scheme {
            "https" => {
                let tls = psom::tls::client(self.authority_pem().as_bytes())?;
                let name = ServerName::try_from(host.to_owned())?;
                exchange(TlsConnector::from(tls).connect(name, stream).await?, &request).await?
            }
            _ => exchange(stream, &request).await?,
        };
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        Ok(serde_json::from_str(body).unwrap_or(Value::Null))
    }
}

async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
) -> std::io::Result<String> {
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    let read = stream.take(LIMIT).read_to_end(&mut answer).await;
    // Not every server says good-bye in the way of TLS.
    if answer.is_empty() {
        read?;
    }
    String::from_utf8(answer).map_err(std::io::Error::other)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::{
        io::{ErrorKind::UnexpectedEof, Result},
        pin::Pin,
        task::{Context, Poll},
    };

    use tokio::io::{ReadBuf, join, sink};

    use super::*;

    /// The end of a connection without a good-bye.
    struct Torn;

    impl AsyncRead for Torn {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<Result<()>> {
            Poll::Ready(Err(UnexpectedEof.into()))
        }
    }

    #[tokio::test]
    async fn an_answer_counts_also_where_nobody_says_good_bye() {
        let answer = async |said: &'static str| {
            exchange(join(said.as_bytes().chain(Torn), sink()), "a question").await
        };
        assert_eq!(answer("an answer").await.unwrap(), "an answer");
        assert_eq!(answer("").await.unwrap_err().kind(), UnexpectedEof);
    }
}
