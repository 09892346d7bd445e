//! HTTP to the server that a link or `server.json` names.

use std::{io::Read, sync::Arc, time::Duration};

use psom_client::JoinLink;
use serde_json::Value;
use tokio::time::timeout;
use ureq::{
    Agent, Body, RequestExt as _,
    http::{Method, Request, Response, StatusCode},
    tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider},
};

use super::proxies::{HttpProxy, Proxies};
use crate::{
    clock,
    error::{CommandError, OrCannot as _, Result},
    terminal::progress,
};

/// The time that a server may take to accept a connection, to answer, and between two pieces of a
/// file.
const STEP_TIMEOUT: Duration = Duration::from_secs(30);

/// After this time, a spinner shows that the program still waits.
const SPINNER_DELAY: Duration = Duration::from_secs(2);

/// Upper bound on an answer of the admission API: about 100,000 users.
const MAX_ANSWER_BYTES: u64 = 16 << 20;

/// Upper bound on an answer that contains a document.
#[cfg(feature = "cell")]
const MAX_DOCUMENT_ANSWER_BYTES: u64 = 1 << 30;

/// An HTTP client that trusts one certificate authority, and those of the system only for a server with a
/// public certificate.
#[derive(Clone)]
pub(crate) struct Http {
    tls: TlsConfig,
    /// Keeps its connections for further requests.
    direct: Agent,
    proxies: Arc<Proxies>,
}

/// The reason why a request to the admission API failed.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// The server has refused the request.
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// The server's explanation.
        message: String,
    },
    /// The server cannot be reached, or its answer cannot be read.
    Failed(CommandError),
}

impl From<ApiError> for CommandError {
    fn from(error: ApiError) -> Self {
        match error {
            // The meeting is moving to another server, or this one cannot admit anybody at the moment.
            ApiError::Refused { status: StatusCode::SERVICE_UNAVAILABLE, message } => {
                Self::Unreachable(message)
            }
            ApiError::Refused { message, .. } => Self::new(message),
            ApiError::Failed(error) => error,
        }
    }
}

