//! The routes: SOAP, WOPI, discovery, and the plain file.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, OriginalUri, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode,
        header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, ETAG, HOST, ORIGIN},
    },
};
use percent_encoding::percent_decode_str;

use super::service::{Service, status};
use crate::{
    document::{WopiAnswer, WopiCall},
    documents::{DocumentError, Documents},
    error::ErrorName,
    soap::{Framing, Requests, Responses},
};

/// Upper bound on the body of a request in bytes. Office divides larger uploads into parts.
const MAX_BODY_BYTES: usize = 512 * 1024 * 1024;
/// The version of the protocol that the header `X-MSFSSHTTP` announces, as current servers do.
const HEADER_VERSION: &str = "1.5";
/// The end of the address of the SOAP service, below a document's or a site's address.
const SERVICE: &str = "/_vti_bin/cellstorage.svc";
/// The part of a WOPI address before the document.
const WOPI: [&str; 2] = ["/wopi/files/", "/_vti_bin/wopi.ashx/files/"];

/// Returns the routes of the service for a store of documents: a fallback that handles all paths.
/// Documents are found by the whole path of their address, also in a nested router.
pub fn cell_router(documents: Arc<dyn Documents>) -> Router {
    Router::new()
        .fallback(handle)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Arc::new(Service::new(documents)))
}

/// Makes a router answer only requests that name this machine in the header `Host`.
///
/// Without it, a page of a site whose name an attacker redirects to 127.0.0.1 could read and change the
/// documents of a server that listens on this machine: to the browser, both are one site.
pub fn loopback_only(router: Router) -> Router {
    router.layer(axum::middleware::from_fn(
        async |request: axum::extract::Request, next: axum::middleware::Next| {
            let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
            if host.is_some_and(is_this_machine) {
                return next.run(request).await;
            }
            let text = "this server is reached as 127.0.0.1, [::1] or localhost only\n";
            plain(421, "text/plain; charset=utf-8", text)
        },
    ))
}

/// Reports whether a host, with or without a port, is an address or the name of this machine.
fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || address.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

async fn handle(
    State(service): State<Arc<Service>>,
    OriginalUri(uri): OriginalUri,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    if is_foreign(&headers) {
        let text = "a page of another site must not use this service\n";
        return plain(403, "text/plain; charset=utf-8", text);
    }
    let path = percent_decode_str(uri.path()).decode_utf8_lossy().into_owned();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let authorization = header(AUTHORIZATION.as_str()).map(str::to_owned);
    let mut response = if let Some((before, after)) = path.split_once(SERVICE)
        && (after.is_empty() || after == "/CellStorageService")
    {
        match method {
            Method::POST => soap(service, before, &headers, body, authorization).await,
            Method::OPTIONS => options(),
            _ => not_allowed("POST, OPTIONS"),
        }
    } else if let Some((before, rest)) = WOPI.iter().find_map(|wopi| path.split_once(wopi)) {
        let path = format!("{before}/{rest}");
        wopi(service, &path, &method, &headers, body, authorization).await
    } else {
        match method {
            Method::GET | Method::HEAD => {
                let call = service.answer_wopi(path, WopiCall::GetFile, authorization);
                file(call.await, &method)
            }
            Method::OPTIONS => options(),
            _ => not_allowed("GET, HEAD, OPTIONS"),
        }
    };
    let version = HeaderValue::from_static(HEADER_VERSION);
    response.headers_mut().insert(HeaderName::from_static("x-msfsshttp"), version);
    // Without it, a proxy could answer a query with an old revision.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Reports whether a page of another site sent the request. Browsers name its site in the header
/// `Origin`; Office sends no such header. Without this check, each page that a user visits could
/// change documents of a server on the user's machine.
fn is_foreign(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let site = origin.to_str().ok().and_then(|origin| Some(origin.split_once("://")?.1));
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    site.is_none() || site != host
}

fn plain(status: u16, content_type: &str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    response
}

fn options() -> Response<Body> {
    let mut response = plain(200, "text/plain", Body::empty());
    let allow = HeaderValue::from_static("GET, HEAD, POST, OPTIONS");
    response.headers_mut().insert(ALLOW, allow);
    response
}

fn not_allowed(allow: &'static str) -> Response<Body> {
    let mut response = plain(405, "text/plain; charset=utf-8", "this method is not supported\n");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    response
}

fn failed(error: &DocumentError) -> Response<Body> {
    plain(status(error), "text/plain; charset=utf-8", format!("{error}\n"))
}

fn file(answer: Result<WopiAnswer, DocumentError>, method: &Method) -> Response<Body> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return failed(&error),
    };
    let tag = answer.headers.iter().find(|(name, _)| *name == "X-WOPI-ItemVersion");
    let tag = tag.map(|(_, version)| format!("\"{version}\""));
    let size = answer.body.len();
    let body = if method == Method::HEAD { Body::empty() } else { answer.body.into() };
    let mut response = plain(answer.status, answer.content_type, body);
    let headers = response.headers_mut();
    if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(&tag).ok()) {
        headers.insert(ETAG, tag);
    }
    headers.insert(axum::http::header::CONTENT_LENGTH, size.into());
    headers.insert(axum::http::header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A document must not run scripts in the origin of this server.
    let sandbox = HeaderValue::from_static("sandbox");
    headers.insert(axum::http::header::CONTENT_SECURITY_POLICY, sandbox);
    response
}

