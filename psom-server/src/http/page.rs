//! The page for browsers: static files of `psom-js`, which this binary contains.

mod files;

use axum::{
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    response::IntoResponse as _,
};
use files::{Encoded, FILES};

use super::error::ApiError;

/// The Content-Security-Policy of the page. It allows the page's own scripts, styles and connections, and
/// pictures that the page decrypted. It allows nothing from other hosts and no inline scripts.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

pub(super) async fn home(headers: HeaderMap) -> Response<Body> {
    respond("page/home.html", &headers)
}

pub(super) async fn join(headers: HeaderMap) -> Response<Body> {
    respond("page/index.html", &headers)
}

pub(super) async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response<Body> {
    respond(&path, &headers)
}

fn respond(path: &str, request: &HeaderMap) -> Response<Body> {
    let Some(file) = FILES.iter().find(|file| file.path == path) else {
        let text = "there is no such file of the page; reload the page";
        return ApiError::not_found(text).into_response();
    };
    let lists = |name, matches: &dyn Fn(&str) -> bool| {
        let values = request.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|value| matches(value.trim()))
    };
    let takes_gzip = lists(header::ACCEPT_ENCODING, &|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim_end() == "gzip" && !matches!(weight.trim(), "q=0" | "q=0.0")
    });
    let Encoded { bytes, tag } = if takes_gzip { file.compressed() } else { file.plain() };
    let is_known = lists(header::IF_NONE_MATCH, &|known| known == tag);
    let body = if is_known { Body::empty() } else { Body::from(*bytes) };
    let mut response = Response::new(body);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    let mut set = |name, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, media_type(file.path));
    // The files change together with the server, so the browser asks each time.
    set(header::CACHE_CONTROL, "no-cache");
    set(header::VARY, "accept-encoding");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    if takes_gzip {
        set(header::CONTENT_ENCODING, "gzip");
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        _ => "application/octet-stream",
    }
}
