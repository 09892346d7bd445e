//! The meetings of a server.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use psom::{Journal, JournalError, SpaceHandle, Write};
use psom_objects::{
    server::{
        ContentTypes, Meeting, MeetingConfig, MeetingSummary, Policy, RestoreError, SavedState,
    },
    types::Role,
};
use tokio::{sync::watch, time::timeout};

use crate::{
    files::{DiskStore, Library},
    invitations::{self, Invited},
    options::Limits,
    roster::Roster,
    store::{self, MeetingStore, StoredMeeting},
};

/// How long a meeting may take to say what it holds. One that is stuck must not stop the others
/// from being looked at.
const PATIENCE: Duration = Duration::from_secs(5);

/// What all meetings are made from.
pub(crate) struct Template {
    pub(crate) url_base: String,
    pub(crate) library: Arc<Library>,
    pub(crate) policy: Arc<dyn Policy>,
    pub(crate) content_types: ContentTypes,
    pub(crate) limits: Limits,
    pub(crate) psom: psom::Config,
}

/// The meetings by their identifiers.
pub(crate) struct Meetings {
    template: Template,
    store: Arc<dyn MeetingStore>,
    rooms: Mutex<BTreeMap<String, Arc<Room>>>,
    /// One meeting is created or ended at a time.
    creating: tokio::sync::Mutex<()>,
}

/// A meeting and those who were admitted to it. It is over when the [`Meetings`] know it no more.
pub(crate) struct Room {
    pub(crate) id: String,
    pub(crate) title: Option<String>,
    pub(crate) space: SpaceHandle<Meeting>,
    pub(crate) store: DiskStore,
    journal: Arc<dyn Journal>,
    roster: Mutex<Option<Roster>>,
    users: usize,
}

/// Why a meeting is not created.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CreateError {
    Exists,
    TooMany(usize),
    Failed(String),
}

/// Why a user is not admitted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AdmitError {
    Over,
    TooMany(usize),
    Failed(String),
}

/// Why the meetings of an earlier run cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("the meeting {id:?} cannot go on: {why}; `psom store check` lists the damage")]
    Meeting { id: String, why: RestoreError },
}

/// Whether a text can be the identifier of a meeting, and so the name of a directory.
pub(crate) fn is_meeting_id(id: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=64).contains(&id.len()) && !id.starts_with('.') && id.bytes().all(good)
}

impl Meetings {
    /// The meetings of a store, as they were when they were last saved, with the invitations to
    /// each.
    pub(crate) async fn open(
        template: Template,
        store: Arc<dyn MeetingStore>,
    ) -> Result<(Self, Vec<(Arc<Room>, Invited)>), OpenError> {
        let mut rooms = BTreeMap::new();
        let mut invited = Vec::new();
        for meeting in store.meetings().await? {
            let state = store.load(&meeting.id).await?;
            let (id, damaged) = (meeting.id.clone(), |key| store::Error::Entry {
                meeting: meeting.id.clone(),
                key,
            });
            let roster = Roster::restore(&state).map_err(damaged)?;
            let invitations = invitations::saved(&state).map_err(damaged)?;
            let room = start(&template, &*store, meeting, roster, &state)
                .map_err(|why| OpenError::Meeting { id: id.clone(), why })?;
            tracing::info!(meeting = id, "A meeting goes on");
            invited.push((room.clone(), invitations));
            rooms.insert(id, room);
        }
        let creating = tokio::sync::Mutex::default();
        Ok((Self { template, store, rooms: Mutex::new(rooms), creating }, invited))
    }

    /// How the store of the meetings is.
    pub(crate) fn health(&self) -> watch::Receiver<store::Health> {
        self.store.health()
    }

    #[cfg(test)]
    pub(crate) fn new(template: Template, store: Arc<dyn MeetingStore>) -> Self {
        Self { template, store, rooms: Mutex::default(), creating: tokio::sync::Mutex::default() }
    }

