//! Writing a package.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Read, Seek, Write};

use zip::CompressionMethod;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::error::{PackageError, shown};
use super::manifest::Manifest;
use super::open::BUFFER;
use super::{MANIFEST_NAME, names};

/// Writes a package: the manifest first, then the files as they are added, in any order.
///
/// Part names and metadata are those of an OPC file. Nothing but the file at hand is in memory,
/// and of that only a small window. A writer that is dropped before
/// [`finish`](Self::finish) leaves an incomplete archive.
pub struct PackageWriter<W: Write + Seek> {
    zip: ZipWriter<W>,
    /// The files that must be added, by the keys of their names.
    missing: BTreeMap<String, String>,
    allowed: BTreeSet<String>,
    /// The files that were added: key and part name.
    added: BTreeMap<String, String>,
    failed: bool,
}

/// From here on a file needs the fields of zip64.
const FOUR_GIB: u64 = u32::MAX as u64;

impl<W: Write + Seek> PackageWriter<W> {
    /// Starts a package in an empty `writer`.
    ///
    /// # Errors
    /// The manifest cannot be written, see [`Manifest::to_xml`], or the writer fails.
    pub fn new(writer: W, manifest: &Manifest) -> Result<Self, PackageError> {
        let xml = manifest.to_xml()?;
        let files = manifest.files();
        let mut package = Self {
            zip: ZipWriter::new(writer),
            missing: files.iter().map(|name| (names::key(name), (*name).to_owned())).collect(),
            allowed: manifest.allowed_keys(),
            added: BTreeMap::new(),
            failed: false,
        };
        package.write_part(MANIFEST_NAME, xml.as_bytes())?;
        package.write_part("_rels/.rels", RELATIONSHIPS.as_bytes())?;
        Ok(package)
    }

    /// Adds a file of less than 4 GiB, read to its end.
    ///
    /// # Errors
    /// The manifest does not refer to the file, it was added before, it is too large, or copying
    /// it fails. After the last two the package cannot be completed any more.
    pub fn add_file(&mut self, name: &str, reader: &mut impl Read) -> Result<u64, PackageError> {
        self.add(name, reader, false)
    }

    /// Adds a file of any size. Its entry is in the form for large files, which some old readers
    /// do not know; so this is for files that may have 4 GiB or more.
    ///
    /// # Errors
    /// As [`add_file`](Self::add_file), but for the size.
    pub fn add_large_file(
        &mut self,
        name: &str,
        reader: &mut impl Read,
    ) -> Result<u64, PackageError> {
        self.add(name, reader, true)
    }

    /// Completes the package, and returns the writer.
    ///
    /// # Errors
    /// A file to which the manifest refers was not added, adding one failed, or the writer fails.
    pub fn finish(mut self) -> Result<W, PackageError> {
        if self.failed {
            return Err(PackageError::Failed);
        }
        if let Some(name) = self.missing.values().next() {
            return Err(PackageError::MissingFile { name: shown(name) });
        }
        let types = self.content_types();
        self.write_part("[Content_Types].xml", types.as_bytes())?;
        Ok(self.zip.finish()?)
    }

    fn add(
        &mut self,
        name: &str,
        reader: &mut impl Read,
        large: bool,
    ) -> Result<u64, PackageError> {
        if self.failed {
            return Err(PackageError::Failed);
        }
        let key = names::key(name);
        if !self.allowed.contains(&key) {
            return Err(PackageError::Unreferenced { name: shown(name) });
        }
        if self.added.contains_key(&key) {
            return Err(PackageError::Duplicate { name: shown(name) });
        }
        // Spelled as in the manifest, where that names it, so that strict readers find it.
        let name = self.missing.get(&key).map_or(name, String::as_str).to_owned();
        let part = names::escape(&name);
        self.failed = true;
        // What people share is packed already, mostly: packing it again costs time and brings nothing.
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        self.zip.start_file(&part, options.large_file(large))?;
        match self.copy(&name, reader, large) {
            Ok(size) => {
                self.failed = false;
                self.missing.remove(&key);
                self.added.insert(key, part);
                Ok(size)
            }
            Err(error) => {
                // Half a file must not look like a whole one; the first error is the one to tell.
                let _ = self.zip.abort_file();
                Err(error)
            }
        }
    }

    fn copy(
        &mut self,
        name: &str,
        reader: &mut impl Read,
        large: bool,
    ) -> Result<u64, PackageError> {
        let failed = |source| PackageError::Copy { name: shown(name), source };
        let mut buffer = vec![0; BUFFER];
        let mut size: u64 = 0;
        loop {
            let count = match reader.read(&mut buffer) {
                Ok(0) => return Ok(size),
                Ok(count) => count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(failed(e)),
            };
            size += count as u64;
            if !large && size >= FOUR_GIB {
                return Err(PackageError::NeedsZip64 { name: shown(name) });
            }
            self.zip.write_all(&buffer[..count]).map_err(failed)?;
        }
    }

    fn write_part(&mut self, name: &str, bytes: &[u8]) -> Result<(), PackageError> {
        self.zip.start_file(name, SimpleFileOptions::default())?;
        self.zip.write_all(bytes).map_err(PackageError::Io)
    }

    /// OPC wants a content type for each part; what a file really is, clients tell by its title.
    fn content_types(&self) -> String {
        let mut xml = CONTENT_TYPES_HEAD.to_owned();
        for part in self.added.values() {
            // An ampersand is the one character of an escaped name that XML needs escaped.
            let part = part.replace('&', "&amp;");
            xml.push_str("<Override PartName=\"/");
            xml.push_str(&part);
            xml.push_str("\" ContentType=\"application/octet-stream\"/>");
        }
        xml.push_str("</Types>");
        xml
    }
}

impl<W: Write + Seek> fmt::Debug for PackageWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PackageWriter")
            .field("added", &self.added.values())
            .field("missing", &self.missing.values())
            .finish_non_exhaustive()
    }
}

const RELATIONSHIPS: &str = concat!(
    r#"<?xml version="1.0" encoding="utf-8"?>"#,
    r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>"#,
);

const CONTENT_TYPES_HEAD: &str = concat!(
    r#"<?xml version="1.0" encoding="utf-8"?>"#,
    r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">"#,
    r#"<Default Extension="rels" "#,
    r#"ContentType="application/vnd.openxmlformats-package.relationships+xml"/>"#,
    r#"<Default Extension="xml" ContentType="text/xml"/>"#,
);
