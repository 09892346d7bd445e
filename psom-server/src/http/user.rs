//! `POST /api/meetings/{id}/users`: the practical stand-in for AddUser of MS-CONFBAS.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use psom_objects::types::Role;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    admin::Admin,
    body::Json,
    error::{self, ApiError},
    saved::saved,
};
use crate::{
    admission::{Admitted, check_text, check_uri},
    app::App,
    door::{By, LIFETIME},
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
    let room = saved(&app, app.room(&id)).await??;
    check_uri(&new.uri)?;
    check_text("displayName", &new.display_name)?;
    let admitted = app.admit(&room, By::Admission, &new.uri, &new.display_name, new.role.into());
    let admitted = saved(&app, admitted).await??;
    Ok(error::json(StatusCode::CREATED, &let_in(&app, admitted)))
}

/// Everything that a client needs to connect.
pub(super) fn let_in(app: &App, Admitted { user, token, link }: Admitted) -> Value {
    json!({
        "sAuthId": token,
        "userId": user,
        "pwsURI": app.psom_address,
        "modes": "tls",
        "alternativeName": link.alternative_name,
        "proxyHeader": null,
        "expiresIn": LIFETIME.as_secs(),
        "joinLink": link.to_string(),
    })
}
