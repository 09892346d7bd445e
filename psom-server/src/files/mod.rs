//! The files of the meetings: packages that are uploaded, and the encrypted files that are served.
//!
//! ```text
//! <data>/meetings/<id>/tmp/<32 hex>     a package or a file that is being uploaded
//! <data>/meetings/<id>/files/<32 hex>   an encrypted file
//! <data>/files.json                     the last location of the encrypted files, and the server's name
//! ```
//!
//! An uploaded package is spooled to a temporary file (`spool`). When it is complete, each of its
//! files is encrypted into a temporary file of its own (`package_import`). The only file of a package is
//! encrypted while it arrives, if it is not compressed (`arriving_package`). These files are moved to their
//! final location (`blobs`): the folder above (`folder_blobs`), or an object store under the same names
//! (`object_store_blobs`, compiled with the feature `object-store`). Only then are they added to the index
//! (`index`), and only files in the index are served. A single file that a browser uploads
//! (`browser_transfers`) is encrypted as it arrives. Disk space is reserved before any of these files is
//! written (`disk_space`).
//!
//! This folder knows nothing of HTTP, users or the store of the meetings.

mod arriving_package;
mod blob_location;
mod blobs;
pub(crate) mod browser_transfers;
mod config;
#[cfg(feature = "postgres")]
mod copying;
pub mod crypto;
mod disk_space;
mod encrypting_file;
mod error;
mod file_stream;
mod folder_blobs;
mod index;
mod library;
mod location_record;
mod meeting_files;
#[cfg(any(test, feature = "object-store"))]
mod object_store_blobs;
mod package_import;
mod spool;
mod sweep;
#[cfg(test)]
mod tests;
mod unpublished;

pub(crate) use blob_location::BlobKey;
pub use blob_location::{BlobConfig, BlobError};
pub use config::LibraryConfig;
#[cfg(feature = "postgres")]
pub(crate) use copying::copy_files;
pub(crate) use file_stream::FileStream;
pub use index::ServedFile;
pub use library::Library;
pub use location_record::RecordError;
pub(crate) use location_record::{FilesRecord, damaged_files, find_files};
pub use meeting_files::MeetingFiles;

pub use crate::shared::permissions::WebLimits;
