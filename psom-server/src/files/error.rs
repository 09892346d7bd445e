use std::io;

use psom_objects::store::StoreError;

/// Converts an I/O failure to the error of the `FileStore` contract.
pub(super) fn io_error(error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full,
        _ => StoreError::Failed(error.to_string()),
    }
}

/// The error for a meeting that has ended.
pub(super) fn meeting_ended() -> StoreError {
    StoreError::Failed("the meeting has ended".into())
}

/// The error for work that panicked or was stopped with the runtime.
pub(super) fn interrupted(error: tokio::task::JoinError) -> StoreError {
    StoreError::Failed(error.to_string())
}
