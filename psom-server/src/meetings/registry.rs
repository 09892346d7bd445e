//! The registry of a server's meetings: creating, restoring, restarting and ending them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::SystemTime,
};

use futures_util::future::join_all;
use psom::error::Misuse;
use psom_objects::server::{MeetingSummary, RestoreError, SavedState};
use tokio::{sync::watch, task::JoinError};

use super::{
    roster::Roster,
    running_meeting::{RunningMeeting, RunningSpace},
    template::MeetingTemplate,
};
use crate::{
    files::BlobError,
    shared::lock::lock,
    store::{self, Claim, MeetingStore, Owner, StoredMeeting},
};

/// The running meetings by their IDs.
pub(crate) struct Meetings {
    template: MeetingTemplate,
    store: Arc<dyn MeetingStore>,
    running: Mutex<BTreeMap<String, Arc<RunningMeeting>>>,
    /// The meetings whose saved state is kept without running them, because it is damaged or files are
    /// missing, with the reasons.
    set_aside: Mutex<BTreeMap<String, String>>,
    /// Serializes creating, taking over, ending and restarting meetings.
    changing: tokio::sync::Mutex<()>,
    restored: Restored,
}

/// A function that is called with each restored meeting and its saved state. It returns the key of
/// an entry that it cannot read.
type Restored = Box<dyn Fn(&Arc<RunningMeeting>, &SavedState) -> Result<(), String> + Send + Sync>;

