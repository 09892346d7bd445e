//! Invitations: making one, and following one.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;
use serde_json::json;
use sha1::{Digest, Sha1};

use super::{
    admin::Admin,
    body::Json,
    error::{self, ApiError},
    saved::saved,
    user::{RoleName, let_in},
};
use crate::{
    admission::{GUEST, check_text, check_uri},
    app::App,
    door::By,
    files::random_name,
};

/// The body of `POST /api/meetings/{id}/invitations`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewInvitation {
    role: RoleName,
    uri: Option<String>,
    display_name: Option<String>,
}

/// The body of `POST /api/join`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Follow {
    invite: String,
    display_name: Option<String>,
    /// A secret of the client's own choice, by which it is the same user when it comes again.
    guest: Option<String>,
}

pub(super) async fn invite(
    _: Admin,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Json(new): Json<NewInvitation>,
) -> Result<Response, ApiError> {
    let room = saved(&app, app.room(&id)).await??;
    new.uri.as_deref().map(check_uri).transpose()?;
    new.display_name.as_deref().map(|name| check_text("displayName", name)).transpose()?;
    let made = app.invite(&room, new.role.into(), new.uri, new.display_name);
    let (secret, link) = saved(&app, made).await??;
    let value = json!({ "invite": secret, "joinLink": link.to_string() });
    Ok(error::json(StatusCode::CREATED, &value))
}

pub(super) async fn join(
    State(app): State<Arc<App>>,
    Json(follow): Json<Follow>,
) -> Result<Response, ApiError> {
    let Some((invitation, room)) = app.invitations.get(&follow.invite) else {
        app.metrics.refused_stranger("somebody with an invitation that is not known");
        let text = "this invitation is unknown or its meeting is over; ask for a new join link";
        return Err(ApiError::not_found(text));
    };
    let name = invitation.display_name.or(follow.display_name).unwrap_or_else(|| "Guest".into());
    check_text("displayName", &name)?;
    let guest = guest(&follow.invite, follow.guest)?;
    saved(&app, app.meetings.revive(&room)).await?;
    let role = invitation.role;
    let admitted = match &invitation.uri {
        Some(uri) => saved(&app, app.admit(&room, By::Link, uri, &name, role)).await??,
        None => app.expect_guest(&room, &guest, &name, role)?,
    };
    let mut answer = let_in(&app, admitted);
    answer["displayName"] = name.into();
    Ok(error::json(StatusCode::CREATED, &answer))
}

/// The address of a guest. Everybody in the meeting sees it, so it does not give the client's
/// secret away; and nobody can take another's address, of whatever role.
fn guest(invite: &str, secret: Option<String>) -> Result<String, ApiError> {
    let secret = secret.unwrap_or_else(random_name);
    if !(16..=128).contains(&secret.len()) {
        let text = "`guest` must be a random text of 16 to 128 bytes; choose another or leave it \
                    out";
        return Err(ApiError::invalid(text));
    }
    let digest = Sha1::new().chain_update(invite).chain_update(&secret).finalize();
    let mut uri = String::from(GUEST);
    for byte in &digest[..8] {
        uri.push_str(&format!("{byte:02x}"));
    }
    Ok(uri)
}
