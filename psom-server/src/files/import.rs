//! From a package to encrypted files.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    sync::Arc,
};

use percent_encoding::percent_decode_str;
use psom_objects::{
    package::{Package, PackageError, PackageLimits},
    store::{Import, StoreError, StoredFile},
};

use super::{
    draft::Draft, encrypting::EncryptingFile, library::Shelf, random_name, spool::create,
    store_error,
};
use crate::crypto::encrypted_length;

/// Verifies a package and encrypts its files. Runs on a blocking thread; what is in memory is a
/// window of one file at a time, and the manifest.
pub(super) fn import(
    shelf: Arc<Shelf>,
    mut package: File,
    unpacked_length: u64,
) -> Result<Draft, StoreError> {
    let most = shelf.library.config.package_size;
    // However well a file packs, there is room for what was announced, and for no more.
    let limits = PackageLimits {
        file_bytes: most,
        total_bytes: most,
        ratio: u64::MAX,
        ..PackageLimits::default()
    };
    let mut package = Package::open(&mut package, &limits).map_err(package_error)?;
    let names = names(&package);
    let total = package.files().fold(0_u64, |sum, (_, size)| sum.saturating_add(size));
    if total > unpacked_length {
        let text = format!("its files have {total} bytes, and {unpacked_length} were announced");
        return Err(StoreError::Malformed(text));
    }
    let room = package.files().map(|(_, size)| encrypted_length(size)).sum();
    let held = shelf.library.ledger.hold(room)?;
    let mut draft = Draft::new(shelf, held);
    let mut stored = BTreeMap::new();
    for (entry, name) in names {
        let file = encrypt(&mut draft, &mut package, &entry)?;
        stored.insert(name, file);
    }
    draft.complete(Import { manifest: package.manifest().clone(), files: stored });
    Ok(draft)
}

/// Encrypts a file of the package to the disk.
fn encrypt(
    draft: &mut Draft,
    package: &mut Package<&mut File>,
    entry: &str,
) -> Result<StoredFile, StoreError> {
    let name = random_name();
    let file = create(&draft.path(&name)).map_err(|error| store_error(&error))?;
    draft.add(&name);
    let mut writer = EncryptingFile::from(file);
    package.copy_to(entry, &mut writer).map_err(package_error)?;
    draft.finish(name, writer)
}

/// The files of a package: their names in the archive, and in the manifest where it names them.
fn names<R>(package: &Package<R>) -> Vec<(String, String)> {
    let manifest = package.manifest().files();
    let named: HashMap<String, &str> = manifest.iter().map(|name| (key(name), *name)).collect();
    let spelled = |entry: &str| named.get(&key(entry)).copied().unwrap_or(entry).to_owned();
    package.files().map(|(entry, _)| (entry.to_owned(), spelled(entry))).collect()
}

/// Packages may spell a name with other capitals than their manifest, or escaped.
fn key(name: &str) -> String {
    match percent_decode_str(name).decode_utf8() {
        Ok(plain) => plain.to_lowercase(),
        Err(_) => name.to_lowercase(),
    }
}

/// Whose fault it is: the package's, or the disk's.
fn package_error(error: PackageError) -> StoreError {
    match error {
        PackageError::Io(error) | PackageError::Copy { source: error, .. } => store_error(&error),
        error => StoreError::Malformed(error.to_string()),
    }
}
