//! Join tokens and their redemption (sections 3.3.3.1.1 and 3.3.6).

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use psom::{Admission, Authenticator, Credentials, LimitHits, Refused, net::slots::address_owner};
use psom_objects::types::Role;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::relaying::Relaying;
use crate::{
    meetings::{AdmitError, Meetings, ObtainError, RunningMeeting, store_obstacle},
    shared::permissions::{Permissions, WebLimits, WhenFull},
    store::{self, StoredToken},
};

/// The lifetime of a join token (section 3.3.6).
pub(crate) const TOKEN_LIFETIME: Duration = Duration::from_secs(120);

/// Upper bound on the unredeemed tokens of one user, which is more than the devices of a person. A
/// further token replaces the user's oldest one, so that one user cannot use up the quota of all
/// users.
const MAX_TOKENS_PER_USER: usize = 16;

/// The time in which a client with a token waits for a meeting whose owner cannot be reached: longer than the
/// lease of an owner that has died, and shorter than the time after which clients give up.
const MAX_MOVING_TIME: Duration = Duration::from_secs(10);

/// The time between two attempts to find the owner of such a meeting.
const MOVING_RETRY_INTERVAL: Duration = Duration::from_millis(250);

/// The unredeemed join tokens.
///
/// In a cluster, the database has the tokens of all servers: every server can redeem a token, also after
/// the one that has issued it has died. The tables here are for the quotas.
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
    /// The meetings that the tokens are for. They are set once, because the conference's listener needs an
    /// authenticator before the meetings exist.
    destinations: OnceLock<Destinations>,
}

/// The meetings that tokens are for.
struct Destinations {
    meetings: Weak<Meetings>,
    /// Relays clients to other servers of the cluster, if there is one.
    relaying: Option<Arc<dyn Relaying>>,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum TokenHolder {
    /// A user with this ID.
    User(i64),
    /// A guest. Guests are assigned a user ID when they connect, so that guests who never connect
    /// do not fill the roster.
    Guest { name: String, role: Role },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct PendingToken {
    meeting: String,
    /// The time of the meeting's creation. A later meeting with the same ID has another.
    created: i64,
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
            destinations: OnceLock::new(),
        }
    }

    /// Sets the meetings that the tokens are for, and the relay to other servers of a cluster.
    pub(crate) fn open(&self, meetings: &Arc<Meetings>, relaying: Option<Arc<dyn Relaying>>) {
        let destinations = Destinations { meetings: Arc::downgrade(meetings), relaying };
        // Further calls have no effect.
        let _ = self.destinations.set(destinations);
    }

    /// Issues a token, or returns `None` if too many are unredeemed.
    ///
    /// # Errors
    /// The store of a cluster has failed.
    pub(crate) async fn issue(
        &self,
        meetings: &Meetings,
        meeting: &RunningMeeting,
        source: TokenSource,
        uri: &str,
        holder: TokenHolder,
    ) -> Result<Option<String>, store::Error> {
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
        let pending = PendingToken {
            meeting: meeting.id.clone(),
            created: meeting.created,
            uri: uri.into(),
            holder,
            invitation,
        };
        let Some((token, replaced)) =
            table.add_replacing(&meeting.id, Some(owner), pending.clone())
        else {
            return Ok(None);
        };
        if meetings.store().is_shared() {
            let stored = StoredToken {
                token: token.clone(),
                meeting: meeting.id.clone(),
                invitation: pending.invitation.clone(),
                // JSON can represent these strings and numbers, so this does not fail.
                value: serde_json::to_string(&pending).unwrap_or_default(),
                lifetime: TOKEN_LIFETIME,
            };
            meetings.store().add_token(stored, replaced).await?;
        }
        Ok(Some(token))
    }

    /// Removes the unredeemed tokens of an invitation.
    ///
    /// # Errors
    /// The store of a cluster has failed.
    pub(crate) async fn revoke(
        &self,
        meetings: &Meetings,
        invitation: &str,
    ) -> Result<(), store::Error> {
        for table in [&self.by_named_link, &self.by_open_link] {
            table.remove_values(|token| token.invitation.as_deref() == Some(invitation));
        }
        meetings.store().revoke_tokens(invitation).await
    }

    fn tables(&self) -> [&Permissions<PendingToken, TokenOwner>; 3] {
        [&self.by_administrator, &self.by_named_link, &self.by_open_link]
    }

