//! What the parts of a running server share.

use std::sync::{Arc, Mutex, PoisonError};

use psom_objects::types::Role;

use crate::{
    admission::AdmissionError,
    door::Door,
    files::Library,
    invitations::{self, Invitation, Invitations},
    link::{Entry, JoinLink},
    meetings::Meetings,
    metrics::Metrics,
    room::Room,
    tls::ALTERNATIVE_NAME,
};

pub(crate) struct App {
    pub(crate) admin_token: String,
    /// The conference as clients reach it, `host:port`.
    pub(crate) psom_address: String,
    /// The web server as clients reach it, `http://host:port`.
    pub(crate) http_address: String,
    /// The certificate authority, DER.
    pub(crate) authority: Vec<u8>,
    pub(crate) meetings: Arc<Meetings>,
    pub(crate) invitations: Invitations,
    pub(crate) door: Arc<Door>,
    pub(crate) library: Arc<Library>,
    pub(crate) metrics: Arc<Metrics>,
    /// Gone once the server shuts down.
    pub(crate) psom: Mutex<Option<psom::Server>>,
}

impl App {
    pub(crate) fn take_psom(&self) -> Option<psom::Server> {
        self.psom.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn psom_stats(&self) -> psom::net::ServerStats {
        let psom = self.psom.lock().unwrap_or_else(PoisonError::into_inner);
        psom.as_ref().map(psom::Server::stats).unwrap_or_default()
    }

    /// A link to a meeting of this server.
    pub(crate) fn link(&self, meeting: &str, entry: Entry) -> JoinLink {
        JoinLink {
            address: self.psom_address.clone(),
            meeting: meeting.into(),
            entry,
            alternative_name: ALTERNATIVE_NAME.into(),
            authority: self.authority.clone(),
        }
    }

    /// Invites to a meeting, unless it has too many invitations.
    pub(crate) async fn invite(
        &self,
        room: &Arc<Room>,
        role: Role,
        uri: Option<String>,
        display_name: Option<String>,
    ) -> Result<(String, JoinLink), AdmissionError> {
        let invitation = Invitation { room: Arc::downgrade(room), role, uri, display_name };
        let secret = self.invitations.add(invitation.clone());
        let secret = secret.ok_or(AdmissionError::TooManyInvitations)?;
        let saved = room.save(invitations::save(&secret, &invitation)).await;
        saved.map_err(|error| AdmissionError::Failed(error.to_string()))?;
        tracing::info!(meeting = %room.id, ?role, "An invitation was made");
        Ok((secret.clone(), self.invitation_link(room, secret)))
    }

    /// The link of an invitation.
    pub(crate) fn invitation_link(&self, room: &Room, secret: String) -> JoinLink {
        let http = self.http_address.clone();
        self.link(&room.id, Entry::Invitation { secret, http })
    }
}