impl Http {
    /// Creates a client that trusts an authority in PEM, and those of the system if the server is public.
    pub(crate) fn new(authority: &[u8], is_public: bool) -> Result<Self> {
        let mut roots = Vec::new();
        if is_public {
            let known = rustls_native_certs::load_native_certs().certs;
            roots.extend(known.iter().map(|root| Certificate::from_der(root).to_owned()));
        }
        for item in ureq::tls::parse_pem(authority) {
            if let PemItem::Certificate(root) = item.or_cannot("read the server's certificate")? {
                roots.push(root);
            }
        }
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::from(roots))
            .build();
        let direct = agent(&tls, None);
        Ok(Self { tls, direct, proxies: Arc::new(Proxies::of_environment()) })
    }

    /// Creates a client of the web server of a join link. It trusts no authority if the link has only a
    /// fingerprint and the server is not public.
    pub(crate) fn of_link(link: &JoinLink) -> Result<Self> {
        let authority = link.authority.pem().unwrap_or_default();
        Self::new(authority.as_bytes(), link.web_is_public)
    }

    /// The proxies of this client.
    pub(crate) fn proxies(&self) -> &Proxies {
        &self.proxies
    }

    /// Returns the client for a URL, and its proxy.
    fn agent_for(&self, url: &str) -> Result<(Agent, Option<HttpProxy>)> {
        Ok(match self.proxies.for_url(url)? {
            Some(proxy) => (agent(&self.tls, Some(proxy.for_requests())), Some(proxy)),
            None => (self.direct.clone(), None),
        })
    }

    /// Sends a request to the admission API and returns the JSON of the answer.
    pub(crate) async fn api(
        &self,
        method: Method,
        url: String,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Result<Value, ApiError> {
        let mut request = Request::builder().method(method).uri(&url);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(String::new, |body| body.to_string());
        let request = request.body(body).or_cannot(format_args!("send a request to {url}"));
        let request = request.map_err(ApiError::Failed)?;
        let (agent, proxy) = self.agent_for(&url).map_err(ApiError::Failed)?;
        let mut sending = tokio::task::spawn_blocking(move || {
            let response = request
                .with_agent(&agent)
                .run()
                .map_err(|error| ApiError::Failed(unreachable(&url, proxy.as_ref(), &error)))?;
            answer(response, &url)
        });
        let answered = match timeout(SPINNER_DELAY, &mut sending).await {
            Ok(answered) => answered,
            Err(_) => {
                let spinner = progress::spinner("waiting for the server");
                let answered = sending.await;
                spinner.finish_and_clear();
                answered
            }
        };
        answered.map_err(|error| ApiError::Failed(error.into()))?
    }

    /// Sends a body and returns the Content-Type and the body of the answer, whatever its status.
    #[cfg(feature = "cell")]
    pub(crate) async fn post(
        &self,
        url: String,
        headers: Vec<(&'static str, String)>,
        body: bytes::Bytes,
    ) -> Result<(String, bytes::Bytes)> {
        let (agent, proxy) = self.agent_for(&url)?;
        let sending = tokio::task::spawn_blocking(move || {
            let mut request = agent.post(&url);
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let mut response = request
                .send(&body[..])
                .map_err(|error| unreachable(&url, proxy.as_ref(), &error))?;
            let status = response.status();
            let content_type = response.headers().get("content-type");
            let content_type = content_type.and_then(|value| value.to_str().ok());
            let content_type = content_type.unwrap_or_default().to_owned();
            let body = response.body_mut().with_config().limit(MAX_DOCUMENT_ANSWER_BYTES);
            let body = body.read_to_vec().or_cannot(format_args!("read the answer from {url}"))?;
            if !status.is_success() && !content_type.contains("xml") {
                let why = format!("the server at {url} refused the request with {status}");
                return Err(CommandError::new(why));
            }
            Ok((content_type, body.into()))
        });
        sending.await?
    }

    /// Starts the download of a file. Blocks.
    pub(crate) fn download(&self, url: &str) -> Result<impl Read + use<>> {
        let (agent, proxy) = self.agent_for(url)?;
        let through = proxy.map_or_else(String::new, |it| format!(" through the proxy {it}"));
        let response = agent.get(url).call();
        let response = response.or_cannot(format_args!("download the file{through}"))?;
        let status = response.status();
        if !status.is_success() {
            return Err(CommandError::new(match status {
                StatusCode::NOT_FOUND | StatusCode::GONE => {
                    "the file server no longer has the file; ask its owner to share it again"
                        .to_owned()
                }
                _ => format!("the file server refused the download with {status}"),
            }));
        }
        Ok(response.into_body().into_reader())
    }
}

/// Returns the error for a server that cannot be reached.
fn unreachable(url: &str, proxy: Option<&HttpProxy>, error: &ureq::Error) -> CommandError {
    if let Some(why) = clock::explains_request(error) {
        return CommandError::new(why);
    }
    let (through, remedy) = match proxy {
        Some(proxy) => (
            format!(" through the proxy {proxy}"),
            "check the proxy, or add the server's host to NO_PROXY",
        ),
        None => (String::new(), "check that it runs"),
    };
    let message = format!("cannot reach the server at {url}{through} ({error}); {remedy}");
    CommandError::Unreachable(message)
}

/// Returns a client that sends its requests through a proxy, or directly.
fn agent(tls: &TlsConfig, proxy: Option<ureq::Proxy>) -> Agent {
    let config = Agent::config_builder()
        .tls_config(tls.clone())
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_connect(Some(STEP_TIMEOUT))
        .timeout_send_request(Some(STEP_TIMEOUT))
        .timeout_recv_response(Some(STEP_TIMEOUT))
        .timeout_per_read(Some(STEP_TIMEOUT))
        // The library reads one proxy from the environment for all schemes.
        .proxy(proxy);
    config.build().into()
}

fn answer(mut response: Response<Body>, url: &str) -> Result<Value, ApiError> {
    let status = response.status();
    let body = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_string();
    let body = body.or_cannot(format_args!("read the answer from {url}"));
    let json: Value = serde_json::from_str(&body.map_err(ApiError::Failed)?).unwrap_or(Value::Null);
    if status.is_success() {
        return Ok(json);
    }
    let message = match json["error"].as_str() {
        Some(message) => message.to_owned(),
        None => format!("the server at {url} refused the request with {status}"),
    };
    Err(ApiError::Refused { status, message })
}
