//! The client side of `POST /api/join`: exchanging an invitation for a join token.

use std::{fmt, io, pin::pin, time::Duration};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request, StatusCode,
    body::Bytes,
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

use super::{
    link::{JoinCredential, JoinLink},
    names::split_host_port,
};

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
    /// The web server admits nobody at the moment, for example because the meeting is moving to another server
    /// of its cluster. The text comes from the server.
    #[error("{0}")]
    Unavailable(String),
    /// The answer does not come from a psom server.
    #[error("the web server at {0} is not a psom server; check the join link")]
    NotPsom(String),
    /// The server is behind a proxy that requires a header, and the answer has none.
    #[error("the server is behind a proxy and gave no header for it; ask the server's operator")]
    NoProxyHeader,
}

impl ExchangeError {
    /// Reports whether another attempt can succeed without a change by a person.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Connect { .. } | Self::Http { .. } | Self::TimedOut(_) | Self::Unavailable(_)
        )
    }
}

/// The person who joins by an invitation.
#[derive(Clone, Default)]
pub struct Visitor {
    /// The display name, unless the invitation determines it. Without one, the server keeps the name that
    /// it knows.
    pub name: Option<String>,
    /// The secret by which a server recognizes the same guest in a later connection. Without one, each
    /// exchange of an open invitation creates another guest.
    pub secret: Option<String>,
}

impl Visitor {
    /// Creates a visitor with a display name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), secret: None }
    }
}

impl fmt::Debug for Visitor {
    /// Leaves out the secret, which must not get into logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visitor").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A request about the invitation of a person: `POST` with JSON.
#[derive(Clone)]
pub struct JoinRequest {
    /// The address.
    pub url: String,
    /// The body.
    pub body: Value,
}

impl fmt::Debug for JoinRequest {
    /// Leaves out the body, which has the secret of the invitation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinRequest").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The answer to a join request: a token for one connection within 120 seconds, with its context.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Admitted {
    /// The join token (`sAuthId`).
    pub token: String,
    /// The user's URI, if the server has sent it. That of a guest begins with `guest:`.
    pub uri: Option<String>,
    /// The user's display name, if the server has sent it.
    pub name: Option<String>,
    /// The user's role, if the server has sent it.
    pub role: Option<String>,
    /// Upper bound on a package in bytes, if the server has sent it.
    pub package_limit: Option<u64>,
    /// The address of the conference (`pwsURI`). In a cluster, it can be another server than that of the
    /// link.
    pub address: Option<String>,
    /// The header that a proxy in front of the server requires (section 3.2.3.1.1.1).
    pub proxy_header: Option<Vec<u8>>,
}

impl fmt::Debug for Admitted {
    /// Leaves out the token, which must not get into logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admitted").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Admitted {
    /// Creates the context of a token that came with the link.
    pub fn with_token(token: impl Into<String>) -> Self {
        Self { token: token.into(), ..Self::default() }
    }

    /// Reads the answer of a server. `http` is the address of the server, for errors.
    ///
    /// # Errors
    /// The answer is a refusal, or not that of a server of this protocol.
    pub fn from_answer(answer: &Value, http: &str) -> Result<Self, ExchangeError> {
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        let Some(token) = text("sAuthId") else {
            let refused = text("error").map(ExchangeError::Refused);
            return Err(refused.unwrap_or_else(|| ExchangeError::NotPsom(http.to_owned())));
        };
        let proxy_header = match (answer["modes"].as_str(), text("proxyHeader")) {
            (Some("fwdtls"), Some(header)) => Some(header.into_bytes()),
            (Some("fwdtls"), None) => return Err(ExchangeError::NoProxyHeader),
            _ => None,
        };
        Ok(Self {
            token,
            uri: text("uri"),
            name: text("displayName"),
            role: text("role"),
            package_limit: answer["packageLimit"].as_u64(),
            address: text("pwsURI"),
            proxy_header,
        })
    }

    /// Returns the link for the one connection. In a cluster, the meeting can run on a server other than the
    /// one in the link. The certificates of all servers are signed by the same authority.
    #[must_use]
    pub fn link(&self, link: &JoinLink) -> JoinLink {
        let address = self.address.as_ref().unwrap_or(&link.address).clone();
        let credential = JoinCredential::Token(self.token.clone());
        JoinLink { address, credential, ..link.clone() }
    }
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
        let admitted = self.redeem(&Visitor::named(name)).await?;
        Ok(match &self.credential {
            JoinCredential::Token(_) => self.clone(),
            JoinCredential::Invitation { .. } => admitted.link(self),
        })
    }

