use std::io::Cursor;

use bytes::Bytes;

use crate::package::{
    ContentDetail, CreateContent, Manifest, PackageError, PackageWriter, PollDetail,
    SharedNotesDetail,
};

/// A package in memory, ready to be uploaded with
/// [`Conference::upload`](super::Conference::upload).
///
/// For what is small: a poll, an empty whiteboard, a picture. A package with large files is better
/// written to the disk and sent piece by piece ([`Conference::write`](super::Conference::write)).
#[derive(Debug, Clone)]
pub struct Parcel {
    pub(super) title: Option<String>,
    /// The type of the content that it creates, if it creates one.
    pub(super) kind: Option<String>,
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
        let (title, kind) = match manifest {
            Manifest::CreateContent(content) => {
                let kind = content.detail.content_type().to_owned();
                (Some(content.common.title), Some(kind))
            }
            Manifest::CreateAnnotation(_) | Manifest::CreatePptContentResource(_) => (None, None),
        };
        Ok(Self { title, kind, bytes, unpacked })
    }

    /// A poll: a question of at most 1,000 characters with two to seven choices (section
    /// 3.1.4.1.14), unless the meeting has other limits.
    pub fn poll(
        title: impl Into<String>,
        question: impl Into<String>,
        choices: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, PackageError> {
        let choices = choices.into_iter().map(Into::into).collect();
        let detail = ContentDetail::Poll(PollDetail::new(question, choices));
        Self::new(CreateContent::new(title, detail), [])
    }

    /// A page of shared notes (section 3.1.4.1.15).
    pub fn notes(title: impl Into<String>, notes: SharedNotesDetail) -> Result<Self, PackageError> {
        Self::new(CreateContent::new(title, ContentDetail::SharedNotes(notes)), [])
    }

    /// Questions and answers without a question (section 3.1.4.1.16).
    pub fn qna(title: impl Into<String>) -> Result<Self, PackageError> {
        Self::new(CreateContent::new(title, ContentDetail::Qna), [])
    }

    /// The title that has to be reserved for it, where it creates a content.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }
}
