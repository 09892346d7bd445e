use std::{
    fmt, io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use psom::error::SetupError;
use psom_objects::types::Role;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};
use tokio_rustls::TlsAcceptor;

use crate::{
    AdmissionError, Options, ServerFile, StartError,
    address::{join_host_port, reachable, split_host_port},
    app::App,
    door::Door,
    files::{FilesRecord, Library, LibraryConfig},
    home::Home,
    http,
    invitations::{Invitation, Invitations},
    link::JoinLink,
    meetings::{Meetings, Template},
    metrics::Metrics,
    store::{self, Health, MeetingStore, SqliteStore},
    tls::Identity,
};

/// How long a server that stops gives its store at least.
const LAST_MOMENT: Duration = Duration::from_secs(2);

/// A running server: the conference, its web server, and its data directory.
///
/// A server that is dropped drops its connections without a word; [`shutdown`](Self::shutdown)
/// says good-bye.
pub struct Server {
    app: Arc<App>,
    store: Arc<dyn MeetingStore>,
    psom_addr: SocketAddr,
    http_addr: SocketAddr,
    demo: Vec<DemoLink>,
    stop: watch::Sender<bool>,
    web: JoinHandle<()>,
    home: Home,
}

/// A link to the meeting `demo`, good as often as it is [followed](JoinLink::follow).
#[derive(Debug, Clone)]
pub struct DemoLink {
    /// What whoever follows it will be.
    pub role: Role,
    /// The link.
    pub link: JoinLink,
}

impl Server {
    /// Starts a server, within a tokio runtime. It is ready when this returns.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        options.blobs.validate()?;
        let home = Home::open(&options.data)?;
        let web = listen(&options).await?;
        let http_addr = web.local_addr().map_err(|error| failed("--http", &options.http, error))?;
        let psom_asked = address("--listen", &options.listen, 8057)?;
        let host = options.host.as_deref();
        if let Some(host) = host
            && split_host_port(&join_host_port(host, 1)).is_none()
        {
            return Err(StartError::Host(host.into()));
        }
        let http_host = reachable(&options.http, http_addr, host);
        // Its port is known only once it listens; of the address, the host is of interest.
        let psom_host = reachable(&options.listen, psom_asked, host);
        let identity = Identity::open(home.path(), &[&psom_host, &http_host])?;

        let door = Arc::new(Door::new(options.limits.tokens));
        let psom = psom::Server::builder()
            .authenticator(door.clone())
            .tls(identity.server.clone())
            .config(options.psom.clone())
            .bind(&options.listen)
            .await
            .map_err(|error| not_listening(&options.listen, error))?;
        let psom_addr = psom.local_addr().unwrap_or(psom_asked);
        let scheme = if options.https { "https" } else { "http" };
        let authority = join_host_port(&http_host, http_addr.port());
        let http_address = format!("{scheme}://{authority}");

        let metrics = Arc::new(Metrics::default());
        let config = library_config(&home, &options, &http_address);
        let library = Library::counted(config, metrics.clone())?;
        let mut record = FilesRecord::read(home.path())?;
        record.name(home.path()).map_err(|error| home.failed(error))?;
        library.survey(&record.server).await?;
        let store = SqliteStore::open(home.path(), options.durability).await;
        let store = store.map_err(|error| StartError::Store(error.to_string()))?;
        let store: Arc<dyn MeetingStore> = Arc::new(store);
        let template = Template {
            url_base: format!("{http_address}/files/"),
            library: library.clone(),
            policy: options.policy.clone(),
            content_types: options.content_types.clone(),
            limits: options.limits.clone(),
            psom: options.psom.clone(),
        };
        let opened = Meetings::open(template, store.clone()).await;
        let (meetings, invited) = opened.map_err(|error| StartError::Store(error.to_string()))?;
        // Not before: a place that was mistyped has not their files.
        library.claim(&record).await?;
        record.set(home.path(), &options.blobs).map_err(|error| home.failed(error))?;
        home.sweep(&library).await?;
        let invitations = Invitations::new(options.limits.invitations);
        for (room, invited) in invited {
            for (secret, role, uri, display_name) in invited {
                let room = Arc::downgrade(&room);
                invitations.restore(secret, Invitation { room, role, uri, display_name });
            }
        }
        let app = Arc::new(App {
            admin_token: home.admin_token()?,
            psom_address: join_host_port(&psom_host, psom_addr.port()),
            http_address,
            authority: identity.authority,
            meetings: Arc::new(meetings),
            invitations,
            door,
            library,
            metrics,
            psom: Some(psom).into(),
        });
        let demo = if options.demo { demo(&app).await? } else { Vec::new() };

