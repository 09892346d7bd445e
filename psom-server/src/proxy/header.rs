use subtle::ConstantTimeEq;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{client, server};

use super::Shared;

/// The longest header in bytes.
pub(super) const LIMIT: usize = 4096;

type Opened = (server::TlsStream<TcpStream>, client::TlsStream<TcpStream>);

/// Lets a client in, and connects to the server. The error says why not, for the log.
pub(super) async fn open(shared: &Shared, stream: TcpStream) -> Result<Opened, String> {
    let limits = &shared.limits;
    // What is relayed was gathered by its sender; waiting for more only delays it.
    let _ = stream.set_nodelay(true);
    let mut client = timeout(limits.handshake, shared.tls.accept(stream))
        .await
        .map_err(|_| "no TLS handshake in time")?
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

/// Reads the header and compares it, in a time that does not tell how much of it was right.
async fn read(client: &mut server::TlsStream<TcpStream>, expected: &[u8]) -> Result<(), String> {
    let lost = |error: std::io::Error| format!("no proxy header: {error}");
    let length = client.read_u32().await.map_err(lost)? as usize;
    if length > LIMIT {
        return Err("the proxy header is too long".into());
    }
    let mut header = vec![0; length];
    client.read_exact(&mut header).await.map_err(lost)?;
    match header.ct_eq(expected).into() {
        true => Ok(()),
        false => Err("the proxy header is wrong".into()),
    }
}

async fn connect(shared: &Shared) -> Result<client::TlsStream<TcpStream>, String> {
    let failed = |error: std::io::Error| format!("{} cannot be reached: {error}", shared.upstream);
    let stream = TcpStream::connect(&shared.upstream).await.map_err(failed)?;
    let _ = stream.set_nodelay(true);
    let name = shared.upstream_name.clone();
    shared.upstream_tls.connect(name, stream).await.map_err(failed)
}
