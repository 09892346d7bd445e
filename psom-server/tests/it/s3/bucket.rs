//! The part of the S3 protocol that a server uses, over HTTP, in memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, Response, StatusCode},
};
use bytes::Bytes;
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use percent_encoding::percent_decode_str;
use tokio::{net::TcpListener, task::JoinHandle};

/// The number of keys in one answer to a listing.
const PAGE_KEYS: usize = 2;
/// The minimum size in bytes of every part but the last.
const MIN_PART_BYTES: usize = 5 << 20;
const DATE: &str = "Wed, 01 Jan 2025 00:00:00 GMT";

/// A bucket called `bucket` that exists until it is dropped.
pub(crate) struct Bucket {
    state: Arc<Mutex<State>>,
    pub endpoint: String,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Bytes>,
    uploads: BTreeMap<String, BTreeMap<usize, Bytes>>,
    /// The kinds of requests so far.
    asked: Vec<&'static str>,
}

impl Bucket {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let served = Arc::clone(&state);
        let router = Router::new().fallback(move |request: Request<Body>| {
            let state = Arc::clone(&served);
            async move {
                let (head, body) = request.into_parts();
                let body = to_bytes(body, 64 << 20).await.unwrap();
                let path = percent_decode_str(head.uri.path()).decode_utf8().unwrap().into_owned();
                let query = query(head.uri.query().unwrap_or_default());
                state.lock().unwrap().answer(&head.method, &path, &query, &head.headers, body)
            }
        });
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let service = TowerToHyperService::new(router.clone());
                // A disconnected client is not an error.
                let talk = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                tokio::spawn(async move { drop(talk.await) });
            }
        });
        Self { state, endpoint, task }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Returns the objects below a prefix.
    pub(crate) fn below(&self, prefix: &str) -> BTreeMap<String, Bytes> {
        let state = self.state();
        let below = state.objects.iter().filter(|(key, _)| key.starts_with(prefix));
        below.map(|(key, bytes)| (key.clone(), bytes.clone())).collect()
    }

    pub(crate) fn put(&self, key: &str, bytes: Bytes) {
        self.state().objects.insert(key.into(), bytes);
    }

    pub(crate) fn remove(&self, key: &str) -> Bytes {
        self.state().objects.remove(key).unwrap()
    }

    /// Reports whether there was a request of this kind.
    pub(crate) fn was_asked(&self, what: &str) -> bool {
        self.state().asked.contains(&what)
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn query(text: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let pairs = text.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}

type Answer = Response<Body>;

fn answer(status: StatusCode, body: impl Into<Body>) -> Answer {
    let answer = Response::builder().status(status).header("etag", "\"tag\"");
    answer.header("last-modified", DATE).body(body.into()).unwrap()
}

fn ok(body: impl Into<Body>) -> Answer {
    answer(StatusCode::OK, body)
}

fn missing() -> Answer {
    answer(StatusCode::NOT_FOUND, "<Error><Code>NoSuchKey</Code></Error>")
}

impl State {
    fn answer(
        &mut self,
        method: &Method,
        path: &str,
        query: &BTreeMap<String, String>,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Answer {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if !header("authorization").is_some_and(|with| with.starts_with("AWS4-HMAC-SHA256 ")) {
            return answer(StatusCode::FORBIDDEN, "");
        }
        let Some(path) = path.strip_prefix("/bucket") else { return missing() };
        let key = path.trim_start_matches('/').to_owned();
        let upload = query.get("uploadId");
        match (method.as_str(), upload) {
            ("GET", _) if key.is_empty() => self.list(query),
            ("POST", _) if query.contains_key("delete") => self.delete(&body),
            ("POST", None) if query.contains_key("uploads") => {
                let id = format!("upload{}", self.uploads.len());
                self.uploads.insert(id.clone(), BTreeMap::new());
                ok(format!(
                    "<InitiateMultipartUploadResult><UploadId>{id}</UploadId>\
                     </InitiateMultipartUploadResult>"
                ))
            }
            ("PUT", Some(upload)) => {
                let Some(parts) = self.uploads.get_mut(upload) else { return missing() };
                parts.insert(query["partNumber"].parse().unwrap(), body);
                ok("")
            }
            ("POST", Some(upload)) => {
                self.asked.push("complete");
                let Some(parts) = self.uploads.remove(upload) else { return missing() };
                let parts: Vec<Bytes> = parts.into_values().collect();
                if parts[..parts.len() - 1].iter().any(|part| part.len() < MIN_PART_BYTES) {
                    return answer(StatusCode::BAD_REQUEST, "EntityTooSmall");
                }
                self.objects.insert(key, parts.concat().into());
                ok(
                    "<CompleteMultipartUploadResult><ETag>tag</ETag></CompleteMultipartUploadResult>",
                )
            }
            ("DELETE", Some(upload)) => {
                self.uploads.remove(upload);
                answer(StatusCode::NO_CONTENT, "")
            }
            ("PUT", None)
                if header("if-none-match").is_some() && self.objects.contains_key(&key) =>
            {
                answer(StatusCode::PRECONDITION_FAILED, "")
            }
            ("PUT", None) => {
                self.objects.insert(key, body);
                ok("")
            }
            ("DELETE", None) => {
                self.asked.push("delete");
                self.objects.remove(&key);
                answer(StatusCode::NO_CONTENT, "")
            }
            ("GET", _) => self.get(&key, header("range")),
            _ => answer(StatusCode::METHOD_NOT_ALLOWED, ""),
        }
    }

    fn get(&mut self, key: &str, range: Option<&str>) -> Answer {
        let Some(object) = self.objects.get(key) else { return missing() };
        let Some(range) = range else { return ok(object.clone()) };
        self.asked.push("range");
        let (start, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        let (start, last): (usize, usize) = (start.parse().unwrap(), last.parse().unwrap());
        let end = object.len().min(last + 1);
        let mut part = answer(StatusCode::PARTIAL_CONTENT, object.slice(start..end));
        let said = format!("bytes {start}-{}/{}", end - 1, object.len());
        part.headers_mut().insert("content-range", said.parse().unwrap());
        part
    }

    fn list(&mut self, query: &BTreeMap<String, String>) -> Answer {
        let prefix = query.get("prefix").map_or("", String::as_str);
        let after = query.get("continuation-token").map_or("", String::as_str);
        let found = |(key, _): &(&String, &Bytes)| key.starts_with(prefix) && key.as_str() > after;
        let found: Vec<_> = self.objects.iter().filter(found).collect();
        let mut text = String::from("<ListBucketResult>");
        if found.len() > PAGE_KEYS {
            self.asked.push("more");
            let last = found[PAGE_KEYS - 1].0;
            text += &format!("<NextContinuationToken>{last}</NextContinuationToken>");
        }
        for (key, bytes) in found.into_iter().take(PAGE_KEYS) {
            text += &format!(
                "<Contents><Key>{key}</Key><Size>{}</Size>\
                 <LastModified>2025-01-01T00:00:00Z</LastModified></Contents>",
                bytes.len()
            );
        }
        text.push_str("</ListBucketResult>");
        ok(text)
    }

    fn delete(&mut self, body: &[u8]) -> Answer {
        self.asked.push("delete");
        let body = str::from_utf8(body).unwrap();
        let mut text = String::from("<DeleteResult>");
        for key in body.split("<Key>").skip(1).map(|rest| rest.split("</Key>").next().unwrap()) {
            self.objects.remove(key);
            text += &format!("<Deleted><Key>{key}</Key></Deleted>");
        }
        text.push_str("</DeleteResult>");
        ok(text)
    }
}
