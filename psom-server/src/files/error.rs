use std::io;

use psom_objects::store::StoreError;

/// Converts an I/O failure to the error of the `FileStore` contract.
pub(super) fn io_error(error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full,
        _ => StoreError::failed(io::Error::new(error.kind(), error.to_string())),
    }
}

/// Returns the error for a meeting that has ended.
pub(super) fn meeting_ended() -> StoreError {
    StoreError::failed("the meeting has ended")
}

/// Returns the error for work that panicked or was stopped with the runtime.
pub(super) fn interrupted(error: tokio::task::JoinError) -> StoreError {
    StoreError::failed(error)
}
