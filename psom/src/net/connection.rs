//! The task of one connection: it moves bytes between a transport and a space.

use std::{future::poll_fn, io::IoSlice, pin::pin, sync::Arc, task::Poll, time::Duration};

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::timeout,
};

use super::{
    link::Link,
    space_task::{Inbox, Message},
    write_buffer::Writing,
};
use crate::{Config, Error, error::LostReason, hub::Input, space::ConnectionKey};

/// The minimum and maximum size of a read buffer. The size depends on the number of bytes of the last
/// read, so an idle connection has a small buffer.
const READ_BUFFER_BYTES: (usize, usize) = (512, 64 * 1024);

/// The bytes that a connection reads or writes before it lets other tasks run: the size of its TLS buffer. One read or
/// one write can exceed it. When hundreds of clients arrive at once, the tasks of their connections wait in one queue
/// with the spaces. The fewer bytes each of them moves, the shorter a space waits.
const BYTES_BETWEEN_YIELDS: usize = 32 * 1024;

/// The time in which a peer can read a farewell before the transport is dropped.
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// Any byte stream that a connection can use.
#[expect(unnameable_types, reason = "a caller passes a stream and never names the trait")]
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Transport for S {}

/// Moves bytes until the connection has ended.
pub(crate) async fn run(
    stream: impl Transport,
    key: ConnectionKey,
    inbox: &Inbox,
    link: &Arc<Link>,
    config: &Config,
) {
    if let Err(reason) = move_bytes(stream, key, inbox, link, config).await {
        // Fails only if the space is gone.
        let _ = inbox.send(Message::Input(Input::Lost(key, reason))).await;
    }
    link.set_done();
}

async fn move_bytes(
    stream: impl Transport,
    key: ConnectionKey,
    inbox: &Inbox,
    link: &Arc<Link>,
    config: &Config,
) -> Result<(), LostReason> {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let overdue = async {
        // Limits the time for writing the last bytes of an ended connection.
        link.ended().await;
        tokio::time::sleep(config.stall_timeout.saturating_add(LINGER_TIMEOUT)).await;
    };
    let dropped = async {
        link.closing().await;
        // Fails only if the space is gone, which closes the connection itself.
        let _ = inbox.send(Message::Input(Input::End(key, Error::Closed))).await;
        std::future::pending().await
    };
    tokio::select! {
        biased;
        written = write(&mut writer, key, link) => {
            written?;
            // Input that arrives meanwhile must be read: closing a TCP connection with unread bytes
            // resets it, and the farewell would be lost.
            let _ = timeout(LINGER_TIMEOUT, discard(&mut reader)).await;
            Ok(())
        }
        reason = read(&mut reader, key, inbox, link) => Err(reason),
        () = dropped => Ok(()),
        () = overdue => Ok(()),
    }
}

async fn read(
    reader: &mut (impl AsyncRead + Unpin),
    key: ConnectionKey,
    inbox: &Inbox,
    link: &Link,
) -> LostReason {
    let (smallest, largest) = READ_BUFFER_BYTES;
    let mut size = smallest;
    let mut share = Share::default();
    loop {
        let mut input = BytesMut::with_capacity(size);
        let lost = match reader.read_buf(&mut input).await {
            Ok(0) => return LostReason::Eof,
            // A TLS stream returns one record at a time.
            Ok(_) => fill(reader, &mut input, size).await,
            Err(error) => return error.into(),
        };
        match input.len() {
            count if count >= size => size = (size * 4).min(largest),
            count if count < size / 8 => size = (size / 4).max(smallest),
            _ => {}
        }
        share.used(input.len()).await;
        link.reading().await;
        // The peer of an ended connection is still read: it may not read before it has written.
        let input = Message::Input(Input::Received(key, input.freeze()));
        if !link.is_over() && inbox.send(input).await.is_err() {
            return LostReason::ApplicationEnded;
        }
        if let Some(reason) = lost {
            return reason;
        }
    }
}

/// Reads the bytes that have arrived, up to `size`. Returns the reason why no more can be read, if any.
async fn fill(
    reader: &mut (impl AsyncRead + Unpin),
    input: &mut BytesMut,
    size: usize,
) -> Option<LostReason> {
    while input.len() < size {
        let read = poll_fn(|cx| Poll::Ready(pin!(reader.read_buf(input)).poll(cx))).await;
        match read {
            Poll::Pending => break,
            Poll::Ready(Ok(0)) => return Some(LostReason::Eof),
            Poll::Ready(Ok(_)) => {}
            Poll::Ready(Err(error)) => return Some(error.into()),
        }
    }
    None
}

async fn write(
    writer: &mut (impl AsyncWrite + Unpin),
    key: ConnectionKey,
    link: &Link,
) -> Result<(), LostReason> {
    let mut writing = Writing::default();
    let mut share = Share::default();
    while link.next(&mut writing).await {
        while !writing.is_empty() {
            let written = {
                let mut slices = [IoSlice::new(&[]); _];
                let count = writing.slices(&mut slices);
                writer.write_vectored(&slices[..count]).await?
            };
            if written == 0 {
                return Err(LostReason::Reset);
            }
            writing.advance(written);
            link.written(key, written);
            share.used(written).await;
        }
        if link.is_idle() {
            writer.flush().await?;
        }
    }
    writer.flush().await?;
    // The peer may have closed its side already.
    let _ = timeout(LINGER_TIMEOUT, writer.shutdown()).await;
    Ok(())
}

/// The share of a connection in the time of its thread.
#[derive(Debug, Default)]
struct Share {
    bytes: usize,
}

impl Share {
    /// Counts bytes, and lets other tasks run if the share is used up.
    async fn used(&mut self, bytes: usize) {
        self.bytes += bytes;
        if self.bytes >= BYTES_BETWEEN_YIELDS {
            self.bytes = 0;
            tokio::task::yield_now().await;
        }
    }
}

async fn discard(reader: &mut (impl AsyncRead + Unpin)) {
    let mut buffer = vec![0; 4096];
    while let Ok(1..) = reader.read(&mut buffer).await {}
}
