//! A meeting that runs: its space, and who was admitted to it.

#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, SystemTime},
};

use psom::{Committing, Context, Journal, JournalError, SpaceHandle, Write, error::Misuse};
use psom_objects::{
    server::{Meeting, MeetingConfig, MeetingSummary, RestoreError, SavedState},
    types::Role,
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use crate::{
    files::DiskStore,
    meetings::Template,
    roster::{Admitted, Full, Roster},
    store::{self, Health, MeetingStore, StoredMeeting},
};

/// How long a meeting may take to say what it holds, and a store to save something. One that is stuck
/// must not stop the others from being looked at.
const PATIENCE: Duration = Duration::from_secs(5);

/// A meeting and those who were admitted to it.
pub(crate) struct Room {
    pub(crate) id: String,
    pub(crate) title: Option<String>,
    pub(crate) store: DiskStore,
    running: Mutex<Running>,
    journal: RoomJournal,
    health: watch::Receiver<Health>,
    roster: Arc<Mutex<Roster>>,
    users: usize,
}

/// The space of a meeting.
#[derive(Clone)]
pub(crate) struct Running {
    space: SpaceHandle<Meeting>,
    /// The space alone has it: it is gone when the space is.
    journal: Weak<RoomJournal>,
}

/// Why a user is not admitted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AdmitError {
    /// The meeting ends, or is over.
    Over,
    TooMany(Full),
    /// The store waits, for this reason.
    Waiting(&'static str),
    Failed(String),
}

/// How far a meeting is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    GoesOn,
    /// Its end is not safe yet: it may still come back.
    Ends,
    Over,
}

/// The journal of a meeting that may end. The store takes nothing behind the end; what is saved
/// there is safe when the end is, since nothing can be missing of it any more.
#[derive(Clone)]
struct RoomJournal {
    inner: Arc<dyn Journal>,
    life: watch::Sender<Life>,
}

impl Journal for RoomJournal {
    fn commit(&self, writes: Vec<Write>) -> Committing {
        let (committing, mut life) = (self.inner.commit(writes), self.life.subscribe());
        Box::pin(async move {
            let Err(error) = committing.await else { return Ok(()) };
            match life.wait_for(|life| *life != Life::Ends).await.as_deref() {
                Ok(Life::Over) => Ok(()),
                _ => Err(error),
            }
        })
    }
}

impl Room {
    /// Starts a meeting with what was saved of it.
    pub(crate) fn start(
        template: &Template,
        store: &dyn MeetingStore,
        meeting: StoredMeeting,
        roster: Roster,
        state: &SavedState,
    ) -> Result<Arc<Self>, RestoreError> {
        let StoredMeeting { id, title, .. } = meeting;
        let life = watch::Sender::new(Life::GoesOn);
        let journal = RoomJournal { inner: store.journal(&id), life };
        let files = template.library.store(&id);
        let running = Mutex::new(Running::start(template, &id, &files, &journal, state)?);
        let (roster, users) = (Arc::new(Mutex::new(roster)), template.limits.users);
        let health = store.health();
        Ok(Arc::new(Self { id, title, store: files, running, journal, health, roster, users }))
    }

    /// Whether the meeting goes on, and its space does not: a handler has panicked.
    pub(crate) fn is_gone(&self) -> bool {
        self.goes_on() && self.running().journal.strong_count() == 0
    }

    /// Starts the space again with what was saved.
    pub(crate) fn restart(
        &self,
        template: &Template,
        state: &SavedState,
    ) -> Result<(), RestoreError> {
        let running = Running::start(template, &self.id, &self.store, &self.journal, state)?;
        *self.running() = running;
        Ok(())
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The meeting's objects.
    pub(crate) fn space(&self) -> SpaceHandle<Meeting> {
        self.running().space.clone()
    }

    fn roster(&self) -> MutexGuard<'_, Roster> {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn goes_on(&self) -> bool {
        *self.journal.life.borrow() == Life::GoesOn
    }

    /// Admits a user: the number, the same for the same address. Where the user is there already
    /// and was something else, the meeting is told. Nothing is so before it is safe; it is saved
    /// also where nobody waits for it any more.
    pub(crate) async fn admit(
        self: &Arc<Self>,
        uri: &str,
        name: &str,
        role: Role,
    ) -> Result<i64, AdmitError> {
        if !self.goes_on() {
            return Err(AdmitError::Over);
        }
        let (asked, saved) = {
            let mut roster = self.roster();
            match roster.admit(uri, name, role, self.users).map_err(AdmitError::TooMany)? {
                Admitted::Known(id) => return Ok(id),
                Admitted::Asked(asked) => {
                    // The store takes what the roster was asked for in the same order.
                    let saved = self.journal.commit(vec![asked.save()]);
                    (asked, saved)
                }
            }
        };
        let this = self.clone();
        let admitting = tokio::spawn(async move {
            saved.await.map_err(|error| AdmitError::Failed(error.to_string()))?;
            if !this.goes_on() {
                return Err(AdmitError::Over);
            }
            let id = asked.id;
            if this.roster().settle(asked) {
                this.tell_role(id).await;
            }
            Ok(id)
        });
        admitting.await.map_err(|error| AdmitError::Failed(error.to_string()))?
    }

