//! Connecting: the steps that do not depend on the types of a client's objects.
//!
//! The functions are not `async` and have no type parameters, and they return boxed futures. The code of these
//! futures is therefore compiled here, once. The code of an `async` function is compiled by each crate
//! that awaits it, with the optimization level of that crate.

use std::{io, pin::Pin, sync::Arc, time::Duration};

use rand::seq::SliceRandom as _;
use tokio::{net::TcpStream, sync::oneshot, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    Config, Error, Result,
    error::{CallError, SetupError},
    net::{
        connection::{self, Transport},
        handle::SpaceRef,
        hosted::Moving,
        link::{Closer, Link},
        space_task::{Inbox, Message},
        tls,
    },
    space::ConnectionKey,
    wire::auth::Credentials,
};

/// The time limit for TCP and TLS of one address. It leaves time for the other addresses.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Creates the future that moves the bytes between a transport and a connection of a space.
pub(super) type BytesMover =
    Box<dyn FnOnce(ConnectionKey, Inbox, Arc<Link>, Arc<Config>) -> Moving + Send>;

/// Returns the mover of a transport.
pub(super) fn mover(stream: impl Transport) -> BytesMover {
    Box::new(move |key, inbox, link, config| {
        Box::pin(async move { connection::run(stream, key, &inbox, &link, &config).await })
    })
}

/// Connects to one of several addresses, which are tried in random order.
pub(super) fn reach(
    addresses: &[&str],
    alternative_name: Option<String>,
    tls: Arc<tls::ClientConfig>,
) -> BoxFuture<Result<BytesMover>> {
    let mut addresses: Vec<_> = addresses.iter().map(|&address| address.to_owned()).collect();
    addresses.shuffle(&mut rand::rng());
    Box::pin(async move {
        let mut error = SetupError::NoAddress.into();
        for address in addresses {
            match reach_one(&address, alternative_name.as_deref(), Arc::clone(&tls)).await {
                Ok(stream) => return Ok(mover(stream)),
                Err(unreachable) => error = unreachable,
            }
        }
        Err(error)
    })
}

async fn reach_one(
    address: &str,
    alternative_name: Option<&str>,
    tls: Arc<tls::ClientConfig>,
) -> Result<TlsStream<TcpStream>> {
    let no_port = || SetupError::NoPort(address.to_owned());
    let (host, _) = address.rsplit_once(':').ok_or_else(no_port)?;
    let name = tls::name(alternative_name.unwrap_or(host))?;
    let cannot = |error: io::Error| tls::connect_error(address, error.into());
    let connecting = async {
        let stream = TcpStream::connect(address).await.map_err(cannot)?;
        let _ = stream.set_nodelay(true);
        TlsConnector::from(tls).connect(name, stream).await.map_err(cannot)
    };
    let no_answer = |_| SetupError::NoAnswer(address.to_owned());
    Ok(timeout(CONNECT_TIMEOUT, connecting).await.map_err(no_answer)??)
}

/// The connection of a client's space whose root is connected.
pub(super) struct NewConnection {
    pub(super) link: Arc<Link>,
    pub(super) key: ConnectionKey,
    pub(super) version: i32,
    pub(super) closer: Closer,
}

/// Adds a connection to a space, passes its mover to the space's task, and waits until the root is
/// connected.
pub(super) fn connect_space(
    space: SpaceRef,
    credentials: Credentials,
    config: Config,
    host: oneshot::Sender<Moving>,
    mover: BytesMover,
) -> BoxFuture<Result<NewConnection>> {
    let gone = || Error::from(CallError::Gone);
    Box::pin(async move {
        let SpaceRef { inbox, reports } = space;
        let link = Arc::new(Link::new(reports));
        let (reply, key) = oneshot::channel();
        let connect = Message::Connect(credentials, Arc::clone(&link), reply);
        inbox.send(connect).await.map_err(|_| gone())?;
        let key = key.await.map_err(|_| gone())?;
        // Closes the connection if the caller drops this future.
        let closer = Closer(Arc::clone(&link));
        host.send(mover(key, inbox, Arc::clone(&link), Arc::new(config))).map_err(|_| gone())?;
        let version = link.opened().await?;
        Ok(NewConnection { link, key, version, closer })
    })
}