    /// Removes the tokens that have expired.
    pub(crate) fn remove_expired(&self) {
        self.tables().into_iter().for_each(Permissions::remove_expired);
    }

    /// Returns the number of tokens that were neither redeemed nor removed.
    #[cfg(test)]
    pub(crate) fn unredeemed(&self) -> usize {
        self.tables().into_iter().map(Permissions::count).sum()
    }

    /// Takes a token out of the tables of this server.
    fn take(&self, token: &str) -> Option<PendingToken> {
        self.tables().into_iter().find_map(|table| table.take(token))
    }

    async fn redeem(&self, credentials: Credentials) -> Result<Admission, Refused> {
        let Credentials { token, proxy_header } = credentials;
        let Destinations { meetings, relaying } = self.destinations.get().ok_or_else(ended)?;
        let meetings = meetings.upgrade().ok_or_else(ended)?;
        let store = meetings.store();
        if !store.is_shared() {
            let pending = self.take(&token).ok_or_else(unknown)?;
            let meeting = obtain(&meetings, &pending.meeting).await?;
            return admit(&meetings, &meeting, pending).await;
        }
        let found = store.find_token(&token).await.map_err(refused)?;
        let id = found.ok_or_else(unknown)?;
        let header = proxy_header.as_deref();
        let is_relayed = header.is_some();
        if let Some(header) = header
            && !relaying.as_ref().is_some_and(|relay| relay.is_authentic(header, &id, &token))
        {
            return Err(Refused::new("the proxy header is wrong"));
        }
        let deadline = Instant::now() + MAX_MOVING_TIME;
        let meeting = loop {
            let refusal = match meetings.obtain(&id).await {
                Ok(meeting) => break meeting,
                Err(ObtainError::Elsewhere(owner)) => match relaying {
                    Some(relay) if !is_relayed => match relay.relay(owner, &id, &token).await {
                        Ok(admission) => return Ok(admission),
                        Err(refusal) => refusal,
                    },
                    // A client is relayed once, so that it cannot go round in circles.
                    _ => return Err(Refused::new("another server runs the meeting")),
                },
                Err(ObtainError::Store(store::Error::Moved(_))) => {
                    Refused::new("the meeting is moving to another server")
                }
                Err(error) => return Err(Refused::new(error.to_string())),
            };
            // The owner may have died. When its lease has ended, another server can run the meeting.
            if Instant::now() >= deadline {
                return Err(refusal);
            }
            sleep(MOVING_RETRY_INTERVAL).await;
        };
        let taken = store.take_token(&token).await.map_err(refused)?;
        drop(self.take(&token));
        let value = taken.ok_or_else(unknown)?;
        let pending = serde_json::from_str(&value).map_err(|_| unknown())?;
        admit(&meetings, &meeting, pending).await
    }
}

fn unknown() -> Refused {
    Refused::new("the token is unknown, was used before, or has expired")
}

fn ended() -> Refused {
    Refused::new("the meeting has ended")
}

fn refused(error: store::Error) -> Refused {
    Refused::new(error.to_string())
}

/// Returns the meeting of a token on a server that is not part of a cluster.
async fn obtain(meetings: &Arc<Meetings>, id: &str) -> Result<Arc<RunningMeeting>, Refused> {
    // The space can have panicked since the token was issued, or the meeting can have left memory.
    tokio::select! {
        biased;
        meeting = meetings.obtain(id) => meeting.map_err(|error| match error {
            ObtainError::NoMeeting => ended(),
            error => Refused::new(error.to_string()),
        }),
        obstacle = store_obstacle(meetings.health()) => Err(Refused::new(obstacle)),
    }
}

/// Admits the holder of a token that was taken.
async fn admit(
    meetings: &Meetings,
    meeting: &Arc<RunningMeeting>,
    pending: PendingToken,
) -> Result<Admission, Refused> {
    let PendingToken { created, uri, holder, .. } = pending;
    if meeting.created != created {
        return Err(ended());
    }
    let id = match holder {
        TokenHolder::User(id) => id,
        TokenHolder::Guest { name, role } => {
            let mut admitted = meeting.admit_guest(&uri, &name, role).await;
            if matches!(admitted, Err(AdmitError::Full(_))) && meetings.make_room(meeting).await {
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

impl Authenticator for JoinTokens {
    async fn authenticate(&self, credentials: Credentials) -> Result<Admission, Refused> {
        self.redeem(credentials).await
    }
}