    fn rooms(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Room>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a meeting; without an identifier, one is made up. Goes on where nobody waits for it
    /// any more.
    pub(crate) async fn create(
        self: &Arc<Self>,
        id: Option<String>,
        title: Option<String>,
    ) -> Result<Arc<Room>, CreateError> {
        let this = self.clone();
        let created = tokio::spawn(async move { this.create_now(id, title).await });
        created.await.map_err(|error| CreateError::Failed(error.to_string()))?
    }

    async fn create_now(
        &self,
        id: Option<String>,
        title: Option<String>,
    ) -> Result<Arc<Room>, CreateError> {
        let id = id.unwrap_or_else(|| format!("{:016x}", rand::random::<u64>()));
        let limit = self.template.limits.meetings;
        let _creating = self.creating.lock().await;
        {
            let rooms = self.rooms();
            if rooms.contains_key(&id) {
                return Err(CreateError::Exists);
            }
            if rooms.len() >= limit {
                return Err(CreateError::TooMany(limit));
            }
        }
        let created = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let created = i64::try_from(created.as_millis()).unwrap_or(i64::MAX);
        let meeting = StoredMeeting { id: id.clone(), title, created };
        let failed = |error: store::Error| CreateError::Failed(error.to_string());
        self.store.create(meeting.clone()).await.map_err(failed)?;
        let room =
            start(&self.template, &*self.store, meeting, Roster::default(), &SavedState::default());
        let room = room.map_err(|error| CreateError::Failed(error.to_string()))?;
        self.rooms().insert(id, room.clone());
        tracing::info!(meeting = %room.id, title = room.title.as_deref(), "A meeting begins");
        Ok(room)
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<Room>> {
        self.rooms().get(id).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Room>> {
        self.rooms().values().cloned().collect()
    }

    /// Ends a meeting: its clients are told, and all that was kept of it is removed, its files last.
    /// Says whether there was one. Goes on where nobody waits for it any more.
    pub(crate) async fn end(self: &Arc<Self>, id: &str) -> Result<bool, String> {
        let (this, id) = (self.clone(), id.to_owned());
        let ended = tokio::spawn(async move { this.end_now(&id).await });
        ended.await.map_err(|error| error.to_string())?
    }

    async fn end_now(&self, id: &str) -> Result<bool, String> {
        let _creating = self.creating.lock().await;
        let Some(room) = self.rooms().remove(id) else { return Ok(false) };
        room.close().await;
        match self.store.delete(id).await {
            Ok(()) | Err(store::Error::NoMeeting(_)) => {}
            Err(error) => {
                tracing::error!(meeting = id, %error, "Could not forget a meeting");
                return Err(error.to_string());
            }
        }
        // Not before: a meeting that comes back needs its files.
        room.store.clear();
        tracing::info!(meeting = id, "A meeting has ended");
        Ok(true)
    }
}

/// Starts a meeting with what was saved of it.
fn start(
    template: &Template,
    store: &dyn MeetingStore,
    meeting: StoredMeeting,
    roster: Roster,
    state: &SavedState,
) -> Result<Arc<Room>, RestoreError> {
    let StoredMeeting { id, title, .. } = meeting;
    let files = template.library.store(&id);
    let limits = &template.limits;
    let config = MeetingConfig {
        url_base: template.url_base.clone(),
        files: Arc::new(files.clone()),
        policy: template.policy.clone(),
        limits: limits.meeting.clone(),
        content_types: template.content_types.clone(),
        started: SystemTime::now(),
    };
    let (psom, journal) = (template.psom.clone(), store.journal(&id));
    let space = SpaceHandle::start_durable(psom, [], journal.clone(), |scope| {
        let restored = Meeting::restore(scope, config, state)?;
        for aside in restored.set_aside() {
            tracing::error!(meeting = id, "A content is set aside: {aside}");
        }
        Ok::<_, RestoreError>(restored)
    })?;
    let (roster, users) = (Mutex::new(Some(roster)), limits.users);
    Ok(Arc::new(Room { id, title, space, store: files, journal, roster, users }))
}

impl Room {
    fn roster(&self) -> MutexGuard<'_, Option<Roster>> {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Admits a user: the number, the same for the same address. Where the user is there already
    /// and was something else, the meeting is told.
    pub(crate) async fn admit(&self, uri: &str, name: &str, role: Role) -> Result<i64, AdmitError> {
        let admitted = match self.roster().as_mut() {
            Some(roster) => roster.admit(uri, name, role, self.users),
            None => return Err(AdmitError::Over),
        };
        let admitted = admitted.ok_or(AdmitError::TooMany(self.users))?;
        let id = admitted.id;
        // Behind whatever an admission at the same time saves: no number is told before it is safe.
        self.save(admitted.saved).await.map_err(|error| AdmitError::Failed(error.to_string()))?;
        if admitted.role_changed {
            tracing::info!(meeting = %self.id, uri, id, ?role, "A user's role has changed");
            let told = self.space.run(move |meeting, cx| meeting.set_role(cx, id, role));
            // A meeting that is stuck or gone has no use for it.
            let _ = timeout(PATIENCE, told).await;
        }
        Ok(id)
    }

    /// Saves something of the meeting that is not its space's own.
    pub(crate) async fn save(&self, write: Write) -> Result<(), JournalError> {
        self.journal.commit(vec![write]).await
    }

    /// An admitted user; nobody once the meeting is over.
    pub(crate) fn user(&self, id: i64) -> Option<psom::User> {
        self.roster().as_mut()?.user(id)
    }

    /// What there is in the meeting, unless it is stuck or over.
    pub(crate) async fn summary(&self) -> Option<MeetingSummary> {
        let summary = self.space.run(|meeting, cx| meeting.summary(cx));
        timeout(PATIENCE, summary).await.ok()?.ok()
    }

    async fn close(&self) {
        // Nobody is admitted from here on.
        self.roster().take();
        let _ = timeout(PATIENCE, self.space.close()).await;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::io::Cursor;

    use psom_objects::{
        package::{ContentDetail, CreateContent, Manifest, PackageWriter},
        store::FileStore,
    };

    use super::*;
    use crate::testing::{Directory, Forgetful, app_on, eventually};

    #[test]
    fn identifiers_are_names_of_directories() {
        for good in ["a", "demo", "2026-10-18_team.call", &"x".repeat(64)] {
            assert!(is_meeting_id(good), "{good}");
        }
        for bad in ["", ".", "..", ".hidden", "a/b", "a\\b", "ä", "a b", "a\0", &"x".repeat(65)] {
            assert!(!is_meeting_id(bad), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn the_files_of_a_meeting_go_only_when_its_end_is_safe() {
        let (directory, store) = (Directory::new(), Forgetful::new(0));
        let app = app_on(&directory, |_| {}, store.clone());
        let room = app.meetings.create(Some("team".into()), None).await.unwrap();
        let content = CreateContent::new("Plan", ContentDetail::NativeFileOnly);
        let manifest = Manifest::CreateContent(content.with_native_file("plan"));
        let mut package = PackageWriter::new(Cursor::new(Vec::new()), &manifest).unwrap();
        package.add_file("plan", &mut &b"hello"[..]).unwrap();
        let package = package.finish().unwrap().into_inner();
        let mut sink = room.store.begin(package.len() as u64).unwrap();
        sink.write(package.into()).await.unwrap();
        let name = sink.finish(5).await.unwrap().files["plan"].name.clone();
        drop(room);

        // Whoever asked for it waits no longer; it goes on all the same.
        let (meetings, ended) = (app.meetings.clone(), app.meetings.end("team"));
        assert!(tokio::time::timeout(std::time::Duration::ZERO, ended).await.is_err());
        eventually(|| meetings.get("team").is_none()).await;
        assert!(app.library.get(&name).is_some(), "the meeting may come back");
        store.permits.add_permits(1);
        eventually(|| app.library.get(&name).is_none()).await;
        assert_eq!(meetings.end("team").await, Ok(false));
    }

    #[tokio::test]
    async fn no_number_is_told_before_it_is_safe_however_often_it_is_asked_for() {
        let (directory, store) = (Directory::new(), Forgetful::new(0));
        let app = app_on(&directory, |_| {}, store.clone());
        let room = app.meetings.create(Some("team".into()), None).await.unwrap();
        let admit = || {
            let room = room.clone();
            tokio::spawn(async move { room.admit("sip:ada", "Ada", Role::Attendee).await })
        };
        let (first, second) = (admit(), admit());
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(!first.is_finished() && !second.is_finished());
        store.permits.add_permits(2);
        assert_eq!((first.await.unwrap(), second.await.unwrap()), (Ok(1), Ok(1)));
    }
}
