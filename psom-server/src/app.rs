//! The state that the parts of a running server share, and the admission operations on it.

use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use psom::net::websocket::Origins;
use psom_objects::types::Role;
use tokio::{sync::Semaphore, time::Instant};

use crate::{
    admission::{
        AdmissionError, JoinCredential, JoinLink, LinkAuthority,
        error::check_text,
        invitations::{InvitationTerms, Invitations, removal},
        relaying::Relaying,
        tokens::{JoinTokens, TokenHolder, TokenSource},
    },
    files::Library,
    meetings::{AdmitError, Hooks, Meetings, RunningMeeting},
    shared::{identifiers::is_meeting_id, lock::lock, metrics::Metrics},
    slides::SlideRenderer,
    store::INVITATION_PREFIX,
    tls::ALTERNATIVE_NAME,
};

/// The age up to which the list of a cluster's nodes is used. Requests for unknown files cost the database
/// nothing more.
const MAX_NODES_AGE: Duration = Duration::from_secs(2);

/// The shared state of a running server.
pub(crate) struct App {
    pub(crate) admin_token: String,
    /// The address of the conference for clients, `host:port`.
    pub(crate) psom_address: String,
    /// The address of the web server for clients, `http://host:port` or `https://host:port`.
    pub(crate) http_address: String,
    /// The address in the links of invitations, in the same form.
    pub(crate) entry: String,
    /// The client for requests to other servers of the cluster.
    pub(crate) peers: Arc<rustls::ClientConfig>,
    /// The certificate of the certificate authority, DER.
    pub(crate) authority: Vec<u8>,
    /// Whether the web server has a certificate of another authority, which browsers trust.
    pub(crate) web_is_public: bool,
    /// The pages that may connect by WebSocket.
    pub(crate) origins: Origins,
    pub(crate) meetings: Arc<Meetings>,
    pub(crate) invitations: Arc<Invitations>,
    pub(crate) tokens: Arc<JoinTokens>,
    /// The relay to other servers of the cluster, if there is one.
    pub(crate) relaying: Option<Arc<dyn Relaying>>,
    /// The addresses of the web servers of the other nodes of a cluster, and when they were read.
    pub(crate) known_nodes: tokio::sync::Mutex<Option<(Instant, Vec<String>)>>,
    pub(crate) library: Arc<Library>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) slides: Slides,
    /// The conference's listener. `None` once the server shuts down.
    pub(crate) psom: Mutex<Option<psom::Server>>,
}

/// The renderer of slides.
pub(crate) struct Slides {
    pub(crate) renderer: Option<Arc<dyn SlideRenderer>>,
    /// Permits for the presentations that are drawn at the same time.
    pub(crate) running: Arc<Semaphore>,
}

impl Slides {
    pub(crate) fn new(renderer: Option<Arc<dyn SlideRenderer>>, at_once: usize) -> Self {
        Self { renderer, running: Arc::new(Semaphore::new(at_once)) }
    }
}

/// A user with a join token.
pub(crate) struct AdmittedUser {
    /// The user's ID. `None` for a guest who has never connected.
    pub(crate) id: Option<i64>,
    pub(crate) token: String,
    pub(crate) link: JoinLink,
}

/// Returns the functions by which the invitations follow the meetings.
pub(crate) fn invitation_hooks(invitations: &Arc<Invitations>) -> Hooks {
    let (restored, gone) = (Arc::clone(invitations), Arc::clone(invitations));
    Hooks {
        restored: Box::new(move |meeting, state| restored.restore(meeting, state)),
        gone: Box::new(move |meeting| gone.forget(meeting)),
    }
}

impl App {
    pub(crate) fn take_psom(&self) -> Option<psom::Server> {
        lock(&self.psom).take()
    }

    pub(crate) fn psom_stats(&self) -> psom::net::ServerStats {
        lock(&self.psom).as_ref().map(psom::Server::stats).unwrap_or_default()
    }

    /// Returns the number of clients that are relayed to other servers now, and that of all since the start.
    pub(crate) fn relay_counts(&self) -> (u64, u64) {
        self.relaying.as_ref().map(|relaying| relaying.counts()).unwrap_or_default()
    }