        let stop = watch::Sender::new(false);
        let acceptor = options.https.then(|| TlsAcceptor::from(identity.server));
        let web = tokio::spawn(http::serve(
            web,
            acceptor,
            http::router(app.clone()),
            options.limits.http_connections,
            stop.subscribe(),
        ));
        let server = Self { app, store, psom_addr, http_addr, demo, stop, web, home };
        server.announce()?;
        Ok(server)
    }

    /// Where the conference listens.
    pub fn psom_addr(&self) -> SocketAddr {
        self.psom_addr
    }

    /// Where the web server listens.
    pub fn http_addr(&self) -> SocketAddr {
        self.http_addr
    }

    /// Links to the meeting `demo`, where it was asked for: one for each role, organizer first.
    pub fn demo_links(&self) -> &[DemoLink] {
        &self.demo
    }

    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    /// What `server.json` says.
    pub fn server_file(&self) -> ServerFile {
        ServerFile {
            psom: self.app.psom_address.clone(),
            http: self.app.http_address.clone(),
            ca: "ca.pem".into(),
            admin_token: self.app.admin_token.clone(),
            pid: std::process::id(),
        }
    }

    /// Waits until the store has failed for good, and says why. Every meeting that has something to
    /// save is over then, and nobody can be admitted; what was acknowledged is there again when a
    /// server is started anew, with the cause mended.
    pub async fn failed(&self) -> store::Error {
        let mut health = self.store.health();
        loop {
            if let Health::Failed(error) = &*health.borrow_and_update() {
                return error.clone();
            }
            if health.changed().await.is_err() {
                // It was closed, without a failure.
                std::future::pending().await
            }
        }
    }

    /// Stops listening, closes every connection in good order, and drops those that are not done
    /// with it after `grace`.
    pub async fn shutdown(mut self, grace: Duration) {
        let deadline = Instant::now() + grace;
        // Where the directory was taken away, it may be another's by now.
        let is_own = |file: ServerFile| file == self.server_file();
        if ServerFile::read(self.home.path()).is_ok_and(is_own)
            && let Err(error) = ServerFile::remove(self.home.path())
        {
            tracing::warn!(%error, "Could not remove server.json");
        }
        self.stop.send_replace(true);
        if let Some(psom) = self.app.take_psom() {
            psom.shutdown(grace).await;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if timeout(left, &mut self.web).await.is_err() {
            tracing::warn!("Dropped web connections that did not finish");
        }
        // However long the clients have taken, what is saved is worth a moment more.
        let left = deadline.saturating_duration_since(Instant::now()).max(LAST_MOMENT);
        match timeout(left, self.store.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "Could not save everything"),
            Err(_) => tracing::error!("Could not save everything in time"),
        }
        tracing::info!("The server has stopped");
    }

    /// Tells other programs on the machine that the server is ready.
    fn announce(&self) -> Result<(), StartError> {
        let file = self.server_file();
        file.write(self.home.path())
            .map_err(|source| StartError::Data { path: self.home.path().into(), source })?;
        tracing::info!(psom = %file.psom, http = %file.http, "The server is ready");
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
    }
}

fn library_config(home: &Home, options: &Options, http_address: &str) -> LibraryConfig {
    LibraryConfig {
        blobs: options.blobs.clone(),
        web_base: Some(format!("{http_address}/web/")),
        web: options.limits.web,
        reserve: options.limits.disk_reserve,
        quota: options.limits.quota,
        package_size: options.limits.meeting.package_size,
        uploads: options.limits.uploads,
        ..LibraryConfig::new(home.meetings())
    }
}

/// Listens for HTTP; beyond this machine only where it is to be HTTPS.
async fn listen(options: &Options) -> Result<TcpListener, StartError> {
    address("--http", &options.http, 8058)?;
    let listener = TcpListener::bind(&options.http)
        .await
        .map_err(|error| failed("--http", &options.http, error))?;
    let local = listener.local_addr().map_err(|error| failed("--http", &options.http, error))?;
    if !options.https && !local.ip().is_loopback() {
        return Err(StartError::NeedsHttps(options.http.clone()));
    }
    Ok(listener)
}

/// Checks an address before anything is done with it. Names are resolved when they are bound; for
/// them the address is unknown.
fn address(option: &'static str, value: &str, port: u16) -> Result<SocketAddr, StartError> {
    let bad = || StartError::Address { option, value: value.into(), port };
    let (_, given) = split_host_port(value).ok_or_else(bad)?;
    Ok(value.parse().unwrap_or(SocketAddr::from(([127, 0, 0, 1], given))))
}

fn failed(option: &'static str, address: &str, source: io::Error) -> StartError {
    StartError::Listen { option, address: address.into(), source: source.into() }
}

fn not_listening(address: &str, error: psom::Error) -> StartError {
    match error {
        psom::Error::Setup(SetupError::Listen { source, .. }) => {
            StartError::Listen { option: "--listen", address: address.into(), source }
        }
        other => StartError::Other(other.to_string()),
    }
}

/// The meeting `demo`, with the links that it had before where there were any.
async fn demo(app: &App) -> Result<Vec<DemoLink>, StartError> {
    let other = |error: AdmissionError| StartError::Other(format!("the demo meeting: {error}"));
    let room = match app.room("demo").await {
        Ok(room) => room,
        Err(_) => {
            let created = app.create_meeting(Some("demo".into()), Some("Demo".into()));
            created.await.map_err(other)?
        }
    };
    let mut links = Vec::new();
    for role in [Role::Organizer, Role::Presenter, Role::Attendee] {
        let link = match app.invitations.open_to_all(&room, role) {
            Some(secret) => app.invitation_link(&room, secret),
            None => app.invite(&room, role, None, None).await.map_err(other)?.1,
        };
        links.push(DemoLink { role, link });
    }
    Ok(links)
}
