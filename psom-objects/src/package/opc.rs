//! Reading OPC files, which are zip archives with parts: thumbnails and notes of slides, and
//! presentations.

use std::{
    collections::BTreeMap,
    fmt,
    io::{Cursor, Read, Seek},
};

use zip::{
    ZipArchive,
    read::{ArchiveOffset, Config},
};

use super::{
    directory,
    error::{PackageError, shown},
    limits::PackageLimits,
    names,
    open::{check_entry, unreadable},
    stream::FileReader,
};

/// An untrusted OPC file. Its directory is checked when it is opened, and a part when it is read.
///
/// OC packages have stricter rules: read them with [`Package`](super::Package).
pub struct OpcReader<R> {
    archive: ZipArchive<R>,
    /// The indexes of the parts by the keys of their names.
    parts: BTreeMap<String, usize>,
    ratio: u64,
}

impl<R: Read + Seek> OpcReader<R> {
    /// Opens a file and reads only its directory. The limits on entries, on the directory and on
    /// the ratio apply.
    ///
    /// # Errors
    /// The file is not a zip archive, is damaged, is ambiguous (other readers could find other
    /// parts), or exceeds a limit.
    pub fn open(mut reader: R, limits: &PackageLimits) -> Result<Self, PackageError> {
        directory::check(&mut reader, limits).map_err(|error| match error {
            PackageError::NoManifest => {
                PackageError::Archive { reason: "it has no entries".to_owned() }
            }
            error => error,
        })?;
        let config = Config { archive_offset: ArchiveOffset::Known(0) };
        let archive = ZipArchive::with_config(config, reader)?;
        let mut parts = BTreeMap::new();
        for index in 0..archive.len() {
            let name = archive.by_index_data(index)?.name()?.into_owned();
            if parts.insert(names::key_of_name(&name), index).is_some() {
                return Err(PackageError::Duplicate { name: shown(&name) });
            }
        }
        Ok(Self { archive, parts, ratio: limits.ratio })
    }

    /// Returns the names of all entries, in lower case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.keys().map(String::as_str)
    }

    /// Returns a part of at most `limit` bytes. `name` has no slash in front and is compared without
    /// regard to case.
    ///
    /// # Errors
    /// The part does not exist, is larger than `limit`, is encrypted, exceeds the compression
    /// ratio, or differs from its entry in the directory.
    pub fn part(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, PackageError> {
        let Some(&index) = self.parts.get(&names::key_of_name(name)) else {
            return Err(PackageError::NoSuchFile { name: shown(name) });
        };
        let entry = self.archive.by_index_data(index)?;
        check_entry(&entry, name, limit, self.ratio)?;
        let size = entry.size();
        let mut bytes = Vec::new();
        let mut part = FileReader::new(self.archive.by_index(index)?, size);
        part.read_to_end(&mut bytes).map_err(|error| unreadable(name, error))?;
        Ok(bytes)
    }
}

impl<R> fmt::Debug for OpcReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpcReader").field("parts", &self.parts.keys()).finish_non_exhaustive()
    }
}

/// Reads one part of at most `limit` bytes from an OPC file in memory, such as the thumbnail or the
/// notes of a slide from the file that `cSetThumbnailFileInfo` or `cSetNotesInfo` announces
/// (section 3.2.4.1.10.1).
///
/// To read several parts, [`OpcReader`] is faster.
///
/// # Errors
/// The errors of [`OpcReader::open`] with the default [`PackageLimits`], and of
/// [`OpcReader::part`].
pub fn read_part(bytes: &[u8], name: &str, limit: u64) -> Result<Vec<u8>, PackageError> {
    OpcReader::open(Cursor::new(bytes), &PackageLimits::default())?.part(name, limit)
}
