//! The task of one connection: it moves bytes between a transport and a space.

use std::{io::IoSlice, sync::Arc, time::Duration};

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};

use super::{
    link::Link,
    outbox::Writing,
    space_task::{Inbox, Message},
};
use crate::{Config, Error, error::LostReason, hub::Input, space::ConnectionKey};

/// The sizes of the smallest and the largest read buffer. A buffer grows and shrinks by what the
/// last read brought, so an idle connection holds a small one.
const READ_BUFFER_BYTES: (usize, usize) = (512, 64 * 1024);

/// How long a peer may take to read a farewell before the transport is dropped.
const LINGER: Duration = Duration::from_secs(2);

/// Any byte stream that a connection can use.
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Transport for S {}

/// Moves bytes until the connection has ended.
pub(super) async fn run(
    stream: impl Transport,
    key: ConnectionKey,
    inbox: &Inbox,
    link: &Arc<Link>,
    config: &Config,
) {
    if let Err(reason) = move_bytes(stream, key, inbox, link, config).await {
        // A space that is gone needs no report.
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
        // The last bytes of an ended connection leave within one stall.
        link.ended().await;
        tokio::time::sleep(config.stall_timeout.saturating_add(LINGER)).await;
    };
    let let_go = async {
        link.closing().await;
        // A space that is gone has closed the connection itself.
        let _ = inbox.send(Message::Input(Input::End(key, Error::Closed))).await;
        std::future::pending().await
    };
    tokio::select! {
        biased;
        written = write(&mut writer, key, link) => {
            written?;
            // Input that arrives meanwhile must be read: a transport that is closed with unread
            // bytes is reset, and the farewell is lost with it.
            let _ = timeout(LINGER, discard(&mut reader)).await;
            Ok(())
        }
        reason = read(&mut reader, key, inbox, link) => Err(reason),
        () = let_go => Ok(()),
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
    loop {
        let mut input = BytesMut::with_capacity(size);
        match reader.read_buf(&mut input).await {
            Ok(0) => return LostReason::Eof,
            Ok(count) if count >= size => size = (size * 4).min(largest),
            Ok(count) if count < size / 8 => size = (size / 4).max(smallest),
            Ok(_) => {}
            Err(error) => return error.into(),
        }
        link.reading().await;
        // The peer of an ended connection is still read, so that it can write and then read.
        let input = Message::Input(Input::Received(key, input.freeze()));
        if link.over().is_none() && inbox.send(input).await.is_err() {
            return LostReason::ApplicationEnded;
        }
    }
}

async fn write(
    writer: &mut (impl AsyncWrite + Unpin),
    key: ConnectionKey,
    link: &Link,
) -> Result<(), LostReason> {
    let mut writing = Writing::default();
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
        }
        if link.is_idle() {
            writer.flush().await?;
        }
    }
    writer.flush().await?;
    // The peer may have closed its side already.
    let _ = timeout(LINGER, writer.shutdown()).await;
    Ok(())
}

async fn discard(reader: &mut (impl AsyncRead + Unpin)) {
    let mut buffer = vec![0; 4096];
    while let Ok(1..) = reader.read(&mut buffer).await {}
}
