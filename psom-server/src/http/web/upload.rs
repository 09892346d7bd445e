//! `POST /web/upload/{secret}`: a single file in a form (section 3.3.4.3).

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, HttpBody as _},
    extract::{Path, Request, State},
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};
use psom_objects::store::StoreError;

use super::{super::progress_timer::ProgressTimer, form::Form, refusal::UploadRefusal};
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
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let mut form = Form::new(&content_type, frames(request.into_body(), max_body_bytes))?;
    let mut upload = upload?;
    let evicted = upload.eviction();
    loop {
        let data = tokio::select! {
            data = form.next() => data?,
            // The time limit for uploads that send nothing is longer, so it is not the reason.
            () = evicted.notified() => return Err(StoreError::Full.into()),
        };
        let Some(data) = data else { break };
        upload.write(data).await?;
    }
    Ok(upload.finish().await?)
}

/// Returns the frames of a body, up to its limits of length and time.
fn frames(
    body: Body,
    max_body_bytes: u64,
) -> impl Stream<Item = Result<Bytes, UploadRefusal>> + Send {
    let state = (body.into_data_stream(), ProgressTimer::new(STALL_TIMEOUT), 0u64);
    stream::try_unfold(state, move |(mut body, mut timer, total)| async move {
        let Some(frame) = timer.wait(body.next()).await? else { return Ok(None) };
        let bytes = frame.map_err(|_| UploadRefusal::Malformed("the form is truncated"))?;
        timer.transferred(bytes.len());
        let total = total.saturating_add(bytes.len() as u64);
        if total > max_body_bytes {
            return Err(StoreError::TooLarge(max_body_bytes - MAX_FORM_OVERHEAD_BYTES).into());
        }
        Ok(Some((bytes, (body, timer, total))))
    })
}
