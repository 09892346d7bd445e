//! Fixtures that several tests share.
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

use bytes::Bytes;
use psom::{Committing, Journal, JournalError, Write};
use tempfile::TempDir;
use tokio::sync::{Semaphore, watch};

use crate::{
    admission::{invitations::Invitations, tokens::JoinTokens},
    app::{App, Slides, invitation_hooks},
    files::{Library, LibraryConfig},
    meetings::{MeetingTemplate, Meetings},
    shared::{limits::Limits, metrics::Metrics},
    slides::SlideRenderer,
    store::{Claim, Health, MeetingStore, StoreAnswer, StoredMeeting},
};

/// A temporary directory that is removed when its test ends.
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

/// Waits for a condition that other tasks or threads bring about.
pub(crate) async fn eventually(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

/// Returns a server without listeners and with small limits.
pub(crate) fn app(directory: &Directory) -> Arc<App> {
    app_with(directory, |_| {})
}

/// Returns an [`app`] whose library has another configuration.
pub(crate) fn app_with(directory: &Directory, change: impl FnOnce(&mut LibraryConfig)) -> Arc<App> {
    app_on(directory, change, PermitStore::new(Semaphore::MAX_PERMITS))
}

/// Returns an [`app`] on the given store.
pub(crate) fn app_on(
    directory: &Directory,
    change: impl FnOnce(&mut LibraryConfig),
    store: impl MeetingStore,
) -> Arc<App> {
    let limits = Limits { meetings: 3, users: 4, invitations: 2, tokens: 16, ..Limits::default() };
    let metrics = Arc::new(Metrics::default());
    let web_base = Some("http://127.0.0.1:8058/web/".into());
    let mut config = LibraryConfig { web_base, ..LibraryConfig::new(&**directory) };
    change(&mut config);
    let library = Library::with_metrics(config, Arc::clone(&metrics)).unwrap();
    let invitations = Arc::new(Invitations::new(limits.invitations));
    let tokens = Arc::new(JoinTokens::new(limits.tokens, limits.tokens_per_address, &metrics.hits));
    let template = MeetingTemplate {
        url_base: "http://127.0.0.1:8058/files/".into(),
        library: Arc::clone(&library),
        policy: Arc::new(psom_objects::server::DefaultPolicy),
        content_types: psom_objects::server::ContentTypes::standard(),
        limits,
        psom: psom::Config::default(),
    };
    let hooks = invitation_hooks(&invitations);
    let meetings = Arc::new(Meetings::new(template, Arc::new(store), hooks));
    tokens.open(&meetings, None);
    Arc::new(App {
        admin_token: "the administrator's token".into(),
        psom_address: "127.0.0.1:8057".into(),
        http_address: "http://127.0.0.1:8058".into(),
        entry: "http://127.0.0.1:8058".into(),
        peers: client_config(),
        authority: vec![0x30, 1, 0],
        web_is_public: false,
        origins: Default::default(),
        meetings,
        invitations,
        tokens,
        relaying: None,
        known_nodes: Default::default(),
        library,
        metrics,
        slides: Slides::new(Some(Arc::new(LineRenderer)), 1),
        psom: None.into(),
    })
}

/// Returns a TLS configuration without trusted authorities.
fn client_config() -> Arc<rustls::ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Arc::new(config)
}

/// Draws a page for each line of its input: the line is the picture. A line `bad` cannot be drawn.
struct LineRenderer;

impl SlideRenderer for LineRenderer {
    fn draw(&self, pdf: Bytes, send: &mut dyn FnMut(Bytes) -> bool) -> Result<(), String> {
        for line in pdf.split(|byte| *byte == b'\n') {
            if line == b"bad" {
                return Err("page 2 of the PDF cannot be drawn; leave it out".to_owned());
            }
            if !send(Bytes::copy_from_slice(line)) {
                break;
            }
        }
        Ok(())
    }
}

/// A store without data. Each commit and each deletion waits for a permit, so a test decides when it is
/// durable. After a deletion it accepts no commits, and while its health is `Waiting` it loads nothing.
#[derive(Clone)]
pub(crate) struct PermitStore {
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) health: watch::Sender<Health>,
    deleted: Arc<AtomicBool>,
}

impl PermitStore {
    pub(crate) fn new(permits: usize) -> Self {
        let (permits, health) = (Arc::new(Semaphore::new(permits)), watch::Sender::default());
        Self { permits, health, deleted: Arc::default() }
    }

    async fn wait<E>(self) -> Result<(), E> {
        self.permits.acquire().await.unwrap().forget();
        Ok(())
    }
}

impl MeetingStore for PermitStore {
    fn meetings(&self) -> StoreAnswer<'_, Vec<StoredMeeting>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn create(&self, _: StoredMeeting) -> StoreAnswer<'_, ()> {
        self.deleted.store(false, Relaxed);
        Box::pin(async { Ok(()) })
    }

    fn delete(&self, _: &str) -> StoreAnswer<'_, ()> {
        self.deleted.store(true, Relaxed);
        Box::pin(self.clone().wait())
    }

    fn claim(&self, _: &str) -> StoreAnswer<'_, Claim> {
        Box::pin(async { Ok(Claim::Owned) })
    }

    fn load(&self, _: &str) -> StoreAnswer<'_, BTreeMap<String, String>> {
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

    fn close(&self) -> StoreAnswer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

impl Journal for PermitStore {
    fn commit(&self, _: Vec<Write>) -> Committing {
        if self.deleted.load(Relaxed) {
            return Box::pin(async { Err(JournalError::failed("there is no such meeting")) });
        }
        Box::pin(self.clone().wait())
    }
}
