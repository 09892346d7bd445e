//! Connections of commands that have failed or were interrupted. They are closed in the background, so
//! that the server gets the Close that section 2.2.1.1.1 requires.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use psom::ClientSession;
use psom_objects::client::Conference;
use tokio::{runtime::Handle, task::JoinHandle, time::timeout};

/// The time that closing a connection may take. The server has already handled all actions, so a longer
/// wait has no use.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// The connections that are being closed.
static CLOSING: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());

fn closing() -> MutexGuard<'static, Vec<JoinHandle<()>>> {
    // No code panics while it holds the lock.
    CLOSING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cancels the upload with this cookie, if there is one (section 3.3.4.1.4), and closes a connection
/// once everything was sent.
pub(crate) async fn close(session: Arc<ClientSession<Conference>>, upload: Option<i32>) {
    let closing = async {
        if let Some(cookie) = upload {
            // The call fails if the server has not accepted the upload yet or has ended it. Such an upload
            // needs no cancellation.
            let _ = session.run(move |it, cx| it.cancel_upload(cx, cookie)).await;
        }
        match Arc::into_inner(session) {
            Some(session) => Some(session.close().await),
            // A replay still uses the session. The connection ends when the replay drops it.
            None => None,
        }
    };
    // The server has already handled all actions, so a missing answer to the close is not an error.
    match timeout(CLOSE_TIMEOUT, closing).await {
        Ok(Some(reason)) => tracing::debug!(%reason, "the connection is closed"),
        Ok(None) => tracing::debug!("the connection is still in use"),
        Err(_) => tracing::debug!("the server has not confirmed the close"),
    }
}

/// Closes a connection in the background.
pub(crate) fn start(session: Arc<ClientSession<Conference>>, upload: Option<i32>) {
    // Without a runtime, the program ends anyway.
    if let Ok(runtime) = Handle::try_current() {
        let task = runtime.spawn(close(session, upload));
        closing().push(task);
    }
}

/// Waits until all connections are closed.
pub(crate) async fn finish() {
    loop {
        let Some(task) = closing().pop() else { return };
        // Each task has its own time limit.
        let _ = task.await;
    }
}