    /// Exchanges the invitation in the link for a join token. A link that has a join token already needs no
    /// exchange, and its token is returned.
    ///
    /// # Errors
    /// Those of [`exchange`](Self::exchange).
    pub async fn redeem(&self, visitor: &Visitor) -> Result<Admitted, ExchangeError> {
        let (http, request) = match (&self.credential, self.join_request(visitor)) {
            (JoinCredential::Invitation { http, .. }, Some(request)) => (http, request),
            (JoinCredential::Token(token), _) => return Ok(Admitted::with_token(token)),
            (JoinCredential::Invitation { http, .. }, None) => {
                return Err(ExchangeError::Address(http.clone()));
            }
        };
        let answer = timeout(ANSWER_TIMEOUT, self.post_join(http, request.body.to_string())).await;
        let answer = answer.map_err(|_| ExchangeError::TimedOut(http.clone()))??;
        Admitted::from_answer(&answer, http)
    }

    /// Returns the request that exchanges the invitation in the link, for programs with an HTTP client of
    /// their own. A link with a join token has none.
    #[must_use]
    pub fn join_request(&self, visitor: &Visitor) -> Option<JoinRequest> {
        self.request("/api/join", visitor)
    }

    /// Returns the request that ends all connections of the visitor to the meeting. The visitor may come back.
    /// A link with a join token has none.
    #[must_use]
    pub fn leave_request(&self, visitor: &Visitor) -> Option<JoinRequest> {
        self.request("/api/leave", visitor)
    }

    fn request(&self, path: &str, visitor: &Visitor) -> Option<JoinRequest> {
        let JoinCredential::Invitation { secret, http } = &self.credential else { return None };
        let mut body =
            json!({ "invite": secret, "meeting": self.meeting, "displayName": visitor.name });
        if let Some(guest) = &visitor.secret {
            body["guest"] = guest.as_str().into();
        }
        Some(JoinRequest { url: format!("{}{path}", http.trim_end_matches('/')), body })
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
        let (status, body) = answer;
        available(status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }
}

/// Returns the body of an answer, unless the server admits nobody at the moment.
fn available(status: StatusCode, body: Value) -> Result<Value, ExchangeError> {
    match body["error"].as_str() {
        Some(why) if status == StatusCode::SERVICE_UNAVAILABLE => {
            Err(ExchangeError::Unavailable(why.to_owned()))
        }
        _ => Ok(body),
    }
}

/// Sends one request on a connection and returns the status and the body of the answer.
async fn post(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    authority: &str,
    body: String,
) -> Result<(StatusCode, Vec<u8>), BoxError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/join")
        .header(HOST, authority)
        .header(CONNECTION, "close")
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))?;
    let answer = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await?;
        Ok::<_, BoxError>((status, body.to_bytes().into()))
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

    async fn exchange(answer: impl Into<Vec<u8>>) -> Result<(StatusCode, Vec<u8>), BoxError> {
        let server = AbruptServer { answer: answer.into(), has_request: false, reader: None };
        post(server, "host:1", "{}".into()).await
    }

    #[test]
    fn proxy_header_belongs_to_its_mode() {
        let header = |mut answer: Value| {
            answer["sAuthId"] = "0f".into();
            Admitted::from_answer(&answer, "").map(|admitted| admitted.proxy_header).map_err(drop)
        };
        let both = json!({ "modes": "fwdtls", "proxyHeader": "team-7" });
        assert_eq!(header(both), Ok(Some(b"team-7".to_vec())));
        assert_eq!(header(json!({ "modes": "tls", "proxyHeader": "team-7" })), Ok(None));
        assert_eq!(header(json!({ "modes": "tls", "proxyHeader": null })), Ok(None));
        assert_eq!(header(json!({})), Ok(None));
        assert_eq!(header(json!({ "modes": "fwdtls" })), Err(()));
    }

    #[test]
    fn refusal_is_the_text_of_the_server() {
        let error = |answer: Value| Admitted::from_answer(&answer, "http://h:1").unwrap_err();
        assert_eq!(error(json!({ "error": "no such meeting" })).to_string(), "no such meeting");
        let other = error(Value::Null).to_string();
        assert!(other.contains("http://h:1 is not a psom server"), "{other}");
    }

    #[test]
    fn server_that_admits_nobody_at_the_moment_is_asked_again() {
        let moving = || json!({ "error": "the meeting is moving to another server" });
        let error = available(StatusCode::SERVICE_UNAVAILABLE, moving()).unwrap_err();
        assert!(error.is_transient());
        assert_eq!(error.to_string(), "the meeting is moving to another server");
        // Another status is a refusal, whose text is in the body.
        assert_eq!(available(StatusCode::NOT_FOUND, moving()).unwrap(), moving());
    }

    #[tokio::test]
    async fn complete_answer_needs_no_close_notify() {
        let complete = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody";
        assert_eq!(exchange(complete).await.unwrap(), (StatusCode::OK, b"body".to_vec()));
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
        assert_eq!(exchange(answer(MAX_ANSWER_BYTES)).await.unwrap().1.len(), MAX_ANSWER_BYTES);
        exchange(answer(MAX_ANSWER_BYTES + 1)).await.unwrap_err();
    }
}
