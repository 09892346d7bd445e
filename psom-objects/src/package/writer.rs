//! Writing a package.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    io::{Read, Seek, Write},
};

use super::{
    MANIFEST_NAME,
    error::{PackageError, shown},
    manifest::Manifest,
    names,
    opc_writer::{OpcWriter, Streamed},
};

/// Writes a package: first the manifest, and then each file when it is added, in any order.
///
/// It keeps only a small buffer of the current file in memory. A writer that is dropped before
/// [`finish`](Self::finish) leaves an incomplete archive.
pub struct PackageWriter<W: Write + Seek> {
    opc: OpcWriter<W>,
    /// The files that must be added, by the keys of their names.
    missing: BTreeMap<String, String>,
    allowed: BTreeSet<String>,
}

/// The media type of all files. Clients determine the real type from the content's title.
const CONTENT_TYPE: &str = "application/octet-stream";

impl<W: Write> PackageWriter<Streamed<W>> {
    /// Starts a package in a `writer` that cannot seek, so that the package can be sent while it is
    /// written. The length of the package depends on the manifest and the lengths of the files only.
    ///
    /// # Errors
    /// The errors of [`new`](Self::new).
    pub fn stream(writer: W, manifest: &Manifest) -> Result<Self, PackageError> {
        Self::start(OpcWriter::stream(writer), manifest)
    }
}

impl<W: Write + Seek> PackageWriter<W> {
    /// Starts a package in an empty `writer`.
    ///
    /// # Errors
    /// The manifest cannot be written, see [`Manifest::to_xml`], or the writer fails.
    pub fn new(writer: W, manifest: &Manifest) -> Result<Self, PackageError> {
        Self::start(OpcWriter::new(writer), manifest)
    }

    fn start(mut opc: OpcWriter<W>, manifest: &Manifest) -> Result<Self, PackageError> {
        let xml = manifest.to_xml()?;
        let files = manifest.files();
        opc.write_metadata(MANIFEST_NAME, &xml)?;
        Ok(Self {
            opc,
            missing: files
                .iter()
                .map(|name| (names::key_of_name(name), (*name).to_owned()))
                .collect(),
            allowed: manifest.allowed_keys(),
        })
    }

    /// Adds a file of less than 4 GiB, and returns its size in bytes. Reads `reader` to its end.
    ///
    /// # Errors
    /// The manifest does not refer to the file, the file was added before or is too large, or
    /// copying it fails. After the last two errors, the package cannot be completed.
    pub fn add_file(&mut self, name: &str, reader: &mut impl Read) -> Result<u64, PackageError> {
        self.add(name, reader, false)
    }

    /// Adds a file of any size. Its entry has the zip64 format, which some old readers do not
    /// support. So use it only for files that may have 4 GiB or more.
    ///
    /// # Errors
    /// The errors of [`add_file`](Self::add_file), except for the size.
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
    pub fn finish(self) -> Result<W, PackageError> {
        if !self.opc.has_failed()
            && let Some(name) = self.missing.values().next()
        {
            return Err(PackageError::MissingFile { name: shown(name) });
        }
        self.opc.finish()
    }

    fn add(
        &mut self,
        name: &str,
        reader: &mut impl Read,
        large: bool,
    ) -> Result<u64, PackageError> {
        if self.opc.has_failed() {
            return Err(PackageError::Failed);
        }
        let key = names::key_of_name(name);
        if !self.allowed.contains(&key) {
            return Err(PackageError::Unreferenced { name: shown(name) });
        }
        // Use the spelling of the manifest, so that strict readers find the file.
        let spelled = self.missing.get(&key).map_or(name, String::as_str);
        let size = self.opc.add(spelled, CONTENT_TYPE, reader, large)?;
        self.missing.remove(&key);
        Ok(size)
    }
}

impl<W: Write + Seek> fmt::Debug for PackageWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PackageWriter")
            .field("opc", &self.opc)
            .field("missing", &self.missing.values())
            .finish_non_exhaustive()
    }
}
