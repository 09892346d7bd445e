//! The page for browsers: static files of `psom-js`, which this binary contains.

use axum::{
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use data_encoding::HEXLOWER;
use sha1::{Digest, Sha1};

use super::error::ApiError;

/// The Content-Security-Policy of the page. It allows the page's own scripts, styles and connections, and
/// pictures that the page decrypted. It allows nothing from other hosts and no inline scripts.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Bytes of the hash in an entity tag. 64 bits tell the versions of a file apart.
const TAG_BYTES: usize = 8;

struct PageFile {
    path: &'static str,
    bytes: &'static [u8],
}

macro_rules! page_files {
    ($($path:literal),* $(,)?) => {
        &[$(PageFile {
            path: $path,
            bytes: include_bytes!(concat!("../../../psom-js/", $path)),
        }),*]
    };
}

const FILES: &[PageFile] = page_files![
    "codec.js",
    "connection.js",
    "error.js",
    "index.js",
    "interface.js",
    "meeting/board.js",
    "meeting/conference.js",
    "meeting/files.js",
    "meeting/interfaces.js",
    "meeting/package.js",
    "meeting/uploads.js",
    "page/app.js",
    "page/board-view.js",
    "page/dom.js",
    "page/drawing.js",
    "page/home.html",
    "page/index.html",
    "page/stroke.js",
    "page/style.css",
    "page/texts.js",
    "page/tools.js",
    "page/views.js",
    "record.js",
    "session.js",
];

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
    let tag = format!("\"{}\"", HEXLOWER.encode(&Sha1::digest(file.bytes)[..TAG_BYTES]));
    let is_known = request
        .get(header::IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag));
    let body = if is_known { Body::empty() } else { Body::from(file.bytes) };
    let mut response = Response::new(body);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    let mut set = |name, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, media_type(file.path));
    // The files change together with the server, so the browser asks each time.
    set(header::CACHE_CONTROL, "no-cache");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn every_file_of_the_page_is_served() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../psom-js");
        for folder in ["", "meeting", "page"] {
            for entry in fs::read_dir(root.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
                let is_served = FILES.iter().any(|file| file.path == name);
                let belongs_to_page =
                    [".js", ".css", ".html"].iter().any(|end| name.ends_with(end));
                assert_eq!(is_served, belongs_to_page, "{name}");
            }
        }
    }
}
