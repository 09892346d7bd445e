//! A session in a meeting that was joined by a link.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use clap::Args;
use psom::{CallError, ClientSession, Context, Scope};
use psom_client::{
    ActionError, Actions, Admitted, JoinCredential,
    queue::{self, Receiver},
};
use psom_objects::{
    client::{Conference, ContentEvent, Event, Listener, Model, RequestError, Upload, UploadEvent},
    types::{ContentVisibility, TitleReservationStatus, UploadFinishReason},
};
use tokio::time::timeout;

#[cfg(feature = "cell")]
use super::documents::Documents;
use super::{
    answers::{action_failed, meeting_ended},
    certificate::{no_answer, with_certificate},
    closing,
    deadline::Deadline,
    invitation::{Person, redeem},
    link, texts,
};
use crate::{
    error::{CommandError, Result},
    http::client::Http,
    render::refusal,
};

/// Without cell storage, no documents are followed.
#[cfg(not(feature = "cell"))]
type Documents = ();

/// The time that a server may take to answer. It covers a slow network; a server answers at once.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The time that the reason for the end of a connection may take to arrive.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// The arguments of every command that joins a meeting.
#[derive(Debug, Args)]
pub(crate) struct LinkArgs {
    /// The join link that `psom invite` or `psom serve --demo` has printed, in single quotes. Leave
    /// it out to use the one of `psom use` or of PSOM_LINK.
    #[arg(value_name = "LINK")]
    pub(super) link: String,
    /// Your name in the meeting, if the link is an open invitation. Later commands keep it. All commands
    /// with one link on one machine are the same person: another name renames this person.
    #[arg(long = "as", value_name = "NAME", global = true, env = "PSOM_AS")]
    pub(super) name: Option<String>,
    /// Join as another person than before, with this name and an own vote. Later commands are this person
    /// with `--as NAME`.
    #[arg(long, value_name = "NAME", global = true)]
    pub(super) as_new: Option<String>,
    /// Joins as a person whom no later command knows.
    #[arg(skip)]
    member: Option<String>,
    /// Whether a server has answered: it has admitted the user, or it cannot at the moment.
    #[arg(skip)]
    pub(super) was_answered: AtomicBool,
}

/// A connection to a meeting. Dropping it closes it in the background.
pub(crate) struct Connection {
    /// `None` once the connection is being closed. A replay shares the session while the command uses
    /// the rest of the connection.
    session: Option<Arc<ClientSession<Conference>>>,
    /// The upload that is under way.
    upload: Option<i32>,
    /// The client for the meeting's file server.
    pub http: Http,
    /// The user's display name, if the invitation or the command line gives one.
    name: Option<String>,
    /// Upper bound on a package, if the server has announced one.
    package_limit: Option<u64>,
    /// The user's role, if the server has announced it.
    role: Option<String>,
    #[cfg(feature = "cell")]
    documents: Documents,
}

/// A meeting that was joined: its connection and its events.
pub(crate) struct Meeting {
    connection: Connection,
    events: Receiver<Event>,
}

impl LinkArgs {
    /// Returns the link as it was given.
    #[cfg(feature = "queue")]
    pub(crate) fn text(&self) -> &str {
        &self.link
    }

    /// Returns the user's name, if the command line gives one.
    #[cfg(feature = "queue")]
    pub(crate) fn name(&self) -> Option<&str> {
        self.as_new.as_deref().or(self.name.as_deref())
    }

    /// Returns the identifier of the meeting, without connecting to it.
    pub(crate) fn meeting_id(&self) -> Result<String> {
        Ok(link::parse(&self.link)?.meeting)
    }

    /// Returns arguments that join by the same link as a person with this name whom no other command
    /// knows.
    pub(crate) fn of_member(&self, name: String) -> Self {
        let (link, was_answered) = (self.link.clone(), AtomicBool::default());
        Self { link, name: None, as_new: None, member: Some(name), was_answered }
    }

