use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    sync::Arc,
};

use psom_objects::{
    package::{Package, PackageError, PackageLimits, key_of_name},
    store::{Import, StoreError, StoredFile},
};

use super::{
    arriving_package::{ArrivingPackage, EarlyFile},
    crypto::encrypted_length,
    encrypting_file::EncryptingFile,
    error::io_error,
    index::MeetingIndex,
    spool::create_file,
    unpublished::UnpublishedFiles,
};
use crate::shared::identifiers::random_name;

/// Verifies a package and encrypts its files. Runs on a blocking thread. It keeps the manifest and a
/// window of one file in memory.
pub(super) fn import_package(
    meeting: Arc<MeetingIndex>,
    package: ArrivingPackage,
    unpacked_length: u64,
) -> Result<UnpublishedFiles, StoreError> {
    let (mut package, early) = package.finish().map_err(|error| io_error(&error))?;
    let file = package.try_clone().map_err(|error| io_error(&error))?;
    let max_bytes = meeting.index.config.package_size;
    // The compression ratio needs no limit: the files must not exceed the unpacked length that the
    // uploader announced.
    let limits = PackageLimits {
        file_bytes: max_bytes,
        total_bytes: max_bytes,
        ratio: u64::MAX,
        ..PackageLimits::default()
    };
    let mut package = Package::open(&mut package, &limits).map_err(package_error)?;
    let names = file_names(&package);
    let total = package.files().fold(0u64, |sum, (_, size)| sum.saturating_add(size));
    if total > unpacked_length {
        return Err(StoreError::malformed(format!(
            "its files have {total} bytes, but {unpacked_length} were announced"
        )));
    }
    let encrypted = package.files().map(|(_, size)| encrypted_length(size)).sum();
    let reservation = meeting.index.space.reserve(encrypted)?;
    let mut early = match early {
        Some(early) => verify_early(&mut package, &names, early, file)?,
        None => None,
    };
    let mut files = UnpublishedFiles::new(meeting, reservation);
    let mut stored = BTreeMap::new();
    for (entry, name) in names {
        let file = match early.take().and_then(|early| early.keep()) {
            Some((name, writer)) => {
                files.add(&name);
                files.finish(name, writer)?
            }
            None => encrypt(&mut files, &mut package, &entry)?,
        };
        stored.insert(name, file);
    }
    files.complete(Import { manifest: package.manifest().clone(), files: stored });
    Ok(files)
}

/// Returns the file that was encrypted while the package arrived, if it is the only file that the package
/// declares, with the same checksum. Otherwise puts its bytes back into the package.
fn verify_early(
    package: &mut Package<&mut File>,
    names: &[(String, String)],
    mut early: Box<EarlyFile>,
    file: File,
) -> Result<Option<Box<EarlyFile>>, StoreError> {
    if let [(entry, _)] = names
        && let Some(range) = package.stored_range(entry).map_err(package_error)?
        && early.complete(range).map_err(|error| io_error(&error))?
    {
        return Ok(Some(early));
    }
    early.restore(file).map_err(|error| io_error(&error))?;
    Ok(None)
}

/// Encrypts one file of the package into a temporary file.
fn encrypt(
    files: &mut UnpublishedFiles,
    package: &mut Package<&mut File>,
    entry: &str,
) -> Result<StoredFile, StoreError> {
    let name = random_name();
    let file = create_file(&files.path(&name)).map_err(|error| io_error(&error))?;
    files.add(&name);
    let mut writer = EncryptingFile::from(file);
    package.copy_to(entry, &mut writer).map_err(package_error)?;
    files.finish(name, writer)
}

/// Returns the name of each file of a package in the archive, and as the manifest spells it.
fn file_names<R>(package: &Package<R>) -> Vec<(String, String)> {
    let manifest = package.manifest().files();
    let by_key: HashMap<_, _> = manifest.iter().map(|name| (key_of_name(name), *name)).collect();
    let spelled =
        |entry: &str| by_key.get(&key_of_name(entry)).copied().unwrap_or(entry).to_owned();
    package.files().map(|(entry, _)| (entry.to_owned(), spelled(entry))).collect()
}

/// Distinguishes a failure of the disk from a mistake in the package.
fn package_error(error: PackageError) -> StoreError {
    match error {
        PackageError::Io(error) | PackageError::Copy { source: error, .. } => io_error(&error),
        error => StoreError::malformed(error),
    }
}
