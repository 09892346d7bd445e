//! The registry of a server's meetings: creating, restoring, restarting and ending them.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
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
    files::{BlobError, MeetingFiles},
    shared::{lock::lock, named_locks::NamedLocks},
    store::{self, Claim, MeetingStore, Owner, StoredMeeting},
};

/// The meetings of a server by their IDs.
pub(crate) struct Meetings {
    pub(super) template: MeetingTemplate,
    pub(super) store: Arc<dyn MeetingStore>,
    pub(super) table: Mutex<MeetingTable>,
    /// The meetings whose saved state is kept without running them, because it is damaged or files are
    /// missing, with the reasons.
    set_aside: Mutex<BTreeMap<String, String>>,
    /// Serializes creating, taking over, unloading, ending and restarting one meeting.
    pub(super) changing: NamedLocks,
    /// Whether the server hands its meetings over and takes no others.
    pub(super) is_draining: AtomicBool,
    has_left: AtomicBool,
    pub(super) hooks: Hooks,
}

/// The meetings that this server provides.
#[derive(Default)]
pub(super) struct MeetingTable {
    pub(super) running: BTreeMap<String, Arc<RunningMeeting>>,
    /// The meetings that are not in memory. In a cluster there are none: a meeting that leaves memory has no
    /// owner.
    pub(super) unloaded: BTreeMap<String, UnloadedMeeting>,
    /// The number of meetings that are being created.
    creating: usize,
}

/// A meeting that is not in memory, because it has had no users for a while.
pub(crate) struct UnloadedMeeting {
    pub(crate) stored: StoredMeeting,
    /// The number of its contents.
    pub(crate) contents: usize,
    /// Its files, which are still served.
    pub(super) files: MeetingFiles,
}

/// Takes the ID and the saved state of a restored meeting.
type Restored = dyn Fn(&str, &SavedState) -> Result<(), String> + Send + Sync;

/// The functions by which the layer above follows the meetings.
pub(crate) struct Hooks {
    /// Is called for each restored meeting with its saved state. Returns the key of an entry that it cannot
    /// read.
    pub(crate) restored: Box<Restored>,
    /// Is called for each meeting that has ended or that this server does not run any more.
    pub(crate) gone: Box<dyn Fn(&str) + Send + Sync>,
}

