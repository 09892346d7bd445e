use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::{connection_slots::ConnectionSlot, progress_timer::ProgressTimer};

/// The bytes that a connection sends before it lets other tasks run: one chunk of a file. Meetings wait for less time
/// if each of hundreds of downloads sends less at a time.
const BYTES_BETWEEN_YIELDS: usize = 64 << 10;

/// A stream that fails with [`io::ErrorKind::TimedOut`] when its peer stops receiving. Without it, a
/// client that requests a file and does not read it would occupy a connection forever. It also lets other tasks
/// run while it sends much.
pub(super) struct StallTimeout<S> {
    stream: S,
    timer: ProgressTimer,
    /// The moment since which the peer has received nothing, and the timer of the timeout.
    stalled: Option<(Instant, Pin<Box<Sleep>>)>,
    /// The bytes that were sent since the connection last let other tasks run.
    sent: usize,
    slot: Option<ConnectionSlot>,
}

impl<S> StallTimeout<S> {
    /// Wraps a stream. The slot is notified when all written bytes are sent.
    pub(super) fn new(stream: S, limit: Duration, slot: impl Into<Option<ConnectionSlot>>) -> Self {
        let timer = ProgressTimer::new(limit);
        Self { stream, timer, stalled: None, sent: 0, slot: slot.into() }
    }

    /// Replaces a pending write by an error when the peer has stalled for too long.
    fn check_stall<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            if let Some((since, _)) = self.stalled.take() {
                self.timer.stalled(since.elapsed());
            }
            return poll;
        }
        if self.stalled.is_none()
            && let Some(slot) = &self.slot
        {
            slot.stalled();
        }
        let (_, until) = self.stalled.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(sleep_until(now + self.timer.remaining())))
        });
        until.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for StallTimeout<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for StallTimeout<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.sent >= BYTES_BETWEEN_YIELDS {
            self.sent = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        let poll = self.check_stall(cx, poll);
        if let Poll::Ready(Ok(count)) = poll {
            self.sent += count;
            self.timer.transferred(count);
            if let Some(slot) = &self.slot {
                slot.sent(count);
            }
        }
        poll
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_flush(cx);
        let poll = self.check_stall(cx, poll);
        if let (Poll::Ready(Ok(())), Some(slot)) = (&poll, &self.slot) {
            slot.flushed();
        }
        poll
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.check_stall(cx, poll)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use futures_util::FutureExt as _;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        time::sleep,
    };

    use super::*;

    /// The bytes of one write: a chunk of a file, like those of hyper.
    const PART_BYTES: usize = 64 << 10;

    #[tokio::test(start_paused = true)]
    async fn peer_that_receives_nothing_times_out() {
        let (near, mut far) = tokio::io::duplex(4);
        let mut near = StallTimeout::new(near, Duration::from_secs(60), None);
        near.write_all(b"four").await.unwrap();
        let error = near.write_all(b"more").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        // Reading now frees the buffer, but the remaining time is used up.
        far.read_exact(&mut [0; 4]).await.unwrap();
        near.write_all(b"more").await.unwrap();
        assert!(near.write_all(b"more").await.is_err());
    }

    #[tokio::test]
    async fn other_tasks_run_while_much_is_sent() {
        let bytes = vec![0; 8 * BYTES_BETWEEN_YIELDS];
        let (near, mut far) = tokio::io::duplex(bytes.len());
        let mut near = StallTimeout::new(near, Duration::from_secs(60), None);
        let (mut received, mut buffer) = (0, vec![0; bytes.len()]);
        let mut polls = 0;
        let mut sending = Box::pin(async {
            for part in bytes.chunks(PART_BYTES) {
                near.write_all(part).await.unwrap();
            }
        });
        while sending.as_mut().now_or_never().is_none() {
            polls += 1;
            let count = far.read(&mut buffer).await.unwrap();
            received += count;
            assert!(count <= BYTES_BETWEEN_YIELDS + PART_BYTES, "{count} bytes in one poll");
        }
        assert!(polls >= 7, "{polls} polls for {received} bytes");
    }

    #[tokio::test]
    async fn several_parts_are_sent_with_one_write() {
        let (near, mut far) = tokio::io::duplex(9);
        let mut near = StallTimeout::new(near, Duration::from_secs(60), None);
        assert!(near.is_write_vectored());
        let parts = [IoSlice::new(b"head"), IoSlice::new(b"body")];
        assert_eq!(near.write_vectored(&parts).await.unwrap(), 8);
        assert_eq!(near.sent, 8);
        let mut received = [0; 8];
        far.read_exact(&mut received).await.unwrap();
        assert_eq!(&received, b"headbody");
    }

    #[tokio::test(start_paused = true)]
    async fn dripping_peer_times_out_and_slow_one_does_not() {
        for (bytes, is_served) in [(1, false), (5 << 10, true)] {
            let (near, mut far) = tokio::io::duplex(bytes);
            let mut near = StallTimeout::new(near, Duration::from_secs(60), None);
            let reading = tokio::spawn(async move {
                let mut buffer = vec![0; bytes];
                while far.read_exact(&mut buffer).await.is_ok() {
                    sleep(Duration::from_secs(1)).await;
                }
            });
            let written = near.write_all(&vec![0; 1000 * bytes]).await;
            assert_eq!(written.is_ok(), is_served, "{bytes} bytes a second");
            reading.abort();
        }
    }
}
