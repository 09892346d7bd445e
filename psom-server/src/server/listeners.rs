//! The listeners of a server, and the addresses at which clients reach them.

use std::{io, net::SocketAddr, path::Path, sync::Arc};

use psom::{
    error::SetupError,
    net::{ServerLimits, buffers::limit_unsent},
};
use tokio::net::TcpListener;

use crate::{
    admission::tokens::JoinTokens,
    options::Options,
    shared::{
        host_port::{ascii_host, join_host_port, reachable_host, split_host_port},
        limits::Limits,
    },
    start_error::StartError,
    tls::Identity,
};

/// The port in the advice about an invalid `--listen`.
const EXAMPLE_PSOM_PORT: u16 = 8057;

/// The port in the advice about an invalid `--http`.
const EXAMPLE_HTTP_PORT: u16 = 8058;

/// The first stage of a start: both listeners, and the addresses at which clients reach them.
pub(super) struct Listeners {
    pub(super) psom: psom::Server,
    pub(super) psom_addr: SocketAddr,
    /// The address of the conference for clients, `host:port`.
    pub(super) psom_address: String,
    pub(super) tokens: Arc<JoinTokens>,
    pub(super) web: (TcpListener, SocketAddr),
    /// The host in the address of the web server.
    pub(super) web_host: String,
    /// The address of the web server for clients, a URL without a path.
    pub(super) http_address: String,
    pub(super) identity: Identity,
}

impl Listeners {
    pub(super) async fn open(options: &Options, data: &Path) -> Result<Self, StartError> {
        let web = listen_http(options).await?;
        let listen = check_address("--listen", &options.listen, EXAMPLE_PSOM_PORT)?;
        let host = options
            .host
            .as_ref()
            .map(|host| ascii_host(host).ok_or_else(|| StartError::Host(host.clone())));
        let host = host.transpose()?;
        let host = host.as_deref();
        let http_host = reachable_host(&options.http, web.1, host);
        // Only the host matters here. The port may be known only after binding.
        let psom_host = reachable_host(&options.listen, listen, host);
        let entry = options.entry_host()?;
        let hosts = [Some(&*psom_host), Some(&*http_host), entry.as_deref()];
        let hosts: Vec<&str> = hosts.into_iter().flatten().collect();
        let mut identity = Identity::open(data, &hosts)?;
        if let Some(paths) = &options.certificate {
            identity = identity.with_public(data, paths)?;
        }
        let tokens = Arc::new(JoinTokens::new(
            options.limits.tokens,
            options.limits.tokens_per_address,
            &options.psom.hits,
        ));
        let psom = psom::Server::builder()
            .authenticator(Arc::clone(&tokens))
            .tls(Arc::clone(&identity.server))
            .config(psom_config(options))
            .limits(server_limits(&options.limits))
            .bind(&options.listen)
            .await
            .map_err(|error| conference_error(&options.listen, error))?;
        let psom_addr = psom.local_addr().unwrap_or(listen);
        let scheme = if options.https { "https" } else { "http" };
        let http_address = format!("{scheme}://{}", join_host_port(&http_host, web.1.port()));
        let psom_address = join_host_port(&psom_host, psom_addr.port());
        let web_host = http_host;
        Ok(Self { psom, psom_addr, psom_address, tokens, web, web_host, http_address, identity })
    }
}

/// Returns the configuration of the conference's connections. In a cluster, other servers relay clients here.
fn psom_config(options: &Options) -> psom::Config {
    let mut config = options.psom.clone();
    if options.cluster.is_some() {
        config.proxy_header = psom::ProxyHeader::Optional;
    }
    config
}

fn server_limits(limits: &Limits) -> ServerLimits {
    let mut of_psom = ServerLimits::default();
    of_psom.connections = limits.connections;
    of_psom.unauthenticated = limits.unauthenticated;
    of_psom.tls_timeout = limits.tls_timeout;
    of_psom.token_timeout = limits.token_timeout;
    of_psom
}

/// Listens for HTTP. Requires HTTPS for every address other than loopback.
pub(super) async fn listen_http(
    options: &Options,
) -> Result<(TcpListener, SocketAddr), StartError> {
    check_address("--http", &options.http, EXAMPLE_HTTP_PORT)?;
    let failed = |source: io::Error| StartError::Listen {
        option: "--http",
        address: options.http.clone(),
        source: source.into(),
    };
    let listener = TcpListener::bind(&options.http).await.map_err(failed)?;
    limit_unsent(&listener);
    let address = listener.local_addr().map_err(failed)?;
    if !options.https && !address.ip().is_loopback() {
        return Err(StartError::NeedsHttps(options.http.clone()));
    }
    Ok((listener, address))
}

/// Checks that the conference's address is free.
pub(super) async fn listen_psom(options: &Options) -> Result<TcpListener, StartError> {
    check_address("--listen", &options.listen, EXAMPLE_PSOM_PORT)?;
    TcpListener::bind(&options.listen).await.map_err(|source| StartError::Listen {
        option: "--listen",
        address: options.listen.clone(),
        source: source.into(),
    })
}

/// Checks the form of an address before anything is done with it. A host name is resolved when the
/// listener binds it; for a name, the returned address is loopback.
fn check_address(option: &'static str, value: &str, port: u16) -> Result<SocketAddr, StartError> {
    let invalid = || StartError::Address { option, value: value.into(), port };
    let (_, given_port) = split_host_port(value).ok_or_else(invalid)?;
    Ok(value.parse().unwrap_or_else(|_| SocketAddr::from(([127, 0, 0, 1], given_port))))
}

fn conference_error(address: &str, error: psom::Error) -> StartError {
    match error {
        psom::Error::Setup(SetupError::Listen { source, .. }) => {
            StartError::Listen { option: "--listen", address: address.into(), source }
        }
        error => StartError::Conference(error),
    }
}
