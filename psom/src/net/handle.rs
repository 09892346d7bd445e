use std::{fmt, sync::Arc};

use tokio::sync::oneshot;

use super::{
    hosted::Moving,
    link::Reports,
    space_task::{self, Inbox, Message},
    with_trace,
};
use crate::{
    Config, Context, DistributedObject, Handle, Scope,
    error::{CallError, JournalError, Misuse},
    hub::{Hub, Input},
    interface::ObjectDesc,
    journal::Journal,
    space::{SpaceStats, Task},
};

/// A running space: the objects below one root, on a task of their own. Cheap to clone. The space ends
/// when the last handle is dropped and the last connection has ended.
pub struct SpaceHandle<T> {
    space: SpaceRef,
    root: Handle<T>,
}

/// A running space without the type of its root, to which an authenticator admits users.
#[derive(Clone)]
pub struct SpaceRef {
    pub(crate) inbox: Inbox,
    pub(crate) reports: Arc<Reports>,
}

impl<T: DistributedObject> SpaceHandle<T> {
    /// Starts a space. Must be called within a tokio runtime.
    pub fn start(root: T) -> Result<Self, Misuse> {
        Self::start_with(Config::default(), [], |_| root)
    }

    /// Starts a space with a function that creates the root and its children. `undeclared` are types
    /// of objects that are connected although no object declares them. The limits of `config` apply
    /// to all connections.
    pub fn start_with(
        config: Config,
        undeclared: impl IntoIterator<Item = ObjectDesc>,
        root: impl FnOnce(&mut Scope) -> T,
    ) -> Result<Self, Misuse> {
        Self::run_space(config, undeclared, None, None, |scope| Ok(root(scope)))
    }

    /// Starts a space like [`start_with`](Self::start_with), whose task also runs the connection that
    /// `connection` yields.
    pub(crate) fn start_hosting(
        config: Config,
        undeclared: impl IntoIterator<Item = ObjectDesc>,
        connection: oneshot::Receiver<Moving>,
        root: impl FnOnce(&mut Scope) -> T,
    ) -> Result<Self, Misuse> {
        Self::run_space(config, undeclared, None, Some(connection), |scope| Ok(root(scope)))
    }

    /// Starts a space like [`start_with`](Self::start_with), whose objects save durable state. The
    /// output of a turn is released when the journal has stored the turn's writes. `root` creates
    /// the root from the saved state and can fail.
    pub fn start_durable<E: From<Misuse>>(
        config: Config,
        undeclared: impl IntoIterator<Item = ObjectDesc>,
        journal: Arc<dyn Journal>,
        root: impl FnOnce(&mut Scope) -> Result<T, E>,
    ) -> Result<Self, E> {
        Self::run_space(config, undeclared, Some(journal), None, root)
    }

    fn run_space<E: From<Misuse>>(
        config: Config,
        undeclared: impl IntoIterator<Item = ObjectDesc>,
        journal: Option<Arc<dyn Journal>>,
        connection: Option<oneshot::Receiver<Moving>>,
        root: impl FnOnce(&mut Scope) -> Result<T, E>,
    ) -> Result<Self, E> {
        let config = Arc::new(with_trace(config));
        let (now, time) = space_task::clock();
        let (hub, root) = Hub::new_at(now, time, config, journal.is_some(), undeclared, root)?;
        let reports = Arc::new(Reports::new(hub.report_bytes()));
        let inbox = space_task::start(hub, journal, Arc::clone(&reports), connection);
        Ok(Self { space: SpaceRef { inbox, reports }, root })
    }

    /// Returns the handle of the root.
    pub fn root(&self) -> Handle<T> {
        self.root
    }

    /// Runs a function on the root, as a turn of the space, and returns its result. See
    /// [`run_on`](Self::run_on).
    pub async fn run<R: Send + 'static>(
        &self,
        run: impl FnOnce(&mut T, &mut Context<T>) -> R + Send + 'static,
    ) -> Result<R, CallError> {
        self.run_on(self.root, run).await
    }

    /// Runs a function on an object, as a turn of the space, and returns its result after the turn's
    /// writes are safe.
    ///
    /// Must not be awaited in a handler of the same space: the space waits for the handler, so both
    /// would wait forever.
    ///
    /// # Errors
    /// Returns [`CallError::Gone`] if the object or the space is gone.
    pub async fn run_on<U: DistributedObject, R: Send + 'static>(
        &self,
        object: Handle<U>,
        run: impl FnOnce(&mut U, &mut Context<U>) -> R + Send + 'static,
    ) -> Result<R, CallError> {
        let (reply, result) = oneshot::channel();
        let task = Task::new::<U>(move |object, cx| {
            let result = run(object, cx);
            cx.when_safe(move || drop(reply.send(result)));
        });
        let sent = self.space.inbox.send(Message::Input(Input::Ran(object.key, task))).await;
        sent.map_err(|_| CallError::Gone)?;
        // If the object is gone, the task is dropped together with its reply.
        result.await.map_err(|_| CallError::Gone)
    }

    /// Closes all connections, including those that have not opened their channel yet, and accepts
    /// no new ones. The objects exist as long as there is a handle.
    pub async fn close(&self) -> Result<(), CallError> {
        self.space.inbox.send(Message::Input(Input::Close)).await.map_err(|_| CallError::Gone)
    }

    /// Ends the space because another server has taken it over: every peer gets a Break with the reason
    /// "moved", and the output of turns whose writes are not safe is dropped.
    pub async fn end_as_moved(&self) -> Result<(), CallError> {
        let moved = Input::Committed(Err(JournalError::Moved));
        self.space.inbox.send(Message::Input(moved)).await.map_err(|_| CallError::Gone)
    }

    /// Returns the numbers of objects, connections and other resources of the space.
    pub async fn stats(&self) -> Result<SpaceStats, CallError> {
        let (reply, stats) = oneshot::channel();
        self.space.inbox.send(Message::Stats(reply)).await.map_err(|_| CallError::Gone)?;
        stats.await.map(|stats| stats.space).map_err(|_| CallError::Gone)
    }
}

impl<T> SpaceHandle<T> {
    /// Returns the space without the type of its root.
    pub fn space(&self) -> SpaceRef {
        self.space.clone()
    }
}

impl<T> Clone for SpaceHandle<T> {
    fn clone(&self) -> Self {
        Self { space: self.space.clone(), root: self.root }
    }
}

impl<T> fmt::Debug for SpaceHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpaceHandle").field("root", &self.root).finish_non_exhaustive()
    }
}

impl fmt::Debug for SpaceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SpaceRef")
    }
}