/// The reason why this server cannot provide a meeting.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ObtainError {
    #[error("there is no such meeting")]
    NoMeeting,
    #[error("the meeting runs on another server")]
    Elsewhere(Owner),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("cannot find the files of the meeting: {0}")]
    Files(#[from] BlobError),
    #[error(transparent)]
    Start(#[from] OpenError),
}

/// The reason why a meeting was not created.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CreateError {
    #[error("a meeting with this id exists")]
    Exists,
    #[error("the server holds {0} meetings")]
    TooMany(usize),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("cannot start the meeting: {0}")]
    Start(#[from] RestoreError),
    #[error("creating the meeting was interrupted")]
    Interrupted(#[from] JoinError),
}

/// The reason why the meetings of an earlier run cannot be restored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("the meeting {id:?} cannot be restored: {source}")]
    Meeting { id: String, source: RestoreError },
    #[error("the content types do not fit together: {0}")]
    ContentTypes(#[source] Misuse),
}

impl Meetings {
    /// Restores all meetings of a store. If the store is shared, restores none, because meetings
    /// are taken over on demand. `restored` is called for each restored meeting.
    ///
    /// A meeting that cannot be restored is set aside, and the others run. If `strict` is true, it is an
    /// error instead.
    pub(crate) async fn open(
        template: MeetingTemplate,
        store: Arc<dyn MeetingStore>,
        strict: bool,
        restored: Restored,
    ) -> Result<Self, OpenError> {
        // A mistake in the template is reported now, not when the first meeting is created.
        RunningSpace::check(&template).map_err(OpenError::ContentTypes)?;
        let (mut running, mut set_aside) = (BTreeMap::new(), BTreeMap::new());
        let readable =
            if store.is_shared() { Default::default() } else { store.readable_meetings().await? };
        let (meetings, damaged) = readable;
        let mut aside = |id: String, error: OpenError| {
            if strict || !error.concerns_one_meeting() {
                return Err(error);
            }
            tracing::error!(
                meeting = id,
                %error,
                "a meeting was set aside; stop the server and run `psom store repair`"
            );
            set_aside.insert(id, error.to_string());
            Ok(())
        };
        for error in damaged {
            let store::Error::Meeting(id) = &error else { return Err(error.into()) };
            aside(id.clone(), error.into())?;
        }
        for stored in meetings {
            let id = stored.id.clone();
            match restore_meeting(&template, &*store, stored, &restored).await {
                Ok(meeting) => {
                    tracing::info!(meeting = id, "restored a meeting");
                    running.insert(id, meeting);
                }
                Err(error) => aside(id, error)?,
            }
        }
        let (running, set_aside) = (Mutex::new(running), Mutex::new(set_aside));
        let changing = tokio::sync::Mutex::default();
        Ok(Self { template, store, running, set_aside, changing, restored })
    }

    /// Returns the meetings that are set aside, with the reasons.
    pub(crate) fn set_aside(&self) -> BTreeMap<String, String> {
        lock(&self.set_aside).clone()
    }

    /// Watches the health of the meetings' store.
    pub(crate) fn health(&self) -> watch::Receiver<store::Health> {
        self.store.health()
    }

    #[cfg(test)]
    pub(crate) fn new(template: MeetingTemplate, store: Arc<dyn MeetingStore>) -> Self {
        let (running, set_aside) = (Mutex::default(), Mutex::default());
        let changing = tokio::sync::Mutex::default();
        Self { template, store, running, set_aside, changing, restored: Box::new(|_, _| Ok(())) }
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<String, Arc<RunningMeeting>>> {
        lock(&self.running)
    }

    /// Creates and starts a meeting. If `id` is `None`, the meeting gets a random ID. Creation
    /// completes even if the caller stops waiting.
    pub(crate) async fn create(
        self: &Arc<Self>,
        id: Option<String>,
        title: Option<String>,
    ) -> Result<Arc<RunningMeeting>, CreateError> {
        let this = Arc::clone(self);
        let creating = tokio::spawn(async move {
            let id = id.unwrap_or_else(|| format!("{:016x}", rand::random::<u64>()));
            let created = this.create_now(id.clone(), title).await;
            if let Err(error @ (CreateError::Store(_) | CreateError::Start(_))) = &created {
                tracing::error!(meeting = id, %error, "could not create a meeting");
            }
            created
        });
        creating.await?
    }

    async fn create_now(
        &self,
        id: String,
        title: Option<String>,
    ) -> Result<Arc<RunningMeeting>, CreateError> {
        let max_meetings = self.template.limits.meetings;
        if self.get(&id).is_some() || lock(&self.set_aside).contains_key(&id) {
            return Err(CreateError::Exists);
        }
        let _changing = self.changing.lock().await;
        {
            let running = self.running();
            if running.contains_key(&id) {
                return Err(CreateError::Exists);
            }
            if running.len() >= max_meetings {
                return Err(CreateError::TooMany(max_meetings));
            }
        }
        let created = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let created = i64::try_from(created.as_millis()).unwrap_or(i64::MAX);
        let stored = StoredMeeting { id: id.clone(), title, created };
        self.store.create(stored.clone()).await?;
        let (roster, state) = (Roster::default(), SavedState::default());
        let meeting = RunningMeeting::start(&self.template, &*self.store, stored, roster, &state)?;
        self.running().insert(id, Arc::clone(&meeting));
        tracing::info!(meeting = %meeting.id, title = meeting.title.as_deref(), "created a meeting");
        Ok(meeting)
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<RunningMeeting>> {
        self.running().get(id).cloned()
    }

    /// Returns the store of the meetings.
    pub(crate) fn store(&self) -> &dyn MeetingStore {
        &*self.store
    }

    /// Returns a meeting that can be joined. In a cluster, this server takes the meeting over if no other
    /// server runs it.
    pub(crate) async fn obtain(&self, id: &str) -> Result<Arc<RunningMeeting>, ObtainError> {
        let Some(meeting) = self.get(id) else {
            return if self.store.is_shared() {
                self.take(id).await
            } else {
                Err(ObtainError::NoMeeting)
            };
        };
        if self.store.is_shared() && !self.is_usable(&meeting) {
            return self.take(id).await;
        }
        self.restart_if_panicked(&meeting).await;
        Ok(meeting)
    }

    /// Reports whether this server still owns a meeting, and the meeting runs.
    fn is_usable(&self, meeting: &RunningMeeting) -> bool {
        self.store.owns(&meeting.id) && !meeting.has_panicked()
    }

    /// Takes a meeting over and starts it.
    async fn take(&self, id: &str) -> Result<Arc<RunningMeeting>, ObtainError> {
        let _changing = self.changing.lock().await;
        if let Some(meeting) = self.get(id) {
            if self.is_usable(&meeting) {
                return Ok(meeting);
            }
            self.drop_moved(&meeting).await;
        }
        match self.store.claim(id).await {
            Ok(Claim::Owned) => {}
            Ok(Claim::Elsewhere(owner)) => return Err(ObtainError::Elsewhere(owner)),
            Err(store::Error::NoMeeting(_)) => return Err(ObtainError::NoMeeting),
            Err(error) => return Err(error.into()),
        }
        self.template.library.find_meeting(id).await?;
        let stored = self.store.meeting(id).await?;
        let meeting = restore_meeting(&self.template, &*self.store, stored, &self.restored).await?;
        self.running().insert(id.to_owned(), Arc::clone(&meeting));
        self.template.library.sweep_meeting(id).await;
        tracing::info!(meeting = id, "took a meeting over");
        Ok(meeting)
    }

    /// Ends the meetings that this server does not own any more.
    pub(crate) async fn drop_lost(&self) {
        for meeting in self.all() {
            if !self.store.owns(&meeting.id) && meeting.is_running() {
                self.drop_moved(&meeting).await;
            }
        }
    }

    /// Ends all meetings on this server, which leaves its cluster.
    pub(crate) async fn leave(&self) {
        let _changing = self.changing.lock().await;
        for meeting in self.all() {
            self.drop_moved(&meeting).await;
        }
    }

    /// Ends a meeting on this server. Its clients get a Break with the reason "moved".
    async fn drop_moved(&self, meeting: &Arc<RunningMeeting>) {
        {
            let mut running = self.running();
            if !running.get(&meeting.id).is_some_and(|current| Arc::ptr_eq(current, meeting)) {
                return;
            }
            running.remove(&meeting.id);
        }
        meeting.end_as_moved().await;
        tracing::info!(meeting = %meeting.id, "a meeting has moved to another server");
    }

    pub(crate) fn all(&self) -> Vec<Arc<RunningMeeting>> {
        self.running().values().cloned().collect()
    }

    /// Returns a summary of each meeting, or `None` for a meeting that is stuck or has just ended.
    /// All meetings are asked at the same time.
    pub(crate) async fn summaries(&self) -> Vec<(Arc<RunningMeeting>, Option<MeetingSummary>)> {
        let summary = |meeting: Arc<RunningMeeting>| async move {
            let summary = meeting.summary().await;
            (meeting, summary)
        };
        join_all(self.all().into_iter().map(summary)).await
    }

    /// Makes room in the roster of a meeting: removes guests who have left and whose IDs are not in
    /// the saved state. Returns `false` if there are none.
    pub(crate) async fn make_room(&self, meeting: &RunningMeeting) -> bool {
        meeting.make_room(&*self.store).await
    }

    /// Restarts a meeting from its saved state if a handler has panicked. Its users can join again.
    pub(crate) async fn restart_if_panicked(&self, meeting: &RunningMeeting) {
        if !meeting.has_panicked() {
            return;
        }
        let _changing = self.changing.lock().await;
        if !meeting.has_panicked() {
            return;
        }
        let id = &meeting.id;
        let state = match self.store.load(id).await {
            Ok(state) => state,
            Err(error) => {
                return tracing::error!(meeting = id, %error, "could not load a panicked meeting");
            }
        };
        match meeting.restart(&self.template, &state) {
            Ok(()) => tracing::warn!(meeting = id, "restarted a meeting from its saved state"),
            Err(error) => {
                tracing::error!(meeting = id, %error, "could not restart a panicked meeting");
            }
        }
    }

    /// Ends a meeting. When the end is durable, its clients are disconnected, and all of its state and
    /// files are removed, the files last. Returns `false` if there is no such meeting. The end
    /// completes even if the caller stops waiting.
    pub(crate) async fn end(self: &Arc<Self>, id: &str) -> Result<bool, store::Error> {
        let (this, id) = (Arc::clone(self), id.to_owned());
        let ended = tokio::spawn(async move { this.end_now(&id).await });
        ended.await.map_err(store::Error::interrupted)?
    }

    async fn end_now(&self, id: &str) -> Result<bool, store::Error> {
        // Check this without the lock, so that a request for an unknown meeting does not wait for
        // other requests.
        if self.get(id).is_none() && !lock(&self.set_aside).contains_key(id) {
            return Ok(false);
        }
        let _changing = self.changing.lock().await;
        if lock(&self.set_aside).contains_key(id) {
            self.store.delete(id).await?;
            lock(&self.set_aside).remove(id);
            // The next start removes its files.
            tracing::info!(meeting = id, "ended a meeting that was set aside");
            return Ok(true);
        }
        let Some(meeting) = self.get(id) else { return Ok(false) };
        if let Err(error) = meeting.end(&*self.store).await {
            tracing::error!(meeting = id, %error, "could not delete a meeting");
            return Err(error);
        }
        self.running().remove(id);
        meeting.close().await;
        // Remove the files only when the end is durable, because a meeting that resumes needs them.
        meeting.files.clear();
        tracing::info!(meeting = id, "ended a meeting");
        Ok(true)
    }
}

/// Restores one meeting of a store.
async fn restore_meeting(
    template: &MeetingTemplate,
    store: &dyn MeetingStore,
    stored: StoredMeeting,
    restored: &Restored,
) -> Result<Arc<RunningMeeting>, OpenError> {
    let id = stored.id.clone();
    let damaged = |key| store::Error::Entry { meeting: id.clone(), key };
    let state = store.load(&id).await?;
    let roster = Roster::restore(&state).map_err(damaged)?;
    let meeting = RunningMeeting::start(template, store, stored, roster, &state)
        .map_err(|source| OpenError::Meeting { id: id.clone(), source })?;
    restored(&meeting, &state).map_err(damaged)?;
    Ok(meeting)
}

impl OpenError {
    /// Reports whether the error prevents only this meeting from being restored, and no other.
    fn concerns_one_meeting(&self) -> bool {
        match self {
            Self::Store(error) => {
                matches!(error, store::Error::Meeting(_) | store::Error::Entry { .. })
            }
            Self::Meeting { source, .. } => !matches!(source, RestoreError::Misuse(_)),
            Self::ContentTypes(_) => false,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::{io::Cursor, sync::Arc};

    use psom_objects::{
        package::{ContentDetail, CreateContent, Manifest, PackageWriter},
        store::FileStore as _,
    };

    use crate::testing::{Directory, PermitStore, app_on, eventually};

    #[tokio::test]
    async fn files_are_removed_after_the_meetings_end_is_durable() {
        let (directory, store) = (Directory::new(), PermitStore::new(0));
        let app = app_on(&directory, |_| {}, store.clone());
        let meeting = app.meetings.create(Some("team".into()), None).await.unwrap();
        let content = CreateContent::new("Plan", ContentDetail::NativeFileOnly);
        let manifest = Manifest::CreateContent(content.with_native_file("plan"));
        let mut package = PackageWriter::new(Cursor::new(Vec::new()), &manifest).unwrap();
        package.add_file("plan", &mut &b"hello"[..]).unwrap();
        let package = package.finish().unwrap().into_inner();
        let mut sink = meeting.files.begin(package.len() as u64).unwrap();
        sink.write(package.into()).await.unwrap();
        let name = sink.finish(5).await.unwrap().files["plan"].name.clone();
        drop(meeting);

        // The end completes although the caller stops waiting.
        let (meetings, ended) = (Arc::clone(&app.meetings), app.meetings.end("team"));
        assert!(tokio::time::timeout(std::time::Duration::ZERO, ended).await.is_err());
        eventually(|| meetings.get("team").is_none_or(|meeting| !meeting.is_running())).await;
        assert!(meetings.get("team").is_some(), "the meeting may resume");
        assert!(app.library.get(&name).is_some(), "and needs its files");
        store.permits.add_permits(1);
        eventually(|| app.library.get(&name).is_none()).await;
        assert!(meetings.get("team").is_none());
        assert!(matches!(meetings.end("team").await, Ok(false)));
    }
}
