//! The task of one connection: bytes from the transport to the space and back.

use std::{sync::Arc, time::Duration};

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};

use super::{
    link::{Link, Next},
    space_task::{Inbox, Message},
};
use crate::{
    Config, Error,
    error::{LostReason, PeerMisbehaved},
    space::ConnectionKey,
};

/// Buffers grow to the second and shrink to the first, by how much the last read brought: an idle
/// connection holds a small one.
const READ: (usize, usize) = (512, 64 * 1024);

/// How long the peer may take to read a farewell before the transport is dropped.
const LINGER: Duration = Duration::from_secs(2);

/// Any byte stream that a connection can run on.
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Transport for S {}

/// Moves bytes until the connection is over, for whichever reason.
pub(super) async fn run(
    stream: impl Transport,
    key: ConnectionKey,
    inbox: &Inbox,
    link: &Arc<Link>,
    config: &Config,
) {
    move_bytes(stream, key, inbox, link, config).await;
    link.set_done();
}

async fn move_bytes(
    stream: impl Transport,
    key: ConnectionKey,
    inbox: &Inbox,
    link: &Arc<Link>,
    config: &Config,
) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let overdue = async {
        // What is left to say to a connection that is over is said within one stall.
        let error = link.ended().await;
        tokio::time::sleep(config.stall_timeout.saturating_add(LINGER)).await;
        error
    };
    let let_go = async {
        link.closing().await;
        // A space that is gone has closed the connection itself.
        let _ = inbox.send(Message::End(key, Error::Closed)).await;
        std::future::pending().await
    };
    let reason = tokio::select! {
        reason = read(&mut reader, key, inbox, link) => reason,
        reason = overdue => reason,
        reason = let_go => reason,
        result = write(&mut writer, link, config) => match result {
            Ok(()) => {
                // What the peer has sent meanwhile must be taken: a transport that is closed with
                // unread bytes is reset, and the farewell lost with it.
                let _ = timeout(LINGER, discard(&mut reader)).await;
                return;
            }
            Err(reason) => reason,
        },
    };
    link.abandon();
    // A space that is gone has nobody left to tell.
    let _ = match reason {
        Error::Lost(reason) => inbox.send(Message::Lost(key, reason)).await,
        error => inbox.send(Message::End(key, error)).await,
    };
}

async fn read(
    reader: &mut (impl AsyncRead + Unpin),
    key: ConnectionKey,
    inbox: &Inbox,
    link: &Link,
) -> Error {
    let mut size = READ.0;
    loop {
        let mut input = BytesMut::with_capacity(size);
        match reader.read_buf(&mut input).await {
            Ok(0) => return LostReason::Eof.into(),
            Ok(count) if count >= size => size = (size * 4).min(READ.1),
            Ok(count) if count < size / 8 => size = (size / 4).max(READ.0),
            Ok(_) => {}
            Err(error) => return Error::Lost(error.into()),
        }
        link.set_unread(true);
        link.listening().await;
        // A connection that is being ended reads on, so that its peer can write, but not for long.
        if !link.is_finished() && inbox.send(Message::Input(key, input.freeze())).await.is_err() {
            return LostReason::ApplicationEnded.into();
        }
    }
}

async fn write(
    writer: &mut (impl AsyncWrite + Unpin),
    link: &Link,
    config: &Config,
) -> Result<(), Error> {
    loop {
        match link.next().await {
            Next::Chunk(chunk) => {
                let mut bytes = chunk.as_ref();
                while !bytes.is_empty() {
                    let written = progress(config, writer.write(bytes)).await?;
                    link.written(written);
                    bytes = &bytes[written..];
                }
                if link.is_idle() {
                    progress(config, writer.flush()).await?;
                }
            }
            Next::Finished => {
                progress(config, writer.flush()).await?;
                // The peer may have closed its side already.
                let _ = timeout(LINGER, writer.shutdown()).await;
                return Ok(());
            }
        }
    }
}

/// Waits for the transport to take something, but not longer than a slow consumer may.
async fn progress<R>(
    config: &Config,
    operation: impl Future<Output = std::io::Result<R>>,
) -> Result<R, Error> {
    match timeout(config.stall_timeout, operation).await {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(error)) => Err(Error::Lost(error.into())),
        Err(_) => Err(PeerMisbehaved::SlowConsumer.into()),
    }
}

async fn discard(reader: &mut (impl AsyncRead + Unpin)) {
    let mut buffer = vec![0; 4096];
    while let Ok(1..) = reader.read(&mut buffer).await {}
}
