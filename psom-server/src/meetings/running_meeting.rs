//! A running meeting: its space, its journal, and its roster.

use std::{
    sync::{Arc, Mutex, MutexGuard, Weak},
    time::{Duration, SystemTime},
};

use psom::{Committing, Context, Journal, JournalError, SpaceHandle, Write, error::Misuse};
use psom_objects::{
    server::{Meeting, MeetingConfig, MeetingSummary, RestoreError, SavedState},
    types::Role,
};
use tokio::{
    sync::watch,
    task::JoinError,
    time::{Instant, sleep, timeout},
};

use super::{
    removed_users::RemovedUsers,
    roster::{Admission, Roster, RosterFull, saved_numbers, saved_users},
    template::MeetingTemplate,
};
use crate::{
    files::MeetingFiles,
    shared::{identifiers::GUEST_URI_PREFIX, lock::lock},
    store::{self, Health, MeetingStore, StoredMeeting},
};

/// The time that a meeting may take to answer, and that the store may wait before callers get an
/// error. It is short, so that one stuck meeting does not delay requests about the others.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// The minimum time between two searches for guests who can leave the roster. Each search reads the
/// saved state of the meeting.
const MIN_ROOM_INTERVAL: Duration = Duration::from_secs(5);

/// A running meeting and the users who were admitted to it.
pub(crate) struct RunningMeeting {
    pub(crate) id: String,
    pub(crate) title: Option<String>,
    /// The time of the meeting's creation in milliseconds since 1970, UTC.
    pub(crate) created: i64,
    pub(crate) files: MeetingFiles,
    space: Mutex<RunningSpace>,
    journal: EndingJournal,
    health: watch::Receiver<Health>,
    roster: Arc<Mutex<Roster>>,
    removed: RemovedUsers,
    max_users: usize,
    /// The time at which the roster last made room.
    made_room: tokio::sync::Mutex<Option<Instant>>,
    /// The time at which somebody last used the meeting.
    used: Mutex<Instant>,
}

/// The space of a meeting, with a reference that shows whether a handler has panicked.
#[derive(Clone)]
pub(crate) struct RunningSpace {
    handle: SpaceHandle<Meeting>,
    /// The space owns the only strong reference, so the journal is dropped with the space.
    journal: Weak<EndingJournal>,
}