    /// Joins like [`join`](Self::join), and passes each event to `observe`. Events that arrive after the
    /// meeting is complete are not queued.
    pub(crate) async fn join_and_observe(
        &self,
        observe: impl Fn(&Event) + Send + 'static,
    ) -> Result<Meeting> {
        let (mut sender, events) = queue::queue();
        let is_complete = Arc::new(AtomicBool::new(false));
        let is_done = Arc::clone(&is_complete);
        let listener = move |event: Event| {
            observe(&event);
            if !is_done.load(Ordering::Acquire) {
                let bytes = event.size_bytes();
                sender.send(event, bytes);
            }
        };
        // The future is large, and every command contains it.
        let connection = Box::pin(self.connect(listener)).await?;
        let mut meeting = Meeting { connection, events };
        meeting.wait_until_complete().await?;
        is_complete.store(true, Ordering::Release);
        Ok(meeting)
    }

    /// Returns the link in the form in which it is saved.
    pub(crate) fn canonical(&self) -> Result<String> {
        Ok(link::parse(&self.link)?.to_string())
    }

    /// Reports whether the link can be used for several connections.
    pub(crate) fn can_join_again(&self) -> Result<bool> {
        Ok(matches!(link::parse(&self.link)?.credential, JoinCredential::Invitation { .. }))
    }

    /// Joins, and waits until the server has sent the meeting with all its contents.
    pub(crate) async fn join(&self) -> Result<Meeting> {
        let (mut sender, events) = queue::queue();
        let listener = move |event: Event| {
            let bytes = event.size_bytes();
            sender.send(event, bytes);
        };
        // The future is large, and every command contains it.
        let connection = Box::pin(self.connect(listener)).await?;
        let mut meeting = Meeting { connection, events };
        meeting.wait_until_complete().await?;
        Ok(meeting)
    }

    /// Joins, and sends the events to a listener.
    pub(crate) async fn connect(&self, listener: impl Listener) -> Result<Connection> {
        #[cfg(feature = "cell")]
        let documents = Documents::default();
        #[cfg(not(feature = "cell"))]
        let documents = ();
        self.connect_with(listener, documents).await
    }

    /// Joins, sends the events to a listener, and follows documents.
    pub(crate) async fn connect_with(
        &self,
        listener: impl Listener,
        documents: Documents,
    ) -> Result<Connection> {
        for name in self.name.iter().chain(&self.as_new) {
            texts::check_name(name)?;
        }
        // The link is not parsed with the arguments: an error of the argument parser would print the
        // whole link, and with it the secret.
        let link = with_certificate(link::parse(&self.link)?, ANSWER_TIMEOUT).await?;
        let http = Http::of_link(&link)?;
        let web = match &link.credential {
            JoinCredential::Token(_) => None,
            JoinCredential::Invitation { http, .. } => Some(http.as_str()),
        };
        // Both connections use the same proxy, so that both work or neither does.
        let proxy = http.proxies().for_conference(&link.address, web)?;
        let admitted = match &link.credential {
            JoinCredential::Token(token) => {
                let mut admitted = Admitted::with_token(token);
                admitted.name.clone_from(&self.name);
                admitted
            }
            JoinCredential::Invitation { secret, .. } => {
                let (name, new_name) = (self.name.as_deref(), self.as_new.as_deref());
                let who = match &self.member {
                    Some(name) => Person::unknown(name.clone()),
                    None => Person::of_command(&link.meeting, secret, name, new_name)?,
                };
                let request = link.join_request(&who.visitor).ok_or_else(meeting_ended)?;
                redeem(&http, &link, request, &who, &self.was_answered).await?
            }
        };
        let link = admitted.link(&link);
        let Admitted { name, package_limit, role, proxy_header, .. } = admitted;
        #[cfg(feature = "cell")]
        let (follow, follower) = (documents.clone(), Documents::follow);
        #[cfg(not(feature = "cell"))]
        let (follow, follower) = (documents, |(): &(), _: &mut _, conference| conference);
        let root = move |scope: &mut Scope| {
            #[cfg(feature = "queue")]
            scope.announce::<psom::offline::Replay>();
            let conference = Conference::new(scope, listener);
            follower(&follow, scope, conference)
        };
        let is_tunneled = proxy.is_some();
        tracing::debug!(address = %link.address, meeting = %link.meeting, is_tunneled, "connecting");
        let connecting = async {
            match proxy {
                Some(proxy) => Ok::<_, CommandError>(
                    link.join_over(proxy.connect(&link.address).await?, proxy_header, root).await?,
                ),
                None => Ok(link.join_behind(proxy_header, root).await?),
            }
        };
        let session = timeout(ANSWER_TIMEOUT, connecting).await.map_err(|_| no_answer(&link))??;
        tracing::debug!(version = session.version(), "connected");
        Ok(Connection {
            session: Some(Arc::new(session)),
            upload: None,
            http,
            name,
            package_limit,
            role,
            #[cfg(feature = "cell")]
            documents,
        })
    }
}

