use std::{
    io::{self, IoSlice, Read, Write},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
};

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tungstenite::{
    Error, Message,
    error::ProtocolError,
    protocol::{CloseFrame, Role, WebSocketConfig, WebSocketContext, frame::coding::CloseCode},
};

use super::wakers::{Direction, Wakers};

/// The size of the read buffer, which every connection allocates. The default of `tungstenite`, 128
/// KiB, would need 1.3 GB for 10,000 connections.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// Upper bound on a received frame. It equals the default limit of a record.
const MAX_FRAME_BYTES: usize = 1024 * 1024;

/// Upper bound on a received frame before a server has answered. The longest credentials fit: a token
/// and a proxy header of 4 KiB each.
const MAX_FIRST_FRAME_BYTES: usize = 8 * 1024;

/// Upper bound on a sent frame. The write buffer keeps this capacity. It is also the size of a TLS
/// record.
const MAX_SENT_FRAME_BYTES: usize = 16 * 1024;

/// Upper bound on the control and empty frames that one poll handles, so that a flood of them does not
/// delay other connections on the thread.
const MAX_FRAMES_PER_POLL: usize = 32;

/// A byte stream over the binary frames of a WebSocket connection.
///
/// Reading returns the payload of the frames without their boundaries. Control frames are answered
/// while reading and have no payload. The WebSocket closes with code 1003 on a text frame, with 1009
/// on a frame of more than 1 MiB (8 KiB until the server has sent its first bytes), and with 1002 on
/// any other violation.
///
/// Shutting the stream down sends a close frame.
#[derive(Debug)]
pub struct WebSocket<S> {
    stream: S,
    context: WebSocketContext,
    wakers: Arc<Wakers>,
    /// The unread rest of the last frame's payload.
    received: Bytes,
    /// True if frames wait in the write buffer because the transport is full.
    unsent: bool,
    is_closed: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// The server's side of a connection whose handshake is complete.
    pub fn server(stream: S) -> Self {
        Self::new(stream, Role::Server, MAX_FIRST_FRAME_BYTES, Vec::new())
    }

    /// The server's side of a connection whose first bytes were read with the handshake.
    pub(super) fn server_with(stream: S, read: Vec<u8>) -> Self {
        Self::new(stream, Role::Server, MAX_FIRST_FRAME_BYTES, read)
    }

    /// The client's side of a connection whose first bytes were read with the handshake.
    pub(super) fn client_with(stream: S, read: Vec<u8>) -> Self {
        Self::new(stream, Role::Client, MAX_FRAME_BYTES, read)
    }

