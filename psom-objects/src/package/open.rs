//! Reading a package.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    io::{self, Read, Seek, Write},
};

use zip::{
    CompressionMethod, ZipArchive,
    read::{ArchiveOffset, Config, ZipFileEntry},
};

use super::{
    MANIFEST_NAME, directory,
    error::{PackageError, is_fault_of_data, shown},
    limits::PackageLimits,
    manifest::Manifest,
    names,
    stream::FileReader,
};

/// A verified package. Its manifest is valid, it has exactly the files that the manifest names, and
/// their declared sizes are within the [`PackageLimits`]. The declared sizes are verified while the
/// files are read.
pub struct Package<R> {
    archive: ZipArchive<R>,
    manifest: Manifest,
    /// The files by the keys of their names.
    files: BTreeMap<String, FileEntry>,
    total: u64,
}

/// The position of a file that is not compressed, as the package declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredRange {
    /// The offset of its first byte in the package.
    pub start: u64,
    /// Its length in bytes.
    pub length: u64,
    /// The CRC-32 of its bytes.
    pub crc32: u32,
}

/// A file of the package other than the manifest and the metadata.
struct FileEntry {
    name: String,
    index: usize,
    size: u64,
}

/// The kind of an archive entry, from its name.
enum EntryKind {
    Manifest,
    Metadata,
    File,
}

impl<R: Read + Seek> Package<R> {
    /// Opens a package and reads only its directory and its manifest.
    ///
    /// # Errors
    /// The package violates a rule of section 3.2.4.1.4, exceeds a limit, or is ambiguous: other
    /// readers could find other files.
    pub fn open(mut reader: R, limits: &PackageLimits) -> Result<Self, PackageError> {
        directory::check(&mut reader, limits)?;
        let config = Config { archive_offset: ArchiveOffset::Known(0) };
        let mut archive = ZipArchive::with_config(config, reader)?;
        let Survey { manifest, files, total } = Survey::of(&archive, limits)?;
        let Some((index, size)) = manifest else { return Err(PackageError::NoManifest) };
        // This also rejects entries that share their bytes, with which a small archive could
        // declare a large total size.
        archive.validate_header_consistency()?;

        let mut bytes = Vec::new();
        let mut manifest = FileReader::new(archive.by_index(index)?, size);
        manifest.read_to_end(&mut bytes).map_err(|e| unreadable(MANIFEST_NAME, e))?;
        drop(manifest);
        let package = Self { archive, manifest: Manifest::parse_bytes(&bytes)?, files, total };
        package.check_references()?;
        Ok(package)
    }

    /// Returns a file, which is unpacked while it is read. Names are compared without regard to
    /// case.
    ///
    /// # Errors
    /// The file does not exist, or its header in the archive cannot be read.
    pub fn file(&mut self, name: &str) -> Result<FileReader<'_, R>, PackageError> {
        let Some(&FileEntry { index, size, .. }) = self.files.get(&names::key_of_name(name)) else {
            return Err(PackageError::NoSuchFile { name: shown(name) });
        };
        Ok(FileReader::new(self.archive.by_index(index)?, size))
    }

    /// Returns the position of a file, or `None` if it is compressed. The bytes of the file are not read, so
    /// the checksum is not verified.
    ///
    /// # Errors
    /// The errors of [`file`](Self::file).
    pub fn stored_range(&mut self, name: &str) -> Result<Option<StoredRange>, PackageError> {
        let FileReader { inner, size, .. } = self.file(name)?;
        let is_stored = inner.compression() == CompressionMethod::Stored;
        let start = inner.data_start().filter(|_| is_stored && inner.compressed_size() == size);
        Ok(start.map(|start| StoredRange { start, length: size, crc32: inner.crc32() }))
    }

    /// Unpacks a file to a writer, and returns its size in bytes.
    ///
    /// # Errors
    /// [`file`](Self::file) fails, the file differs from its entry in the directory, or the writer
    /// fails. Some bytes may already be written, but never more than the declared size.
    pub fn copy_to(&mut self, name: &str, writer: &mut impl Write) -> Result<u64, PackageError> {
        let mut file = self.file(name)?;
        let mut buffer = vec![0; COPY_BUFFER_BYTES];
        loop {
            let count = match file.read(&mut buffer) {
                Ok(0) => return Ok(file.size()),
                Ok(count) => count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(unreadable(name, e)),
            };
            writer
                .write_all(&buffer[..count])
                .map_err(|source| PackageError::Copy { name: shown(name), source })?;
        }
    }
}

impl<R> Package<R> {
    /// Returns the manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns the names and the sizes in bytes of all files except the manifest and the metadata.
    pub fn files(&self) -> impl Iterator<Item = (&str, u64)> {
        self.files.values().map(|file| (file.name.as_str(), file.size))
    }

    /// Returns the unpacked size of all entries in bytes, including the manifest and the metadata.
    #[must_use]
    pub fn total_size(&self) -> u64 {
        self.total
    }

