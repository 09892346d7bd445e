//! What several tests need.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::{
    collections::BTreeMap,
    ops::Deref,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use psom::{Committing, Journal, JournalError, Write};
use tempfile::TempDir;
use tokio::sync::{Semaphore, watch};

use crate::{
    Limits,
    app::App,
    door::Door,
    files::{Library, LibraryConfig},
    invitations::Invitations,
    meetings::{Meetings, Template},
    metrics::Metrics,
    store::{Answer, Health, MeetingStore, StoredMeeting},
};

/// A directory that goes with its test.
pub(crate) struct Directory(TempDir);

impl Directory {
    pub(crate) fn new() -> Self {
        Self(tempfile::Builder::new().prefix("psom-server-").tempdir().unwrap())
    }
}

impl Deref for Directory {
    type Target = Path;

    fn deref(&self) -> &Path {
        self.0.path()
    }
}

/// Waits until something is so that other tasks and threads bring about.
pub(crate) async fn eventually(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

/// A server without listeners, and with small limits.
pub(crate) fn app(directory: &Directory) -> Arc<App> {
    app_with(directory, |_| {})
}

/// One with other limits of its files.
pub(crate) fn app_with(directory: &Directory, change: impl FnOnce(&mut LibraryConfig)) -> Arc<App> {
    app_on(directory, change, Forgetful::new(Semaphore::MAX_PERMITS))
}

/// One on a store of its own.
pub(crate) fn app_on(
    directory: &Directory,
    change: impl FnOnce(&mut LibraryConfig),
    store: Forgetful,
) -> Arc<App> {
    let limits = Limits { meetings: 3, users: 4, invitations: 2, tokens: 16, ..Limits::default() };
    let metrics = Arc::new(Metrics::default());
    let web_base = Some("http://127.0.0.1:8058/web/".into());
    let mut config = LibraryConfig { web_base, ..LibraryConfig::new(&**directory) };
    change(&mut config);
    let library = Library::counted(config, metrics.clone()).unwrap();
    let invitations = Invitations::new(limits.invitations);
    let door = Arc::new(Door::new(limits.tokens));
    let template = Template {
        url_base: "http://127.0.0.1:8058/files/".into(),
        library: library.clone(),
        policy: Arc::new(psom_objects::server::DefaultPolicy),
        content_types: psom_objects::server::ContentTypes::standard(),
        limits,
        psom: psom::Config::default(),
    };
    let meetings = Arc::new(Meetings::new(template, Arc::new(store)));
    Arc::new(App {
        admin_token: "the administrator's token".into(),
        psom_address: "127.0.0.1:8057".into(),
        http_address: "http://127.0.0.1:8058".into(),
        authority: vec![0x30, 1, 0],
        meetings,
        invitations,
        door,
        library,
        metrics,
        psom: None.into(),
    })
}

/// A store that keeps nothing, and takes a permit for each thing that is to be safe: a commit, or
/// the end of a meeting. Behind such an end it takes nothing, and while it waits it loads nothing.
#[derive(Clone)]
pub(crate) struct Forgetful {
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) health: watch::Sender<Health>,
    ended: Arc<AtomicBool>,
}

impl Forgetful {
    pub(crate) fn new(permits: usize) -> Self {
        let (permits, health) = (Arc::new(Semaphore::new(permits)), watch::Sender::default());
        Self { permits, health, ended: Arc::default() }
    }

    async fn wait<E>(self) -> Result<(), E> {
        self.permits.acquire().await.unwrap().forget();
        Ok(())
    }
}

impl MeetingStore for Forgetful {
    fn meetings(&self) -> Answer<'_, Vec<StoredMeeting>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn create(&self, _: StoredMeeting) -> Answer<'_, ()> {
        self.ended.store(false, Relaxed);
        Box::pin(async { Ok(()) })
    }

    fn delete(&self, _: &str) -> Answer<'_, ()> {
        self.ended.store(true, Relaxed);
        Box::pin(self.clone().wait())
    }

    fn load(&self, _: &str) -> Answer<'_, BTreeMap<String, String>> {
        let mut health = self.health();
        Box::pin(async move {
            health.wait_for(|health| !matches!(health, Health::Waiting(_))).await.unwrap();
            Ok(BTreeMap::new())
        })
    }

    fn journal(&self, _: &str) -> Arc<dyn Journal> {
        Arc::new(self.clone())
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

impl Journal for Forgetful {
    fn commit(&self, _: Vec<Write>) -> Committing {
        if self.ended.load(Relaxed) {
            return Box::pin(async { Err(JournalError::failed("there is no such meeting")) });
        }
        Box::pin(self.clone().wait())
    }
}
