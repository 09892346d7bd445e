use std::{io, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split},
    sync::watch,
    time::timeout,
};

/// Bytes of one direction that are in memory, the size of a TLS record.
const BUFFER_BYTES: usize = 16 << 10;

/// The time to end both connections when the relay stops. After this time, an unresponsive side is
/// dropped.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(1);

/// Relays bytes in both directions until both have ended, one has failed, or the proxy stops. Returns
/// the reason for the log.
pub(super) async fn run(
    client: impl AsyncRead + AsyncWrite,
    server: impl AsyncRead + AsyncWrite,
    idle: Duration,
    mut stop: watch::Receiver<bool>,
) -> String {
    let (mut client_reader, mut client_writer) = split(client);
    let (mut server_reader, mut server_writer) = split(server);
    let moving = async {
        tokio::try_join!(
            pump(&mut client_reader, &mut server_writer, idle),
            pump(&mut server_reader, &mut client_writer, idle),
        )
    };
    let reason = tokio::select! {
        moved = moving => match moved {
            Ok((up, down)) => return format!("both sides ended it; {up} bytes up, {down} down"),
            Err(error) => error.to_string(),
        },
        _ = stop.wait_for(|stop| *stop) => "the proxy is shutting down".into(),
    };
    let farewell = async { tokio::join!(client_writer.shutdown(), server_writer.shutdown()) };
    let _ = timeout(FAREWELL_TIMEOUT, farewell).await;
    reason
}

/// Relays bytes until the sender ends the direction, and ends it for the receiver too. Returns the
/// number of bytes.
async fn pump(
    reader: &mut (impl AsyncRead + Unpin),
    writer: &mut (impl AsyncWrite + Unpin),
    idle: Duration,
) -> io::Result<u64> {
    let silent = |_| io::Error::new(io::ErrorKind::TimedOut, "one side was silent for too long");
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut moved = 0;
    loop {
        let count = timeout(idle, reader.read(&mut buffer)).await.map_err(silent)??;
        if count == 0 {
            timeout(idle, writer.shutdown()).await.map_err(silent)??;
            return Ok(moved);
        }
        let write = async {
            writer.write_all(&buffer[..count]).await?;
            writer.flush().await
        };
        timeout(idle, write).await.map_err(silent)??;
        moved += count as u64;
    }
}
