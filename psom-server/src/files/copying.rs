//! Copies the encrypted files of all meetings from one location to another.

use std::{fs, future::poll_fn, io, path::Path};

use tokio::io::AsyncWriteExt as _;

use super::{
    blob_location::{BlobConfig, BlobError, BlobKey},
    blobs::Blobs,
};
use crate::shared::private_files;

/// The folder for the file that is being copied, in the data directory.
const TEMPORARY: &str = "copied-file";

/// Copies files that do not exist at the new location, and marks that as `server`'s. `folder` is the one for
/// the files in the data directory, which either location can be. Returns the number of files.
///
/// # Errors
/// A location cannot be read or written, or belongs to another server.
pub(crate) async fn copy_files(
    from: &BlobConfig,
    to: &BlobConfig,
    folder: &Path,
    server: &str,
) -> Result<usize, BlobError> {
    let (from, to) = (Blobs::open(from, folder)?, Blobs::open(to, folder)?);
    from.check_owner(server).await?;
    let existing = to.list().await?;
    to.claim(server, existing.is_empty()).await?;
    let temporary = folder.with_file_name(TEMPORARY);
    let failed = |source: io::Error| BlobError::Folder { path: temporary.clone(), source };
    private_files::create_directory(&temporary).map_err(failed)?;
    let mut count = 0;
    for (key, length) in from.list().await? {
        if existing.get(&key) != Some(&length) {
            copy_file(&from, &to, key, length, &temporary).await.map_err(failed)?;
            count += 1;
        }
    }
    fs::remove_dir_all(&temporary).map_err(failed)?;
    Ok(count)
}

async fn copy_file(
    from: &Blobs,
    to: &Blobs,
    key: BlobKey,
    length: u64,
    temporary: &Path,
) -> io::Result<()> {
    let mut bytes = from.open_range(&key, 0..length).await?;
    let file = private_files::create_new(&temporary.join(key.name()))?;
    let mut file = tokio::fs::File::from_std(file);
    while let Some(chunk) = poll_fn(|cx| bytes.poll_next(cx)).await? {
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    // The new location gets complete files only.
    file.sync_all().await?;
    to.put(temporary, vec![key]).await
}
