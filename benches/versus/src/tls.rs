//! The same TLS for all implementations: ring, one certificate for each server.

use std::{env, sync::Arc};

use psom::tls::{ClientConfig, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, rustls::pki_types::ServerName, server};

use crate::Result;

/// The environment variable with the certificate that receivers in another process trust.
const CERTIFICATE: &str = "VERSUS_CERTIFICATE";

/// The identity of a server.
pub struct Identity {
    pub certificate: String,
    pub key: String,
}

impl Identity {
    pub fn new() -> Result<Self> {
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let made = rcgen::generate_simple_self_signed(names)?;
        Ok(Self { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() })
    }

    pub fn server(&self) -> Result<Arc<ServerConfig>> {
        Ok(psom::tls::server(self.certificate.as_bytes(), self.key.as_bytes())?)
    }

    pub fn client(&self) -> Result<Arc<ClientConfig>> {
        Ok(psom::tls::client(self.certificate.as_bytes())?)
    }

    /// Returns the environment for a process that connects to this server.
    pub fn environment(&self) -> (&'static str, &str) {
        (CERTIFICATE, &self.certificate)
    }
}

/// Returns the trust that [`Identity::environment`] passes.
pub fn inherited() -> Result<Arc<ClientConfig>> {
    Ok(psom::tls::client(env::var(CERTIFICATE)?.as_bytes())?)
}

pub async fn connect(
    trust: Arc<ClientConfig>,
    address: &str,
) -> Result<client::TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from("127.0.0.1")?;
    Ok(TlsConnector::from(trust).connect(name, stream).await?)
}

pub async fn accept(
    acceptor: &TlsAcceptor,
    listener: &TcpListener,
) -> Result<server::TlsStream<TcpStream>> {
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok(acceptor.accept(stream).await?)
}
