//! Creating meetings and admitting users, for the web server and for programs that run a server.

use std::sync::{Arc, atomic::Ordering};

use psom_objects::types::Role;

use crate::{
    Server,
    app::App,
    door::{By, Who},
    link::{Entry, JoinLink},
    meetings::{CreateError, is_meeting_id},
    room::{AdmitError, Room},
    roster::Full,
};

/// Why a meeting is not created or a user not admitted: one sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdmissionError {
    /// The identifier is none.
    #[error(
        "a meeting's id has 1 to 64 letters, digits, `.`, `_` and `-`, and does not begin with a \
         dot; choose another or leave it out"
    )]
    MeetingId,
    /// A meeting with this identifier exists.
    #[error("a meeting with this id exists; choose another or end it first")]
    MeetingExists,
    /// The server holds as many meetings as are allowed.
    #[error("the server holds {0} meetings; end one of them first")]
    TooManyMeetings(usize),
    /// There is no such meeting.
    #[error("there is no meeting {0:?}; GET /api/meetings lists them")]
    NoMeeting(String),
    /// A text that people will see is too long, blank, or has control characters.
    #[error("`{0}` must have 1 to 255 characters, and no control characters; correct it")]
    Text(&'static str),
    /// The user's address is none, or is kept for guests.
    #[error(
        "`uri` must have 1 to 255 characters without blanks and not begin with `guest:`; \
         sip:ada@example.com is one"
    )]
    Uri,
    /// The meeting has had as many users as are allowed.
    #[error("the meeting has had {0} users, which is its limit; create another meeting")]
    TooManyUsers(usize),
    /// The meeting has had as many guests as are allowed: people who came by a link for anybody.
    #[error(
        "the meeting has had {0} guests, which is its limit; invite people by their addresses, or \
         create another meeting"
    )]
    TooManyGuests(usize),
    /// The meeting is about to end.
    #[error("the meeting {0:?} is about to end; join another one")]
    Ending(String),
    /// The server's store waits for something to pass.
    #[error("nothing can be saved, because {0}; nobody new is admitted until that has passed")]
    Waiting(&'static str),
    /// The meeting has as many invitations as are allowed.
    #[error("the meeting has as many invitations as are allowed; use one of them")]
    TooManyInvitations,
    /// Too many tokens wait to be used.
    #[error("too many tokens wait to be used; try again in two minutes")]
    TooManyTokens,
    /// Something else, which is not the caller's to change.
    #[error("{0}; see the log")]
    Failed(String),
}

/// A user who may connect.
pub(crate) struct Admitted {
    /// Nothing for a guest who has never been there.
    pub(crate) user: Option<i64>,
    pub(crate) token: String,
    pub(crate) link: JoinLink,
}

/// How the addresses of those begin who come by an invitation to anybody.
pub(crate) const GUEST: &str = "guest:";

impl Server {
    /// Creates a meeting.
    ///
    /// # Errors
    /// The identifier is none or is taken, or the server holds too many meetings.
    pub async fn create_meeting(
        &self,
        id: &str,
        title: Option<&str>,
    ) -> Result<(), AdmissionError> {
        self.app().create_meeting(Some(id.into()), title.map(Into::into)).await.map(drop)
    }

    /// Ends a meeting: its clients get a Close, and all that was kept of it is removed. Says whether
    /// there was one.
    ///
    /// # Errors
    /// The end could not be saved: the meeting is back after the next start.
    pub async fn end_meeting(&self, id: &str) -> Result<bool, AdmissionError> {
        self.app().meetings.end(id).await.map_err(AdmissionError::Failed)
    }

    /// Admits a user to a meeting. The link is good for one connection, within 120 seconds
    /// (section 3.3.6). The same address is the same user, with the role that was given last.
    ///
    /// # Errors
    /// There is no such meeting, the address or the name is none, or there are too many of them.
    pub async fn admit(
        &self,
        meeting: &str,
        uri: &str,
        name: &str,
        role: Role,
    ) -> Result<JoinLink, AdmissionError> {
        let room = self.app().room(meeting).await?;
        check_uri(uri)?;
        check_text("name", name)?;
        Ok(self.app().admit(&room, By::Admission, uri, name, role).await?.link)
    }
}

