use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::{Args, ValueEnum};
use psom_server::{Options, Server, store};

use super::{
    args::blobs,
    config::{self, Config},
};
use crate::{
    error::{CommandError, Result},
    signals::{HangUps, hung_up, interrupted},
    slides::PageRenderer,
    terminal::{
        logs::{LogArgs, LogFormat},
        out,
    },
};

/// The time that the server waits at shutdown for its clients to close their connections.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// The time that a stopping server takes to hand its meetings over with --drain. Service managers wait for
/// 90 s by default.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(60);

/// Run a server
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom serve --demo
  psom serve --listen 0.0.0.0:8057 --http 0.0.0.0:8058 --https --host meet.example.com
  psom serve --listen 0.0.0.0:8057 --http 0.0.0.0:443 --host meet.example.com \
             --cert /etc/letsencrypt/live/meet.example.com/fullchain.pem \
             --key /etc/letsencrypt/live/meet.example.com/privkey.pem
  psom serve --data /var/lib/psom --listen 127.0.0.1:0 --http 127.0.0.1:0
  AWS_REGION=eu-central-1 psom serve --files s3://bucket/prefix
  psom serve --cluster postgres://psom@db.example.com/psom --files s3://bucket/prefix --drain
  psom serve --print-config > psom.toml; psom serve --config psom.toml
  PSOM_USERS=500 psom serve --limit uploads_per_user=10

Options and limits come from the file of --config, from environment variables (PSOM_LISTEN,
PSOM_USERS, ...) and from flags; a later source overrides an earlier one.

S3 is configured with the environment variables AWS_REGION, AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT and so on. It needs a psom that was built with --features s3.

No configuration is needed: the server creates what is missing in the data directory. On SIGINT or
SIGTERM it closes all connections and exits with 0. It exits with 1 when it can no longer save
changes. While the disk is full, it waits.")]
pub(crate) struct Serve {
    /// The address for conference clients. Port 0 selects a free port. [default: 127.0.0.1:8057]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// The address for admission and files. Port 0 selects a free port. [default: 127.0.0.1:8058]
    #[arg(long, value_name = "HOST:PORT")]
    http: Option<String>,
    /// Serve admission and files over TLS. Required for addresses other than loopback.
    #[arg(long)]
    https: bool,
    /// A certificate that browsers trust, with its intermediate certificates, in PEM. It is served for the
    /// conference and for HTTPS, and read again on SIGHUP. Implies --https.
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// The private key of --cert in PEM.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// The name or address under which clients reach this machine, if it differs from the address
    /// above.
    #[arg(long)]
    host: Option<String>,
    /// The origin of web pages that may connect, besides the server's own. Can be repeated.
    #[arg(long = "origin", value_name = "URL")]
    origins: Vec<String>,
    /// The data directory. [default: psom-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// An object store for the meetings' files instead of the data directory: s3://BUCKET/PREFIX. The servers
    /// of a cluster use the same prefix, and no others may use it.
    #[arg(long, value_name = "URL")]
    files: Option<String>,
    /// The PostgreSQL database of a cluster: postgres://USER@HOST/DATABASE. Several servers share its
    /// meetings. Requires --files with an object store, and a psom built with --features postgres,s3.
    #[arg(long, value_name = "URL")]
    cluster: Option<String>,
    /// The address in join links, if it is not this server's: in a cluster, one that leads to any of the
    /// servers, such as https://meet.example.com:8058.
    #[arg(long, value_name = "URL")]
    entry: Option<String>,
    /// Hand all meetings over to the other servers of the cluster before stopping at SIGINT or SIGTERM.
    #[arg(long)]
    drain: bool,
    /// The failures that must not lose changes that a client has seen. [default: full]
    #[arg(long)]
    durability: Option<Durability>,
    /// Do not start if a meeting cannot be restored. By default it is set aside.
    #[arg(long)]
    strict: bool,
    /// Read options and limits from a file. --print-config shows its form.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set a limit, for example uploads_per_user=10. Can be repeated.
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    limits: Vec<String>,
    /// Print all options and limits as a configuration file, and do not start.
    #[arg(long)]
    print_config: bool,
    /// Create the meeting `demo` and print a join link for each role.
    #[arg(long)]
    demo: bool,
    #[command(flatten)]
    logs: LogArgs,
}

/// Adds documents that users edit in Office.
#[cfg(feature = "cell")]
fn with_documents(mut options: Options) -> Options {
    use std::time::SystemTime;

    use psom_cellstorage::{cell_router, meeting};

    let documents = Arc::new(meeting::MeetingDocuments::new(rand::random, SystemTime::now));
    options.content_types = options
        .content_types
        .with::<meeting::DocumentContent>()
        .with_service(Arc::clone(&documents));
    let router = cell_router(documents);
    // Office sends its messages to the site of a document's address.
    options.routes = vec![(meeting::LINK_PATH, router.clone()), ("/_vti_bin", router)];
    options
}

