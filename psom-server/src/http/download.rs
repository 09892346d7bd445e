//! `GET /files/{name}`: encrypted files, whole or in part (section 3.3.4.2).

use std::{
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
            ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE,
        },
    },
};
use hyper::body::{Frame, SizeHint};

use super::{
    error::ApiError,
    range::{self, Wanted},
};
use crate::{app::App, files::Pieces, metrics::Metrics};

pub(super) async fn download(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response<Body>, ApiError> {
    let gone = || ApiError::not_found("there is no such file; it may have been removed");
    // The library knows names and no paths: what is not in it is not looked for either.
    let file = app.library.get(&name).ok_or_else(gone)?;
    // A name is given once, so it stands for the very bytes.
    let tag = format!("\"{name}\"");
    let wanted =
        if method == Method::GET { wanted(&headers, &tag, file.length) } else { Wanted::All };
    let (start, end, status) = match wanted {
        Wanted::All => (0, file.length, StatusCode::OK),
        Wanted::Part { start, end } => (start, end, StatusCode::PARTIAL_CONTENT),
        Wanted::Unsatisfiable => {
            let mut response = axum::response::IntoResponse::into_response(ApiError::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                format!("the file has {} bytes; ask for some of them", file.length),
            ));
            let range = header(format!("bytes */{}", file.length));
            response.headers_mut().insert(CONTENT_RANGE, range);
            return Ok(response);
        }
    };
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => gone(),
            _ => {
                let text = "the file cannot be read at the moment; try again";
                ApiError::new(StatusCode::SERVICE_UNAVAILABLE, text)
            }
        };
        let pieces = app.library.open(&file, start..end).await.map_err(failed)?;
        Body::new(FileBody { pieces, metrics: app.metrics.clone() })
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_LENGTH, (end - start).into());
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(ETAG, header(tag));
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {start}-{}/{}", end - 1, file.length);
        headers.insert(CONTENT_RANGE, header(range));
    }
    Ok(response)
}

fn wanted(headers: &HeaderMap, tag: &str, length: u64) -> Wanted {
    let same = headers.get(IF_RANGE).is_none_or(|asked| asked.as_bytes() == tag.as_bytes());
    match headers.get(RANGE).map(HeaderValue::to_str) {
        Some(Ok(range)) if same => range::parse(range, length),
        _ => Wanted::All,
    }
}

/// Digits and ASCII names of ours are always good for a header.
fn header(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// A part of a file, read while it is sent.
struct FileBody {
    pieces: Pieces,
    metrics: Arc<Metrics>,
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        // The length was promised: only an error ends the answer before it.
        let Some(piece) = ready!(self.pieces.poll_next(cx))? else { return Poll::Ready(None) };
        self.metrics.bytes_served.fetch_add(piece.len() as u64, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.pieces.left())
    }
}
