//! Admitting users, creating invitations, and exchanging an invitation for a join token.
//!
//! `POST /api/meetings/{id}/users` is the practical replacement of AddUser of MS-CONFBAS.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use data_encoding::HEXLOWER;
use psom_objects::types::Role;
use serde::Deserialize;
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use super::{
    error::{ApiError, json_response, unless_store_waits},
    extract::{Admin, Client, Json},
};
use crate::{
    admission::{
        AdmissionError,
        error::{check_text, check_uri},
        invitations::InvitationTerms,
        tokens::{TOKEN_LIFETIME, TokenSource},
    },
    app::{AdmittedUser, App},
    meetings::RunningMeeting,
    shared::identifiers::{GUEST_URI_PREFIX, random_name},
};

/// Bytes of the hash that are in a guest's URI. 64 bits are enough to distinguish the guests of a
/// meeting.
const GUEST_HASH_BYTES: usize = 8;

/// The body of `POST /api/meetings/{id}/users`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewUser {
    uri: String,
    display_name: String,
    role: Role,
}

/// The body of `POST /api/meetings/{id}/invitations`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewInvitation {
    role: Role,
    uri: Option<String>,
    display_name: Option<String>,
}

/// The body of `POST /api/join`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct JoinRequest {
    invite: String,
    /// The meeting that the link names. An invitation to another meeting is refused.
    meeting: Option<String>,
    display_name: Option<String>,
    /// A secret that the client chooses. A client that sends the same secret again is the same
    /// guest.
    guest: Option<String>,
}

pub(super) async fn admit(
    _: Admin,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Json(new): Json<NewUser>,
) -> Result<Response, ApiError> {
    let meeting = unless_store_waits(&app, app.meeting(&id)).await??;
    check_uri(&new.uri)?;
    check_text("displayName", &new.display_name)?;
    unless_store_waits(&app, app.readmit(&meeting, &new.uri)).await??;
    let (uri, name) = (&new.uri, &new.display_name);
    let admitting = app.admit(&meeting, TokenSource::Administrator, uri, name, new.role);
    let admitted = unless_store_waits(&app, admitting).await??;
    Ok(json_response(StatusCode::CREATED, &connection_details(&app, admitted)))
}

pub(super) async fn invite(
    _: Admin,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Json(new): Json<NewInvitation>,
) -> Result<Response, ApiError> {
    let meeting = unless_store_waits(&app, app.meeting(&id)).await??;
    let NewInvitation { role, uri, display_name } = new;
    uri.as_deref().map(check_uri).transpose()?;
    display_name.as_deref().map(|name| check_text("displayName", name)).transpose()?;
    let inviting = app.invite(&meeting, InvitationTerms { role, uri, display_name });
    let (secret, link) = unless_store_waits(&app, inviting).await??;
    let body = json!({ "invite": secret, "joinLink": link.to_string(), "joinPage": link.page() });
    Ok(json_response(StatusCode::CREATED, &body))
}

/// Revokes an invitation: `DELETE /api/meetings/{id}/invitations/{secret}`.
pub(super) async fn revoke(
    _: Admin,
    State(app): State<Arc<App>>,
    Path((id, secret)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let meeting = unless_store_waits(&app, app.meeting(&id)).await??;
    unless_store_waits(&app, app.revoke(&meeting, &secret)).await??;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn join(
    State(app): State<Arc<App>>,
    Client(slot): Client,
    Json(request): Json<JoinRequest>,
) -> Result<Response, ApiError> {
    let (terms, meeting) = invited(&app, &request).await?;
    let InvitationTerms { role, uri, display_name } = terms;
    let guest = guest_uri(&request.invite, request.guest)?;
    if meeting.is_removed(uri.as_deref().unwrap_or(&guest)) {
        return Err(AdmissionError::Removed.into());
    }
    let name = display_name.or(request.display_name);
    // A user who gives no name keeps the name of an earlier visit.
    let name = name.or_else(|| meeting.name(uri.as_deref().unwrap_or(&guest)));
    let name = name.unwrap_or_else(|| "Guest".into());
    check_text("displayName", &name)?;
    let address = slot.map(|slot| slot.address());
    let source = TokenSource::JoinLink { secret: request.invite, address };
    let admitted = if let Some(uri) = &uri {
        let admitting = app.admit(&meeting, source, uri, &name, role);
        unless_store_waits(&app, admitting).await??
    } else {
        let admitting = app.admit_guest(&meeting, source, &guest, &name, role);
        unless_store_waits(&app, admitting).await??
    };
    let mut body = connection_details(&app, admitted);
    body["displayName"] = name.into();
    body["uri"] = uri.unwrap_or(guest).into();
    body["role"] = role.name().into();
    Ok(json_response(StatusCode::CREATED, &body))
}

/// Ends the connections of the person who uses an invitation, who may come back: `POST /api/leave` with the body
/// of `POST /api/join`.
pub(super) async fn leave(
    State(app): State<Arc<App>>,
    Json(request): Json<JoinRequest>,
) -> Result<Response, ApiError> {
    let (terms, meeting) = invited(&app, &request).await?;
    let uri = match terms.uri {
        Some(uri) => uri,
        None => guest_uri(&request.invite, request.guest)?,
    };
    meeting.leave(&uri).await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Returns the terms of the invitation in a request, and its meeting.
async fn invited(
    app: &App,
    request: &JoinRequest,
) -> Result<(InvitationTerms, Arc<RunningMeeting>), ApiError> {
    let found = unless_store_waits(app, app.invitation(&request.invite)).await??;
    let Some((terms, meeting)) = found else {
        app.metrics.count_unauthorized("a join request with an unknown invitation");
        let text = "this invitation is unknown or its meeting has ended; ask for a new join link";
        return Err(ApiError::not_found(text));
    };
    if request.meeting.as_ref().is_some_and(|named| *named != meeting.id) {
        app.metrics.count_unauthorized("a join request with an invitation to another meeting");
        let text = "this invitation is not for the meeting that the link names; ask for a new join \
                    link";
        return Err(ApiError::not_found(text));
    }
    Ok((terms, meeting))
}

/// Returns the URI of a guest. All users of the meeting see it, so it is a hash of the client's
/// secret. The invitation is a part of the hash, so that a guest cannot take the URI of a guest with
/// another role.
fn guest_uri(invite: &str, secret: Option<String>) -> Result<String, ApiError> {
    let secret = secret.unwrap_or_else(random_name);
    if !(16..=128).contains(&secret.len()) {
        let text = "`guest` must be a random text of 16 to 128 bytes; choose another or leave it \
                    out";
        return Err(ApiError::invalid(text));
    }
    let hash = Sha1::new().chain_update(invite).chain_update(&secret).finalize();
    Ok(format!("{GUEST_URI_PREFIX}{}", HEXLOWER.encode(&hash[..GUEST_HASH_BYTES])))
}

/// Returns everything that a client needs to connect.
fn connection_details(app: &App, AdmittedUser { id, token, link }: AdmittedUser) -> Value {
    json!({
        "sAuthId": token,
        "userId": id,
        "pwsURI": app.psom_address,
        "modes": "tls",
        "alternativeName": link.alternative_name,
        "proxyHeader": null,
        "expiresIn": TOKEN_LIFETIME.as_secs(),
        "packageLimit": app.library.package_size(),
        "joinLink": link.to_string(),
    })
}