/// Returns the path of a document's URL without percent-encoding.
fn url_path(url: &str) -> Option<String> {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => url,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.starts_with('/').then(|| percent_decode_str(path).decode_utf8_lossy().into_owned())
}

/// Returns the address of a document's folder, which is the site.
fn web_url(url: &str) -> String {
    url.rsplit_once('/').map_or(url, |(folder, _)| folder).to_owned()
}

/// Answers a body of SOAP. `before` is the part of the address before the service, which names the
/// document of a request without URL.
async fn soap(
    service: Arc<Service>,
    before: &str,
    headers: &HeaderMap,
    body: Bytes,
    authorization: Option<String>,
) -> Response<Body> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let (requests, framing) = match Requests::read(content_type.unwrap_or_default(), &body) {
        Ok(read) => read,
        Err(error) => {
            let refused = Responses::refused(ErrorName::InvalidArgument, error.to_string());
            let (content_type, body) = refused.write(Framing::Soap, "");
            return plain(400, &content_type, body);
        }
    };
    answer_requests(service, requests, framing, Some(before), authorization).await
}

async fn answer_requests(
    service: Arc<Service>,
    requests: Requests,
    framing: Framing,
    fallback: Option<&str>,
    authorization: Option<String>,
) -> Response<Body> {
    if requests.version.0 < 2 {
        let refused = Responses::refused(ErrorName::IncompatibleVersion, "version 2 is supported");
        let (content_type, body) = refused.write(framing, &unique());
        return plain(200, &content_type, body);
    }
    let mut responses = vec![];
    let mut site = String::new();
    for request in requests.requests {
        let path = match &request.url {
            Some(url) => url_path(url),
            None => fallback.map(str::to_owned),
        };
        if let Some(url) = request.url.as_deref().filter(|_| site.is_empty()) {
            site = web_url(url);
        }
        if path.is_none() {
            responses.push(crate::soap::DocumentResponse {
                url: request.url,
                token: request.token,
                error: Some((ErrorName::InvalidUrl, "the URL has no path".to_owned())),
                ..Default::default()
            });
            continue;
        }
        responses.push(Arc::clone(&service).answer(path, request, authorization.clone()).await);
    }
    let (content_type, body) = Responses::new(site, responses).write(framing, &unique());
    plain(200, &content_type, body)
}

/// Returns the random part of a boundary: 128 bits, which no file contains by accident.
fn unique() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// Answers a call of WOPI.
async fn wopi(
    service: Arc<Service>,
    path: &str,
    method: &Method,
    headers: &HeaderMap,
    body: Bytes,
    authorization: Option<String>,
) -> Response<Body> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (document, contents) = match path.strip_suffix("/contents") {
        Some(document) => (document, true),
        None => (path, false),
    };
    let lock = || header("X-WOPI-Lock").map(str::to_owned);
    let needed = || lock().filter(|lock| !lock.is_empty());
    let call = match (method, contents, header("X-WOPI-Override").unwrap_or_default()) {
        (&Method::GET, false, _) => Some(WopiCall::CheckFileInfo),
        (&Method::GET, true, _) => Some(WopiCall::GetFile),
        (&Method::POST, true, "PUT") => Some(WopiCall::PutFile(needed(), body)),
        (&Method::POST, false, "LOCK") => {
            let old = header("X-WOPI-OldLock").map(str::to_owned);
            needed().map(|lock| WopiCall::Lock(lock, old))
        }
        (&Method::POST, false, "UNLOCK") => needed().map(WopiCall::Unlock),
        (&Method::POST, false, "REFRESH_LOCK") => needed().map(WopiCall::RefreshLock),
        (&Method::POST, false, "COBALT") if WopiCall::is_raw(&body) => Some(WopiCall::Cobalt(body)),
        (&Method::POST, false, "COBALT") => {
            return match Requests::read("text/xml", &body) {
                Ok((requests, framing)) => {
                    answer_requests(service, requests, framing, Some(document), authorization).await
                }
                Err(error) => plain(400, "text/plain; charset=utf-8", format!("{error}\n")),
            };
        }
        (&Method::POST, ..) => return plain(501, "text/plain", Body::empty()),
        _ => return not_allowed("GET, POST"),
    };
    let Some(call) = call else {
        let text = "the header X-WOPI-Lock is absent or empty\n";
        return plain(400, "text/plain; charset=utf-8", text);
    };
    match service.answer_wopi(document.to_owned(), call, authorization).await {
        Ok(answer) => {
            let mut response = plain(answer.status, answer.content_type, answer.body);
            for (name, value) in &answer.headers {
                let name = HeaderName::from_bytes(name.as_bytes());
                if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
                    response.headers_mut().insert(name, value);
                }
            }
            response
        }
        Err(error) => failed(&error),
    }
}