/// The error for a command that cannot keep up with the events of a meeting.
pub(crate) fn overrun() -> CommandError {
    CommandError::new("events arrive faster than this program can handle them; join again")
}

impl Connection {
    /// Waits for the end of the connection. A close by the server is not an error.
    pub(crate) async fn ended(&self) -> Result {
        let Some(session) = &self.session else { return Ok(()) };
        match timeout(END_TIMEOUT, session.ended()).await {
            Ok(psom::Error::PeerClosed) => Ok(()),
            Ok(error) => Err(error.into()),
            Err(_) => Err(CommandError::new("the connection has ended")),
        }
    }

    /// Closes the connection once everything was sent.
    pub(crate) async fn close(mut self) -> Result {
        if let Some(session) = self.session.take() {
            closing::close(session, self.upload).await;
        }
        Ok(())
    }

    async fn run<R: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Conference, &mut Context<Conference>) -> R + Send + 'static,
    ) -> Result<R, CallError> {
        match &self.session {
            Some(session) => session.run(run).await,
            None => Err(CallError::Gone),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            closing::start(session, self.upload);
        }
    }
}

impl Meeting {
    async fn wait_until_complete(&mut self) -> Result {
        let deadline = Deadline::new(ANSWER_TIMEOUT);
        while !self.read(Model::is_complete).await? {
            // The model can only become complete with one of these events.
            self.until_deadline(&deadline, "the state of the meeting", |event| {
                matches!(
                    event,
                    Event::Ready
                        | Event::Content {
                            event: ContentEvent::Ready
                                | ContentEvent::ExtendedReady
                                | ContentEvent::Removed,
                            ..
                        }
                )
                .then_some(())
            })
            .await?;
        }
        Ok(())
    }

    /// Returns the session.
    pub(crate) fn session(&self) -> Result<Arc<ClientSession<Conference>>> {
        self.connection.session.clone().ok_or_else(meeting_ended)
    }

    /// Returns the documents of the meeting.
    #[cfg(feature = "cell")]
    pub(crate) fn documents(&self) -> &Documents {
        &self.connection.documents
    }

    /// The client for the meeting's file server.
    pub(crate) fn http(&self) -> &Http {
        &self.connection.http
    }

    /// Returns the upper bound on a package, if the server has announced one.
    pub(crate) fn package_limit(&self) -> Option<u64> {
        self.connection.package_limit
    }

    /// Rejects a visibility that hides a content from the user who shares it.
    pub(crate) fn check_visibility(&self, who: Option<ContentVisibility>) -> Result {
        let hides = who == Some(ContentVisibility::MeetingOrganizer)
            && self.connection.role.as_deref().is_some_and(|role| role != "organizer");
        if hides {
            return Err(CommandError::new(
                "only organizers would see this, and you are not one; choose presenters or everyone",
            ));
        }
        Ok(())
    }

    /// Returns the user's display name; empty if it is not known.
    pub(crate) fn own_name(&self) -> String {
        self.connection.name.clone().unwrap_or_default()
    }

