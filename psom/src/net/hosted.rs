//! A client's connection on the task of its space.
//!
//! A space with one connection gains nothing from a second task: every message would have to wait until
//! another thread wakes up.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{runtime::Handle, sync::oneshot};

/// The future that moves the bytes of a connection.
pub(crate) type Moving = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The driver of a space, and the connection that runs on the same task.
pub(super) struct Hosted<D> {
    driver: Pin<Box<D>>,
    connection: HostedConnection,
}

enum HostedConnection {
    Awaited(oneshot::Receiver<Moving>),
    Running(Moving),
    Ended,
}

impl<D> Hosted<D> {
    pub(super) fn new(driver: D, connection: oneshot::Receiver<Moving>) -> Self {
        Self { driver: Box::pin(driver), connection: HostedConnection::Awaited(connection) }
    }
}

impl<D: Future<Output = ()>> Future for Hosted<D> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let HostedConnection::Awaited(awaited) = &mut self.connection
            && let Poll::Ready(connection) = Pin::new(awaited).poll(cx)
        {
            self.connection = connection.map_or(HostedConnection::Ended, HostedConnection::Running);
        }
        if let HostedConnection::Running(connection) = &mut self.connection
            && connection.as_mut().poll(cx).is_ready()
        {
            self.connection = HostedConnection::Ended;
        }
        self.driver.as_mut().poll(cx)
    }
}

impl<D> Drop for Hosted<D> {
    /// Lets the connection write its last bytes, for example the Break after a panic of a handler.
    fn drop(&mut self) {
        let connection = std::mem::replace(&mut self.connection, HostedConnection::Ended);
        if let (HostedConnection::Running(connection), Ok(runtime)) =
            (connection, Handle::try_current())
        {
            runtime.spawn(connection);
        }
    }
}
