use std::sync::Arc;

use crate::{
    meetings::{AdmitError, CreateError, ObtainError, RosterFull},
    shared::identifiers::{is_display_text, is_user_uri},
    store,
};

/// The obstacle of a draining server without a successor.
const DRAINING: &str = "it is being drained, and no other server of the cluster runs";

/// The reason why a meeting was not created or ended, or a user not admitted. Its text is one
/// sentence that says what to do.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum AdmissionError {
    /// The meeting ID is invalid.
    #[error(
        "a meeting's id has 1 to 64 letters, digits, `.`, `_` and `-`, and does not begin with a \
         dot; choose another or leave it out"
    )]
    MeetingId,
    /// A meeting with this ID exists.
    #[error("a meeting with this id exists; choose another or end it first")]
    MeetingExists,
    /// The server has as many meetings as its limit allows.
    #[error("the server holds {0} meetings; end one of them first")]
    TooManyMeetings(usize),
    /// There is no such meeting.
    #[error("there is no meeting {0:?}; GET /api/meetings lists them")]
    NoMeeting(String),
    /// A title or display name is too long, blank, or has control characters.
    #[error("`{0}` must have 1 to 255 characters, and no control characters; correct it")]
    Text(&'static str),
    /// The user's URI is invalid, or reserved for guests.
    #[error(
        "`uri` must have 1 to 255 characters without blanks and not begin with `guest:`; \
         sip:ada@example.com is one"
    )]
    Uri,
    /// The meeting has had as many users as its limit allows.
    #[error("the meeting has had {0} users, which is its limit; create another meeting")]
    TooManyUsers(usize),
    /// The meeting has had as many guests as its limit allows.
    #[error(
        "the meeting has had {0} guests, which is its limit; invite people by their addresses, or \
         create another meeting"
    )]
    TooManyGuests(usize),
    /// The meeting is about to end.
    #[error("the meeting {0:?} is about to end; join another one")]
    Ending(String),
    /// The server's store waits for a temporary obstacle, for example a full disk.
    #[error("the server cannot save anything, because {0}; try again when that is resolved")]
    StoreWaits(&'static str),
    /// The meeting has as many invitations as its limit allows.
    #[error("the meeting has as many invitations as are allowed; use one of them")]
    TooManyInvitations,
    /// The meeting has no such invitation.
    #[error("the meeting has no such invitation; it may have been revoked before")]
    NoInvitation,
    /// The meeting has no user with this ID.
    #[error("the meeting has no user {0}")]
    NoUser(i64),
    /// The operator has removed the user.
    #[error("you were removed from this meeting; ask its organizer")]
    Removed,
    /// As many join tokens are unredeemed as the limit allows.
    #[error("too many join tokens are unused; try again in two minutes")]
    TooManyTokens,
    /// Another server of the cluster runs the meeting.
    #[error("the meeting runs on the server {http}; ask there")]
    Elsewhere {
        /// The address of that server's web server, a URL without a path.
        http: String,
    },
    /// The server failed for a reason that the caller cannot change.
    #[error("{0}; see the server's log")]
    Internal(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

impl AdmissionError {
    pub(crate) fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Internal(Arc::new(error))
    }

    /// Returns the error for a meeting ID that does not exist. Truncates the ID, because a client
    /// chose its length.
    pub(crate) fn no_meeting(id: &str) -> Self {
        Self::NoMeeting(id.chars().take(64).collect())
    }

    /// Returns the error for a user whom the meeting `id` refuses.
    pub(crate) fn from_admit(id: &str, error: AdmitError) -> Self {
        match error {
            AdmitError::Ending => Self::Ending(id.into()),
            AdmitError::Full(RosterFull::Users(limit)) => Self::TooManyUsers(limit),
            AdmitError::Full(RosterFull::Guests(limit)) => Self::TooManyGuests(limit),
            AdmitError::StoreWaits(obstacle) => Self::StoreWaits(obstacle),
            AdmitError::Save(source) => Self::internal(source),
            AdmitError::Interrupted(source) => Self::internal(source),
        }
    }
}

impl From<CreateError> for AdmissionError {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Exists | CreateError::Store(store::Error::Exists(_)) => {
                Self::MeetingExists
            }
            CreateError::TooMany(limit) => Self::TooManyMeetings(limit),
            CreateError::Elsewhere(owner) => Self::Elsewhere { http: owner.http },
            CreateError::Draining => Self::StoreWaits(DRAINING),
            error => Self::internal(error),
        }
    }
}

impl AdmissionError {
    /// Returns the error for a meeting that this server cannot provide.
    pub(crate) fn from_obtain(id: &str, error: ObtainError) -> Self {
        match error {
            ObtainError::NoMeeting => Self::no_meeting(id),
            ObtainError::Elsewhere(owner) => Self::Elsewhere { http: owner.http },
            ObtainError::Draining => Self::StoreWaits(DRAINING),
            ObtainError::Store(store::Error::Moved(_)) => {
                Self::StoreWaits("the meeting is moving from one server to another")
            }
            error => {
                tracing::error!(meeting = id, %error, "could not take a meeting over");
                Self::internal(error)
            }
        }
    }
}

impl From<store::Error> for AdmissionError {
    fn from(error: store::Error) -> Self {
        Self::internal(error)
    }
}

/// Checks a title or a display name. `field` names it in the error.
pub(crate) fn check_text(field: &'static str, text: &str) -> Result<(), AdmissionError> {
    if is_display_text(text) { Ok(()) } else { Err(AdmissionError::Text(field)) }
}

/// Checks the URI of a user who is admitted by name.
pub(crate) fn check_uri(uri: &str) -> Result<(), AdmissionError> {
    if is_user_uri(uri) { Ok(()) } else { Err(AdmissionError::Uri) }
}
