//! Relaying a connection to another server, without a change of its bytes (section 3.4).

use std::{io, pin::Pin, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

use crate::net::connection::Transport;

/// The size of the buffer of each direction, that of a TLS record.
const BUFFER_BYTES: usize = 16 << 10;

/// The time in which the second direction can end after the first. A peer of this framework ends its side as
/// soon as it has read a farewell.
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection to the server to which a client is relayed.
pub(super) struct Relay {
    pub(super) upstream: Box<dyn Transport>,
    /// Completes when the relay has to end, because the other server is gone.
    pub(super) gone: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Sends what the client has sent so far, and then relays bytes in both directions until one of them ends.
/// Returns the reason for the log.
pub(super) async fn run(
    mut client: impl Transport,
    Relay { mut upstream, gone }: Relay,
    received: &[u8],
    stall_timeout: Duration,
) -> String {
    let relaying = async {
        timeout(stall_timeout, upstream.write_all(received)).await.map_err(|_| stalled())??;
        let (mut client_reader, mut client_writer) = tokio::io::split(&mut client);
        let (mut server_reader, mut server_writer) = tokio::io::split(&mut upstream);
        let mut up = std::pin::pin!(copy(&mut client_reader, &mut server_writer, stall_timeout));
        let mut down = std::pin::pin!(copy(&mut server_reader, &mut client_writer, stall_timeout));
        tokio::select! {
            ended = up.as_mut() => {
                ended?;
                // The server can still send its farewell.
                timeout(LINGER_TIMEOUT, down).await.unwrap_or(Ok(()))
            }
            ended = down.as_mut() => {
                ended?;
                timeout(LINGER_TIMEOUT, up).await.unwrap_or(Ok(()))
            }
        }
    };
    let reason = tokio::select! {
        relayed = relaying => match relayed {
            Ok(()) => "it has ended".to_owned(),
            Err(error) => error.to_string(),
        },
        () = gone => "the other server is gone".to_owned(),
    };
    let closing = async { tokio::join!(client.shutdown(), upstream.shutdown()) };
    // An unresponsive side is dropped.
    let _ = timeout(LINGER_TIMEOUT, closing).await;
    reason
}

/// Copies bytes until the sender ends the direction, and then ends it for the receiver as well.
///
/// The time for reading is not limited: the two ends of the connection ping each other.
async fn copy(
    reader: &mut (impl tokio::io::AsyncRead + Unpin),
    writer: &mut (impl tokio::io::AsyncWrite + Unpin),
    stall_timeout: Duration,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let count = reader.read(&mut buffer).await?;
        let writing = async {
            if count == 0 {
                return writer.shutdown().await;
            }
            writer.write_all(&buffer[..count]).await?;
            writer.flush().await
        };
        timeout(stall_timeout, writing).await.map_err(|_| stalled())??;
        if count == 0 {
            return Ok(());
        }
    }
}

fn stalled() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "one side accepts no bytes")
}
