//! The people of a meeting and their invitations, for its operator.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use super::{
    error::{ApiError, json_response, unless_store_waits},
    extract::Admin,
};
use crate::{admission::invitations::InvitationTerms, app::App};

/// Lists the invitations to a meeting.
pub(super) async fn invitations(
    _: Admin,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let meeting = unless_store_waits(&app, app.meeting(&id)).await??;
    let invitations = app.invitations.of_meeting(&meeting.id).into_iter();
    let invitations = invitations.map(|(secret, terms)| -> Value {
        let InvitationTerms { role, uri, display_name } = terms;
        let link = app.invitation_link(&meeting, secret.clone());
        json!({
            "invite": secret,
            "role": role.name(),
            "uri": uri,
            "displayName": display_name,
            "joinLink": link.to_string(),
            "joinPage": link.page(),
        })
    });
    let body = json!({ "invitations": invitations.collect::<Vec<_>>() });
    Ok(json_response(StatusCode::OK, &body))
}

/// Removes a user from a meeting.
pub(super) async fn remove(
    _: Admin,
    State(app): State<Arc<App>>,
    Path((id, user)): Path<(String, i64)>,
) -> Result<Response, ApiError> {
    let meeting = unless_store_waits(&app, app.meeting(&id)).await??;
    unless_store_waits(&app, app.remove_user(&meeting, user)).await??;
    Ok(StatusCode::NO_CONTENT.into_response())
}
