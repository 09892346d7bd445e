//! The meetings of a server.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use futures_util::future::join_all;
use psom::error::Misuse;
use psom_objects::server::{ContentTypes, MeetingSummary, Policy, RestoreError, SavedState};
use tokio::sync::watch;

use crate::{
    files::Library,
    invitations::{self, Invited},
    options::Limits,
    room::{Room, Running},
    roster::Roster,
    store::{self, MeetingStore, StoredMeeting},
};

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
    /// One meeting is created, ended or started again at a time.
    creating: tokio::sync::Mutex<()>,
}

/// Why a meeting is not created.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CreateError {
    Exists,
    TooMany(usize),
    Failed(String),
}

/// Why the meetings of an earlier run cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("the meeting {id:?} cannot go on: {why}{}", advice(why))]
    Meeting { id: String, why: RestoreError },
    #[error("the types of contents do not fit together: {0}")]
    Types(Misuse),
}

/// What helps where a meeting cannot go on, unless the reason says it itself.
fn advice(why: &RestoreError) -> &'static str {
    match why {
        RestoreError::Misuse(_) => "",
        _ => "; `psom store check` lists the damage",
    }
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
        // Better now than with each meeting that is created.
        Running::check(&template).map_err(OpenError::Types)?;
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
            let room = Room::start(&template, &*store, meeting, roster, &state)
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
        if self.get(&id).is_some() {
            return Err(CreateError::Exists);
        }
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
        let failed = |error: &dyn std::fmt::Display| {
            tracing::error!(meeting = id, %error, "Could not create a meeting");
            CreateError::Failed(error.to_string())
        };
        self.store.create(meeting.clone()).await.map_err(|error| failed(&error))?;
        let (roster, state) = (Roster::default(), SavedState::default());
        let room = Room::start(&self.template, &*self.store, meeting, roster, &state);
        let room = room.map_err(|error| failed(&error))?;
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

    /// What there is in each meeting; nothing of one that is stuck or has just ended. Those that
    /// are stuck are waited for together.
    pub(crate) async fn summaries(&self) -> Vec<(Arc<Room>, Option<MeetingSummary>)> {
        let summary = |room: Arc<Room>| async move {
            let summary = room.summary().await;
            (room, summary)
        };
        join_all(self.all().into_iter().map(summary)).await
    }

    /// Starts a meeting again, with what was saved, whose space is gone because a handler has
    /// panicked. Those who were there can join again.
    pub(crate) async fn revive(&self, room: &Room) {
        if !room.is_gone() {
            return;
        }
        let _creating = self.creating.lock().await;
        if !room.is_gone() {
            return;
        }
        let id = &room.id;
        let state = match self.store.load(id).await {
            Ok(state) => state,
            Err(error) => return tracing::error!(meeting = id, %error, "A meeting stands still"),
        };
        match room.restart(&self.template, &state) {
            Ok(()) => tracing::warn!(meeting = id, "A meeting goes on with what was saved"),
            Err(error) => tracing::error!(meeting = id, %error, "A meeting cannot go on"),
        }
    }

    /// Ends a meeting: once that is safe its clients are told, and all that was kept of it is
    /// removed, its files last. Says whether there was one. Goes on where nobody waits for it any
    /// more.
    pub(crate) async fn end(self: &Arc<Self>, id: &str) -> Result<bool, String> {
        let (this, id) = (self.clone(), id.to_owned());
        let ended = tokio::spawn(async move { this.end_now(&id).await });
        ended.await.map_err(|error| error.to_string())?
    }

    async fn end_now(&self, id: &str) -> Result<bool, String> {
        // Who asks for what is not there waits for nobody else's.
        if self.get(id).is_none() {
            return Ok(false);
        }
        let _creating = self.creating.lock().await;
        let Some(room) = self.get(id) else { return Ok(false) };
        if let Err(error) = room.end(&*self.store).await {
            tracing::error!(meeting = id, %error, "Could not forget a meeting");
            return Err(error.to_string());
        }
        self.rooms().remove(id);
        room.close().await;
        // Not before its end was safe: a meeting that comes back needs its files.
        room.store.clear();
        tracing::info!(meeting = id, "A meeting has ended");
        Ok(true)
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
        eventually(|| meetings.get("team").is_none_or(|room| !room.goes_on())).await;
        assert!(meetings.get("team").is_some(), "the meeting may come back");
        assert!(app.library.get(&name).is_some(), "and needs its files");
        store.permits.add_permits(1);
        eventually(|| app.library.get(&name).is_none()).await;
        assert!(meetings.get("team").is_none());
        assert_eq!(meetings.end("team").await, Ok(false));
    }
}
