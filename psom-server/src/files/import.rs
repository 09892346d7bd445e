//! From a package to encrypted files.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use psom_objects::{
    package::{Limits, Package, PackageError},
    store::{Import, StoreError, StoredFile},
};

use super::{
    ledger::Held,
    library::{ServedFile, Shelf},
    random_name,
    spool::{create, remove},
    store_error,
};
use crate::crypto::{Encryptor, FileKey, Plain, encrypted_length};

/// The files of a package, encrypted and safe on the disk, but not served yet. Dropped, they are
/// removed again.
pub(super) struct Draft {
    shelf: Arc<Shelf>,
    import: Option<Import>,
    files: Vec<(String, ServedFile)>,
    held: Option<Held>,
}

impl Draft {
    /// Serves the files from now on.
    pub(super) fn publish(mut self) -> Result<Import, StoreError> {
        let over = || StoreError::Failed("the meeting is over".into());
        let import = self.import.take().ok_or_else(over)?;
        let files = self.files.clone();
        if !self.shelf.add(files) {
            return Err(over());
        }
        self.files.clear();
        if let Some(held) = self.held.take() {
            held.keep();
        }
        Ok(import)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        for (_, file) in &self.files {
            remove(&file.path);
        }
    }
}

/// Verifies a package and encrypts its files. Runs on a blocking thread; what is in memory is a
/// window of one file at a time, and the manifest.
pub(super) fn import(
    shelf: Arc<Shelf>,
    mut package: File,
    unpacked_length: u64,
) -> Result<Draft, StoreError> {
    let most = shelf.library.config.package_size;
    // However well a file packs, there is room for what was announced, and for no more.
    let limits =
        Limits { file_bytes: most, total_bytes: most, ratio: u64::MAX, ..Limits::default() };
    let mut package = Package::open(&mut package, &limits).map_err(package_error)?;
    let names = names(&package);
    let total = package.files().fold(0_u64, |sum, (_, size)| sum.saturating_add(size));
    if total > unpacked_length {
        let text = format!("its files have {total} bytes, and {unpacked_length} were announced");
        return Err(StoreError::Malformed(text));
    }
    let room = package.files().map(|(_, size)| encrypted_length(size)).sum();
    let held = shelf.library.ledger.hold(room)?;
    let mut draft = Draft { shelf, import: None, files: Vec::new(), held: Some(held) };
    let mut stored = BTreeMap::new();
    for (entry, name) in names {
        let file = draft.encrypt(&mut package, &entry)?;
        stored.insert(name, file);
    }
    sync_directory(&draft.shelf.files).map_err(|error| store_error(&error))?;
    draft.import = Some(Import { manifest: package.manifest().clone(), files: stored });
    Ok(draft)
}

impl Draft {
    /// Encrypts a file of the package to the disk.
    fn encrypt(
        &mut self,
        package: &mut Package<&mut File>,
        entry: &str,
    ) -> Result<StoredFile, StoreError> {
        let name = random_name();
        let path: PathBuf = self.shelf.files.join(&name);
        let key = FileKey { key: rand::random(), iv: rand::random() };
        let file = create(&path).map_err(|error| store_error(&error))?;
        // From here on the draft removes it.
        self.files.push((name.clone(), ServedFile { path: path.into(), length: 0 }));
        let mut writer = EncryptingFile { file, encryptor: Encryptor::new(&key), written: 0 };
        package.copy_to(entry, &mut writer).map_err(package_error)?;
        let (plain, length) = writer.finish().map_err(|error| store_error(&error))?;
        if let Some(held) = &mut self.held {
            held.written(length);
        }
        if let Some((_, served)) = self.files.last_mut() {
            served.length = length;
        }
        Ok(StoredFile {
            name,
            key: Bytes::copy_from_slice(&key.key),
            iv: Bytes::copy_from_slice(&key.iv),
            hash: Bytes::copy_from_slice(&plain.sha1),
            size: plain.size,
        })
    }
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

struct EncryptingFile {
    file: File,
    encryptor: Encryptor,
    written: u64,
}

impl EncryptingFile {
    /// Writes the last block, and returns when the disk has everything.
    fn finish(mut self) -> io::Result<(Plain, u64)> {
        let (last, plain) = self.encryptor.finish();
        self.file.write_all(&last)?;
        self.file.sync_all()?;
        Ok((plain, self.written + last.len() as u64))
    }
}

impl Write for EncryptingFile {
    fn write(&mut self, plain: &[u8]) -> io::Result<usize> {
        let encrypted = self.encryptor.update(plain);
        self.file.write_all(encrypted)?;
        self.written += encrypted.len() as u64;
        Ok(plain.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Whose fault it is: the package's, or the disk's.
fn package_error(error: PackageError) -> StoreError {
    match error {
        PackageError::Io(error) | PackageError::Copy { source: error, .. } => store_error(&error),
        error => StoreError::Malformed(error.to_string()),
    }
}

/// New names are safe only once their directory is.
#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    match File::open(path) {
        // A package without files has no directory.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        directory => directory?.sync_all(),
    }
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}