    fn check_references(&self) -> Result<(), PackageError> {
        for name in self.manifest.files() {
            if !self.files.contains_key(&names::key_of_name(name)) {
                return Err(PackageError::MissingFile { name: shown(name) });
            }
        }
        let allowed = self.manifest.allowed_keys();
        match self.files.iter().find(|(key, _)| !allowed.contains(*key)) {
            Some((_, file)) => Err(PackageError::Unreferenced { name: shown(&file.name) }),
            None => Ok(()),
        }
    }
}

impl<R> fmt::Debug for Package<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Package")
            .field("manifest", &self.manifest)
            .field("files", &self.files().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// The size of the buffer for copying a file. Larger buffers are hardly faster.
pub(super) const COPY_BUFFER_BYTES: usize = 32 << 10;

/// The declarations of an archive's directory.
#[derive(Default)]
struct Survey {
    /// The index of the manifest, and its size.
    manifest: Option<(usize, u64)>,
    files: BTreeMap<String, FileEntry>,
    total: u64,
}

impl Survey {
    fn of<R: Read + Seek>(
        archive: &ZipArchive<R>,
        limits: &PackageLimits,
    ) -> Result<Self, PackageError> {
        if archive.has_duplicate_names() {
            return Err(PackageError::Archive {
                reason: "its directory has the same name more than once".to_owned(),
            });
        }
        let mut survey = Self::default();
        let mut seen = BTreeSet::new();
        for index in 0..archive.len() {
            let entry = archive.by_index_data(index)?;
            let name = entry.name()?;
            let kind = classify(&name)
                .map_err(|reason| PackageError::EntryName { name: shown(&name), reason })?;
            let key = names::key_of_name(&name);
            if !seen.insert(key.clone()) {
                return Err(PackageError::Duplicate { name: shown(&name) });
            }
            let most = match kind {
                EntryKind::Manifest => limits.manifest_bytes.min(Manifest::MAX_BYTES as u64),
                EntryKind::Metadata | EntryKind::File => limits.file_bytes,
            };
            check_entry(&entry, &name, most, limits.ratio)?;
            survey.total = survey.total.saturating_add(entry.size());
            if survey.total > limits.total_bytes {
                return Err(PackageError::TotalTooLarge {
                    size: survey.total,
                    limit: limits.total_bytes,
                });
            }
            match kind {
                EntryKind::Manifest => survey.manifest = Some((index, entry.size())),
                EntryKind::Metadata => {}
                EntryKind::File => {
                    let name = names::unescape(&name).into_owned();
                    survey.files.insert(key, FileEntry { name, index, size: entry.size() });
                }
            }
        }
        Ok(survey)
    }
}

/// Returns the kind of an entry from its name, or the fault of the name.
fn classify(name: &str) -> Result<EntryKind, &'static str> {
    let lower = name.to_ascii_lowercase();
    if let Some(relations) = lower.strip_prefix("_rels/") {
        let plain =
            relations.is_empty() || names::check_root_name(&names::unescape(relations)).is_ok();
        let ending = relations.is_empty() || relations.ends_with(".rels");
        return if plain && ending {
            Ok(EntryKind::Metadata)
        } else {
            Err("is not a relationship part")
        };
    }
    names::check_root_name(name)?;
    names::check_root_name(&names::unescape(name))?;
    let key = names::key_of_name(name);
    Ok(if key == names::key_of_manifest() {
        EntryKind::Manifest
    } else if key == "[content_types].xml" {
        EntryKind::Metadata
    } else {
        EntryKind::File
    })
}

/// Checks the declarations of an entry in the directory.
pub(super) fn check_entry(
    entry: &ZipFileEntry<'_>,
    name: &str,
    most: u64,
    ratio: u64,
) -> Result<(), PackageError> {
    let name = || shown(name);
    if entry.encrypted() {
        return Err(PackageError::Encrypted { name: name() });
    }
    if entry.is_symlink() {
        let reason = "is a symbolic link";
        return Err(PackageError::EntryName { name: name(), reason });
    }
    if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
        let method = format!("{:?}", entry.compression());
        return Err(PackageError::Compression { name: name(), method });
    }
    let size = entry.size();
    if size > most {
        return Err(PackageError::FileTooLarge { name: name(), size, limit: most });
    }
    if size > PackageLimits::RATIO_FLOOR_BYTES
        && size > entry.compressed_size().saturating_mul(ratio)
    {
        return Err(PackageError::Ratio { name: name(), limit: ratio });
    }
    Ok(())
}

/// Returns the error for a file that could not be read to its end.
pub(super) fn unreadable(name: &str, error: io::Error) -> PackageError {
    if is_fault_of_data(&error) {
        PackageError::Damaged { name: shown(name), reason: error.to_string() }
    } else {
        PackageError::Io(error)
    }
}
