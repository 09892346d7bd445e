use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::{pace::Pace, seats::Seat};

/// A stream whose peer has to take what it is sent, at a pace. Without it, a client that asks for a
/// file and does not read it would hold a connection for ever.
pub(super) struct Patient<S> {
    stream: S,
    pace: Pace,
    /// Since when the peer takes nothing, and how long it may.
    stalled: Option<(Instant, Pin<Box<Sleep>>)>,
    seat: Option<Seat>,
}

impl<S> Patient<S> {
    /// The seat is told whenever all is sent.
    pub(super) fn new(stream: S, patience: Duration, seat: impl Into<Option<Seat>>) -> Self {
        Self { stream, pace: Pace::new(patience), stalled: None, seat: seat.into() }
    }

    fn judge<T>(&mut self, cx: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            if let Some((since, _)) = self.stalled.take() {
                self.pace.waited(since.elapsed());
            }
            return poll;
        }
        let (_, until) = self.stalled.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(sleep_until(now + self.pace.left())))
        });
        until.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, bytes);
        let poll = self.judge(cx, poll);
        if let Poll::Ready(Ok(count)) = poll {
            self.pace.moved(count);
        }
        poll
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_flush(cx);
        let poll = self.judge(cx, poll);
        if let (Poll::Ready(Ok(())), Some(seat)) = (&poll, &self.seat) {
            seat.flushed();
        }
        poll
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.judge(cx, poll)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        time::sleep,
    };

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_left() {
        let (near, mut far) = tokio::io::duplex(4);
        let mut near = Patient::new(near, Duration::from_secs(60), None);
        near.write_all(b"four").await.unwrap();
        let error = near.write_all(b"more").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        // What is read now is too late for more than what is there.
        far.read_exact(&mut [0; 4]).await.unwrap();
        near.write_all(b"more").await.unwrap();
        assert!(near.write_all(b"more").await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_drips_is_left_and_one_that_is_slow_is_not() {
        for (bytes, is_served) in [(1, false), (5 << 10, true)] {
            let (near, mut far) = tokio::io::duplex(bytes);
            let mut near = Patient::new(near, Duration::from_secs(60), None);
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
