//! The client side of `POST /api/join`: exchanging an invitation for a join token.

use std::{io, pin::pin, time::Duration};

use axum::body::{Body, to_bytes};
use hyper::{
    Method, Request,
    client::conn::http1,
    header::{CONNECTION, CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::join_link::{JoinCredential, JoinLink};
use crate::shared::host_port::split_host_port;

/// The time that the web server may take to connect and answer. A server of a cluster takes at most
/// 8 s to forward the request, so this timeout is longer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Length limit of an answer in bytes. A join token with its context takes about 2 KiB.
const MAX_ANSWER_BYTES: usize = 64 << 10;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The reason why an invitation could not be exchanged for a join token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The address of the web server in the link is invalid.
    #[error("the web server's address {0:?} is not of the form http://host:port")]
    Address(String),
    /// The certificate authority in the link is invalid.
    #[error("the certificate authority in the link cannot be used: {0}")]
    Authority(#[source] psom::error::SetupError),
    /// The web server could not be reached, or its certificate is not trusted.
    #[error("the web server at {http} cannot be reached: {source}")]
    Connect {
        /// The address of the web server.
        http: String,
        /// The error of the system or of TLS.
        source: io::Error,
    },
    /// The web server did not answer in HTTP.
    #[error("the web server at {http} did not answer: {source}")]
    Http {
        /// The address of the web server.
        http: String,
        /// The error of the HTTP client.
        source: BoxError,
    },
    /// The web server did not answer in time.
    #[error("the web server at {0} did not answer in time; try again")]
    TimedOut(String),
    /// The web server refused the invitation. The text comes from the server.
    #[error("{0}")]
    Refused(String),
    /// The answer does not come from a psom server.
    #[error("the web server at {0} is not a psom server; check the join link")]
    NotPsom(String),
}

impl JoinLink {
    /// Exchanges the invitation in the link for a join token, and returns a link with the token.
    /// The token is valid for one connection within 120 seconds. A link that has a join token
    /// already is returned unchanged.
    ///
    /// `name` is the display name, unless the invitation determines it. Each exchange of an open
    /// invitation creates another guest.
    ///
    /// # Errors
    /// The web server cannot be reached or refuses the invitation.
    pub async fn exchange(&self, name: &str) -> Result<Self, ExchangeError> {
        let JoinCredential::Invitation { secret, http } = &self.credential else {
            return Ok(self.clone());
        };
        let body = json!({ "invite": secret, "meeting": self.meeting, "displayName": name });
        let body = body.to_string();
        let answer = timeout(ANSWER_TIMEOUT, self.post_join(http, body)).await;
        let answer = answer.map_err(|_| ExchangeError::TimedOut(http.clone()))??;
        match (answer["sAuthId"].as_str(), answer["error"].as_str()) {
            (Some(token), _) => {
                // In a cluster, the meeting can run on a server other than the one in the link. The
                // certificates of all servers are signed by the same authority.
                let address = answer["pwsURI"].as_str().unwrap_or(&self.address).to_owned();
                let credential = JoinCredential::Token(token.into());
                Ok(Self { address, credential, ..self.clone() })
            }
            (None, Some(reason)) => Err(ExchangeError::Refused(reason.into())),
            (None, None) => Err(ExchangeError::NotPsom(http.clone())),
        }
    }

    /// Sends the body to `POST /api/join` of a web server and returns the answer, or null if the
    /// answer is not JSON.
    async fn post_join(&self, http: &str, body: String) -> Result<Value, ExchangeError> {
        // Parsing a link checks the address, but a program can also build a link from its fields.
        let invalid = || ExchangeError::Address(http.into());
        let (scheme, authority) = http.split_once("://").ok_or_else(invalid)?;
        let (host, port) = split_host_port(authority).ok_or_else(invalid)?;
        let unreachable = |source| ExchangeError::Connect { http: http.into(), source };
        let stream = TcpStream::connect((host, port)).await.map_err(unreachable)?;
        let answer = if scheme == "https" {
            let name = ServerName::try_from(host.to_owned()).map_err(|_| invalid())?;
            let tls = self.web_tls();
            let tls = TlsConnector::from(tls.map_err(ExchangeError::Authority)?);
            let stream = tls.connect(name, stream).await.map_err(unreachable)?;
            post(stream, authority, body).await
        } else {
            post(stream, authority, body).await
        };
        let answer = answer.map_err(|source| ExchangeError::Http { http: http.into(), source })?;
        Ok(serde_json::from_slice(&answer).unwrap_or(Value::Null))
    }
}

/// Sends one request on a connection and returns the body of the answer.
async fn post(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    authority: &str,
    body: String,
) -> Result<Vec<u8>, BoxError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/join")
        .header(HOST, authority)
        .header(CONNECTION, "close")
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from(body))?;
    let answer = async {
        let response = sender.send_request(request).await?;
        let body = to_bytes(Body::new(response.into_body()), MAX_ANSWER_BYTES).await?;
        Ok::<_, BoxError>(body.into())
    };
    let (mut answer, mut connection) = (pin!(answer), pin!(connection));
    // The connection makes progress only while it is polled.
    let ended = tokio::select! {
        biased;
        answer = answer.as_mut() => return answer,
        ended = connection.as_mut() => ended,
    };
    match answer.await {
        Err(error) => Err(ended.err().map_or(error, Into::into)),
        complete => complete,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::{
        io::ErrorKind::UnexpectedEof,
        pin::Pin,
        task::{Context, Poll, Waker},
    };

    use tokio::io::ReadBuf;

    use super::*;

    /// A server that sends its answer after the request, and ends the TLS connection without a
    /// close_notify.
    struct AbruptServer {
        answer: Vec<u8>,
        has_request: bool,
        reader: Option<Waker>,
    }

    impl AsyncRead for AbruptServer {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            if !self.has_request {
                self.reader = Some(cx.waker().clone());
                return Poll::Pending;
            }
            if self.answer.is_empty() {
                return Poll::Ready(Err(UnexpectedEof.into()));
            }
            let count = self.answer.len().min(buffer.remaining());
            buffer.put_slice(&self.answer.drain(..count).collect::<Vec<_>>());
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for AbruptServer {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.has_request = true;
            if let Some(reader) = self.reader.take() {
                reader.wake();
            }
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    async fn exchange(answer: impl Into<Vec<u8>>) -> Result<Vec<u8>, BoxError> {
        let server = AbruptServer { answer: answer.into(), has_request: false, reader: None };
        post(server, "host:1", "{}".into()).await
    }

    #[tokio::test]
    async fn complete_answer_needs_no_close_notify() {
        let complete = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody";
        assert_eq!(exchange(complete).await.unwrap(), b"body");
        let truncated = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nbody";
        exchange(truncated).await.unwrap_err();
        exchange("").await.unwrap_err();
    }

    #[tokio::test]
    async fn oversized_answer_is_refused() {
        let answer = |length: usize| {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
            [head.as_bytes(), &vec![b' '; length]].concat()
        };
        assert_eq!(exchange(answer(MAX_ANSWER_BYTES)).await.unwrap().len(), MAX_ANSWER_BYTES);
        exchange(answer(MAX_ANSWER_BYTES + 1)).await.unwrap_err();
    }
}