    /// Returns the addresses of the web servers of the other nodes of a cluster, as of a moment ago.
    pub(crate) async fn other_nodes(&self) -> Vec<String> {
        let store = self.meetings.store();
        if !store.is_shared() {
            return Vec::new();
        }
        let mut known = self.known_nodes.lock().await;
        match &*known {
            Some((at, nodes)) if at.elapsed() < MAX_NODES_AGE => return nodes.clone(),
            _ => {}
        }
        let nodes = match store.nodes().await {
            Ok(nodes) => nodes,
            Err(error) => {
                tracing::warn!(%error, "could not read the nodes of the cluster");
                Vec::new()
            }
        };
        let own = store.node_name();
        let others = nodes.into_iter().filter(|other| own != Some(&*other.node.node));
        let others: Vec<String> = others.map(|other| other.node.http).collect();
        *known = Some((Instant::now(), others.clone()));
        others
    }

    /// Creates a meeting. If `id` is `None`, the meeting gets a random ID.
    pub(crate) async fn create_meeting(
        &self,
        id: Option<String>,
        title: Option<String>,
    ) -> Result<Arc<RunningMeeting>, AdmissionError> {
        if id.as_deref().is_some_and(|id| !is_meeting_id(id)) {
            return Err(AdmissionError::MeetingId);
        }
        title.as_deref().map(|title| check_text("title", title)).transpose()?;
        Ok(self.meetings.create(id, title).await?)
    }

    /// Returns a meeting that can be joined.
    pub(crate) async fn meeting(&self, id: &str) -> Result<Arc<RunningMeeting>, AdmissionError> {
        let meeting = self.meetings.obtain(id).await;
        meeting.map_err(|error| AdmissionError::from_obtain(id, error))
    }

    /// Returns the terms of the invitation with this secret, and its meeting. Returns `None` if there is
    /// no such invitation.
    pub(crate) async fn invitation(
        &self,
        secret: &str,
    ) -> Result<Option<(InvitationTerms, Arc<RunningMeeting>)>, AdmissionError> {
        let store = self.meetings.store();
        let known = self.invitations.get(secret);
        let id = match known {
            Some((_, meeting)) => meeting,
            None if !store.is_shared() => return Ok(None),
            None => match store.find_invitation(&format!("{INVITATION_PREFIX}{secret}")).await? {
                Some(found) => found.meeting,
                None => return Ok(None),
            },
        };
        // A meeting that is taken over brings its invitations.
        let meeting = self.meeting(&id).await?;
        let found = self.invitations.get(secret);
        Ok(found.map(|(terms, _)| (terms, meeting)))
    }

    /// Returns the role of the invitation with this secret, whichever server of the cluster runs its meeting.
    /// Returns `None` if there is no such invitation.
    pub(crate) async fn invited_role(&self, secret: &str) -> Result<Option<Role>, AdmissionError> {
        if let Some((terms, _)) = self.invitations.get(secret) {
            return Ok(Some(terms.role));
        }
        let found = self.meetings.store().find_invitation(&format!("{INVITATION_PREFIX}{secret}"));
        let Some(found) = found.await? else { return Ok(None) };
        let terms = InvitationTerms::read(&found.terms).map_err(AdmissionError::internal)?;
        Ok(Some(terms.role))
    }

    /// Admits a user whose URI and name were checked, and issues a join token.
    pub(crate) async fn admit(
        &self,
        meeting: &Arc<RunningMeeting>,
        source: TokenSource,
        uri: &str,
        name: &str,
        role: Role,
    ) -> Result<AdmittedUser, AdmissionError> {
        let admitted = meeting.admit(uri, name, role).await;
        let id = admitted.map_err(|error| AdmissionError::from_admit(&meeting.id, error))?;
        self.issue_token(meeting, source, uri, Some(id), TokenHolder::User(id)).await
    }

