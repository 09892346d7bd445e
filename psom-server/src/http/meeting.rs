//! `/api/meetings` and `/api/meetings/{id}`.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use psom_objects::{
    server::{ContentSummary, MeetingSummary, UserSummary},
    types::ContentVisibility,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    admin::Admin,
    body::Json,
    error::{self, ApiError},
    saved::{saved, waiting},
    user::role_name,
};
use crate::{AdmissionError, app::App, room::Room, store::Health};

/// The body of `POST /api/meetings`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMeeting {
    id: Option<String>,
    title: Option<String>,
}

pub(super) async fn create(
    _: Admin,
    State(app): State<Arc<App>>,
    Json(new): Json<NewMeeting>,
) -> Result<Response, ApiError> {
    let room = saved(&app, app.create_meeting(new.id, new.title)).await??;
    let value = json!({ "id": room.id, "title": room.title });
    Ok(error::json(StatusCode::CREATED, &value))
}

pub(super) async fn list(_: Admin, State(app): State<Arc<App>>) -> Response {
    let meetings = app.meetings.summaries().await;
    let meetings = meetings.iter().map(|(room, summary)| match summary {
        Some(summary) => json!({ "id": room.id, "title": room.title, "counts": counts(summary) }),
        None => json!({
            "id": room.id, "title": room.title, "counts": null, "problem": silence(&app),
        }),
    });
    error::json(StatusCode::OK, &json!({ "meetings": meetings.collect::<Vec<_>>() }))
}

pub(super) async fn show(
    _: Admin,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let room = saved(&app, app.room(&id)).await??;
    let summary = room.summary().await;
    let silent = || ApiError::new(StatusCode::SERVICE_UNAVAILABLE, silence(&app));
    Ok(error::json(StatusCode::OK, &whole(&room, &summary.ok_or_else(silent)?)))
}

/// Why a meeting does not answer, and what to do.
fn silence(app: &App) -> String {
    match &*app.meetings.health().borrow() {
        Health::Good => "the meeting does not answer; try again, and if it stays so restart the \
                         server: what was saved is kept"
            .into(),
        Health::Waiting(why) => waiting(why),
        Health::Failed(error) => format!("{error}; start the server again"),
    }
}

pub(super) async fn end(
    _: Admin,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    match saved(&app, app.meetings.end(&id)).await?.map_err(AdmissionError::Failed)? {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(ApiError::no_meeting(&id)),
    }
}

fn whole(room: &Room, summary: &MeetingSummary) -> Value {
    json!({
        "id": room.id,
        "title": room.title,
        "counts": counts(summary),
        "activePresenter": present(summary.active_presenter),
        "activeContent": present(summary.active_content),
        "users": summary.users.iter().map(user).collect::<Vec<_>>(),
        "contents": summary.contents.iter().map(content).collect::<Vec<_>>(),
    })
}

fn counts(summary: &MeetingSummary) -> Value {
    json!({
        "users": summary.users.len(),
        "connections": summary.users.iter().map(|user| user.connections).sum::<usize>(),
        "contents": summary.contents.len(),
    })
}

/// The protocol says 0 for nobody and for nothing.
fn present(id: i64) -> Option<i64> {
    (id != 0).then_some(id)
}

fn user(user: &UserSummary) -> Value {
    json!({
        "id": user.id,
        "uri": user.uri,
        "displayName": user.display_name,
        "role": role_name(user.role),
        "connections": user.connections,
    })
}

fn content(content: &ContentSummary) -> Value {
    let visibility = match content.visibility {
        ContentVisibility::MeetingOrganizer => "organizer",
        ContentVisibility::Presenters => "presenters",
        ContentVisibility::Everyone => "everyone",
        ContentVisibility::Other(_) => "other",
    };
    json!({
        "id": content.id,
        "title": content.title,
        "type": content.r#type,
        "ownerId": content.owner_id,
        "visibility": visibility,
        "presented": content.presented,
        "size": content.size,
    })
}
