//! Reading OPC files: zip archives with parts, as they are packages of slides' thumbnails and
//! notes, and presentations, too.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Cursor, Read, Seek};

use zip::ZipArchive;
use zip::read::{ArchiveOffset, Config};

use super::error::{PackageError, shown};
use super::limits::PackageLimits;
use super::open::{check_entry, unreadable};
use super::stream::FileReader;
use super::{directory, names};

/// An OPC file from a stranger. Its directory was checked; a part is checked when it is read.
///
/// [`Package`](super::Package) is for OC packages, of which every entry must have its place.
pub struct OpcReader<R> {
    archive: ZipArchive<R>,
    /// By the key of their names: the indexes.
    parts: BTreeMap<String, usize>,
    ratio: u64,
}

impl<R: Read + Seek> OpcReader<R> {
    /// Opens a file: reads its directory, and nothing else. Of the limits, those on entries, on
    /// the directory and on the ratio apply.
    ///
    /// # Errors
    /// It is no zip archive, a damaged one, one that could mean different things to different
    /// readers, or it is beyond a limit.
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
            if parts.insert(names::key(&name), index).is_some() {
                return Err(PackageError::Duplicate { name: shown(&name) });
            }
        }
        Ok(Self { archive, parts, ratio: limits.ratio })
    }

    /// A part of at most `limit` bytes. Its name has no slash in front; upper and lower case do
    /// not matter.
    ///
    /// # Errors
    /// There is no such part, it is larger, encrypted or unpacks to suspiciously much, or it is
    /// not what the directory declares of it.
    pub fn part(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, PackageError> {
        let Some(&index) = self.parts.get(&names::key(name)) else {
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

/// Reads one part of at most `limit` bytes from an OPC file in memory: a slide's thumbnail or its
/// notes from what `cSetThumbnailFileInfo` or `cSetNotesInfo` point at (section 3.2.4.1.10.1).
///
/// For many parts of one file, [`OpcReader`] is cheaper.
///
/// # Errors
/// As [`OpcReader::open`] with the default [`PackageLimits`], and [`OpcReader::part`].
pub fn read_part(bytes: &[u8], name: &str, limit: u64) -> Result<Vec<u8>, PackageError> {
    OpcReader::open(Cursor::new(bytes), &PackageLimits::default())?.part(name, limit)
}