/// The reason why this server cannot provide a meeting.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ObtainError {
    #[error("there is no such meeting")]
    NoMeeting,
    #[error("the meeting runs on another server")]
    Elsewhere(Owner),
    #[error("the server hands its meetings over, and there is no other server")]
    Draining,
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
    #[error("another server creates meetings")]
    Elsewhere(Owner),
    #[error("the server hands its meetings over, and there is no other server")]
    Draining,
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
    /// are taken over on demand.
    ///
    /// A meeting that cannot be restored is set aside, and the others run. If `strict` is true, it is an
    /// error instead.
    pub(crate) async fn open(
        template: MeetingTemplate,
        store: Arc<dyn MeetingStore>,
        strict: bool,
        hooks: Hooks,
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
            match restore_meeting(&template, &*store, stored, None, &hooks).await {
                Ok(meeting) => {
                    tracing::info!(meeting = id, "restored a meeting");
                    running.insert(id, meeting);
                }
                Err(error) => aside(id, error)?,
            }
        }
        let meetings = Self::new(template, store, hooks);
        lock(&meetings.table).running = running;
        *lock(&meetings.set_aside) = set_aside;
        Ok(meetings)
    }

    /// Returns the meetings of a server that has none yet.
    pub(crate) fn new(
        template: MeetingTemplate,
        store: Arc<dyn MeetingStore>,
        hooks: Hooks,
    ) -> Self {
        let (table, set_aside, changing) = Default::default();
        let (is_draining, has_left) = Default::default();
        Self { template, store, table, set_aside, changing, is_draining, has_left, hooks }
    }

    /// Returns the meetings that are set aside, with the reasons.
    pub(crate) fn set_aside(&self) -> BTreeMap<String, String> {
        lock(&self.set_aside).clone()
    }

    /// Watches the health of the meetings' store.
    pub(crate) fn health(&self) -> watch::Receiver<store::Health> {
        self.store.health()
    }

    pub(super) fn table(&self) -> MutexGuard<'_, MeetingTable> {
        lock(&self.table)
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
        if self.exists(&id) {
            return Err(CreateError::Exists);
        }
        if self.is_draining() {
            let other = self.store.other_node().await?;
            return Err(other.map_or(CreateError::Draining, CreateError::Elsewhere));
        }
        let _changing = self.changing.lock(&id).await;
        if self.exists(&id) {
            return Err(CreateError::Exists);
        }
        let _counted = self.count_new_meeting()?;
        let created = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let created = i64::try_from(created.as_millis()).unwrap_or(i64::MAX);
        let stored = StoredMeeting { id: id.clone(), title, created };
        self.store.create(stored.clone()).await?;
        let (roster, state) = (Roster::default(), SavedState::default());
        let files = self.template.library.meeting(&id);
        let started =
            RunningMeeting::start(&self.template, &*self.store, stored, files, roster, &state);
        let meeting = started?;
        self.table().running.insert(id, Arc::clone(&meeting));
        tracing::info!(meeting = %meeting.id, title = meeting.title.as_deref(), "created a meeting");
        Ok(meeting)
    }

    /// Reports whether this server has a meeting with this ID, in memory or not.
    fn exists(&self, id: &str) -> bool {
        let is_known = {
            let table = self.table();
            table.running.contains_key(id) || table.unloaded.contains_key(id)
        };
        is_known || lock(&self.set_aside).contains_key(id)
    }

    /// Counts a meeting that is being created towards the limit, until the result is dropped.
    fn count_new_meeting(&self) -> Result<impl Drop + '_, CreateError> {
        struct Counted<'a>(&'a Meetings);
        impl Drop for Counted<'_> {
            fn drop(&mut self) {
                self.0.table().creating -= 1;
            }
        }
        let max_meetings = self.template.limits.meetings;
        let mut table = self.table();
        if table.running.len() + table.unloaded.len() + table.creating >= max_meetings {
            return Err(CreateError::TooMany(max_meetings));
        }
        table.creating += 1;
        drop(table);
        Ok(Counted(self))
    }

    /// Returns a meeting that is in memory.
    pub(crate) fn get(&self, id: &str) -> Option<Arc<RunningMeeting>> {
        self.table().running.get(id).cloned()
    }

    /// Returns the store of the meetings.
    pub(crate) fn store(&self) -> &dyn MeetingStore {
        &*self.store
    }

    /// Reports whether the server hands its meetings over to others.
    pub(crate) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
    }

    /// Returns a meeting that can be joined. A meeting that is not in memory is loaded. In a cluster, this
    /// server takes the meeting over if no other server runs it.
    pub(crate) async fn obtain(
        self: &Arc<Self>,
        id: &str,
    ) -> Result<Arc<RunningMeeting>, ObtainError> {
        // Under the lock of the table, so that a meeting that is being unloaded is either kept or not found.
        let meeting =
            self.table().running.get(id).inspect(|meeting| meeting.touch()).map(Arc::clone);
        if let Some(meeting) = meeting {
            if !self.store.is_shared() {
                self.restart_if_panicked(&meeting).await;
                return Ok(meeting);
            }
            if self.is_usable(&meeting) {
                return Ok(meeting);
            }
        }
        if !self.store.is_shared() && !self.table().unloaded.contains_key(id) {
            return self.get(id).ok_or(ObtainError::NoMeeting);
        }
        // It completes even if the caller stops waiting: a meeting that was claimed must be started.
        let (this, id) = (Arc::clone(self), id.to_owned());
        let taking = tokio::spawn(async move {
            if this.store.is_shared() { this.take(&id).await } else { this.load(&id).await }
        });
        taking.await.map_err(store::Error::interrupted)?
    }

    /// Reports whether this server still owns a meeting, and the meeting runs.
    fn is_usable(&self, meeting: &RunningMeeting) -> bool {
        self.store.owns(&meeting.id) && !meeting.has_panicked()
    }

    /// Loads a meeting that has left memory.
    async fn load(&self, id: &str) -> Result<Arc<RunningMeeting>, ObtainError> {
        let _changing = self.changing.lock(id).await;
        let (stored, files) = {
            let table = self.table();
            if let Some(meeting) = table.running.get(id) {
                meeting.touch();
                return Ok(Arc::clone(meeting));
            }
            let unloaded = table.unloaded.get(id).ok_or(ObtainError::NoMeeting)?;
            (unloaded.stored.clone(), unloaded.files.clone())
        };
        let (template, store) = (&self.template, &*self.store);
        let meeting = restore_meeting(template, store, stored, Some(files), &self.hooks).await?;
        let mut table = self.table();
        table.unloaded.remove(id);
        table.running.insert(id.to_owned(), Arc::clone(&meeting));
        drop(table);
        tracing::info!(meeting = id, "loaded a meeting again");
        Ok(meeting)
    }

    /// Takes a meeting over and starts it.
    async fn take(&self, id: &str) -> Result<Arc<RunningMeeting>, ObtainError> {
        let _changing = self.changing.lock(id).await;
        if let Some(meeting) = self.get(id) {
            if self.is_usable(&meeting) {
                return Ok(meeting);
            }
            self.drop_moved(&meeting).await;
        }
        if self.has_left.load(Ordering::Relaxed) {
            return Err(store::Error::Moved(id.into()).into());
        }
        if self.is_draining() {
            return Err(self.find_elsewhere(id).await);
        }
        match self.store.claim(id).await {
            Ok(Claim::Owned) => {}
            Ok(Claim::Elsewhere(owner)) => return Err(ObtainError::Elsewhere(owner)),
            Err(store::Error::NoMeeting(_)) => return Err(ObtainError::NoMeeting),
            Err(error) => return Err(error.into()),
        }
        self.template.library.find_meeting(id).await?;
        let stored = self.store.meeting(id).await?;
        let (template, store) = (&self.template, &*self.store);
        let meeting = restore_meeting(template, store, stored, None, &self.hooks).await?;
        self.table().running.insert(id.to_owned(), Arc::clone(&meeting));
        self.template.library.sweep_meeting(id).await;
        tracing::info!(meeting = id, "took a meeting over");
        Ok(meeting)
    }

    /// Returns the server that a draining server names for a meeting: its owner, or else the server that
    /// will take it over.
    async fn find_elsewhere(&self, id: &str) -> ObtainError {
        let found = async {
            if let Some(owner) = self.store.locate(id).await? {
                return Ok(Some(owner));
            }
            self.store.other_node().await
        };
        match found.await {
            Ok(Some(owner)) => ObtainError::Elsewhere(owner),
            Ok(None) => ObtainError::Draining,
            Err(store::Error::NoMeeting(_)) => ObtainError::NoMeeting,
            Err(error) => error.into(),
        }
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
        self.has_left.store(true, Ordering::Relaxed);
        for meeting in self.all() {
            let _changing = self.changing.lock(&meeting.id).await;
            self.drop_moved(&meeting).await;
        }
    }

    /// Ends a meeting on this server. Its clients get a Break with the reason "moved".
    pub(super) async fn drop_moved(&self, meeting: &Arc<RunningMeeting>) {
        {
            let running = &mut self.table().running;
            if !running.get(&meeting.id).is_some_and(|current| Arc::ptr_eq(current, meeting)) {
                return;
            }
            running.remove(&meeting.id);
        }
        (self.hooks.gone)(&meeting.id);
        meeting.end_as_moved().await;
        tracing::info!(meeting = %meeting.id, "a meeting has moved to another server");
    }

    pub(crate) fn all(&self) -> Vec<Arc<RunningMeeting>> {
        self.table().running.values().cloned().collect()
    }

    /// Returns the meetings that are not in memory: their entries and the numbers of their contents.
    pub(crate) fn unloaded(&self) -> Vec<(StoredMeeting, usize)> {
        let table = self.table();
        let unloaded = table.unloaded.values();
        unloaded.map(|meeting| (meeting.stored.clone(), meeting.contents)).collect()
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
        let _changing = self.changing.lock(&meeting.id).await;
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
        let _changing = self.changing.lock(id).await;
        let unloaded = self.table().unloaded.get(id).map(|meeting| meeting.files.clone());
        if let Some(files) = unloaded {
            self.store.delete(id).await?;
            self.table().unloaded.remove(id);
            (self.hooks.gone)(id);
            files.clear();
            tracing::info!(meeting = id, "ended a meeting that was not in memory");
            return Ok(true);
        }
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
        self.table().running.remove(id);
        (self.hooks.gone)(id);
        meeting.close().await;
        // Remove the files only when the end is durable, because a meeting that resumes needs them.
        meeting.files.clear();
        tracing::info!(meeting = id, "ended a meeting");
        Ok(true)
    }
}

/// Restores one meeting of a store. A meeting that was in memory before has its files already.
async fn restore_meeting(
    template: &MeetingTemplate,
    store: &dyn MeetingStore,
    stored: StoredMeeting,
    files: Option<MeetingFiles>,
    hooks: &Hooks,
) -> Result<Arc<RunningMeeting>, OpenError> {
    let id = stored.id.clone();
    let damaged = |key| store::Error::Entry { meeting: id.clone(), key };
    let state = store.load(&id).await?;
    let roster = Roster::restore(&state).map_err(damaged)?;
    let files = files.unwrap_or_else(|| template.library.meeting(&id));
    let meeting = RunningMeeting::start(template, store, stored, files, roster, &state)
        .map_err(|source| OpenError::Meeting { id: id.clone(), source })?;
    (hooks.restored)(&id, &state).map_err(damaged)?;
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
