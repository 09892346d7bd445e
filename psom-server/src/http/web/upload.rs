//! `POST /web/upload/{secret}`: a single file in a form (section 3.3.4.3).

use std::{future::poll_fn, pin::Pin, sync::Arc, time::Duration};

use axum::{
    body::{Body, HttpBody},
    extract::{Path, Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use psom_objects::store::StoreError;

use super::{
    super::progress_timer::{ProgressTimer, TooSlow},
    form::{Form, Malformed},
};
use crate::{
    app::App,
    files::browser_transfers::{BrowserUpload, MAX_FORM_OVERHEAD_BYTES, UnpublishedFiles},
};

pub(crate) async fn upload(
    State(app): State<Arc<App>>,
    Path(secret): Path<String>,
    request: Request,
) -> Response {
    let status = receive(&app, &secret, request).await;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    // The body is prescribed (section 3.3.4.3).
    (status, headers, format!("<html>{}</html>", status.as_u16())).into_response()
}

/// The time that a browser may stall.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// The reason why a file is refused.
enum UploadRefusal {
    /// The body is not a complete form with a file.
    Malformed(&'static str),
    Slow,
    Store(StoreError),
}

async fn receive(app: &App, secret: &str, request: Request) -> StatusCode {
    let length = request.body().size_hint().exact();
    let permissions = &app.library.transfers.uploads;
    let begun = permissions.inspect(secret, |permission| {
        let begun = permission.begin(length);
        if let Err(reason @ (StoreError::Full | StoreError::Failed(_))) = &begun {
            permission.refuse(reason.clone());
            return Err(reason.clone());
        }
        Ok(begun)
    });
    let upload = match begun {
        // The address stays valid: the browser has not had its one attempt yet.
        Some(Err(reason)) => return UploadRefusal::Store(reason).status(),
        Some(Ok(upload)) => upload,
        None => return unknown_address(app),
    };
    let Some(mut permission) = permissions.take(secret) else { return unknown_address(app) };
    let max_body_bytes = app.library.package_size().saturating_add(MAX_FORM_OVERHEAD_BYTES);
    let received = tokio::select! {
        biased;
        () = permission.withdrawn() => return StatusCode::NOT_FOUND,
        received = receive_form(request, upload, max_body_bytes) => received,
    };
    let (outcome, status) = match received {
        Ok(files) => (Ok(files), StatusCode::OK),
        Err(refusal) => {
            let status = refusal.status();
            (Err(refusal.reason()), status)
        }
    };
    // The meeting can withdraw the permission at the last moment.
    if permission.complete(outcome) { status } else { StatusCode::NOT_FOUND }
}

fn unknown_address(app: &App) -> StatusCode {
    app.metrics.count_unauthorized("a form at an unknown address");
    StatusCode::NOT_FOUND
}

/// Receives a form to its end, and the file in it.
async fn receive_form(
    request: Request,
    upload: Result<BrowserUpload, StoreError>,
    max_body_bytes: u64,
) -> Result<UnpublishedFiles, UploadRefusal> {
    let mut form = form(request.headers()).ok_or(Malformed("the body is not a form"))?;
    let mut upload = upload?;
    let mut body = request.into_body();
    let (mut timer, mut total) = (ProgressTimer::new(STALL_TIMEOUT), 0_u64);
    while let Some(bytes) = timer.wait(next(&mut body)).await?? {
        timer.transferred(bytes.len());
        total = total.saturating_add(bytes.len() as u64);
        if total > max_body_bytes {
            return Err(StoreError::TooLarge(max_body_bytes - MAX_FORM_OVERHEAD_BYTES).into());
        }
        form.feed(&bytes);
        while let Some(data) = form.next()? {
            upload.write(data).await?;
        }
    }
    form.end()?;
    Ok(upload.finish().await?)
}

fn form(headers: &HeaderMap) -> Option<Form> {
    Form::new(headers.get(CONTENT_TYPE)?.to_str().ok()?)
}

/// The next bytes of a body; nothing at its end.
async fn next(body: &mut Body) -> Result<Option<Bytes>, Malformed> {
    loop {
        match poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {
            None => return Ok(None),
            Some(Err(_)) => return Err(Malformed("the form is truncated")),
            Some(Ok(frame)) => {
                if let Ok(bytes) = frame.into_data() {
                    return Ok(Some(bytes));
                }
            }
        }
    }
}

impl UploadRefusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) | Self::Store(StoreError::Malformed(_)) => StatusCode::BAD_REQUEST,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Store(StoreError::TooLarge(_)) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Store(StoreError::Full) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Returns the reason in the form that the meeting gets.
    fn reason(self) -> StoreError {
        match self {
            Self::Malformed(why) => StoreError::malformed(why),
            Self::Slow => StoreError::malformed("the form arrived too slowly"),
            Self::Store(error) => error,
        }
    }
}

impl From<Malformed> for UploadRefusal {
    fn from(Malformed(why): Malformed) -> Self {
        Self::Malformed(why)
    }
}

impl From<TooSlow> for UploadRefusal {
    fn from(TooSlow: TooSlow) -> Self {
        Self::Slow
    }
}

impl From<StoreError> for UploadRefusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