/// Reads the certificate again at every SIGHUP. Never returns.
async fn reload_certificate(server: &Server, hang_ups: Option<HangUps>) {
    let Some(mut hang_ups) = hang_ups else { return std::future::pending().await };
    loop {
        hang_ups.next().await;
        server.reload_certificate();
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Durability {
    /// Power failures and crashes; every change waits for the disk
    Full,
    /// Crashes of the server only; faster, but a power failure loses the last changes
    Process,
}

impl Serve {
    /// Returns the form of the logs.
    pub(crate) fn log_format(&self) -> LogFormat {
        self.logs.log_format
    }

    /// Returns the options of the server, and the location of the files. Flags override environment
    /// variables, and these override the file.
    fn options(self) -> Result<(Options, Option<String>)> {
        let mut config = Config::read(self.config.as_deref())?;
        config.add_flags(&self.limits)?;
        let or = |flag: Option<String>, name: &str| match flag {
            Some(value) => Ok(Some(value)),
            None => config.text(name),
        };
        let defaults = Options::default();
        let durability = match (self.durability, config.text("durability")?.as_deref()) {
            (Some(Durability::Full), _) | (None, None | Some("full")) => store::Durability::Full,
            (Some(Durability::Process), _) | (None, Some("process")) => store::Durability::Process,
            (None, Some(other)) => {
                let text =
                    format!("the durability {other:?} does not exist; write full or process");
                return Err(CommandError::new(text));
            }
        };
        let files = or(self.files, "files")?;
        let origins = if self.origins.is_empty() { config.texts("origins")? } else { self.origins };
        let path = |flag: Option<PathBuf>, name: &str| match flag {
            Some(path) => Ok::<_, CommandError>(Some(path)),
            None => Ok(config.text(name)?.map(PathBuf::from)),
        };
        let (chain, key) = (path(self.cert, "cert")?, path(self.key, "key")?);
        let certificate =
            chain.zip(key).map(|(chain, key)| psom_server::tls::CertificatePaths { chain, key });
        let data = path(self.data, "data")?;
        let mut options = Options {
            listen: or(self.listen, "listen")?.unwrap_or_else(|| defaults.listen.clone()),
            http: or(self.http, "http")?.unwrap_or_else(|| defaults.http.clone()),
            https: self.https || config.flag("https")? || certificate.is_some(),
            certificate,
            host: or(self.host, "host")?,
            origins,
            data: data.unwrap_or_else(|| defaults.data.clone()),
            blobs: blobs(files.clone()),
            cluster: or(self.cluster, "cluster")?,
            entry: or(self.entry, "entry")?,
            durability,
            strict: self.strict || config.flag("strict")?,
            demo: self.demo,
            slides: Some(Arc::new(PageRenderer)),
            ..defaults
        };
        config.set_limits(&mut options)?;
        Ok((options, files))
    }

    pub(crate) async fn run(self) -> Result {
        let must_drain = self.drain;
        let print_config = self.print_config;
        let (options, files) = self.options()?;
        if print_config {
            return out::text(&config::print(&options, files.as_deref()));
        }
        #[cfg(feature = "cell")]
        let options = with_documents(options);
        #[cfg(unix)]
        raise_open_files_limit();
        // Signals are caught before the server is ready, so that none is lost.
        let interrupted = interrupted()?;
        let hang_ups = options.certificate.as_ref().map(|_| HangUps::catch()).transpose()?;
        // Without a certificate to read again, a SIGHUP stops the server.
        let hung_up = hang_ups.is_none().then(hung_up).transpose()?;
        let hung_up = async {
            match hung_up {
                Some(hung_up) => hung_up.await,
                None => std::future::pending().await,
            }
        };
        let server = Server::start(options).await?;
        let strong = out::STRONG;
        for (role, page) in server.demo_pages() {
            out::line(format_args!("{strong}{role:<10}{strong:#} {page}"))?;
        }
        for demo in server.demo_links() {
            out::line(format_args!("{strong}{:<10}{strong:#} {}", demo.role, demo.link))?;
        }
        let result = tokio::select! {
            () = interrupted => Ok(()),
            () = hung_up => Ok(()),
            () = reload_certificate(&server, hang_ups) => Ok(()),
            error = server.failed() => Err(CommandError::new(match error {
                error @ store::Error::Taken(_) => error.to_string(),
                error => format!(
                    "{error}; remove the cause and start the server again (acknowledged changes are saved)"
                ),
            })),
        };
        if must_drain && result.is_ok() {
            drain(&server).await;
        }
        server.shutdown(SHUTDOWN_GRACE).await;
        result
    }
}

/// Hands the meetings over for a limited time. A server that cannot do it stops nevertheless: the meetings
/// are free then.
async fn drain(server: &Server) {
    match tokio::time::timeout(DRAIN_TIMEOUT, server.drain()).await {
        Ok(Ok(meetings)) => tracing::info!(meetings, "handed the meetings over"),
        Ok(Err(error)) => tracing::warn!(%error, "could not hand the meetings over"),
        Err(_) => tracing::warn!("could not hand all meetings over in time"),
    }
}

/// Raises the soft limit of open files to the hard limit. Each connection is one, and the soft limit of
/// many systems is 1,024.
#[cfg(unix)]
fn raise_open_files_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => {
            tracing::debug!(
                from = limit.current,
                to = limit.maximum,
                "raised the limit of open files"
            )
        }
        Err(error) => tracing::warn!(%error, "could not raise the limit of open files"),
    }
}
