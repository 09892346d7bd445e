use tokio::task::spawn_blocking;

use super::error::Error;

/// Runs work that reads or writes a database on a thread where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    spawn_blocking(work).await.unwrap_or_else(|error| Err(Error::interrupted(error)))
}
