//! Join tokens and their redemption (sections 3.3.3.1.1 and 3.3.6).

use std::{
    net::IpAddr,
    sync::{Arc, Weak},
    time::Duration,
};

use psom::{Admission, Authenticator, Credentials, LimitHits, Refused, net::slots::address_owner};
use psom_objects::types::Role;

use crate::{
    meetings::{AdmitError, Meetings, RunningMeeting, store_obstacle},
    shared::permissions::{Permissions, WebLimits, WhenFull},
};

/// The lifetime of a join token (section 3.3.6).
pub(crate) const TOKEN_LIFETIME: Duration = Duration::from_secs(120);

/// Upper bound on the unredeemed tokens of one user, which is more than the devices of a person. A
/// further token replaces the user's oldest one, so that one user cannot use up the quota of all
/// users.
const MAX_TOKENS_PER_USER: usize = 16;

/// The unredeemed join tokens.
///
/// A token names its user, not the user's role: the role is looked up when the token is redeemed,
/// because it can have changed since.
///
/// There are three separate quotas: for tokens of the administrator, of named invitations, and of
/// open invitations. Each meeting can use only a share of the last two. So the holders of an open
/// link can block neither people who are invited by name nor other meetings. When the guests of a
/// meeting have used up its share, a new token replaces a token of the address that has the most
/// tokens.
pub(crate) struct JoinTokens {
    by_administrator: Permissions<PendingToken, TokenOwner>,
    by_named_link: Permissions<PendingToken, TokenOwner>,
    by_open_link: Permissions<PendingToken, TokenOwner>,
}

/// The way in which a token is issued. It decides which quota the token counts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenSource {
    /// The administrator admits a user.
    Administrator,
    /// A client exchanges the invitation of a join link, named or open, with this secret. The address
    /// is the client's.
    JoinLink { secret: String, address: Option<IpAddr> },
}

/// The owner of a token, for quotas.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum TokenOwner {
    /// A user, by URI.
    User(String),
    /// All guests from one address.
    Address(IpAddr),
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
    /// The secret of the invitation that issued the token, if one did.
    invitation: Option<String>,
}

impl JoinTokens {
    /// Returns an empty table for `limit` tokens, of which `per_address` can be for guests from one
    /// address.
    pub(crate) fn new(limit: usize, per_address: usize, hits: &LimitHits) -> Self {
        let table = |name, total, meeting, user, when_full| {
            let limits = WebLimits { lifetime: TOKEN_LIFETIME, total, meeting, user };
            Permissions::new((name, hits), limits, when_full)
        };
        let (half, eighth) = (limit.div_ceil(2), limit.div_ceil(8));
        let (user, oldest) = (MAX_TOKENS_PER_USER, WhenFull::ReplaceOldest);
        let largest = WhenFull::ReplaceLargest;
        Self {
            by_administrator: table("tokens", limit, limit, user, oldest),
            by_named_link: table("tokens_named_links", half, eighth, user, oldest),
            by_open_link: table("tokens_open_links", half, eighth, per_address, largest),
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
        let user = || TokenOwner::User(uri.into());
        let (table, owner, invitation) = match source {
            TokenSource::Administrator => (&self.by_administrator, user(), None),
            TokenSource::JoinLink { secret, address } => match holder {
                TokenHolder::User(_) => (&self.by_named_link, user(), Some(secret)),
                TokenHolder::Guest { .. } => {
                    let address = address.and_then(address_owner).map(TokenOwner::Address);
                    (&self.by_open_link, address.unwrap_or_else(user), Some(secret))
                }
            },
        };
        let token = PendingToken {
            meetings: Arc::downgrade(meetings),
            meeting: Arc::downgrade(meeting),
            uri: uri.into(),
            holder,
            invitation,
        };
        table.add(&meeting.id, Some(owner), token)
    }

    /// Removes the unredeemed tokens of an invitation.
    pub(crate) fn revoke(&self, invitation: &str) {
        for table in [&self.by_named_link, &self.by_open_link] {
            table.remove_values(|token| token.invitation.as_deref() == Some(invitation));
        }
    }

    async fn redeem(&self, token: &str) -> Result<Admission, Refused> {
        let tables = [&self.by_administrator, &self.by_named_link, &self.by_open_link];
        let pending = tables.into_iter().find_map(|table| table.take(token));
        let unknown = || Refused::new("the token is unknown, was used before, or has expired");
        let PendingToken { meetings, meeting, uri, holder, .. } = pending.ok_or_else(unknown)?;
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
                let mut admitted = meeting.admit_guest(&uri, &name, role).await;
                if matches!(admitted, Err(AdmitError::Full(_)))
                    && meetings.make_room(&meeting).await
                {
                    admitted = meeting.admit_guest(&uri, &name, role).await;
                }
                admitted.map_err(|error| match error {
                    AdmitError::Ending => ended(),
                    AdmitError::Full(_) => Refused::new("the meeting has too many users"),
                    AdmitError::StoreWaits(obstacle) => Refused::new(obstacle),
                    error => Refused::new(error.to_string()),
                })?
            }
        };
        if meeting.is_removed(&uri) {
            return Err(Refused::new("the operator has removed the user from the meeting"));
        }
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
