//! Connections with much to send let other tasks run.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use psom::{Client, Server, SpaceHandle, Tokens, User};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use super::common::{ServerRoot, TIMEOUT, client_root, eventually};

/// Calls whose bytes are many times as many as a connection writes before others run.
const CALLS: usize = 20;

/// A stream that measures how much is written to it while no other task runs.
struct Measured {
    stream: DuplexStream,
    /// The number of times that another task has run.
    others: Arc<AtomicUsize>,
    /// The number of these times at the last write, and the bytes written since then.
    since: (usize, usize),
    /// The largest number of bytes that were written while no other task ran.
    largest: Arc<AtomicUsize>,
}

impl AsyncRead for Measured {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Measured {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = poll {
            let others = self.others.load(Relaxed);
            if self.since.0 != others {
                self.since = (others, 0);
            }
            self.since.1 += count;
            self.largest.fetch_max(self.since.1, Relaxed);
        }
        poll
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn other_tasks_run_while_a_connection_writes_much() {
    let tokens = Tokens::new();
    let space = SpaceHandle::start(ServerRoot::default()).unwrap();
    let server = Server::builder().space(space.space()).authenticator(tokens.clone());
    let server = server.start().unwrap();
    // The stream takes everything at once, as the large buffer of a socket does.
    let (near, far) = tokio::io::duplex(16 << 20);
    let (others, largest) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (count, measured) = (Arc::clone(&others), Arc::clone(&largest));
    server.accept(Measured { stream: far, others, since: (0, 0), largest });
    let (client_root, mut received) = client_root();
    let token = tokens.issue(User::new(1, "Ada"));
    let client = Client::builder().root(client_root).token(token);
    let _session = client.connect_stream(near).await.unwrap();
    eventually(async || space.stats().await.unwrap().peers == 1).await;
    let other = tokio::spawn(poll_fn(move |cx| {
        count.fetch_add(1, Relaxed);
        cx.waker().wake_by_ref();
        Poll::<()>::Pending
    }));
    // These calls, of more than a megabyte together, leave the space in one turn.
    let text = "x".repeat(60_000);
    let said = space.run(move |_, cx| (0..CALLS).all(|_| cx.peers().c_said(1, &text).ok().is_ok()));
    assert!(said.await.unwrap());
    for _ in 0..CALLS {
        tokio::time::timeout(TIMEOUT, received.recv()).await.unwrap().unwrap();
    }
    other.abort();
    let largest = measured.load(Relaxed);
    // A write can exceed the 32 KiB after which a connection lets others run.
    assert!((32 << 10..128 << 10).contains(&largest), "{largest} bytes at once");
}
