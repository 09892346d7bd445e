//! Writing OPC files: zip archives with parts, their content types and their relationships.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Read, Seek, Write};

use zip::CompressionMethod;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::error::{PackageError, shown};
use super::names;
use super::open::BUFFER;

/// Writes an OPC file: the parts as they are added, then its metadata.
///
/// Nothing but the part at hand is in memory, and of that only a small window. A writer that is
/// dropped before [`finish`](Self::finish) leaves an incomplete archive.
pub struct OpcWriter<W: Write + Seek> {
    zip: ZipWriter<W>,
    /// Part names as written, with their content types.
    parts: Vec<(String, &'static str)>,
    /// The keys of their names.
    keys: BTreeSet<String>,
    failed: bool,
}

/// From here on a file needs the fields of zip64.
const FOUR_GIB: u64 = u32::MAX as u64;

impl<W: Write + Seek> OpcWriter<W> {
    /// Starts a file in an empty `writer`.
    pub fn new(writer: W) -> Self {
        let zip = ZipWriter::new(writer);
        Self { zip, parts: Vec::new(), keys: BTreeSet::new(), failed: false }
    }

    /// Adds a part at the root, of less than 4 GiB, read to its end, and returns its size.
    ///
    /// `content_type` is a media type. The part is not compressed, since pictures are already.
    ///
    /// # Errors
    /// The name is none for a file at the root, or taken; the part is too large, or copying it
    /// fails. After the last two the file cannot be completed any more.
    pub fn add_part(
        &mut self,
        name: &str,
        content_type: &'static str,
        reader: &mut impl Read,
    ) -> Result<u64, PackageError> {
        names::check_reference(name)
            .map_err(|reason| PackageError::EntryName { name: shown(name), reason })?;
        self.add(name, content_type, reader, false)
    }

    /// Adds the metadata, which completes the file, and returns the writer.
    ///
    /// # Errors
    /// Adding a part failed, or the writer fails.
    pub fn finish(mut self) -> Result<W, PackageError> {
        if self.failed {
            return Err(PackageError::Failed);
        }
        self.write_metadata("_rels/.rels", RELATIONSHIPS)?;
        let types = self.content_types();
        self.write_metadata("[Content_Types].xml", &types)?;
        Ok(self.zip.finish()?)
    }

    /// Adds an XML document that is no part of the list of parts.
    pub(super) fn write_metadata(&mut self, name: &str, xml: &str) -> Result<(), PackageError> {
        self.zip.start_file(name, SimpleFileOptions::default())?;
        self.zip.write_all(xml.as_bytes()).map_err(PackageError::Io)
    }

    /// Adds a part of any name. A `large` one may have 4 GiB and more.
    pub(super) fn add(
        &mut self,
        name: &str,
        content_type: &'static str,
        reader: &mut impl Read,
        large: bool,
    ) -> Result<u64, PackageError> {
        if self.failed {
            return Err(PackageError::Failed);
        }
        let key = names::key(name);
        if self.keys.contains(&key) {
            return Err(PackageError::Duplicate { name: shown(name) });
        }
        let part = names::escape(name);
        self.failed = true;
        // Most shared files are compressed already, so compressing them again costs time and saves
        // nothing.
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        self.zip.start_file(&part, options.large_file(large))?;
        match self.copy(name, reader, large) {
            Ok(size) => {
                self.failed = false;
                self.keys.insert(key);
                self.parts.push((part, content_type));
                Ok(size)
            }
            Err(error) => {
                // Half a file must not look like a whole one; the first error is the one to tell.
                let _ = self.zip.abort_file();
                Err(error)
            }
        }
    }

    /// Whether adding a part failed.
    pub(super) fn has_failed(&self) -> bool {
        self.failed
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

    /// OPC wants a content type for each part.
    fn content_types(&self) -> String {
        let mut xml = CONTENT_TYPES_HEAD.to_owned();
        for (part, content_type) in &self.parts {
            // An ampersand is the one character of an escaped name that XML needs escaped.
            let part = part.replace('&', "&amp;");
            xml.push_str("<Override PartName=\"/");
            xml.push_str(&part);
            xml.push_str("\" ContentType=\"");
            xml.push_str(content_type);
            xml.push_str("\"/>");
        }
        xml.push_str("</Types>");
        xml
    }
}

impl<W: Write + Seek> fmt::Debug for OpcWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpcWriter").field("parts", &self.parts).finish_non_exhaustive()
    }
}

/// Parts are found by their names, so nothing has to lead to them.
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
