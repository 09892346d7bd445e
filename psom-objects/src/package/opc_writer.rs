//! Writing OPC files: zip archives with parts, their content types and their relationships.

use std::{
    collections::BTreeSet,
    fmt,
    io::{self, Read, Seek, Write},
};

use zip::{
    CompressionMethod, ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

use super::{
    error::{PackageError, shown},
    names,
    open::COPY_BUFFER_BYTES,
};

/// Writes an OPC file: each part when it is added, and the metadata at the end.
///
/// It keeps only a small buffer of the current part in memory. A writer that is dropped before
/// [`finish`](Self::finish) leaves an incomplete archive.
pub struct OpcWriter<W: Write + Seek> {
    zip: ZipWriter<W>,
    /// The escaped part names with their content types.
    parts: Vec<(String, &'static str)>,
    /// The keys of the part names.
    keys: BTreeSet<String>,
    failed: bool,
}

/// The size in bytes from which a file needs the fields of zip64.
const ZIP64_BYTES: u64 = u32::MAX as u64;

/// A writer that receives an archive from its beginning to its end, without seeking back.
pub type Streamed<W> = StreamWriter<W>;

impl<W: Write> OpcWriter<Streamed<W>> {
    /// Starts a file in a `writer` that cannot seek. The sizes and checksums of the parts follow their
    /// data, as table C-5 of ISO/IEC 29500-2 permits.
    pub fn stream(writer: W) -> Self {
        let zip = ZipWriter::new_stream(writer);
        Self { zip, parts: Vec::new(), keys: BTreeSet::new(), failed: false }
    }
}

impl<W: Write + Seek> OpcWriter<W> {
    /// Starts an OPC file in an empty `writer`.
    pub fn new(writer: W) -> Self {
        let zip = ZipWriter::new(writer);
        Self { zip, parts: Vec::new(), keys: BTreeSet::new(), failed: false }
    }

    /// Adds a part of less than 4 GiB at the root, and returns its size in bytes. Reads `reader` to
    /// its end.
    ///
    /// `content_type` is a media type. The part is not compressed, because pictures already are.
    ///
    /// # Errors
    /// The name is invalid at the root or already used, the part is too large, or copying it fails.
    /// After the last two errors, the file cannot be completed.
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

    /// Adds an XML document that the list of content types does not contain.
    pub(super) fn write_metadata(&mut self, name: &str, xml: &str) -> Result<(), PackageError> {
        self.zip.start_file(name, SimpleFileOptions::default())?;
        self.zip.write_all(xml.as_bytes()).map_err(PackageError::Io)
    }

    /// Adds a part with any name. A `large` part may have 4 GiB or more.
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
        let key = names::key_of_name(name);
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
                // Abort the entry, so that a partial file does not look complete. Return the first
                // error.
                let _ = self.zip.abort_file();
                Err(error)
            }
        }
    }

    /// Reports whether adding a part failed.
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
        let mut buffer = vec![0; COPY_BUFFER_BYTES];
        let mut size: u64 = 0;
        loop {
            let count = match reader.read(&mut buffer) {
                Ok(0) => return Ok(size),
                Ok(count) => count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(failed(e)),
            };
            size += count as u64;
            if !large && size >= ZIP64_BYTES {
                return Err(PackageError::NeedsZip64 { name: shown(name) });
            }
            self.zip.write_all(&buffer[..count]).map_err(failed)?;
        }
    }

    /// Returns the document with the content type of each part.
    fn content_types(&self) -> String {
        let mut xml = CONTENT_TYPES_HEAD.to_owned();
        for (part, content_type) in &self.parts {
            // The ampersand is the only character of an escaped name that XML requires to escape.
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

/// The relationships of the package. There are none, because readers find the parts by their names.
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
