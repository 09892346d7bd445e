//! The meetings of a server.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use psom::SpaceHandle;
use psom_objects::{
    server::{ContentTypes, Meeting, MeetingConfig, MeetingSummary, Policy},
    types::Role,
};
use tokio::time::timeout;

use crate::{
    files::{DiskStore, Library},
    options::Limits,
    roster::Roster,
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
    rooms: Mutex<BTreeMap<String, Arc<Room>>>,
}

/// A meeting and those who were admitted to it. It is over when the [`Meetings`] know it no more.
pub(crate) struct Room {
    pub(crate) id: String,
    pub(crate) title: Option<String>,
    pub(crate) space: SpaceHandle<Meeting>,
    pub(crate) store: DiskStore,
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
}

/// Whether a text can be the identifier of a meeting, and so the name of a directory.
pub(crate) fn is_meeting_id(id: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=64).contains(&id.len()) && !id.starts_with('.') && id.bytes().all(good)
}

impl Meetings {
    pub(crate) fn new(template: Template) -> Self {
        Self { template, rooms: Mutex::default() }
    }

    fn rooms(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Room>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a meeting; without an identifier, one is made up.
    pub(crate) fn create(
        &self,
        id: Option<String>,
        title: Option<String>,
    ) -> Result<Arc<Room>, CreateError> {
        let id = id.unwrap_or_else(|| format!("{:016x}", rand::random::<u64>()));
        let limits = &self.template.limits;
        let mut rooms = self.rooms();
        if rooms.contains_key(&id) {
            return Err(CreateError::Exists);
        }
        if rooms.len() >= limits.meetings {
            return Err(CreateError::TooMany(limits.meetings));
        }
        let store = self.template.library.store(&id);
        let config = MeetingConfig {
            url_base: self.template.url_base.clone(),
            files: Arc::new(store.clone()),
            policy: self.template.policy.clone(),
            limits: limits.meeting.clone(),
            content_types: self.template.content_types.clone(),
            started: SystemTime::now(),
        };
        let psom = self.template.psom.clone();
        let space = SpaceHandle::start_with(psom, [], |scope| Meeting::new(scope, config))
            .map_err(|error| CreateError::Failed(error.to_string()))?;
        let roster = Mutex::new(Some(Roster::default()));
        let room = Room { id: id.clone(), title, space, store, roster, users: limits.users };
        let room = Arc::new(room);
        rooms.insert(id, room.clone());
        tracing::info!(meeting = %room.id, title = room.title.as_deref(), "A meeting begins");
        Ok(room)
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<Room>> {
        self.rooms().get(id).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Room>> {
        self.rooms().values().cloned().collect()
    }

    /// Ends a meeting: its clients are told, its files removed. Says whether there was one.
    pub(crate) async fn end(&self, id: &str) -> bool {
        let Some(room) = self.rooms().remove(id) else { return false };
        room.close().await;
        tracing::info!(meeting = id, "A meeting has ended");
        true
    }
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
        if admitted.role_changed {
            tracing::info!(meeting = %self.id, uri, id, ?role, "A user's role has changed");
            let told = self.space.run(move |meeting, cx| meeting.set_role(cx, id, role));
            // A meeting that is stuck or gone has no use for it.
            let _ = timeout(PATIENCE, told).await;
        }
        Ok(id)
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
        self.store.clear();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_names_of_directories() {
        for good in ["a", "demo", "2026-10-18_team.call", &"x".repeat(64)] {
            assert!(is_meeting_id(good), "{good}");
        }
        for bad in ["", ".", "..", ".hidden", "a/b", "a\\b", "ä", "a b", "a\0", &"x".repeat(65)] {
            assert!(!is_meeting_id(bad), "{bad:?}");
        }
    }
}
