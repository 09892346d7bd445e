//! HTTP to the server that a link or `server.json` names.

use std::{io::Read, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::time::timeout;
use ureq::{
    Agent, Body, RequestExt,
    http::{Method, Request, Response},
    tls::{PemItem, RootCerts, TlsConfig, TlsProvider},
};

use crate::{
    failure::{Failure, Result, While},
    progress,
};

/// How long a server may be silent: while it is connected to, before it answers, between two
/// pieces of a file.
const SILENCE: Duration = Duration::from_secs(30);

/// So long nobody wonders that nothing happens.
const UNNOTICED: Duration = Duration::from_secs(2);

/// The longest answer of the admission API that is read.
const ANSWER: u64 = 16 << 20;

/// A client that trusts one authority and no other.
#[derive(Clone)]
pub struct Http(Agent);

impl Http {
    pub fn new(authority: &[u8]) -> Result<Self> {
        let mut roots = Vec::new();
        for item in ureq::tls::parse_pem(authority) {
            if let PemItem::Certificate(root) = item.or_cannot("read the server's certificate")? {
                roots.push(root);
            }
        }
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::from(roots));
        let config = Agent::config_builder()
            .tls_config(tls.build())
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(SILENCE))
            .timeout_send_request(Some(SILENCE))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE));
        Ok(Self(config.build().into()))
    }

    /// Asks the admission API. What it refuses, it explains.
    pub async fn api(
        &self,
        method: Method,
        url: String,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Result<Value> {
        let mut request = Request::builder().method(method).uri(&url);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(String::new, |body| body.to_string());
        let request = request.body(body).or_cannot(format_args!("ask {url}"))?;
        let agent = self.0.clone();
        let mut asking = tokio::task::spawn_blocking(move || {
            let request = request.with_agent(&agent);
            let response = request.run().map_err(|error| {
                let why = format!("cannot reach the server at {url} ({error}); check that it runs");
                Failure::new(why)
            })?;
            answer(response, &url)
        });
        if let Ok(answered) = timeout(UNNOTICED, &mut asking).await {
            return answered?;
        }
        let spinner = progress::spinner("the server has not answered yet");
        let answered = asking.await;
        spinner.finish_and_clear();
        answered?
    }

    /// Begins to download a file. Blocks.
    pub fn download(&self, url: &str) -> Result<impl Read + use<>> {
        let response = self.0.get(url).call().or_cannot("download the file")?;
        let status = response.status();
        if !status.is_success() {
            return Err(Failure::new(match status.as_u16() {
                404 | 410 => "the file server has no such file any more; \
                              ask its owner to share it again"
                    .to_owned(),
                _ => format!("the file server refused the download with {status}"),
            }));
        }
        Ok(response.into_body().into_reader())
    }
}

fn answer(mut response: Response<Body>, url: &str) -> Result<Value> {
    let status = response.status();
    let body = response.body_mut().with_config().limit(ANSWER).read_to_string();
    let body = body.or_cannot(format_args!("read the answer from {url}"))?;
    let json = match body.is_empty() {
        true => Value::Null,
        false => serde_json::from_str(&body).unwrap_or(Value::Null),
    };
    match (status.is_success(), json["error"].as_str()) {
        (true, _) => Ok(json),
        (false, Some(why)) => Err(Failure::new(why)),
        (false, None) => {
            Err(Failure::new(format!("the server at {url} refused the request with {status}")))
        }
    }
}
