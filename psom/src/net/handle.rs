use std::{fmt, sync::Arc, time::Instant};

use tokio::sync::oneshot;

use super::{
    journal::Journal,
    link::Reports,
    space_task::{self, Inbox, Message},
    with_trace,
};
use crate::{
    Config, Context, DistributedObject, Handle, Scope,
    error::{CallError, Misuse},
    hub::{Hub, Input},
    interface::ObjectDesc,
    space::{SpaceStats, Task},
};

/// A running space: the objects below one root, on a task of their own. Cheap to clone; the space
/// ends when the last handle and the last connection are gone.
pub struct SpaceHandle<T> {
    space: SpaceRef,
    root: Handle<T>,
}

/// A running space whose root's type was forgotten: what an authenticator sends users to.
#[derive(Clone)]
pub struct SpaceRef {
    pub(super) inbox: Inbox,
    pub(super) reports: Arc<Reports>,
}

impl<T: DistributedObject> SpaceHandle<T> {
    /// Starts a space, within a tokio runtime.
    pub fn start(root: T) -> Result<Self, Misuse> {
        Self::start_with(Config::default(), [], |_| root)
    }

    /// Starts a space whose root is made with its children. `further` are objects that will be
    /// connected without being declared as children; the marks of `config` hold for everybody who
    /// is connected.
    pub fn start_with(
        config: Config,
        further: impl IntoIterator<Item = ObjectDesc>,
        root: impl FnOnce(&mut Scope) -> T,
    ) -> Result<Self, Misuse> {
        Self::run_space(config, further, None, |scope| Ok(root(scope)))
    }

    /// The same for a space whose objects save durable state: what a turn sends leaves when the
    /// journal says that what the turn saved is safe. The root is made from what was saved before,
    /// and may fail to be.
    pub fn start_durable<E: From<Misuse>>(
        config: Config,
        further: impl IntoIterator<Item = ObjectDesc>,
        journal: Arc<dyn Journal>,
        root: impl FnOnce(&mut Scope) -> Result<T, E>,
    ) -> Result<Self, E> {
        Self::run_space(config, further, Some(journal), root)
    }

    fn run_space<E: From<Misuse>>(
        config: Config,
        further: impl IntoIterator<Item = ObjectDesc>,
        journal: Option<Arc<dyn Journal>>,
        root: impl FnOnce(&mut Scope) -> Result<T, E>,
    ) -> Result<Self, E> {
        let config = Arc::new(with_trace(config));
        let (hub, root) = Hub::new(Instant::now(), config, journal.is_some(), further, root)?;
        let reports = Arc::new(Reports::new(hub.report_bytes()));
        let inbox = space_task::start(hub, journal, reports.clone());
        Ok(Self { space: SpaceRef { inbox, reports }, root })
    }

    /// The handle of the root.
    pub fn root(&self) -> Handle<T> {
        self.root
    }

    /// Does something with the root, as a turn of the space, and returns what it came to. A handler
    /// of the same space must not await it: the space waits for the handler.
    pub async fn run<R: Send + 'static>(
        &self,
        run: impl FnOnce(&mut T, &mut Context<T>) -> R + Send + 'static,
    ) -> Result<R, CallError> {
        self.run_on(self.root, run).await
    }

    /// Does something with an object, as a turn of the space, and returns what it came to, once all
    /// that the turn has saved is safe.
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
        // The task is dropped unrun, and its reply with it, where the object is gone.
        result.await.map_err(|_| CallError::Gone)
    }

    /// Closes every connection, those too that have not opened their channel yet, and takes no
    /// further one. The objects stay for as long as there is a handle.
    pub async fn close(&self) -> Result<(), CallError> {
        self.space.inbox.send(Message::Input(Input::Close)).await.map_err(|_| CallError::Gone)
    }

    /// How much the space holds.
    pub async fn stats(&self) -> Result<SpaceStats, CallError> {
        let (reply, stats) = oneshot::channel();
        self.space.inbox.send(Message::Stats(reply)).await.map_err(|_| CallError::Gone)?;
        stats.await.map(|stats| stats.space).map_err(|_| CallError::Gone)
    }
}

impl<T> SpaceHandle<T> {
    /// The space without its root's type.
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
