//! `POST /api/meetings/{id}/users`: the practical stand-in for AddUser of MS-CONFBAS.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use psom_objects::types::Role;
use serde::Deserialize;
use serde_json::json;

use super::{
    admin::Admin,
    body::Json,
    error::{self, ApiError},
};
use crate::{
    app::App,
    door::LIFETIME,
    link::Entry,
    meetings::{AdmitError, Room},
};

/// The body of `POST /api/meetings/{id}/users`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewUser {
    uri: String,
    display_name: String,
    role: RoleName,
}

/// A role as the API spells it.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum RoleName {
    Organizer,
    Presenter,
    Attendee,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Organizer => Self::Organizer,
            RoleName::Presenter => Self::Presenter,
            RoleName::Attendee => Self::Attendee,
        }
    }
}

pub(super) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Organizer => "organizer",
        Role::Presenter => "presenter",
        Role::Attendee => "attendee",
    }
}

pub(super) async fn admit(
    _: Admin,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Json(new): Json<NewUser>,
) -> Result<Response, ApiError> {
    let room = app.meetings.get(&id).ok_or_else(|| ApiError::no_meeting(&id))?;
    check_uri(&new.uri)?;
    check_text("displayName", &new.display_name)?;
    let_in(&app, &room, &new.uri, &new.display_name, new.role.into()).await
}

/// Admits a user and answers with everything that a client needs to connect.
pub(super) async fn let_in(
    app: &App,
    room: &Arc<Room>,
    uri: &str,
    name: &str,
    role: Role,
) -> Result<Response, ApiError> {
    let user = room.admit(uri, name, role).await.map_err(|error| match error {
        AdmitError::Over => ApiError::no_meeting(&room.id),
        AdmitError::TooMany(limit) => ApiError::conflict(format!(
            "the meeting has had {limit} users, which is its limit; create another meeting"
        )),
    })?;
    let token = app.door.issue(room, user).ok_or_else(|| {
        let text = "too many tokens wait to be used; try again in two minutes";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, text)
    })?;
    app.metrics.tokens_issued.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    tracing::info!(meeting = %room.id, uri, id = user, ?role, "Issued a token");
    let link = app.link(&room.id, Entry::Token(token.clone()));
    let value = json!({
        "sAuthId": token,
        "userId": user,
        "pwsURI": app.psom_address,
        "modes": "tls",
        "alternativeName": link.alternative_name,
        "proxyHeader": null,
        "expiresIn": LIFETIME.as_secs(),
        "joinLink": link.to_string(),
    });
    Ok(error::json(StatusCode::CREATED, &value))
}

/// Checks a text that people will see.
pub(super) fn check_text(field: &str, text: &str) -> Result<(), ApiError> {
    let good = (1..=255).contains(&text.chars().count())
        && !text.trim().is_empty()
        && !text.chars().any(char::is_control);
    if good {
        return Ok(());
    }
    Err(ApiError::invalid(format!(
        "`{field}` must have 1 to 255 characters, and no control characters; correct it"
    )))
}

/// Checks a user's address.
pub(super) fn check_uri(uri: &str) -> Result<(), ApiError> {
    let bad = |c: char| c.is_whitespace() || c.is_control();
    let good = (1..=255).contains(&uri.chars().count()) && !uri.chars().any(bad);
    if good && !uri.starts_with(GUEST) {
        return Ok(());
    }
    Err(ApiError::invalid(
        "`uri` must have 1 to 255 characters without blanks and not begin with `guest:`; \
         sip:ada@example.com is one",
    ))
}

/// How the addresses of those begin who come by an invitation to anybody.
pub(crate) const GUEST: &str = "guest:";
