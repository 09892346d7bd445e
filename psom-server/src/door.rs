//! Who may connect: tokens, and what they are good for (sections 3.3.3.1.1 and 3.3.6).

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use psom::{Admission, Authenticator, Credentials, Refused};
use psom_objects::types::Role;

use crate::{
    files::WebLimits,
    files::permissions::{Permissions, WhenFull},
    meetings::Meetings,
    room::{AdmitError, Room, store_waits},
};

/// How long a token is good.
pub(crate) const LIFETIME: Duration = Duration::from_secs(120);

/// How many tokens of one user may wait; a further one takes the place of the oldest.
const OF_A_USER: usize = 16;

/// Tokens that wait for their one use. What a user is, is looked up when the token is used: it
/// may have changed since.
///
/// Those that come by a link have places of their own, and each meeting a share of them, so that
/// whoever has a link shuts nobody out but others with a link to the same meeting.
pub(crate) struct Door {
    admitted: Permissions<Ticket, String>,
    by_link: Permissions<Ticket, String>,
}

/// How somebody comes to the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Admission,
    Link,
}

/// Who a token is for.
pub(crate) enum Who {
    /// A user with a number.
    User(i64),
    /// A guest, who has a number from when he comes: those who never come take no place.
    Guest { name: String, role: Role },
}

struct Ticket {
    meetings: Weak<Meetings>,
    room: Weak<Room>,
    uri: String,
    who: Who,
}

impl Door {
    pub(crate) fn new(limit: usize) -> Self {
        let (links, of_a_meeting) = (limit.div_ceil(2), limit.div_ceil(8));
        let tokens = |total, meeting| {
            let limits = WebLimits { lifetime: LIFETIME, total, meeting, user: OF_A_USER };
            Permissions::new(limits, WhenFull::Replace)
        };
        Self { admitted: tokens(limit, limit), by_link: tokens(links, of_a_meeting) }
    }

    /// Issues a token, unless too many wait.
    pub(crate) fn issue(
        &self,
        meetings: &Arc<Meetings>,
        room: &Arc<Room>,
        by: By,
        uri: &str,
        who: Who,
    ) -> Option<String> {
        let tokens = match by {
            By::Admission => &self.admitted,
            By::Link => &self.by_link,
        };
        let (meetings, at) = (Arc::downgrade(meetings), Arc::downgrade(room));
        let ticket = Ticket { meetings, room: at, uri: uri.into(), who };
        tokens.add(&room.id, Some(uri.into()), ticket)
    }

    async fn redeem(&self, token: &str) -> Result<Admission, Refused> {
        let ticket = self.admitted.take(token).or_else(|| self.by_link.take(token));
        let unknown = || Refused::new("the token is unknown, was used before, or has expired");
        let Ticket { meetings, room, uri, who } = ticket.ok_or_else(unknown)?;
        let ended = || Refused::new("the meeting has ended");
        let room = room.upgrade().ok_or_else(ended)?;
        let meetings = meetings.upgrade().ok_or_else(ended)?;
        // The space may have gone since the token was issued.
        tokio::select! {
            biased;
            () = meetings.revive(&room) => {}
            why = store_waits(meetings.health()) => return Err(Refused::new(why)),
        }
        let id = match who {
            Who::User(id) => id,
            Who::Guest { name, role } => {
                let admitted = room.admit_guest(&uri, &name, role).await;
                admitted.map_err(|error| match error {
                    AdmitError::Over => ended(),
                    AdmitError::TooMany(_) => Refused::new("the meeting has too many users"),
                    AdmitError::Waiting(why) => Refused::new(why),
                    AdmitError::Failed(why) => Refused::new(why),
                })?
            }
        };
        let user = room.user(id).ok_or_else(ended)?;
        tracing::info!(meeting = %room.id, user = %user.name, id = user.id, "A user joins");
        Ok(Admission::new(user).to(room.space().space()))
    }
}

impl Authenticator for Door {
    async fn authenticate(&self, credentials: Credentials) -> Result<Admission, Refused> {
        self.redeem(&credentials.token).await
    }
}