    /// Tells the meeting what a user is now.
    async fn tell_role(&self, id: i64) {
        let roster = self.roster.clone();
        let space = self.space();
        let tell = move |meeting: &mut Meeting, cx: &mut Context<Meeting>| {
            // Looked up now: of two changes, the later one is told last.
            let role = roster.lock().unwrap_or_else(PoisonError::into_inner).role(id);
            if let Some(role) = role {
                meeting.set_role(cx, id, role);
            }
        };
        // A meeting that is stuck, behind a full disk for example, is told once it goes on.
        let told = tokio::spawn(async move { space.run(tell).await });
        tracing::info!(meeting = %self.id, id, "A user's role has changed");
        let _ = timeout(PATIENCE, told).await;
    }

    /// The same for a guest who stands at the door: nobody waits there as long as a store may.
    pub(crate) async fn admit_guest(
        self: &Arc<Self>,
        uri: &str,
        name: &str,
        role: Role,
    ) -> Result<i64, AdmitError> {
        tokio::select! {
            biased;
            admitted = self.admit(uri, name, role) => admitted,
            why = store_waits(self.health.clone()) => Err(AdmitError::Waiting(why)),
        }
    }

    /// What a guest of this address can expect: the number, where there is one already.
    pub(crate) fn expect_guest(&self, uri: &str) -> Result<Option<i64>, AdmitError> {
        if !self.goes_on() {
            return Err(AdmitError::Over);
        }
        let known = self.roster().expect(uri, self.users).map_err(AdmitError::TooMany)?;
        match *self.health.borrow() {
            Health::Waiting(why) if known.is_none() => Err(AdmitError::Waiting(why)),
            _ => Ok(known),
        }
    }

    /// Saves something of the meeting that is not its space's own.
    pub(crate) async fn save(&self, write: Write) -> Result<(), JournalError> {
        self.journal.commit(vec![write]).await
    }

    /// An admitted user; nobody once the meeting ends.
    pub(crate) fn user(&self, id: i64) -> Option<psom::User> {
        if self.goes_on() { self.roster().user(id) } else { None }
    }

    /// What there is in the meeting, unless it is stuck or over.
    pub(crate) async fn summary(&self) -> Option<MeetingSummary> {
        let space = self.space();
        let summary = space.run(|meeting, cx| meeting.summary(cx));
        timeout(PATIENCE, summary).await.ok()?.ok()
    }

    /// Ends the meeting: nobody is admitted from here on. Where the end cannot be made safe, the
    /// meeting goes on.
    pub(crate) async fn end(&self, store: &dyn MeetingStore) -> Result<(), store::Error> {
        // First, so that nothing behind the end counts as failed.
        self.journal.life.send_replace(Life::Ends);
        let (life, ended) = match store.delete(&self.id).await {
            Ok(()) | Err(store::Error::NoMeeting(_)) => (Life::Over, Ok(())),
            Err(error) => (Life::GoesOn, Err(error)),
        };
        self.journal.life.send_replace(life);
        ended
    }

    /// Closes the connections of a meeting that is over.
    pub(crate) async fn close(&self) {
        let _ = timeout(PATIENCE, self.space().close()).await;
    }
}

/// Is done when the store has waited for something for a while, and says for what.
pub(crate) async fn store_waits(mut health: watch::Receiver<Health>) -> &'static str {
    loop {
        if health.wait_for(|health| matches!(health, Health::Waiting(_))).await.is_err() {
            return std::future::pending().await;
        }
        sleep(PATIENCE).await;
        if let Health::Waiting(why) = *health.borrow() {
            return why;
        }
    }
}

fn config(template: &Template, files: &DiskStore) -> MeetingConfig {
    MeetingConfig {
        url_base: template.url_base.clone(),
        files: Arc::new(files.clone()),
        policy: template.policy.clone(),
        limits: template.limits.meeting.clone(),
        content_types: template.content_types.clone(),
        started: SystemTime::now(),
    }
}

impl Running {
    /// Whether there can be a meeting.
    pub(crate) fn check(template: &Template) -> Result<(), Misuse> {
        let config = config(template, &template.library.store("none"));
        let space =
            SpaceHandle::start_with(template.psom.clone(), [], |scope| Meeting::new(scope, config));
        space.map(drop)
    }

    fn start(
        template: &Template,
        id: &str,
        files: &DiskStore,
        journal: &RoomJournal,
        state: &SavedState,
    ) -> Result<Self, RestoreError> {
        let config = config(template, files);
        let own = Arc::new(journal.clone());
        let journal = Arc::downgrade(&own);
        let space = SpaceHandle::start_durable(template.psom.clone(), [], own, |scope| {
            let restored = Meeting::restore(scope, config, state)?;
            for aside in restored.set_aside() {
                tracing::error!(meeting = id, "A content is set aside: {aside}");
            }
            Ok::<_, RestoreError>(restored)
        })?;
        Ok(Self { space, journal })
    }
}
