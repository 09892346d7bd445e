//! `POST /web/upload/{secret}`: a single file in a form.

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
    super::pace::{Pace, TooSlow},
    form::{Form, Malformed},
};
use crate::{
    app::App,
    files::web::{Draft, FORM, FileSink},
};

pub(crate) async fn upload(
    State(app): State<Arc<App>>,
    Path(secret): Path<String>,
    request: Request,
) -> Response {
    let status = take(&app, &secret, request).await;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    // The specification's own words.
    (status, headers, format!("<html>{}</html>", status.as_u16())).into_response()
}

/// How long a sender may send nothing at all.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a file is not taken.
enum Refusal {
    /// The form is none, or was cut off.
    Malformed(&'static str),
    Slow,
    Store(StoreError),
}

async fn take(app: &App, secret: &str, request: Request) -> StatusCode {
    let length = request.body().size_hint().exact();
    let begun = app.library.forms.look(secret, |form| {
        let begun = form.begin(length);
        if let Err(reason @ (StoreError::Full | StoreError::Failed(_))) = &begun {
            form.refuse(reason.clone());
            return Err(reason.clone());
        }
        Ok(begun)
    });
    let sink = match begun {
        // The address stays good: nothing was read of the one attempt that is promised.
        Some(Err(reason)) => return Refusal::Store(reason).status(),
        Some(Ok(sink)) => sink,
        None => return stranger(app),
    };
    let Some(mut permission) = app.library.forms.take(secret) else { return stranger(app) };
    let most = app.library.package_size().saturating_add(FORM);
    let taken = tokio::select! {
        biased;
        () = permission.withdrawn() => return StatusCode::NOT_FOUND,
        taken = receive(request, sink, most) => taken,
    };
    let (outcome, status) = match taken {
        Ok(draft) => (Ok(draft), StatusCode::OK),
        Err(refusal) => {
            let status = refusal.status();
            (Err(refusal.reason()), status)
        }
    };
    // Whoever has left in this very moment wants no file any more.
    if permission.settle(outcome) { status } else { StatusCode::NOT_FOUND }
}

fn stranger(app: &App) -> StatusCode {
    app.metrics.refused_stranger("a form at an address that is not known");
    StatusCode::NOT_FOUND
}

/// Takes a form to its end, and the file in it.
async fn receive(
    request: Request,
    sink: Result<FileSink, StoreError>,
    most: u64,
) -> Result<Draft, Refusal> {
    let mut form = form(request.headers()).ok_or(Malformed("this is no form"))?;
    let mut sink = sink?;
    let mut body = request.into_body();
    let (mut pace, mut total) = (Pace::new(PATIENCE), 0_u64);
    while let Some(bytes) = pace.wait(next(&mut body)).await?? {
        pace.moved(bytes.len());
        total = total.saturating_add(bytes.len() as u64);
        if total > most {
            return Err(StoreError::TooLarge(most - FORM).into());
        }
        form.feed(&bytes);
        while let Some(data) = form.next()? {
            sink.write(data).await?;
        }
    }
    form.end()?;
    Ok(sink.finish().await?)
}

fn form(headers: &HeaderMap) -> Option<Form> {
    Form::new(headers.get(CONTENT_TYPE)?.to_str().ok()?)
}

/// The next bytes of a body; nothing at its end.
async fn next(body: &mut Body) -> Result<Option<Bytes>, Malformed> {
    loop {
        match poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {
            None => return Ok(None),
            Some(Err(_)) => return Err(Malformed("the form was cut off")),
            Some(Ok(frame)) => {
                if let Ok(bytes) = frame.into_data() {
                    return Ok(Some(bytes));
                }
            }
        }
    }
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) | Self::Store(StoreError::Malformed(_)) => StatusCode::BAD_REQUEST,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Store(StoreError::TooLarge(_)) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Store(StoreError::Full) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What the meeting is told if it asks.
    fn reason(self) -> StoreError {
        match self {
            Self::Malformed(why) => StoreError::Malformed(why.into()),
            Self::Slow => StoreError::Malformed("the form came too slowly".into()),
            Self::Store(error) => error,
        }
    }
}

impl From<Malformed> for Refusal {
    fn from(Malformed(why): Malformed) -> Self {
        Self::Malformed(why)
    }
}

impl From<TooSlow> for Refusal {
    fn from(TooSlow: TooSlow) -> Self {
        Self::Slow
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
