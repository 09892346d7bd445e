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
    user::{check_text, role_name},
};
use crate::{
    app::App,
    meetings::{CreateError, Room, is_meeting_id},
};

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
    if new.id.as_deref().is_some_and(|id| !is_meeting_id(id)) {
        let text = "a meeting's id has 1 to 64 letters, digits, `.`, `_` and `-`, and does not \
                    begin with a dot; choose another or leave it out";
        return Err(ApiError::invalid(text));
    }
    if let Some(title) = &new.title {
        check_text("title", title)?;
    }
    let room = app.meetings.create(new.id, new.title).map_err(|error| match error {
        CreateError::Exists => {
            ApiError::conflict("a meeting with this id exists; choose another or end it first")
        }
        CreateError::TooMany(limit) => {
            ApiError::conflict(format!("the server holds {limit} meetings; end one of them first"))
        }
        CreateError::Failed(reason) => {
            ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, format!("{reason}; see the log"))
        }
    })?;
    let value = json!({ "id": room.id, "title": room.title });
    Ok(error::json(StatusCode::CREATED, &value))
}

pub(super) async fn list(_: Admin, State(app): State<Arc<App>>) -> Response {
    let mut meetings = Vec::new();
    for room in app.meetings.all() {
        // One that has just ended is left out.
        if let Some(summary) = room.summary().await {
            let counts = counts(&summary);
            meetings.push(json!({ "id": room.id, "title": room.title, "counts": counts }));
        }
    }
    error::json(StatusCode::OK, &json!({ "meetings": meetings }))
}

pub(super) async fn show(
    _: Admin,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let room = app.meetings.get(&id).ok_or_else(|| ApiError::no_meeting(&id))?;
    let summary = room.summary().await.ok_or_else(|| {
        let text = "the meeting does not answer; end it with DELETE and create it again";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, text)
    })?;
    Ok(error::json(StatusCode::OK, &whole(&room, &summary)))
}

pub(super) async fn end(
    _: Admin,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    match app.meetings.end(&id).await {
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
