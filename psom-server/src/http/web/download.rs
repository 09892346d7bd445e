//! `GET /web/download/{secret}`: a file, decrypted while it is sent.

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
        HeaderValue, Method, Response, StatusCode,
        header::{
            ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH,
            CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::IntoResponse,
};
use hyper::body::{Frame, SizeHint};

use super::disposition::{disposition, media_type};
use crate::{
    app::App,
    crypto::Decryptor,
    files::{Pieces, web::Download},
    metrics::Metrics,
};

pub(crate) async fn download(
    State(app): State<Arc<App>>,
    Path(secret): Path<String>,
    method: Method,
) -> Response<Body> {
    let permissions = &app.library.downloads;
    let Some(download) = permissions.look(&secret, Download::clone) else {
        app.metrics.refused_stranger("a decrypted download at an address that is not known");
        return gone();
    };
    // The content may have been deleted since.
    let Some(file) = app.library.get(&download.stored) else { return gone() };
    let body = match method {
        Method::HEAD => Body::empty(),
        _ => match app.library.open(&file, 0..file.length).await {
            // Only now is it the one attempt; of two at the same time one has it.
            Ok(pieces) if permissions.take(&secret).is_some() => {
                Body::new(DecryptedBody::new(pieces, &download, app.metrics.clone()))
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
    let media_type = HeaderValue::from_static(media_type(&download.name, is_attachment));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, media_type);
    headers.insert(CONTENT_DISPOSITION, disposition(&download.name, is_attachment));
    headers.insert(CONTENT_LENGTH, download.size.into());
    for (name, value) in [
        (ACCEPT_RANGES, "none"),
        (CACHE_CONTROL, "no-store"),
        // What participants share must not run as a program of this server.
        (CONTENT_SECURITY_POLICY, "sandbox"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn gone() -> Response<Body> {
    let text = "This address was used, has expired, or never was one; ask for another.\n";
    refusal(StatusCode::NOT_FOUND, text)
}

fn refusal(status: StatusCode, text: &'static str) -> Response<Body> {
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    let cache = HeaderValue::from_static("no-store");
    (status, [(CONTENT_TYPE, kind), (CACHE_CONTROL, cache)], text).into_response()
}

/// A file that is decrypted while it is sent. Its last piece is sent only if all of them together
/// are what was shared.
struct DecryptedBody {
    pieces: Pieces,
    /// Gone once everything is decrypted.
    decryptor: Option<Decryptor>,
    /// Decrypted, and sent when it is not the last.
    waiting: Vec<u8>,
    /// Plain bytes that are still to be sent.
    left: u64,
    size: u64,
    sha1: Bytes,
    metrics: Arc<Metrics>,
}

impl DecryptedBody {
    fn new(pieces: Pieces, download: &Download, metrics: Arc<Metrics>) -> Self {
        let Download { key, size, sha1, .. } = download;
        let (decryptor, waiting) = (Some(Decryptor::new(key)), Vec::new());
        let (left, size, sha1) = (*size, *size, sha1.clone());
        Self { pieces, decryptor, waiting, left, size, sha1, metrics }
    }

    /// The next bytes to be sent; none at the end.
    fn poll_plain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Vec<u8>>>> {
        let damaged = || io::Error::from(io::ErrorKind::InvalidData);
        while let Some(decryptor) = &mut self.decryptor {
            if let Some(piece) = ready!(self.pieces.poll_next(cx))? {
                let plain = decryptor.update(&piece).to_vec();
                let before = std::mem::replace(&mut self.waiting, plain);
                if !before.is_empty() {
                    return Poll::Ready(Ok(Some(before)));
                }
            } else if let Some(decryptor) = self.decryptor.take() {
                let (rest, known) = decryptor.finish().map_err(|_| damaged())?;
                if known.size != self.size || known.sha1[..] != self.sha1[..] {
                    return Poll::Ready(Err(damaged()));
                }
                self.waiting.extend(rest);
            }
        }
        let last = std::mem::take(&mut self.waiting);
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
        let plain = match ready!(self.poll_plain(cx)) {
            Ok(None) => return Poll::Ready(None),
            Ok(Some(plain)) if plain.len() as u64 <= self.left => plain,
            Ok(Some(_)) => return Poll::Ready(Some(Err(io::ErrorKind::InvalidData.into()))),
            Err(error) => {
                tracing::warn!(%error, "A file is damaged");
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