    /// Waits for the next event, however long that takes. Returns `None` when the server has closed
    /// the connection.
    pub(crate) async fn next(&mut self) -> Result<Option<Event>> {
        match self.events.next().await {
            Some(event) if event != Event::Ended => Ok(Some(event)),
            None if self.events.is_overrun() => Err(overrun()),
            _ => self.connection.ended().await.map(|()| None),
        }
    }

    /// Reads the model. It includes at least the events that were received.
    pub(crate) async fn read<R: Send + 'static>(
        &self,
        read: impl FnOnce(&Model) -> R + Send + 'static,
    ) -> Result<R> {
        match self.connection.run(|conference, _| read(conference.model())).await {
            Ok(result) => Ok(result),
            Err(_) => Err(self.why_ended().await),
        }
    }

    async fn why_ended(&self) -> CommandError {
        self.connection.ended().await.err().unwrap_or_else(meeting_ended)
    }

    /// Runs work that does not concern the meeting. If the meeting ends meanwhile, the work is
    /// dropped.
    pub(crate) async fn meanwhile<T>(
        &mut self,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                result = &mut work => return result,
                event = self.next() => drop(event?.ok_or_else(meeting_ended)?),
            }
        }
    }

    /// Waits for an event from which `find` returns something. `what` completes "the server has not
    /// sent ... in time".
    pub(crate) async fn until<T>(
        &mut self,
        what: &str,
        find: impl FnMut(&Event) -> Option<T>,
    ) -> Result<T> {
        self.until_within(ANSWER_TIMEOUT, None, what, find).await
    }

    /// Waits like [`until`](Self::until), with another timeout. Progress of the upload with this cookie
    /// restarts the timeout. Other events do not extend it.
    pub(crate) async fn until_within<T>(
        &mut self,
        limit: Duration,
        upload: Option<i32>,
        what: &str,
        mut find: impl FnMut(&Event) -> Option<T>,
    ) -> Result<T> {
        let (mut deadline, mut arrived) = (Deadline::new(limit), 0);
        loop {
            let progressed = self.until_deadline(&deadline, what, |event| {
                if let Event::Upload { cookie, event: UploadEvent::Progress { received } } = event
                    && upload == Some(*cookie)
                    && *received > arrived
                {
                    arrived = *received;
                    return Some(find(event));
                }
                find(event).map(Some)
            });
            match progressed.await? {
                Some(found) => return Ok(found),
                None => deadline.renew(),
            }
        }
    }

    async fn until_deadline<T>(
        &mut self,
        deadline: &Deadline,
        what: &str,
        mut find: impl FnMut(&Event) -> Option<T>,
    ) -> Result<T> {
        loop {
            let next = deadline.wait(self.next()).await.ok_or_else(|| late(what))?;
            let event = next?.ok_or_else(meeting_ended)?;
            sent(&event)?;
            if let Some(found) = find(&event) {
                return Ok(found);
            }
        }
    }

    /// Performs an action in the meeting.
    pub(crate) async fn act<R: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Conference, &mut Context<Conference>) -> Result<R, CallError>
        + Send
        + 'static,
    ) -> Result<R> {
        let acted = self.connection.run(|conference, cx| {
            // Every call fails once the connection has ended. Then the end is reported instead of the error.
            act(conference, cx).map_err(|error| (error, conference.has_ended()))
        });
        match acted.await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err((error, false))) => Err(action_failed(ActionError::Call(error))),
            Ok(Err((_, true))) | Err(_) => Err(self.why_ended().await),
        }
    }

    /// Waits until the model includes the server's reaction to all earlier actions.
    ///
    /// A server does not answer most actions that it refuses, so this waits for a barrier.
    pub(crate) async fn settle(&mut self) -> Result {
        let session = self.session()?;
        let mut settled = pin!(timeout(ANSWER_TIMEOUT, session.settled()));
        loop {
            tokio::select! {
                // The events before the end of the barrier are already queued.
                biased;
                event = self.next() => sent(&event?.ok_or_else(meeting_ended)?)?,
                settled = &mut settled => return match settled {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(_)) => Err(self.why_ended().await),
                    Err(_) => Err(late("the result")),
                },
            }
        }
    }

    /// Waits like [`settle`](Self::settle), and reports whether this user may share. Tries to reserve an
    /// empty title, which the server always refuses. The server checks the user before the title (section
    /// 3.3.4.1.3), so the status shows whether the user may share.
    pub(crate) async fn may_share(&mut self) -> Result<bool> {
        let reserve = async |actions: Actions| actions.reserve_title("").await;
        match self.perform("the result", reserve).await? {
            Ok(reservation) => {
                let cookie = reservation.cookie();
                self.act(move |conference, cx| conference.release_title(cx, cookie)).await?;
                Ok(true)
            }
            Err(ActionError::Request(RequestError::TitleRefused { status, .. })) => {
                Ok(status != TitleReservationStatus::FailedNotAuthorized)
            }
            Err(error) => Err(action_failed(error)),
        }
    }

    /// Performs an action whose result the server sends in time, and drops the events that arrive
    /// meanwhile. `what` completes "the server has not sent ... in time".
    pub(crate) async fn perform<T>(
        &mut self,
        what: &str,
        action: impl AsyncFnOnce(Actions) -> Result<T, ActionError>,
    ) -> Result<Result<T, ActionError>> {
        let acting = action(Actions::new(self.session()?));
        let acting = async { timeout(ANSWER_TIMEOUT, acting).await.map_err(|_| late(what)) };
        self.meanwhile(acting).await
    }

    /// Names the upload that is cancelled if the command ends before the upload does.
    pub(crate) fn set_upload(&mut self, cookie: Option<i32>) {
        self.connection.upload = cookie;
    }

    /// Uploads a small package and waits until the server has handled it. Returns the ID of the
    /// content that it has become, if it creates one.
    pub(crate) async fn upload(&mut self, upload: Upload) -> Result<Option<i64>> {
        let title = upload.title().map(str::to_owned);
        let (actions, creates) = (Actions::new(self.session()?), title.is_some());
        let uploading = async move {
            Ok(if creates {
                actions.upload(upload).await.map(Some)
            } else {
                actions.add(upload).await.map(|()| None)
            })
        };
        let error = match self.meanwhile(uploading).await? {
            Ok(content) => return Ok(content),
            Err(error) => error,
        };
        let reason = match error {
            ActionError::Request(RequestError::TitleRefused { status, .. }) => {
                let title = title.unwrap_or_default();
                return Err(texts::reservation_refused(&title, status, texts::CHOOSE_ANOTHER));
            }
            ActionError::Request(RequestError::UploadEnded(reason)) => reason,
            error => return Err(action_failed(error)),
        };
        // If an upload without a title is not allowed, the server does not say so.
        if !self.may_share().await? {
            let status = TitleReservationStatus::FailedNotAuthorized;
            return Err(CommandError::from_sentence(&refusal::reservation(status)));
        }
        // The package is intact: this program has made it.
        Err(if creates && reason == UploadFinishReason::VerifyFailed {
            CommandError::new(
                "the server does not accept the content: a text is too long (make it shorter), or it \
                 does not support such contents",
            )
        } else {
            CommandError::from_sentence(&refusal::upload(reason))
        })
    }

    /// Leaves the meeting once everything was sent.
    pub(crate) async fn leave(self) -> Result {
        self.connection.close().await
    }
}

fn late(what: &str) -> CommandError {
    CommandError::new(format!("the server has not sent {what} in time; try again"))
}

/// Returns the error of an event that reports an action as not sent.
fn sent(event: &Event) -> Result {
    match event {
        Event::NotSent { action, reason } => {
            Err(CommandError::new(format!("cannot {action}: {reason}")))
        }
        _ => Ok(()),
    }
}
