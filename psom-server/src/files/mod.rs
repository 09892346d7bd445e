//! Files on the disk: packages on their way in, and the encrypted files that are served.
//!
//! ```text
//! <data>/meetings/<id>/tmp/<32 hex>     a package or a file that is on its way
//! <data>/meetings/<id>/files/<32 hex>   an encrypted file
//! <data>/files.json                     where the encrypted files were last, and the server's name
//! ```
//!
//! A package is written as it arrives (`spool`), then opened, and each of its files encrypted
//! into a file of its own (`import`). These are moved to where they stay (`blobs`): into the folder
//! above, or to an object store under the same names. Only then does the [`Library`] know these
//! files, and only what it knows is served. A file that a browser brings (`web`) is encrypted as it
//! comes. The `ledger` holds all of them to the room that there is.

mod blobs;
mod draft;
mod encrypting;
mod import;
mod ledger;
mod library;
pub(crate) mod permissions;
mod pieces;
mod record;
mod spool;
mod store;
mod sweep;
#[cfg(test)]
mod tests;
pub(crate) mod web;

use std::io;

pub(crate) use blobs::Key;
pub use blobs::{BlobConfig, BlobError};
pub use library::{Library, LibraryConfig, ServedFile};
pub use permissions::WebLimits;
pub(crate) use pieces::Pieces;
use psom_objects::store::StoreError;
pub use record::RecordError;
pub(crate) use record::{FilesRecord, damaged, found};
pub use store::DiskStore;

/// 128 random bits: a name that cannot be guessed.
pub(crate) fn random_name() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// Whether a text can be one of these names.
fn is_name(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A failure of the disk as the store's own error.
fn store_error(error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full,
        _ => StoreError::Failed(error.to_string()),
    }
}
