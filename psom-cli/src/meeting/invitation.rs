//! Exchanging an invitation for a join token.

use std::sync::atomic::{AtomicBool, Ordering};

use psom_client::{Admitted, JoinCredential, JoinLink, JoinRequest, Visitor};
use ureq::http::Method;

use super::guest;
use crate::{
    error::{CommandError, Result},
    http::client::{ApiError, Http},
    terminal::out,
};

/// The person who joins by an open invitation.
pub(super) struct Person {
    pub visitor: Visitor,
    /// Whether the person must be another one than the user of other commands.
    pub is_new: bool,
}

impl Person {
    /// Returns a person whom no other command knows.
    pub(super) fn unknown(name: String) -> Self {
        Self::of(Some(name), Some(guest::random_secret()), true)
    }

    fn of(name: Option<String>, secret: Option<String>, is_new: bool) -> Self {
        Self { visitor: Visitor { name, secret }, is_new }
    }

    /// Returns the person of a command with `--as NAME` or `--as-new NAME`, or with neither.
    pub(super) fn of_command(
        meeting: &str,
        invitation: &str,
        name: Option<&str>,
        new_name: Option<&str>,
    ) -> Result<Self> {
        if let Some(name) = new_name {
            let secret = guest::new_secret(meeting, invitation, name).ok_or_else(|| {
                CommandError::new("--as-new needs a directory for its state; set HOME")
            })?;
            return Ok(Self::of(Some(name.to_owned()), Some(secret), true));
        }
        let Some(name) = name else {
            let name = guest::name(meeting, invitation);
            return Ok(Self::of(name, guest::secret(), false));
        };
        if let Some(secret) = guest::other_secret(meeting, invitation, name) {
            return Ok(Self::of(Some(name.to_owned()), Some(secret), false));
        }
        if let Some(before) = guest::name(meeting, invitation).filter(|before| before != name) {
            out::note(&format!(
                "note: \"{before}\" is called \"{name}\" now; to join as another person, use --as-new \
                 '{name}'"
            ));
        }
        guest::save_name(meeting, invitation, name);
        Ok(Self::of(Some(name.to_owned()), guest::secret(), false))
    }
}

/// Ends all connections of a person, and forgets the person. `request` is the link's request to leave.
pub(super) async fn leave(
    http: &Http,
    link: &JoinLink,
    request: JoinRequest,
    who: &Person,
) -> Result {
    http.api(Method::POST, request.url, None, Some(request.body)).await?;
    if let JoinCredential::Invitation { secret, .. } = &link.credential {
        guest::forget(&link.meeting, secret, who.visitor.name.as_deref());
    }
    Ok(())
}

/// The beginning of the URI of everybody who joined by an open invitation.
const GUEST_URI_PREFIX: &str = "guest:";

/// Exchanges the invitation of a link for a join token, which is valid for one connection. Sets `was_answered` to
/// whether the server has answered.
pub(super) async fn redeem(
    http: &Http,
    link: &JoinLink,
    request: JoinRequest,
    who: &Person,
    was_answered: &AtomicBool,
) -> Result<Admitted> {
    let answer = http.api(Method::POST, request.url, None, Some(request.body)).await;
    was_answered.store(!matches!(answer, Err(ApiError::Failed(_))), Ordering::Relaxed);
    let admitted = Admitted::from_answer(&answer?, &link.address);
    let admitted = admitted.map_err(|error| CommandError::new(error.to_string()))?;
    let is_guest = admitted.uri.as_ref().is_some_and(|uri| uri.starts_with(GUEST_URI_PREFIX));
    if who.is_new && !is_guest {
        return Err(CommandError::new(
            "this link is for one person, so nobody else can join with it; ask for an open link, or for one \
             for each person",
        ));
    }
    Ok(admitted)
}