    fn new(stream: S, role: Role, max_frame: usize, read: Vec<u8>) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            // A frame is written immediately. It waits in the buffer only while the transport is full.
            .write_buffer_size(0)
            .max_frame_size(Some(max_frame))
            .max_message_size(Some(max_frame));
        Self {
            stream,
            context: WebSocketContext::from_partially_read(read, role, Some(config)),
            wakers: Arc::default(),
            received: Bytes::new(),
            unsent: false,
            is_closed: false,
        }
    }

    /// Runs an operation of the WebSocket on the transport.
    fn with<R>(
        &mut self,
        cx: &Context<'_>,
        direction: Direction,
        operation: impl FnOnce(&mut WebSocketContext, &mut Blocking<'_, S>) -> Result<R, Error>,
    ) -> Poll<Result<R, Error>> {
        self.wakers.register(direction, cx.waker());
        let waker = Waker::from(Arc::clone(&self.wakers));
        let mut stream = Blocking { stream: &mut self.stream, cx: Context::from_waker(&waker) };
        match operation(&mut self.context, &mut stream) {
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            result => Poll::Ready(result),
        }
    }

    /// Sends a close frame. The frame is dropped if the transport is full, because the connection ends
    /// anyway.
    fn close(&mut self, cx: &Context<'_>, direction: Direction, code: CloseCode) {
        if !std::mem::replace(&mut self.is_closed, true) {
            let frame = CloseFrame { code, reason: "".into() };
            let _ = self.with(cx, direction, |context, stream| context.close(stream, Some(frame)));
        }
    }

    /// Reads frames until one has a payload. Returns `None` when the peer has closed.
    fn poll_payload(&mut self, cx: &Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        for _ in 0..MAX_FRAMES_PER_POLL {
            let message = self.with(cx, Direction::Read, |context, stream| context.read(stream));
            let (code, text) = match ready!(message) {
                Ok(Message::Binary(payload)) if !payload.is_empty() => {
                    return Poll::Ready(Ok(Some(payload)));
                }
                Ok(Message::Text(_)) => {
                    (CloseCode::Unsupported, "the peer sent a text frame".to_owned())
                }
                Ok(Message::Close(_)) => {
                    // The answer is queued, and the next operation sends it.
                    let _ = self.with(cx, Direction::Read, |context, stream| context.flush(stream));
                    return Poll::Ready(Ok(None));
                }
                Ok(_) => continue,
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => {
                    return Poll::Ready(Ok(None));
                }
                Err(Error::Io(error)) => return Poll::Ready(Err(error)),
                Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                    return Poll::Ready(Ok(None));
                }
                Err(error @ Error::Capacity(_)) => (CloseCode::Size, error.to_string()),
                // `tungstenite` reads the whole text before it returns it.
                Err(error @ Error::Utf8(_)) => (CloseCode::Unsupported, error.to_string()),
                Err(error) => (CloseCode::Protocol, error.to_string()),
            };
            self.close(cx, Direction::Read, code);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, text)));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes the frames that wait in the write buffer.
    fn poll_unsent(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.with(cx, Direction::Write, |context, stream| context.flush(stream));
        ready!(flushed).map_err(io_error)?;
        self.unsent = false;
        Poll::Ready(Ok(()))
    }

    fn poll_frame(&mut self, cx: &Context<'_>, payload: Bytes) -> Poll<io::Result<usize>> {
        let count = payload.len();
        // A server sends nothing before it has admitted the client.
        self.context.set_config(|config| {
            config.max_frame_size = Some(MAX_FRAME_BYTES);
            config.max_message_size = Some(MAX_FRAME_BYTES);
        });
        let sent = self.with(cx, Direction::Write, |context, stream| {
            context.write(stream, Message::Binary(payload))
        });
        match sent {
            // The frame is in the write buffer.
            Poll::Pending => self.unsent = true,
            Poll::Ready(result) => result.map_err(io_error)?,
        }
        Poll::Ready(Ok(count))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for WebSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.received.is_empty() {
            match ready!(self.poll_payload(cx))? {
                Some(payload) => self.received = payload,
                None => return Poll::Ready(Ok(())),
            }
        }
        let count = self.received.len().min(buffer.remaining());
        buffer.put_slice(&self.received[..count]);
        self.received.advance(count);
        if self.received.is_empty() {
            // Copy the rest, because the payload shares the read buffer and would keep it allocated.
            self.received = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for WebSocket<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.unsent {
            ready!(self.poll_unsent(cx))?;
        }
        let total = slices.iter().map(|slice| slice.len()).sum::<usize>();
        let mut payload = BytesMut::with_capacity(total.min(MAX_SENT_FRAME_BYTES));
        for slice in slices {
            let room = MAX_SENT_FRAME_BYTES - payload.len();
            payload.extend_from_slice(&slice[..slice.len().min(room)]);
        }
        if payload.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.poll_frame(cx, payload.freeze())
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_unsent(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.unsent {
            ready!(self.poll_unsent(cx))?;
        }
        self.close(cx, Direction::Write, CloseCode::Normal);
        // The peer may have closed first.
        match self.poll_unsent(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(_) => Pin::new(&mut self.stream).poll_shutdown(cx),
        }
    }
}

fn io_error(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        error => io::Error::new(io::ErrorKind::BrokenPipe, error.to_string()),
    }
}

/// An asynchronous stream during one poll, as a blocking stream for `tungstenite`. An operation that
/// cannot complete fails with [`io::ErrorKind::WouldBlock`].
struct Blocking<'a, S> {
    stream: &'a mut S,
    cx: Context<'a>,
}

fn or_would_block<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

impl<S: AsyncRead + Unpin> Read for Blocking<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(buffer);
        or_would_block(Pin::new(&mut *self.stream).poll_read(&mut self.cx, &mut buffer))?;
        Ok(buffer.filled().len())
    }
}

impl<S: AsyncWrite + Unpin> Write for Blocking<'_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        or_would_block(Pin::new(&mut *self.stream).poll_write(&mut self.cx, bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        or_would_block(Pin::new(&mut *self.stream).poll_flush(&mut self.cx))
    }
}
