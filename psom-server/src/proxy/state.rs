use std::{fmt, sync::Arc};

use psom::net::tasks::ConnectionTasks;
use rustls::pki_types::ServerName;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::options::ProxyLimits;

/// The state that the tasks of a proxy share.
pub(super) struct ProxyState {
    pub(super) upstream: String,
    pub(super) header: Vec<u8>,
    pub(super) tls: TlsAcceptor,
    pub(super) upstream_tls: TlsConnector,
    pub(super) upstream_name: ServerName<'static>,
    pub(super) limits: ProxyLimits,
    pub(super) connections: Arc<Semaphore>,
    pub(super) waiting: Arc<Semaphore>,
    pub(super) tasks: ConnectionTasks,
    pub(super) stop: watch::Sender<bool>,
}

impl fmt::Debug for ProxyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyState").field("upstream", &self.upstream).finish_non_exhaustive()
    }
}
