use std::io::Cursor;

use bytes::Bytes;

use crate::package::{Manifest, PackageError, PackageWriter};

/// A package in memory, ready to be uploaded with
/// [`Conference::upload`](super::Conference::upload).
///
/// For what is small: a poll, an empty whiteboard, a picture. A package with large files is better
/// written to the disk and sent piece by piece ([`Conference::write`](super::Conference::write)).
#[derive(Debug, Clone)]
pub struct Parcel {
    pub(super) title: Option<String>,
    pub(super) bytes: Bytes,
    pub(super) unpacked: u64,
}

impl Parcel {
    /// Packs a manifest with the files that it names.
    ///
    /// # Errors
    /// The manifest cannot be written, or names other files than these.
    pub fn new<'a>(
        manifest: impl Into<Manifest>,
        files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Self, PackageError> {
        let manifest = manifest.into();
        let mut writer = PackageWriter::new(Cursor::new(Vec::new()), &manifest)?;
        let mut unpacked = 0;
        for (name, mut data) in files {
            unpacked += data.len() as u64;
            writer.add_file(name, &mut data)?;
        }
        let bytes = writer.finish()?.into_inner().into();
        let title = match manifest {
            Manifest::CreateContent(content) => Some(content.common.title),
            Manifest::CreateAnnotation(_) | Manifest::CreatePptContentResource(_) => None,
        };
        Ok(Self { title, bytes, unpacked })
    }

    /// The title that has to be reserved for it, where it creates a content.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }
}
