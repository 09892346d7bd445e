//! `GET /files/{name}`: encrypted files, whole or in part (section 3.3.4.2).

use std::{
    io::SeekFrom,
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
use tokio::{
    fs::File,
    io::{AsyncRead, AsyncSeekExt, ReadBuf},
};

use super::{
    error::ApiError,
    range::{self, Wanted},
};
use crate::{app::App, metrics::Metrics};

/// How much of a file is in memory at once.
const WINDOW: usize = 64 << 10;

pub(super) async fn download(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response<Body>, ApiError> {
    let gone = || ApiError::not_found("there is no such file; it may have been removed");
    // The library knows names and no paths: what is not in it is not on the disk either.
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
        let failed = |error: std::io::Error| {
            tracing::warn!(path = %file.path.display(), %error, "Could not read a file");
            gone()
        };
        let mut opened = File::open(&file.path).await.map_err(failed)?;
        opened.seek(SeekFrom::Start(start)).await.map_err(failed)?;
        Body::new(FileBody { file: opened, left: end - start, metrics: app.metrics.clone() })
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
    file: File,
    left: u64,
    metrics: Arc<Metrics>,
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let size = usize::try_from(self.left).unwrap_or(WINDOW).min(WINDOW);
        let mut buffer = vec![0; size];
        let mut read = ReadBuf::new(&mut buffer);
        ready!(Pin::new(&mut self.file).poll_read(cx, &mut read))?;
        let count = read.filled().len();
        if count == 0 {
            // The length was promised: only an error ends the answer before it.
            return Poll::Ready(Some(Err(std::io::ErrorKind::UnexpectedEof.into())));
        }
        buffer.truncate(count);
        self.left -= count as u64;
        self.metrics.bytes_served.fetch_add(count as u64, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(buffer.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
