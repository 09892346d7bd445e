//! `/api/meetings` and `/api/meetings/{id}`.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use psom_objects::{
    server::{ContentSummary, MeetingSummary, UserSummary},
    types::ContentVisibility,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    error::{ApiError, json_response, store_waits_sentence, unless_store_waits},
    extract::{Admin, Json},
};
use crate::{
    admission::AdmissionError,
    app::App,
    meetings::RunningMeeting,
    store::{self, Health, StoredMeeting},
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
    let creating = app.create_meeting(new.id, new.title);
    let meeting = unless_store_waits(&app, creating).await??;
    let body = json!({ "id": meeting.id, "title": meeting.title });
    Ok(json_response(StatusCode::CREATED, &body))
}

pub(super) async fn list(_: Admin, State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    let summaries = app.meetings.summaries().await;
    let others = others(&app, &summaries).await.map_err(AdmissionError::from)?;
    let meetings = summaries.iter().map(|(meeting, summary)| {
        let (id, title) = (&meeting.id, &meeting.title);
        match summary {
            Some(summary) => json!({ "id": id, "title": title, "counts": counts(summary) }),
            None => {
                json!({ "id": id, "title": title, "counts": null, "problem": no_answer(&app) })
            }
        }
    });
    let set_aside = app.meetings.set_aside().into_iter().map(|(id, reason)| {
        let problem = format!("the meeting is set aside: {reason}");
        json!({ "id": id, "title": null, "counts": null, "problem": problem })
    });
    let unloaded = app.meetings.unloaded().into_iter().map(|(meeting, contents)| {
        let counts = json!({ "users": 0, "connections": 0, "contents": contents });
        json!({ "id": meeting.id, "title": meeting.title, "counts": counts })
    });
    let mut meetings: Vec<Value> = meetings.chain(unloaded).collect();
    meetings.sort_by(|one, other| one["id"].as_str().cmp(&other["id"].as_str()));
    let meetings: Vec<Value> = meetings.into_iter().chain(set_aside).chain(others).collect();
    Ok(json_response(StatusCode::OK, &json!({ "meetings": meetings })))
}

/// Returns the meetings of a cluster that this server does not run.
async fn others(
    app: &App,
    own: &[(Arc<RunningMeeting>, Option<MeetingSummary>)],
) -> Result<Vec<Value>, store::Error> {
    let store = app.meetings.store();
    if !store.is_shared() {
        return Ok(Vec::new());
    }
    let mut others = store.meetings().await?;
    others.retain(|meeting| own.iter().all(|(own, _)| own.id != meeting.id));
    let other = |meeting: StoredMeeting| {
        let problem = "this server does not run the meeting; ask about it by its id";
        json!({ "id": meeting.id, "title": meeting.title, "counts": null, "problem": problem })
    };
    Ok(others.into_iter().map(other).collect())
}

pub(super) async fn show(
    _: Admin,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let meeting = unless_store_waits(&app, app.meeting(&id)).await??;
    let summary = meeting.summary().await;
    let unavailable = || ApiError::new(StatusCode::SERVICE_UNAVAILABLE, no_answer(&app));
    Ok(json_response(StatusCode::OK, &details(&meeting, &summary.ok_or_else(unavailable)?)))
}

/// Returns a sentence that says why a meeting does not answer, and what to do.
fn no_answer(app: &App) -> String {
    match &*app.meetings.health().borrow() {
        Health::Good => {
            "the meeting does not answer; try again, and if that does not help, restart \
                         the server: saved changes are kept"
                .into()
        }
        Health::Waiting(obstacle) => store_waits_sentence(obstacle),
        Health::Failed(error) => format!("{error}; restart the server"),
    }
}

pub(super) async fn end(
    _: Admin,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    if app.meetings.store().is_shared() {
        // Only the owner can end a meeting.
        unless_store_waits(&app, app.meeting(&id)).await??;
    }
    let ending = app.meetings.end(&id);
    if unless_store_waits(&app, ending).await?.map_err(AdmissionError::from)? {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Err(AdmissionError::no_meeting(&id).into())
    }
}

fn details(meeting: &RunningMeeting, summary: &MeetingSummary) -> Value {
    json!({
        "id": meeting.id,
        "title": meeting.title,
        "counts": counts(summary),
        "activePresenter": nonzero(summary.active_presenter),
        "activeContent": nonzero(summary.active_content),
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

/// Converts an ID of the protocol, in which 0 means none.
fn nonzero(id: i64) -> Option<i64> {
    (id != 0).then_some(id)
}

fn user(user: &UserSummary) -> Value {
    json!({
        "id": user.id,
        "uri": user.uri,
        "displayName": user.display_name,
        "role": user.role,
        "connections": user.connections,
    })
}

fn content(content: &ContentSummary) -> Value {
    let visibility = match content.visibility {
        ContentVisibility::Other(_) => "other".to_owned(),
        known => known.to_string(),
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
