use psom::net::buffers::limit_tls;
use subtle::ConstantTimeEq as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{client, server};

use super::state::ProxyState;

/// Length limit of the header in bytes.
pub(super) const MAX_HEADER_BYTES: usize = 4096;

/// The connections to a client and to the server.
type OpenConnections = (server::TlsStream<TcpStream>, client::TlsStream<TcpStream>);

/// Accepts a client and connects to the server. The error is a reason for the log.
pub(super) async fn open(
    shared: &ProxyState,
    stream: TcpStream,
) -> Result<OpenConnections, String> {
    let limits = &shared.limits;
    // The sender has gathered the bytes already, so Nagle's algorithm would only delay them.
    let _ = stream.set_nodelay(true);
    let mut client = timeout(limits.handshake, shared.tls.accept_with(stream, limit_tls))
        .await
        .map_err(|_| "the TLS handshake timed out")?
        .map_err(|error| format!("TLS: {error}"))?;
    let read = timeout(limits.header, read(&mut client, &shared.header)).await;
    let server = match read.unwrap_or_else(|_| Err("no proxy header in time".into())) {
        Ok(()) => timeout(limits.handshake, connect(shared))
            .await
            .unwrap_or_else(|_| Err(format!("{} cannot be reached in time", shared.upstream))),
        Err(reason) => Err(reason),
    };
    match server {
        Ok(server) => Ok((client, server)),
        Err(reason) => {
            let _ = timeout(limits.handshake, client.shutdown()).await;
            Err(reason)
        }
    }
}

/// Reads the header and compares it in constant time.
async fn read(client: &mut server::TlsStream<TcpStream>, expected: &[u8]) -> Result<(), String> {
    let lost = |error: std::io::Error| format!("no proxy header: {error}");
    let length = client.read_u32().await.map_err(lost)? as usize;
    if length > MAX_HEADER_BYTES {
        return Err("the proxy header is too long".into());
    }
    let mut header = vec![0; length];
    client.read_exact(&mut header).await.map_err(lost)?;
    if header.ct_eq(expected).into() { Ok(()) } else { Err("the proxy header is wrong".into()) }
}

async fn connect(shared: &ProxyState) -> Result<client::TlsStream<TcpStream>, String> {
    let failed = |error: std::io::Error| format!("{} cannot be reached: {error}", shared.upstream);
    let stream = TcpStream::connect(&shared.upstream).await.map_err(failed)?;
    let _ = stream.set_nodelay(true);
    let name = shared.upstream_name.clone();
    shared.upstream_tls.connect(name, stream).await.map_err(failed)
}
