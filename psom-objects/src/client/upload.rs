//! Packages that are ready to be uploaded.

use std::{
    io::{self, Cursor},
    pin::Pin,
};

use bytes::Bytes;

use crate::{
    annotation::Properties,
    package::{
        ContentDetail, CreateAnnotation, CreateContent, Manifest, ManifestError, PackageError,
        PackageWriter, PollDetail, SharedNotesDetail,
    },
};

/// A package that is ready to be uploaded with
/// [`Conference::upload`](super::Conference::upload).
///
/// A small package, such as a poll, an empty whiteboard or a picture, is kept in memory. A package
/// with large files is better written to the disk and [read](Self::from_reader) while it is sent.
#[derive(Debug)]
pub struct Upload {
    pub(super) title: Option<String>,
    /// The type of the content that the package creates, if it creates one.
    pub(super) content_type: Option<String>,
    pub(super) source: Source,
    pub(super) packed_bytes: u64,
    pub(super) unpacked_bytes: u64,
}

/// The source of a package's bytes.
pub(super) enum Source {
    Memory(Bytes),
    /// `None` while a read is under way.
    Reader(Option<Box<dyn PackageReader>>),
}

/// Reads a package piece by piece while it is sent, so that only a few pieces are in memory.
pub trait PackageReader: Send + 'static {
    /// Reads the next bytes: at least one, and at most `max_bytes`.
    ///
    /// # Errors
    /// The package cannot be read, or has fewer bytes than were announced. The upload is cancelled.
    fn read(&mut self, max_bytes: usize) -> ReadFuture<'_>;
}

/// The next bytes of a package.
pub type ReadFuture<'a> = Pin<Box<dyn Future<Output = io::Result<Bytes>> + Send + 'a>>;

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Memory(_) => "Memory",
            Self::Reader(_) => "Reader",
        })
    }
}

impl Upload {
    /// Creates a package from a manifest and the files that it names.
    ///
    /// # Errors
    /// The manifest cannot be written, or names other files than these.
    pub fn new<'a>(
        manifest: impl Into<Manifest>,
        files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Self, PackageError> {
        let manifest = manifest.into();
        let mut writer = PackageWriter::new(Cursor::new(Vec::new()), &manifest)?;
        let mut unpacked_bytes = 0;
        for (name, mut data) in files {
            unpacked_bytes += data.len() as u64;
            writer.add_file(name, &mut data)?;
        }
        let bytes = Bytes::from(writer.finish()?.into_inner());
        let packed_bytes = bytes.len() as u64;
        let source = Source::Memory(bytes);
        Ok(Self::with_source(&manifest, source, packed_bytes, unpacked_bytes))
    }

    /// Uploads an existing package. `packed_bytes` is the length of the package, and
    /// `unpacked_bytes` is the sum of the lengths of its files.
    pub fn from_reader(
        manifest: &Manifest,
        reader: impl PackageReader,
        packed_bytes: u64,
        unpacked_bytes: u64,
    ) -> Self {
        let source = Source::Reader(Some(Box::new(reader)));
        Self::with_source(manifest, source, packed_bytes, unpacked_bytes)
    }

    /// Uploads a written package without reading its manifest, under a cookie that needs no title
    /// (see [`Conference::upload_reserved`](super::Conference::upload_reserved)).
    pub fn from_package(
        reader: impl PackageReader,
        packed_bytes: u64,
        unpacked_bytes: u64,
    ) -> Self {
        let source = Source::Reader(Some(Box::new(reader)));
        Self { title: None, content_type: None, source, packed_bytes, unpacked_bytes }
    }

    fn with_source(
        manifest: &Manifest,
        source: Source,
        packed_bytes: u64,
        unpacked_bytes: u64,
    ) -> Self {
        let (title, content_type) = match manifest {
            Manifest::CreateContent(content) => {
                let content_type = content.detail.content_type().to_owned();
                (Some(content.common.title.clone()), Some(content_type))
            }
            Manifest::CreateAnnotation(_) | Manifest::CreatePptContentResource(_) => (None, None),
        };
        Self { title, content_type, source, packed_bytes, unpacked_bytes }
    }

    /// Creates a poll: a question of at most 1,000 characters with two to seven choices (section
    /// 3.1.4.1.14), unless the meeting has other limits.
    ///
    /// # Errors
    /// A text has a character that XML does not allow.
    pub fn poll(
        title: impl Into<String>,
        question: impl Into<String>,
        choices: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, PackageError> {
        let choices = choices.into_iter().map(Into::into).collect();
        let detail = ContentDetail::Poll(PollDetail::new(question, choices));
        Self::new(CreateContent::new(title, detail), [])
    }

    /// Shares a page of notes (section 3.1.4.1.15).
    ///
    /// # Errors
    /// A text has a character that XML does not allow.
    pub fn notes(title: impl Into<String>, notes: SharedNotesDetail) -> Result<Self, PackageError> {
        Self::new(CreateContent::new(title, ContentDetail::SharedNotes(notes)), [])
    }

    /// Creates a Q&A without questions (section 3.1.4.1.16).
    ///
    /// # Errors
    /// The title has a character that XML does not allow.
    pub fn qna(title: impl Into<String>) -> Result<Self, PackageError> {
        Self::new(CreateContent::new(title, ContentDetail::Qna), [])
    }

    /// Creates an empty whiteboard.
    ///
    /// # Errors
    /// The title has a character that XML does not allow.
    pub fn whiteboard(title: impl Into<String>) -> Result<Self, PackageError> {
        Self::new(CreateContent::new(title, ContentDetail::Whiteboard), [])
    }

    /// Adds an image to the board of a content. Servers require the property `EXTENT`, the size at
    /// which the image is shown. `IMAGETYPE` is the usual file extension.
    ///
    /// # Errors
    /// A property has a character that XML does not allow.
    pub fn image(
        content: i64,
        properties: &Properties,
        picture: &Bytes,
    ) -> Result<Self, PackageError> {
        let manifest = Self::image_manifest(content, properties)?;
        Self::new(manifest, [(Self::IMAGE_FILE, &picture[..])])
    }

    /// The name of the file in the package of an image.
    pub const IMAGE_FILE: &'static str = "picture";

    /// Returns the manifest of an image (see [`image`](Self::image)).
    ///
    /// # Errors
    /// A property has a character that XML does not allow.
    pub fn image_manifest(content: i64, properties: &Properties) -> Result<Manifest, PackageError> {
        let mut detail =
            format!("<imageAnnotation xmlns=\"urn:psom:annotation\" file=\"{}\"", Self::IMAGE_FILE);
        for (property, value) in properties {
            let value = quick_xml::escape::escape(value.as_str());
            // XML parsers replace unescaped line ends and tabs in attributes with spaces.
            let value = value.replace('\n', "&#10;").replace('\r', "&#13;").replace('\t', "&#9;");
            detail.push_str(&format!(" {property}=\"{value}\""));
        }
        detail.push_str("/>");
        let detail = detail.parse().map_err(|error: ManifestError| PackageError::from(error))?;
        let manifest = CreateAnnotation { parent_id: content.to_string(), detail: Some(detail) };
        Ok(Manifest::CreateAnnotation(manifest))
    }

    /// Returns the title that must be reserved, if the package creates a content.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }
}
