//! `GET /files/{name}`: encrypted files or ranges of them (section 3.3.4.2).

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
    forward,
    range::{self, RequestedRange},
};
use crate::{app::App, files::FileStream, shared::metrics::Metrics};

pub(super) async fn download(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response<Body>, ApiError> {
    let gone = || ApiError::not_found("there is no such file; it may have been removed");
    let Some(file) = app.library.get(&name) else {
        return forward::file(&app, &method, "/files/", &name, &headers).await.ok_or_else(gone);
    };
    // No two files ever have the same name, so the name identifies the bytes.
    let tag = format!("\"{name}\"");
    let range = if method == Method::GET {
        requested_range(&headers, &tag, file.length)
    } else {
        RequestedRange::All
    };
    let (start, end, status) = match range {
        RequestedRange::All => (0, file.length, StatusCode::OK),
        RequestedRange::Part { start, end } => (start, end, StatusCode::PARTIAL_CONTENT),
        RequestedRange::Unsatisfiable => {
            let mut response = axum::response::IntoResponse::into_response(ApiError::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                format!("the file has {} bytes; request a range of them", file.length),
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
        let stream = app.library.open(&file, start..end).await.map_err(failed)?;
        Body::new(FileBody { stream, metrics: Arc::clone(&app.metrics) })
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

fn requested_range(headers: &HeaderMap, tag: &str, length: u64) -> RequestedRange {
    let same = headers.get(IF_RANGE).is_none_or(|value| value.as_bytes() == tag.as_bytes());
    match headers.get(RANGE).map(HeaderValue::to_str) {
        Some(Ok(range)) if same => range::parse(range, length),
        _ => RequestedRange::All,
    }
}

/// Returns a header value. Digits and names in hexadecimal are always valid.
fn header(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// A response body that reads a range of a file while it is sent.
struct FileBody {
    stream: FileStream,
    metrics: Arc<Metrics>,
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(chunk) = ready!(self.stream.poll_next(cx))? else { return Poll::Ready(None) };
        self.metrics.bytes_served.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.stream.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.stream.left())
    }
}
