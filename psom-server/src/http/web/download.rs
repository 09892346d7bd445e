//! `GET /web/download/{secret}`: a file that is decrypted while it is sent (section 3.3.4.4).

use std::{
    io,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{Path, State},
    http::{
        HeaderMap, HeaderValue, Method, Response, StatusCode,
        header::{
            ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH,
            CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::IntoResponse as _,
};
use hyper::body::{Frame, SizeHint};
use psom::net::slots::Slot;

use super::{
    super::{extract::Client, forward},
    disposition::{disposition, media_type},
};
use crate::{
    app::App,
    files::{FileStream, browser_transfers::DownloadPermission, crypto::Decryptor},
    shared::metrics::Metrics,
};

pub(crate) async fn download(
    State(app): State<Arc<App>>,
    Path(secret): Path<String>,
    Client(client): Client,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    let permissions = &app.library.transfers.downloads;
    let Some(download) = permissions.inspect(&secret, DownloadPermission::clone) else {
        // The owner of the meeting has the permission, and the page can be that of another server.
        let elsewhere = forward::file(&app, &method, "/web/download/", &secret, &headers);
        if let Some(response) = elsewhere.await {
            return response;
        }
        app.metrics.count_unauthorized("a decrypted download at an unknown address");
        return gone();
    };
    // The content can have been deleted since the permission was created.
    let Some(file) = app.library.get(&download.stored_name) else { return gone() };
    let body = match method {
        Method::HEAD => Body::empty(),
        _ => match app.library.open(&file, 0..file.length).await {
            // Uses up the permission only when the file is open. Of two concurrent requests, one gets it.
            Ok(stream) if permissions.take(&secret).is_some() => {
                let running = &app.library.transfers.running_downloads;
                let before = running.evictions();
                let evicted = client.map(|client| client.eviction()).unwrap_or_default();
                let slot = running.take_with(Some(download.owner.clone()), evicted).ok();
                if running.evictions() > before {
                    app.metrics.hits.count("downloads_per_user");
                }
                Body::new(DecryptedBody::new(stream, &download, Arc::clone(&app.metrics), slot))
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                let text = "The file cannot be read at the moment; try again.\n";
                return refusal(StatusCode::SERVICE_UNAVAILABLE, text);
            }
            _ => return gone(),
        },
    };
    let mut response = Response::new(body);
    let is_attachment = download.is_attachment;
    let media_type = HeaderValue::from_static(media_type(&download.display_name, is_attachment));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, media_type);
    headers.insert(CONTENT_DISPOSITION, disposition(&download.display_name, is_attachment));
    headers.insert(CONTENT_LENGTH, download.size.into());
    for (name, value) in [
        (ACCEPT_RANGES, "none"),
        (CACHE_CONTROL, "no-store"),
        // A shared file must not run scripts in the origin of this server.
        (CONTENT_SECURITY_POLICY, "sandbox"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn gone() -> Response<Body> {
    let text = "This address was used, has expired, or never existed; ask for another.\n";
    refusal(StatusCode::NOT_FOUND, text)
}

fn refusal(status: StatusCode, text: &'static str) -> Response<Body> {
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    let cache = HeaderValue::from_static("no-store");
    (status, [(CONTENT_TYPE, kind), (CACHE_CONTROL, cache)], text).into_response()
}

/// A response body that decrypts a file while it is sent. The last chunk is sent only if the whole
/// file has the right hash.
struct DecryptedBody {
    stream: FileStream,
    /// `None` once everything is decrypted.
    decryptor: Option<Decryptor>,
    /// The last decrypted chunk, which is held back until the next one.
    pending: Vec<u8>,
    /// Plain bytes that are still to be sent.
    left: u64,
    size: u64,
    sha1: Bytes,
    metrics: Arc<Metrics>,
    /// A further download of the same user takes the slot of the download that has been silent
    /// longest.
    slot: Option<Slot<(Arc<str>, i64)>>,
}

impl DecryptedBody {
    fn new(
        stream: FileStream,
        download: &DownloadPermission,
        metrics: Arc<Metrics>,
        slot: Option<Slot<(Arc<str>, i64)>>,
    ) -> Self {
        let DownloadPermission { key, size, sha1, .. } = download;
        let (decryptor, pending) = (Some(Decryptor::new(key)), Vec::new());
        let (left, size, sha1) = (*size, *size, sha1.clone());
        Self { stream, decryptor, pending, left, size, sha1, metrics, slot }
    }

    /// Decrypts the next chunk, or returns `None` at the end.
    fn poll_plain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Vec<u8>>>> {
        let damaged = || io::Error::from(io::ErrorKind::InvalidData);
        while let Some(decryptor) = &mut self.decryptor {
            if let Some(chunk) = ready!(self.stream.poll_next(cx))? {
                let plain = decryptor.update(&chunk).to_vec();
                let before = std::mem::replace(&mut self.pending, plain);
                if !before.is_empty() {
                    return Poll::Ready(Ok(Some(before)));
                }
            } else if let Some(decryptor) = self.decryptor.take() {
                let (rest, digest) = decryptor.finish().map_err(|_| damaged())?;
                if digest.size != self.size || digest.sha1[..] != self.sha1[..] {
                    return Poll::Ready(Err(damaged()));
                }
                self.pending.extend(rest);
            }
        }
        let last = std::mem::take(&mut self.pending);
        Poll::Ready(Ok((!last.is_empty()).then_some(last)))
    }
}

impl HttpBody for DecryptedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(slot) = &self.slot {
            slot.progressed();
        }
        let plain = match ready!(self.poll_plain(cx)) {
            Ok(None) => return Poll::Ready(None),
            Ok(Some(plain)) if plain.len() as u64 <= self.left => plain,
            Ok(Some(_)) => return Poll::Ready(Some(Err(io::ErrorKind::InvalidData.into()))),
            Err(error) => {
                tracing::warn!(%error, "a stored file is damaged");
                return Poll::Ready(Some(Err(error)));
            }
        };
        self.left -= plain.len() as u64;
        self.metrics.bytes_served.fetch_add(plain.len() as u64, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(plain.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