impl App {
    pub(crate) async fn create_meeting(
        &self,
        id: Option<String>,
        title: Option<String>,
    ) -> Result<Arc<Room>, AdmissionError> {
        if id.as_deref().is_some_and(|id| !is_meeting_id(id)) {
            return Err(AdmissionError::MeetingId);
        }
        title.as_deref().map(|title| check_text("title", title)).transpose()?;
        self.meetings.create(id, title).await.map_err(|error| match error {
            CreateError::Exists => AdmissionError::MeetingExists,
            CreateError::TooMany(limit) => AdmissionError::TooManyMeetings(limit),
            CreateError::Failed(reason) => AdmissionError::Failed(reason),
        })
    }

    /// A meeting, ready to be joined.
    pub(crate) async fn room(&self, id: &str) -> Result<Arc<Room>, AdmissionError> {
        let room = self.meetings.get(id).ok_or_else(|| no_meeting(id))?;
        self.meetings.revive(&room).await;
        Ok(room)
    }

    /// Admits a user whose address and name were checked.
    pub(crate) async fn admit(
        &self,
        room: &Arc<Room>,
        by: By,
        uri: &str,
        name: &str,
        role: Role,
    ) -> Result<Admitted, AdmissionError> {
        let user = room.admit(uri, name, role).await.map_err(|error| refused(room, error))?;
        self.issue(room, by, uri, Some(user), Who::User(user))
    }

    /// Lets a guest come, who will be a user once he is there.
    pub(crate) fn expect_guest(
        &self,
        room: &Arc<Room>,
        uri: &str,
        name: &str,
        role: Role,
    ) -> Result<Admitted, AdmissionError> {
        let user = room.expect_guest(uri).map_err(|error| refused(room, error))?;
        self.issue(room, By::Link, uri, user, Who::Guest { name: name.into(), role })
    }

    fn issue(
        &self,
        room: &Arc<Room>,
        by: By,
        uri: &str,
        user: Option<i64>,
        who: Who,
    ) -> Result<Admitted, AdmissionError> {
        let token = self.door.issue(&self.meetings, room, by, uri, who);
        let token = token.ok_or(AdmissionError::TooManyTokens)?;
        self.metrics.tokens_issued.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(meeting = %room.id, uri, id = user, "Issued a token");
        let link = self.link(&room.id, Entry::Token(token.clone()));
        Ok(Admitted { user, token, link })
    }
}

fn refused(room: &Room, error: AdmitError) -> AdmissionError {
    match error {
        AdmitError::Over => AdmissionError::Ending(room.id.clone()),
        AdmitError::TooMany(Full::Users(limit)) => AdmissionError::TooManyUsers(limit),
        AdmitError::TooMany(Full::Guests(limit)) => AdmissionError::TooManyGuests(limit),
        AdmitError::Waiting(why) => AdmissionError::Waiting(why),
        AdmitError::Failed(reason) => AdmissionError::Failed(reason),
    }
}

fn no_meeting(id: &str) -> AdmissionError {
    AdmissionError::NoMeeting(id.chars().take(64).collect())
}

/// Checks a text that people will see.
pub(crate) fn check_text(field: &'static str, text: &str) -> Result<(), AdmissionError> {
    let good = (1..=255).contains(&text.chars().count())
        && !text.trim().is_empty()
        && !text.chars().any(char::is_control);
    if good { Ok(()) } else { Err(AdmissionError::Text(field)) }
}

/// Checks a user's address.
pub(crate) fn check_uri(uri: &str) -> Result<(), AdmissionError> {
    let bad = |c: char| c.is_whitespace() || c.is_control();
    let good = (1..=255).contains(&uri.chars().count()) && !uri.chars().any(bad);
    if good && !uri.starts_with(GUEST) { Ok(()) } else { Err(AdmissionError::Uri) }
}
