//! Join tokens and their redemption (sections 3.3.3.1.1 and 3.3.6).

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use psom::{Admission, Authenticator, Credentials, Refused};
use psom_objects::types::Role;

use crate::{
    meetings::{AdmitError, Meetings, RunningMeeting, store_obstacle},
    shared::permissions::{Permissions, WebLimits, WhenFull},
};

/// The lifetime of a join token (section 3.3.6).
pub(crate) const TOKEN_LIFETIME: Duration = Duration::from_secs(120);

/// Unredeemed tokens of one user. A further token replaces the oldest, so that one user cannot use
/// up the quota of all.
const MAX_TOKENS_PER_USER: usize = 16;

/// The unredeemed join tokens.
///
/// A token names its user, not the user's role: the role is looked up when the token is redeemed,
/// because it can have changed since.
///
/// Tokens that join links issue have a quota of their own, and each meeting has a share of it. So
/// the holder of a link can block only others with a link to the same meeting.
pub(crate) struct JoinTokens {
    by_administrator: Permissions<PendingToken, String>,
    by_link: Permissions<PendingToken, String>,
}

/// The way in which a token is issued. It decides which quota the token counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenSource {
    /// The administrator admits a user.
    Administrator,
    /// A client exchanges the invitation of a join link.
    JoinLink,
}

/// The user that a token is for.
pub(crate) enum TokenHolder {
    /// A user with this ID.
    User(i64),
    /// A guest. Guests are assigned a user ID when they connect, so that guests who never connect
    /// do not fill the roster.
    Guest { name: String, role: Role },
}

struct PendingToken {
    meetings: Weak<Meetings>,
    meeting: Weak<RunningMeeting>,
    uri: String,
    holder: TokenHolder,
}

impl JoinTokens {
    /// Returns an empty table for `limit` tokens.
    pub(crate) fn new(limit: usize) -> Self {
        let table = |total, meeting| {
            let (lifetime, user) = (TOKEN_LIFETIME, MAX_TOKENS_PER_USER);
            let limits = WebLimits { lifetime, total, meeting, user };
            Permissions::new(limits, WhenFull::ReplaceOldest)
        };
        Self {
            by_administrator: table(limit, limit),
            by_link: table(limit.div_ceil(2), limit.div_ceil(8)),
        }
    }

    /// Issues a token, or returns `None` if too many are unredeemed.
    pub(crate) fn issue(
        &self,
        meetings: &Arc<Meetings>,
        meeting: &Arc<RunningMeeting>,
        source: TokenSource,
        uri: &str,
        holder: TokenHolder,
    ) -> Option<String> {
        let table = match source {
            TokenSource::Administrator => &self.by_administrator,
            TokenSource::JoinLink => &self.by_link,
        };
        let token = PendingToken {
            meetings: Arc::downgrade(meetings),
            meeting: Arc::downgrade(meeting),
            uri: uri.into(),
            holder,
        };
        table.add(&meeting.id, Some(uri.into()), token)
    }

    async fn redeem(&self, token: &str) -> Result<Admission, Refused> {
        let pending = self.by_administrator.take(token).or_else(|| self.by_link.take(token));
        let unknown = || Refused::new("the token is unknown, was used before, or has expired");
        let PendingToken { meetings, meeting, uri, holder } = pending.ok_or_else(unknown)?;
        let ended = || Refused::new("the meeting has ended");
        let meeting = meeting.upgrade().ok_or_else(ended)?;
        let meetings = meetings.upgrade().ok_or_else(ended)?;
        // The space can have panicked since the token was issued.
        tokio::select! {
            biased;
            () = meetings.restart_if_panicked(&meeting) => {}
            obstacle = store_obstacle(meetings.health()) => return Err(Refused::new(obstacle)),
        }
        let id = match holder {
            TokenHolder::User(id) => id,
            TokenHolder::Guest { name, role } => {
                let admitted = meeting.admit_guest(&uri, &name, role).await;
                admitted.map_err(|error| match error {
                    AdmitError::Ending => ended(),
                    AdmitError::Full(_) => Refused::new("the meeting has too many users"),
                    AdmitError::StoreWaits(obstacle) => Refused::new(obstacle),
                    error => Refused::new(error.to_string()),
                })?
            }
        };
        let user = meeting.user(id).ok_or_else(ended)?;
        tracing::info!(meeting = %meeting.id, user = %user.name, id = user.id, "a user joined");
        Ok(Admission::new(user).to(meeting.space().space()))
    }
}

impl Authenticator for JoinTokens {
    async fn authenticate(&self, credentials: Credentials) -> Result<Admission, Refused> {
        self.redeem(&credentials.token).await
    }
}