/// The reason why a user is not admitted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdmitError {
    #[error("the meeting has ended or is about to end")]
    Ending,
    #[error(transparent)]
    Full(RosterFull),
    #[error("{0}")]
    StoreWaits(&'static str),
    #[error("cannot save the user: {0}")]
    Save(#[source] JournalError),
    #[error("the admission was interrupted")]
    Interrupted(#[source] JoinError),
}

/// The phases of a meeting's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EndPhase {
    Running,
    /// The end is requested but not durable yet. The meeting can still resume.
    Ending,
    Ended,
}

/// The journal of a meeting that may end.
///
/// The store accepts no writes after a meeting's deletion. A write that it refuses for this reason
/// counts as safe once the deletion is durable, because the meeting has no state left that could be
/// lost.
#[derive(Clone)]
struct EndingJournal {
    inner: Arc<dyn Journal>,
    phase: watch::Sender<EndPhase>,
}

impl Journal for EndingJournal {
    fn commit(&self, writes: Vec<Write>) -> Committing {
        let (committing, mut phase) = (self.inner.commit(writes), self.phase.subscribe());
        Box::pin(async move {
            let Err(error) = committing.await else { return Ok(()) };
            match phase.wait_for(|phase| *phase != EndPhase::Ending).await.as_deref() {
                Ok(EndPhase::Ended) => Ok(()),
                _ => Err(error),
            }
        })
    }
}

impl RunningMeeting {
    /// Starts a meeting from its saved state.
    pub(super) fn start(
        template: &MeetingTemplate,
        store: &dyn MeetingStore,
        stored: StoredMeeting,
        files: MeetingFiles,
        roster: Roster,
        state: &SavedState,
    ) -> Result<Arc<Self>, RestoreError> {
        let StoredMeeting { id, title, created } = stored;
        let phase = watch::Sender::new(EndPhase::Running);
        let journal = EndingJournal { inner: store.journal(&id), phase };
        let space = RunningSpace::start(template, &id, &files, &journal, state)?;
        Ok(Arc::new(Self {
            id,
            title,
            created,
            files,
            space: Mutex::new(space),
            journal,
            health: store.health(),
            roster: Arc::new(Mutex::new(roster)),
            removed: RemovedUsers::restore(state),
            max_users: template.limits.users,
            made_room: tokio::sync::Mutex::default(),
            used: Mutex::new(Instant::now()),
        }))
    }

    /// Records that somebody uses the meeting now.
    pub(crate) fn touch(&self) {
        *lock(&self.used) = Instant::now();
    }

    /// Returns the time since the meeting was last used.
    pub(super) fn idle_time(&self) -> Duration {
        lock(&self.used).elapsed()
    }

    /// Returns the number of connections, or `None` if the meeting is stuck or has ended.
    pub(super) async fn connections(&self) -> Option<usize> {
        let space = self.space();
        let stats = timeout(ANSWER_TIMEOUT, space.stats()).await.ok()?.ok()?;
        Some(stats.connections)
    }

    /// Waits until everything that the meeting has done so far is saved. Returns `false` if the meeting is
    /// stuck or has ended.
    pub(super) async fn flush(&self) -> bool {
        let space = self.space();
        let flushed = space.run(|_, _| ());
        matches!(timeout(ANSWER_TIMEOUT, flushed).await, Ok(Ok(())))
    }

    /// Returns the entry of the meeting in the store.
    pub(super) fn stored(&self) -> StoredMeeting {
        let (id, title) = (self.id.clone(), self.title.clone());
        StoredMeeting { id, title, created: self.created }
    }

    /// Reports whether the space has stopped although the meeting has not ended, because a handler
    /// panicked.
    pub(crate) fn has_panicked(&self) -> bool {
        self.is_running() && self.running_space().journal.strong_count() == 0
    }

    /// Starts the space again from the saved state.
    pub(super) fn restart(
        &self,
        template: &MeetingTemplate,
        state: &SavedState,
    ) -> Result<(), RestoreError> {
        let space = RunningSpace::start(template, &self.id, &self.files, &self.journal, state)?;
        *self.running_space() = space;
        Ok(())
    }

    fn running_space(&self) -> MutexGuard<'_, RunningSpace> {
        lock(&self.space)
    }

    /// Returns the handle of the meeting's space.
    pub(crate) fn space(&self) -> SpaceHandle<Meeting> {
        self.running_space().handle.clone()
    }

    fn roster(&self) -> MutexGuard<'_, Roster> {
        lock(&self.roster)
    }

    /// Reports whether the meeting has not ended and is not about to end.
    pub(crate) fn is_running(&self) -> bool {
        *self.journal.phase.borrow() == EndPhase::Running
    }

    /// Admits a user and returns the user's ID; the same URI always has the same ID. If a connected
    /// user's role changes, the meeting is notified.
    ///
    /// The change takes effect when it is durable. It is saved even if the caller stops waiting.
    pub(crate) async fn admit(
        self: &Arc<Self>,
        uri: &str,
        name: &str,
        role: Role,
    ) -> Result<i64, AdmitError> {
        if !self.is_running() {
            return Err(AdmitError::Ending);
        }
        let (change, saved) = {
            let mut roster = self.roster();
            match roster.admit(uri, name, role, self.max_users).map_err(AdmitError::Full)? {
                Admission::Unchanged(id) => return Ok(id),
                Admission::Change(change) => {
                    // Commit under the roster's lock, so that the store gets the changes in their
                    // order.
                    let saved = self.journal.commit(vec![change.write()]);
                    (change, saved)
                }
            }
        };
        let this = Arc::clone(self);
        let admitting = tokio::spawn(async move {
            saved.await.map_err(AdmitError::Save)?;
            if !this.is_running() {
                return Err(AdmitError::Ending);
            }
            let id = change.id;
            if this.roster().confirm(change) {
                this.announce_role(id).await;
            }
            Ok(id)
        });
        admitting.await.map_err(AdmitError::Interrupted)?
    }

    /// Notifies the meeting of a user's new role.
    async fn announce_role(&self, id: i64) {
        let roster = Arc::clone(&self.roster);
        let space = self.space();
        let announce = move |meeting: &mut Meeting, cx: &mut Context<Meeting>| {
            // Read the role only now, so that the later of two changes is announced last.
            let role = lock(&roster).role(id);
            if let Some(role) = role {
                meeting.set_role(cx, id, role);
            }
        };
        // A meeting that is stuck, for example behind a full disk, gets the notification when it
        // resumes, so the task outlives this timeout.
        let announced = tokio::spawn(async move { space.run(announce).await });
        tracing::info!(meeting = %self.id, id, "a user's role changed");
        let _ = timeout(ANSWER_TIMEOUT, announced).await;
    }

    /// Admits a guest who is connecting. Unlike [`admit`](Self::admit), it gives up when the store
    /// waits for an obstacle, because the connection would time out.
    pub(crate) async fn admit_guest(
        self: &Arc<Self>,
        uri: &str,
        name: &str,
        role: Role,
    ) -> Result<i64, AdmitError> {
        tokio::select! {
            biased;
            admitted = self.admit(uri, name, role) => admitted,
            obstacle = store_obstacle(self.health.clone()) => Err(AdmitError::StoreWaits(obstacle)),
        }
    }

    /// Checks that a guest with this URI can be admitted, and returns the user ID if there is one
    /// already.
    pub(crate) fn check_guest(&self, uri: &str) -> Result<Option<i64>, AdmitError> {
        if !self.is_running() {
            return Err(AdmitError::Ending);
        }
        let known = self.roster().check(uri, self.max_users).map_err(AdmitError::Full)?;
        match *self.health.borrow() {
            Health::Waiting(obstacle) if known.is_none() => Err(AdmitError::StoreWaits(obstacle)),
            _ => Ok(known),
        }
    }

    /// Returns the display name with which a user was last admitted.
    pub(crate) fn name(&self, uri: &str) -> Option<String> {
        self.roster().name(uri)
    }

    /// Removes guests from the roster who are not connected and whose IDs are not in the saved state.
    /// Returns `false` if there are none, or if the meeting does not answer.
    ///
    /// A full roster makes this expensive, so it happens at most once in [`MIN_ROOM_INTERVAL`].
    pub(super) async fn make_room(&self, store: &dyn MeetingStore) -> bool {
        let mut last = self.made_room.lock().await;
        if last.is_some_and(|at| at.elapsed() < MIN_ROOM_INTERVAL) {
            return false;
        }
        *last = Some(Instant::now());
        let Some(summary) = self.summary().await else { return false };
        let Ok(state) = store.load(&self.id).await else { return false };
        let mut kept = saved_numbers(&state);
        kept.extend(summary.users.iter().map(|user| user.id));
        let (count, saved) = {
            let mut roster = self.roster();
            let writes = roster.remove_guests(|id| kept.contains(&id));
            if writes.is_empty() {
                return false;
            }
            // Commit under the roster's lock, so that the store gets the changes in their order.
            (writes.len(), self.journal.commit(writes))
        };
        tracing::info!(meeting = %self.id, count, "removed guests from the roster who had left");
        saved.await.is_ok()
    }

    /// Reports whether the operator has removed the user with this URI.
    pub(crate) fn is_removed(&self, uri: &str) -> bool {
        self.removed.contains(uri)
    }

    /// Ends the connections of a user, and bars the user from coming back by a link, also after a
    /// restart. Returns `false` if there is no such user.
    pub(crate) async fn remove_user(&self, id: i64) -> Result<bool, JournalError> {
        let Some(uri) = self.roster().uri(id) else { return Ok(false) };
        // From here on, new connections of the user are refused. The existing ones are ended below.
        let saved = self.journal.commit(vec![self.removed.add(&uri)]);
        let space = self.space();
        let remove = move |meeting: &mut Meeting, cx: &mut Context<Meeting>| {
            meeting.remove_user(cx, id);
        };
        // Like a new role, the removal takes effect in a stuck meeting when it resumes.
        let removed = tokio::spawn(async move { space.run(remove).await });
        tracing::info!(meeting = %self.id, user = id, "removed a user");
        let _ = timeout(ANSWER_TIMEOUT, removed).await;
        saved.await.map(|()| true)
    }

    /// Ends the connections of the user with this URI, who may come back.
    pub(crate) async fn leave(&self, uri: &str) {
        let Some(id) = self.roster().id(uri) else { return };
        let space = self.space();
        let leave = move |meeting: &mut Meeting, cx: &mut Context<Meeting>| {
            meeting.user_leaves(cx, id);
        };
        // Like a removal, this takes effect in a stuck meeting when it resumes.
        let left = tokio::spawn(async move { space.run(leave).await });
        let _ = timeout(ANSWER_TIMEOUT, left).await;
    }

    /// Lets a removed user come back.
    pub(crate) async fn readmit(&self, uri: &str) -> Result<(), JournalError> {
        match self.removed.readmit(uri) {
            Some(write) => self.save(write).await,
            None => Ok(()),
        }
    }

    /// Saves an entry of the meeting's state that the space does not own.
    pub(crate) async fn save(&self, write: Write) -> Result<(), JournalError> {
        self.journal.commit(vec![write]).await
    }

    /// Returns an admitted user, or `None` if the meeting has ended or is about to.
    pub(crate) fn user(&self, id: i64) -> Option<psom::User> {
        if self.is_running() { self.roster().user(id) } else { None }
    }

    /// Returns a summary of the meeting, or `None` if it is stuck or has ended.
    pub(crate) async fn summary(&self) -> Option<MeetingSummary> {
        let space = self.space();
        let summary = space.run(|meeting, cx| meeting.summary(cx));
        timeout(ANSWER_TIMEOUT, summary).await.ok()?.ok()
    }

    /// Ends the meeting, which admits no more users. If the end cannot be saved, the meeting
    /// resumes.
    pub(super) async fn end(&self, store: &dyn MeetingStore) -> Result<(), store::Error> {
        // Set the phase before the deletion, so that no write after the deletion counts as failed.
        self.journal.phase.send_replace(EndPhase::Ending);
        let (phase, ended) = match store.delete(&self.id).await {
            Ok(()) | Err(store::Error::NoMeeting(_)) => (EndPhase::Ended, Ok(())),
            Err(error) => (EndPhase::Running, Err(error)),
        };
        self.journal.phase.send_replace(phase);
        ended
    }

    /// Ends the meeting on this server because another one has taken it over.
    pub(super) async fn end_as_moved(&self) {
        let _ = timeout(ANSWER_TIMEOUT, self.space().end_as_moved()).await;
        self.files.release();
    }

    /// Closes the connections of a meeting that has ended.
    pub(super) async fn close(&self) {
        let _ = timeout(ANSWER_TIMEOUT, self.space().close()).await;
    }
}

