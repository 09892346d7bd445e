//! `POST /api/slides`: the pages of a PDF as pictures, which a browser then shares as slides.
//!
//! The invitation in the header shows that the person may present. The response has, for each page,
//! the length of its JPEG in four bytes (big-endian) and the JPEG. If drawing fails, a length of
//! zero follows, and then the reason.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse as _, Response},
};
use futures_util::{StreamExt as _, stream};
use psom_objects::types::Role;
use tokio::{sync::mpsc, task::spawn_blocking, time::timeout};

use super::{connection_slots::ConnectionSlot, error::ApiError, extract::bearer_token};
use crate::{app::App, slides::SlideRenderer};

/// Upper bound on the bytes of a PDF, which is kept in memory while it is drawn.
const MAX_PDF_BYTES: usize = 64 << 20;

/// The time that a browser may stall while it sends the PDF.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// The time that a request waits while other presentations are drawn.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(60);

/// Pictures that wait for the browser. One more is being drawn.
const QUEUED_PICTURES: usize = 1;

pub(super) async fn draw(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    check_invitation(&app, request.headers()).await?;
    let Some(renderer) = app.slides.renderer.clone() else {
        let text = "this server cannot draw PDFs; share slides with `psom slides` instead";
        return Err(ApiError::new(StatusCode::NOT_IMPLEMENTED, text));
    };
    let waiting = Arc::clone(&app.slides.running).acquire_owned();
    let Ok(Ok(permit)) = timeout(QUEUE_TIMEOUT, waiting).await else {
        let text = "the server draws other presentations at the moment; try again in a minute";
        return Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, text));
    };
    let pdf = receive(request).await?;
    let (sender, receiver) = mpsc::channel(QUEUED_PICTURES);
    spawn_blocking(move || {
        run(&*renderer, pdf, &sender);
        drop(permit);
    });
    let pictures = stream::unfold(receiver, async |mut receiver| {
        let part: Bytes = receiver.recv().await?;
        Some((Ok::<_, std::convert::Infallible>(part), receiver))
    });
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from_stream(pictures)).into_response())
}

/// Checks that the request has the invitation of a presenter or an organizer. In a cluster, the meeting may
/// run on another server.
async fn check_invitation(app: &App, headers: &HeaderMap) -> Result<(), ApiError> {
    let invite = bearer_token(headers).and_then(|token| str::from_utf8(token).ok());
    let role = match invite {
        Some(invite) => app.invited_role(invite).await?,
        None => None,
    };
    let Some(role) = role else {
        app.metrics.count_unauthorized("a request to draw slides without an invitation");
        let text = "send the invitation as `Authorization: Bearer <invite>`";
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, text));
    };
    if role < Role::Presenter {
        let text = "only organizers and presenters share slides";
        return Err(ApiError::new(StatusCode::FORBIDDEN, text));
    }
    Ok(())
}

/// Receives the body. Memory grows with the bytes that have arrived.
async fn receive(request: Request) -> Result<Bytes, ApiError> {
    let slot = request.extensions().get::<ConnectionSlot>().cloned();
    slot.iter().for_each(ConnectionSlot::set_idle);
    let mut body = request.into_body().into_data_stream();
    let mut pdf = Vec::new();
    loop {
        let Ok(frame) = timeout(STALL_TIMEOUT, body.next()).await else {
            let text = "the file did not arrive; send it again";
            return Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, text));
        };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|_| ApiError::bad_request("the file is cut; send it again"))?;
        if pdf.len() + frame.len() > MAX_PDF_BYTES {
            let text = "the PDF has more than 64 MiB; share it with `psom slides`, or split it";
            return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, text));
        }
        pdf.extend_from_slice(&frame);
    }
    slot.iter().for_each(ConnectionSlot::set_busy);
    Ok(pdf.into())
}

/// Draws the pages, and sends the parts of the response.
fn run(renderer: &dyn SlideRenderer, pdf: Bytes, sender: &mpsc::Sender<Bytes>) {
    let mut send = |jpeg: Bytes| {
        let Ok(length) = u32::try_from(jpeg.len()) else { return false };
        let length = Bytes::copy_from_slice(&length.to_be_bytes());
        sender.blocking_send(length).is_ok() && sender.blocking_send(jpeg).is_ok()
    };
    if let Err(reason) = renderer.draw(pdf, &mut send) {
        tracing::debug!(reason, "slides could not be drawn");
        let parts = [Bytes::from_static(&[0; 4]), Bytes::from(reason)];
        // If the browser is gone, the reason is dropped.
        let _ = parts.into_iter().try_for_each(|part| sender.blocking_send(part));
    }
}