    /// Issues a join token to a guest. The guest is admitted on connecting.
    pub(crate) async fn admit_guest(
        &self,
        meeting: &Arc<RunningMeeting>,
        source: TokenSource,
        uri: &str,
        name: &str,
        role: Role,
    ) -> Result<AdmittedUser, AdmissionError> {
        let mut checked = meeting.check_guest(uri);
        if matches!(checked, Err(AdmitError::Full(_))) && self.meetings.make_room(meeting).await {
            checked = meeting.check_guest(uri);
        }
        let id = checked.map_err(|error| AdmissionError::from_admit(&meeting.id, error))?;
        let holder = TokenHolder::Guest { name: name.into(), role };
        self.issue_token(meeting, source, uri, id, holder).await
    }

    async fn issue_token(
        &self,
        meeting: &Arc<RunningMeeting>,
        source: TokenSource,
        uri: &str,
        id: Option<i64>,
        holder: TokenHolder,
    ) -> Result<AdmittedUser, AdmissionError> {
        let token = self.tokens.issue(&self.meetings, meeting, source, uri, holder).await?;
        let token = token.ok_or(AdmissionError::TooManyTokens)?;
        self.metrics.tokens_issued.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(meeting = %meeting.id, uri, id, "issued a join token");
        let link = self.join_link(&meeting.id, JoinCredential::Token(token.clone()));
        Ok(AdmittedUser { id, token, link })
    }

    /// Ends the connections of a user, and bars the user from coming back by a link.
    pub(crate) async fn remove_user(
        &self,
        meeting: &RunningMeeting,
        user: i64,
    ) -> Result<(), AdmissionError> {
        let is_known = meeting.remove_user(user).await.map_err(AdmissionError::internal)?;
        if is_known { Ok(()) } else { Err(AdmissionError::NoUser(user)) }
    }

    /// Lets a removed user come back, because the administrator invites or admits the user again.
    pub(crate) async fn readmit(
        &self,
        meeting: &RunningMeeting,
        uri: &str,
    ) -> Result<(), AdmissionError> {
        meeting.readmit(uri).await.map_err(AdmissionError::internal)
    }

    /// Creates an invitation to a meeting and returns its secret and its join link.
    pub(crate) async fn invite(
        &self,
        meeting: &Arc<RunningMeeting>,
        terms: InvitationTerms,
    ) -> Result<(String, JoinLink), AdmissionError> {
        if let Some(uri) = &terms.uri {
            self.readmit(meeting, uri).await?;
        }
        let secret = self.invitations.add(&meeting.id, terms.clone());
        let secret = secret.ok_or(AdmissionError::TooManyInvitations)?;
        meeting.save(terms.write(&secret)).await.map_err(AdmissionError::internal)?;
        tracing::info!(meeting = %meeting.id, role = terms.role.name(), "created an invitation");
        Ok((secret.clone(), self.invitation_link(meeting, secret)))
    }

    /// Revokes an invitation, together with the tokens that it issued and that are not redeemed.
    /// Users who have joined by it stay.
    pub(crate) async fn revoke(
        &self,
        meeting: &Arc<RunningMeeting>,
        secret: &str,
    ) -> Result<(), AdmissionError> {
        if !self.invitations.remove(&meeting.id, secret) {
            return Err(AdmissionError::NoInvitation);
        }
        self.tokens.revoke(&self.meetings, secret).await?;
        meeting.save(removal(secret)).await.map_err(AdmissionError::internal)?;
        tracing::info!(meeting = %meeting.id, "revoked an invitation");
        Ok(())
    }

    /// Returns the join link of an invitation.
    pub(crate) fn invitation_link(&self, meeting: &RunningMeeting, secret: String) -> JoinLink {
        let http = self.entry.clone();
        self.join_link(&meeting.id, JoinCredential::Invitation { secret, http })
    }

    fn join_link(&self, meeting: &str, credential: JoinCredential) -> JoinLink {
        JoinLink {
            address: self.psom_address.clone(),
            meeting: meeting.into(),
            credential,
            alternative_name: ALTERNATIVE_NAME.into(),
            authority: LinkAuthority::fingerprint_of(&self.authority),
            web_is_public: self.web_is_public,
        }
    }
}