/// Waits until an obstacle has blocked the store for [`ANSWER_TIMEOUT`], and returns the obstacle.
pub(crate) async fn store_obstacle(mut health: watch::Receiver<Health>) -> &'static str {
    loop {
        if health.wait_for(|health| matches!(health, Health::Waiting(_))).await.is_err() {
            return std::future::pending().await;
        }
        sleep(ANSWER_TIMEOUT).await;
        if let Health::Waiting(obstacle) = *health.borrow() {
            return obstacle;
        }
    }
}

fn meeting_config(template: &MeetingTemplate, id: &str, files: &MeetingFiles) -> MeetingConfig {
    MeetingConfig {
        url_base: template.url_base.clone(),
        files: Arc::new(files.clone()),
        policy: Arc::clone(&template.policy),
        limits: template.limits.meeting.clone(),
        content_types: template.content_types.clone(),
        started: SystemTime::now(),
        time_of_day: Some(Arc::new(SystemTime::now)),
        former_users: Vec::new(),
        guest_prefix: Some(GUEST_URI_PREFIX),
        offline_name: Some(id.to_owned()),
    }
}

impl RunningSpace {
    /// Checks that a meeting can be built from the template.
    pub(super) fn check(template: &MeetingTemplate) -> Result<(), Misuse> {
        let config = meeting_config(template, "none", &template.library.meeting("none"));
        let space =
            SpaceHandle::start_with(template.psom.clone(), [], |scope| Meeting::new(scope, config));
        space.map(drop)
    }

    fn start(
        template: &MeetingTemplate,
        id: &str,
        files: &MeetingFiles,
        journal: &EndingJournal,
        state: &SavedState,
    ) -> Result<Self, RestoreError> {
        let former_users = saved_users(state);
        let config = MeetingConfig { former_users, ..meeting_config(template, id, files) };
        let owned = Arc::new(journal.clone());
        let journal = Arc::downgrade(&owned);
        let handle = SpaceHandle::start_durable(template.psom.clone(), [], owned, |scope| {
            let meeting = Meeting::restore(scope, config, state)?;
            for aside in meeting.set_aside() {
                tracing::error!(meeting = id, "a content was set aside: {aside}");
            }
            Ok::<_, RestoreError>(meeting)
        })?;
        Ok(Self { handle, journal })
    }
}
