//! The tasks of a server's connections.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{sync::Notify, task::AbortHandle};

/// Tasks that a server starts, and waits for when it stops. A task that has ended keeps no memory, unlike one of a
/// [`JoinSet`](tokio::task::JoinSet), which keeps it until somebody asks for its result.
///
/// Dropping this value aborts the tasks.
#[derive(Debug, Default)]
pub struct ConnectionTasks(Arc<TaskTable>);

#[derive(Debug, Default)]
struct TaskTable {
    running: Mutex<Running>,
    ended: Notify,
}

#[derive(Debug, Default)]
struct Running {
    last_key: u64,
    is_aborted: bool,
    /// The running tasks. A task that has just been started has no handle yet.
    tasks: HashMap<u64, Option<AbortHandle>>,
}

impl ConnectionTasks {
    /// Starts a task within a tokio runtime.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let key = {
            let mut running = self.0.running();
            running.last_key += 1;
            let key = running.last_key;
            running.tasks.insert(key, None);
            key
        };
        let end = End(Arc::clone(&self.0), key);
        // Without a box, the task below would reserve room for the future twice: as captured, and as awaited.
        let task = Box::pin(task);
        // The lock is free here, because a runtime that ends drops the task within this call.
        let spawned = tokio::spawn(async move {
            let _end = end;
            task.await;
        });
        let mut running = self.0.running();
        if let Some(handle) = running.tasks.get_mut(&key) {
            *handle = Some(spawned.abort_handle());
        }
        let is_aborted = running.is_aborted;
        drop(running);
        if is_aborted {
            spawned.abort();
        }
    }

    /// Returns the number of tasks that have not ended.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.running().tasks.len()
    }

    /// Reports whether all tasks have ended.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until all tasks have ended.
    pub async fn ended(&self) {
        loop {
            let ended = self.0.ended.notified();
            if self.is_empty() {
                return;
            }
            ended.await;
        }
    }

    /// Ends all tasks at their next `await`, and tasks that are started later before they run.
    pub fn abort(&self) {
        let mut running = self.0.running();
        running.is_aborted = true;
        let tasks: Vec<_> = running.tasks.values().flatten().cloned().collect();
        // A task that is dropped within this call takes the lock.
        drop(running);
        tasks.iter().for_each(AbortHandle::abort);
    }
}

impl Drop for ConnectionTasks {
    fn drop(&mut self) {
        self.abort();
    }
}

impl TaskTable {
    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes a task when it has ended, also by a panic or because it was aborted.
struct End(Arc<TaskTable>, u64);

impl Drop for End {
    fn drop(&mut self) {
        let removed = self.0.running().tasks.remove(&self.1);
        // The last handle can free the task, which needs no lock.
        drop(removed);
        self.0.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn ended_task_is_removed_at_once() {
        let tasks = ConnectionTasks::default();
        tasks.spawn(async {});
        tasks.spawn(pending());
        assert_eq!(tasks.len(), 2);
        tokio::task::yield_now().await;
        assert_eq!(tasks.len(), 1);
        tasks.abort();
        tasks.ended().await;
        assert!(tasks.is_empty());
    }

    #[tokio::test]
    async fn task_that_is_started_after_an_abort_does_not_run() {
        let tasks = ConnectionTasks::default();
        tasks.abort();
        tasks.spawn(async { unreachable!("the tasks were aborted") });
        tasks.ended().await;
    }

    #[tokio::test]
    async fn task_that_panics_is_removed() {
        let tasks = ConnectionTasks::default();
        tasks.spawn(async { panic!("the panic of this test") });
        tasks.ended().await;
    }

    #[test]
    fn task_of_a_runtime_that_ends_is_removed() {
        let tasks = ConnectionTasks::default();
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.unwrap_or_else(|error| panic!("{error}"));
        runtime.block_on(async { tasks.spawn(pending()) });
        drop(runtime);
        assert!(tasks.is_empty());
    }
}
