mod expiry;
mod listeners;

use std::{
    fmt,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use expiry::remove_expired;
use futures_util::FutureExt as _;
use listeners::{Listeners, listen_http, listen_psom};
use psom::net::websocket::Origins;
use psom_objects::types::Role;
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use tokio_rustls::TlsAcceptor;

#[cfg(feature = "postgres")]
use crate::cluster;
use crate::{
    admission::{
        AdmissionError, JoinLink,
        error::{check_text, check_uri},
        invitations::{InvitationTerms, Invitations},
        relaying::Relaying,
        tokens::TokenSource,
    },
    app::{App, Slides, invitation_hooks},
    data_directory::DataDirectory,
    files::{FilesRecord, Library, LibraryConfig},
    http,
    meetings::{MeetingTemplate, Meetings, unload_unused},
    options::Options,
    server_file::ServerFile,
    shared::{host_port::split_host_port, limits::Limits, metrics::Metrics},
    start_error::StartError,
    store::{self, Health, MeetingStore, SqliteStore},
    tls::{Certificates, system_roots},
};

/// The minimum time that the store has at shutdown to save the changes that it accepted. Even if
/// clients use up the grace period, the last changes of the meetings must be saved.
const MIN_STORE_CLOSE_TIME: Duration = Duration::from_secs(2);

/// The ID of the meeting that [`Options::demo`] creates.
const DEMO_MEETING: &str = "demo";

/// A running server: the conference, its web server, and its data directory.
///
/// Dropping a server drops its connections without a Close record;
/// [`shutdown`](Self::shutdown) closes them in an orderly way.
pub struct Server {
    app: Arc<App>,
    store: Arc<dyn MeetingStore>,
    psom_addr: SocketAddr,
    http_addr: SocketAddr,
    demo: Vec<DemoLink>,
    stop: watch::Sender<bool>,
    web: JoinHandle<()>,
    /// The tasks that end the meetings that other servers have taken over, unload meetings without users, and remove
    /// expired permissions.
    background: [JoinHandle<()>; 3],
    data: DataDirectory,
    certificates: Option<Arc<Certificates>>,
}

/// A link to the meeting `demo`. Each [exchange](JoinLink::exchange) of it admits another guest.
#[derive(Debug, Clone)]
pub struct DemoLink {
    /// The role of the users who join by this link.
    pub role: Role,
    /// The link.
    pub link: JoinLink,
}

impl Server {
    /// Starts a server, within a tokio runtime. The server is ready when this returns.
    ///
    /// # Errors
    /// The options are invalid, an address is in use, or the data directory cannot be used. The
    /// error says what to change.
    pub fn start(options: Options) -> impl Future<Output = Result<Self, StartError>> + Send {
        // The boxed future is compiled in this crate. The code of an `async` function, and thus that of the
        // whole server, would be compiled in the crate that awaits it, with its optimization level.
        Self::start_with(options).boxed()
    }

    async fn start_with(mut options: Options) -> Result<Self, StartError> {
        // All connections and meetings count in one place.
        let calls = options.psom.metrics.get_or_insert_default().clone();
        options.blobs.validate()?;
        options.check_cluster()?;
        // Nothing is created if an address is in use.
        if !options.data.exists() {
            drop(listen_http(&options).await?);
            drop(listen_psom(&options).await?);
        }
        let data = DataDirectory::open(&options.data)?;
        let mut record = FilesRecord::read(data.path())?;
        record.ensure_name(data.path()).map_err(|error| data.error(error))?;
        #[cfg(feature = "postgres")]
        let relay_key = match &options.cluster {
            Some(url) => {
                Some(cluster::share_secrets(url, options.durability, &data, &mut record).await?)
            }
            None => None,
        };
        let listeners = Listeners::open(&options, data.path()).await?;
        let hits = options.psom.hits.clone();
        let metrics = Arc::new(Metrics { calls, hits, ..Metrics::default() });
        let library = open_library(&options, &data, &listeners, &metrics, &record).await?;
        let store = open_store(&options, &data, &listeners).await?;
        let (meetings, invitations) =
            restore_meetings(&options, &listeners, &library, Arc::clone(&store)).await?;
        claim_files(&options, &data, &library, &meetings, &mut record).await?;

        let Listeners {
            psom,
            tokens,
            web,
            web_host,
            identity,
            psom_address,
            http_address,
            psom_addr,
        } = listeners;
        let http_addr = web.1;
        let meetings = Arc::new(meetings);
        #[cfg(feature = "postgres")]
        let relaying = relay_key.map(|key| -> Arc<dyn Relaying> {
            let tls = Arc::clone(&identity.client);
            Arc::new(cluster::Relays::new(key, tls, Arc::clone(&store)))
        });
        #[cfg(not(feature = "postgres"))]
        let relaying: Option<Arc<dyn Relaying>> = None;
        tokens.open(&meetings, relaying.clone());
        let app = Arc::new(App {
            admin_token: data.admin_token()?,
            psom_address,
            entry: options.entry.clone().unwrap_or_else(|| http_address.clone()),
            peers: Arc::clone(&identity.client),
            http_address,
            authority: identity.authority,
            web_is_public: identity.certificates.is_some(),
            origins: options.origins.iter().fold(Origins::default(), |all, one| all.and(one)),
            meetings,
            relaying,
            known_nodes: Default::default(),
            invitations,
            tokens,
            library,
            metrics,
            slides: Slides::new(options.slides.clone(), options.limits.slides_at_once),
            psom: Some(psom).into(),
        });
        let own = http::router(Arc::clone(&app));
        let routes =
            options.routes.into_iter().fold(own, |all, (path, routes)| all.nest(path, routes));
        let meetings = Arc::downgrade(&app.meetings);
        let background = [
            tokio::spawn(drop_lost_meetings(Arc::clone(&app.meetings), store.losses())),
            tokio::spawn(unload_unused(meetings, options.limits.unload_after)),
            tokio::spawn(remove_expired(Arc::downgrade(&app))),
        ];
        let demo = if options.demo { open_demo(&app).await? } else { Vec::new() };

        let stop = watch::Sender::new(false);
        let web = tokio::spawn(http::serve(
            web.0,
            options.https.then(|| TlsAcceptor::from(identity.server)),
            routes,
            (options.limits.http_connections, options.psom.hits.clone()),
            stop.subscribe(),
        ));
        let certificates = identity.certificates;
        let server = Self {
            app,
            store,
            psom_addr,
            http_addr,
            demo,
            stop,
            web,
            background,
            data,
            certificates,
        };
        if options.https {
            server.warn_about_certificate(&web_host);
        }
        server.write_server_file()?;
        Ok(server)
    }

    /// Logs a warning if browsers will not trust the certificate of the web server.
    fn warn_about_certificate(&self, host: &str) {
        match &self.certificates {
            Some(certificates) => {
                for problem in certificates.problems(host, &system_roots()) {
                    tracing::warn!("{problem}");
                }
            }
            None => tracing::warn!(
                "browsers will not trust the server's own certificate; give a certificate of a \
                 public authority for {host} with --cert and --key"
            ),
        }
    }

    /// Reads [`Options::certificate`] again, after it was renewed. New connections use it. If a file cannot
    /// be used, the server logs that and continues with the certificate that it has.
    pub fn reload_certificate(&self) {
        let Some(certificates) = &self.certificates else { return };
        if let Err(error) = certificates.reload() {
            tracing::error!("{error}; the server continues with the certificate that it has");
            return;
        }
        let (_, address) = self.app.http_address.split_once("://").unwrap_or_default();
        if let Some((host, _)) = split_host_port(address) {
            self.warn_about_certificate(host);
        }
        tracing::info!("the certificate was read again");
    }

    /// Returns the address of the conference's listener.
    pub fn psom_addr(&self) -> SocketAddr {
        self.psom_addr
    }

    /// Returns the address of the web server's listener.
    pub fn http_addr(&self) -> SocketAddr {
        self.http_addr
    }

    /// Returns links to the meeting `demo`, one for each role, the organizer's first. There are none
    /// without [`Options::demo`].
    pub fn demo_links(&self) -> &[DemoLink] {
        &self.demo
    }

    /// Returns the address of a page at which browsers join the meeting `demo`, one for each of
    /// [`demo_links`](Self::demo_links).
    pub fn demo_pages(&self) -> Vec<(Role, String)> {
        self.demo.iter().filter_map(|demo| Some((demo.role, demo.link.page()?))).collect()
    }

    /// Returns the contents of `server.json`.
    pub fn server_file(&self) -> ServerFile {
        ServerFile {
            psom: self.app.psom_address.clone(),
            http: self.app.http_address.clone(),
            ca: "ca.pem".into(),
            web_is_public: self.app.web_is_public,
            admin_token: self.app.admin_token.clone(),
            pid: std::process::id(),
        }
    }

    /// Creates a meeting.
    ///
    /// # Errors
    /// The ID or the title is invalid, the ID is taken, or the server has too many meetings.
    pub async fn create_meeting(
        &self,
        id: &str,
        title: Option<&str>,
    ) -> Result<(), AdmissionError> {
        self.app.create_meeting(Some(id.into()), title.map(Into::into)).await.map(drop)
    }

    /// Ends a meeting: disconnects its clients and removes its state and files. Returns `false` if
    /// there is no such meeting.
    ///
    /// # Errors
    /// The end could not be saved. The meeting resumes.
    pub async fn end_meeting(&self, id: &str) -> Result<bool, AdmissionError> {
        Ok(self.app.meetings.end(id).await?)
    }

    /// Admits a user to a meeting. The returned link is valid for one connection within 120 seconds
    /// (section 3.3.6). The same URI is the same user, with the role of the last call.
    ///
    /// # Errors
    /// There is no such meeting, the URI or the name is invalid, or a limit is reached.
    pub async fn admit(
        &self,
        meeting: &str,
        uri: &str,
        name: &str,
        role: Role,
    ) -> Result<JoinLink, AdmissionError> {
        let meeting = self.app.meeting(meeting).await?;
        check_uri(uri)?;
        check_text("name", name)?;
        Ok(self.app.admit(&meeting, TokenSource::Administrator, uri, name, role).await?.link)
    }

    /// Waits until the store has failed for good, and returns the reason. From then on, no meeting
    /// can save anything and no user can be admitted. Everything that was acknowledged is in the
    /// store for the next start.
    pub async fn failed(&self) -> store::Error {
        let mut health = self.store.health();
        loop {
            if let Health::Failed(error) = &*health.borrow_and_update() {
                return error.clone();
            }
            if health.changed().await.is_err() {
                // The store was closed without a failure.
                std::future::pending().await
            }
        }
    }

    /// Hands all meetings over to other servers of the cluster, and accepts no others. Their clients get a
    /// Break with the reason "moved" and can join again at once. Returns the number of meetings that were
    /// handed over: 0 if the server is not part of a cluster.
    ///
    /// # Errors
    /// The database cannot be reached. [`shutdown`](Self::shutdown) works nevertheless.
    pub fn drain(&self) -> impl Future<Output = Result<usize, store::Error>> + Send {
        self.hand_over_meetings().boxed()
    }

    async fn hand_over_meetings(&self) -> Result<usize, store::Error> {
        if !self.store.is_shared() {
            return Ok(0);
        }
        self.app.meetings.start_draining().await?;
        Ok(self.app.meetings.drain().await)
    }

    /// Returns the name of this server as a node of a cluster.
    pub fn node_name(&self) -> Option<&str> {
        self.store.node_name()
    }

    /// Stops listening, closes every connection in an orderly way, and drops the connections that
    /// are not closed after `grace`.
    pub fn shutdown(self, grace: Duration) -> impl Future<Output = ()> + Send {
        self.shut_down(grace).boxed()
    }

    async fn shut_down(mut self, grace: Duration) {
        let deadline = Instant::now() + grace;
        // If the directory was moved away, the file can be another server's.
        let is_own = |file: ServerFile| file == self.server_file();
        if ServerFile::read(self.data.path()).is_ok_and(is_own)
            && let Err(error) = ServerFile::remove(self.data.path())
        {
            tracing::warn!(%error, "could not remove server.json");
        }
        self.stop.send_replace(true);
        if self.store.is_shared() {
            // Other servers run the meetings from here on.
            self.app.meetings.leave().await;
        }
        if let Some(psom) = self.app.take_psom() {
            psom.shutdown(grace).await;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if timeout(left, &mut self.web).await.is_err() {
            tracing::warn!("dropped web connections that did not close in time");
        }
        let left = deadline.saturating_duration_since(Instant::now()).max(MIN_STORE_CLOSE_TIME);
        match timeout(left, self.store.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "could not save everything"),
            Err(_) => tracing::error!("could not save everything in time"),
        }
        tracing::info!("the server has stopped");
    }

    /// Writes `server.json`, by which other programs on the machine see that the server is ready.
    fn write_server_file(&self) -> Result<(), StartError> {
        let file = self.server_file();
        file.write(self.data.path()).map_err(|source| self.data.error(source))?;
        tracing::info!(psom = %file.psom, http = %file.http, "the server is ready");
        Ok(())
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("psom_addr", &self.psom_addr)
            .field("http_addr", &self.http_addr)
            .finish_non_exhaustive()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.web.abort();
        self.background.iter().for_each(JoinHandle::abort);
    }
}

/// Returns the limits with the counters of the connections' limits, so that all are counted
/// together.
fn with_hits(limits: &Limits, hits: &psom::LimitHits) -> Limits {
    let mut limits = limits.clone();
    limits.meeting.hits = hits.clone();
    limits
}

/// Opens the library, and finds the files of earlier runs before meetings adopt them.
async fn open_library(
    options: &Options,
    data: &DataDirectory,
    listeners: &Listeners,
    metrics: &Arc<Metrics>,
    record: &FilesRecord,
) -> Result<Arc<Library>, StartError> {
    let config = LibraryConfig {
        blobs: options.blobs.clone(),
        web_base: Some(format!("{}/web/", listeners.http_address)),
        web: options.limits.web,
        reserve: options.limits.disk_reserve,
        quota: options.limits.quota,
        package_size: options.limits.meeting.package_size,
        uploads: options.limits.uploads,
        uploads_per_meeting: options.limits.uploads_per_meeting,
        downloads_per_user: options.limits.downloads_per_user,
        ..LibraryConfig::new(data.meetings())
    };
    let library = Library::with_metrics(config, Arc::clone(metrics))?;
    // The servers of a cluster find the files of a meeting when they take it over.
    if options.cluster.is_none() {
        library.find_files(&record.server).await?;
    }
    Ok(library)
}

/// Opens the store in the data directory, or that of the cluster.
async fn open_store(
    options: &Options,
    data: &DataDirectory,
    #[cfg_attr(not(feature = "postgres"), expect(unused_variables, reason = "only for clusters"))]
    listeners: &Listeners,
) -> Result<Arc<dyn MeetingStore>, StartError> {
    #[cfg(feature = "postgres")]
    if let Some(url) = &options.cluster {
        let config = store::ClusterConfig {
            url: url.clone(),
            node: cluster::node_name(data)?,
            address: listeners.psom_address.clone(),
            http: listeners.http_address.clone(),
        };
        tracing::info!(node = config.node, "this server is a node of a cluster");
        return Ok(Arc::new(store::PostgresStore::open(config, options.durability).await?));
    }
    Ok(Arc::new(SqliteStore::open(data.path(), options.durability).await?))
}

/// Ends the meetings that other servers have taken over, until the store is closed.
async fn drop_lost_meetings(meetings: Arc<Meetings>, mut losses: watch::Receiver<u64>) {
    while losses.changed().await.is_ok() {
        meetings.drop_lost().await;
    }
}

/// Restores the meetings in the store, and the invitations to them.
async fn restore_meetings(
    options: &Options,
    listeners: &Listeners,
    library: &Arc<Library>,
    store: Arc<dyn MeetingStore>,
) -> Result<(Meetings, Arc<Invitations>), StartError> {
    let template = MeetingTemplate {
        url_base: format!("{}/files/", listeners.http_address),
        library: Arc::clone(library),
        policy: Arc::clone(&options.policy),
        content_types: options.content_types.clone(),
        limits: with_hits(&options.limits, &options.psom.hits),
        psom: options.psom.clone(),
    };
    let invitations = Arc::new(Invitations::new(options.limits.invitations));
    let hooks = invitation_hooks(&invitations);
    let meetings = Meetings::open(template, store, options.strict, hooks).await?;
    Ok((meetings, invitations))
}

/// Claims the location of the files for this server, and removes files that no meeting has adopted.
///
/// This comes after the meetings are restored: a mistyped location does not have their files, and
/// must be neither claimed nor swept.
async fn claim_files(
    options: &Options,
    data: &DataDirectory,
    library: &Library,
    meetings: &Meetings,
    record: &mut FilesRecord,
) -> Result<(), StartError> {
    library.claim(record).await?;
    record.set_location(data.path(), &options.blobs).map_err(|error| data.error(error))?;
    // The damaged store that a repair keeps can refer to files that the repaired store does not
    // know.
    let damaged_store = store::kept_by_repair(data.path()).map_err(|error| data.error(error))?;
    if let Some(store) = damaged_store {
        let files = library.keep_found_files();
        let store = store.display();
        tracing::info!(files, %store, "kept unused files, because a damaged store exists");
    }
    let set_aside = meetings.set_aside().len();
    if set_aside > 0 {
        let files = library.keep_found_files();
        tracing::info!(files, set_aside, "kept unused files, because meetings are set aside");
    }
    library.sweep().await.map_err(|error| data.error(error))
}

/// Creates the meeting `demo` unless it exists, and returns links to it. Links of an earlier run stay
/// the same.
async fn open_demo(app: &App) -> Result<Vec<DemoLink>, StartError> {
    let meeting = match app.meeting(DEMO_MEETING).await {
        Ok(meeting) => meeting,
        Err(_) => {
            let created = app.create_meeting(Some(DEMO_MEETING.into()), Some("Demo".into()));
            created.await.map_err(StartError::Demo)?
        }
    };
    let mut links = Vec::new();
    for role in [Role::Organizer, Role::Presenter, Role::Attendee] {
        let link = if let Some(secret) = app.invitations.open_invitation(&meeting.id, role) {
            app.invitation_link(&meeting, secret)
        } else {
            let terms = InvitationTerms { role, uri: None, display_name: None };
            app.invite(&meeting, terms).await.map_err(StartError::Demo)?.1
        };
        links.push(DemoLink { role, link });
    }
    Ok(links)
}
