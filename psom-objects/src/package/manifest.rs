//! The manifest of a package: the client's request to create something.

use super::{
    detail::ContentDetail,
    error::{ManifestError, Result},
    limits::MAX_MANIFEST_BYTES,
    ppt::{self, PptContentResource},
    raw::RawXml,
    values::{Parsed, boolean, long, string},
    xml_read::{Cursor, DETAIL, OCP},
    xml_write::XmlWriter,
};
use crate::types::ContentVisibility;

/// The content of `OcpManifest.xml`: one action (section 3.2.4.1.4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manifest {
    /// Creates or upgrades a content.
    CreateContent(CreateContent),
    /// Creates an image annotation.
    CreateAnnotation(CreateAnnotation),
    /// Adds resources to an existing presentation.
    CreatePptContentResource(CreatePptContentResource),
}

/// The action `createContent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateContent {
    /// The request to replace an existing content. A server may ignore it.
    pub upgrade: Option<Upgrade>,
    /// The properties that contents of all types have.
    pub common: Common,
    /// The type of the content with its detail.
    pub detail: ContentDetail,
}

/// The element `upgrade`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Upgrade {
    /// The content to replace.
    pub content_id: Option<i64>,
}

/// The element `common`: the properties that contents of all types have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Common {
    /// The title, which the client has reserved with `sReserveTitle`. The schema allows any text;
    /// the meeting validates it.
    pub title: String,
    /// The original file, which users can download. It is a file of the package.
    pub native_file: Option<String>,
    /// The initial visibility.
    pub visibility: Option<ContentVisibility>,
    /// Whether the content is presented at once.
    pub presented: Option<bool>,
    /// The URL of the original file. It is not a file of the package.
    pub original_file_url: Option<String>,
}

/// The action `createAnnotation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateAnnotation {
    /// The content, or the part of it, to annotate.
    pub parent_id: String,
    /// The properties of the annotation, which have no schema.
    pub detail: Option<RawXml>,
}

/// The action `createPptContentResource`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatePptContentResource {
    /// The presentation that the resources belong to.
    pub content_id: i64,
    /// The resources.
    pub detail: Option<ResourceDetail>,
}

/// The content of `resourceDetail`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourceDetail {
    /// `pptContentResources`: one or more resources of a presentation.
    Resources(Vec<PptContentResource>),
    /// An element of a third party.
    Other(RawXml),
}

impl Manifest {
    /// Upper bound on a manifest that is read or written, in bytes (1 MiB).
    pub const MAX_BYTES: usize = MAX_MANIFEST_BYTES;

    /// Parses a manifest and validates it against the schema. In addition, file names must have no
    /// path, and the detail must be that of the content's type.
    ///
    /// # Errors
    /// The manifest is invalid, has a DOCTYPE, or is longer than [`MAX_BYTES`](Self::MAX_BYTES).
    pub fn parse(xml: &str) -> Result<Self> {
        let mut cursor = Cursor::document(xml, Self::MAX_BYTES)?;
        let root = cursor.enter_root(OCP, "ocp")?;
        cursor.attributes(&root, &[])?;
        let manifest = match cursor.next_in(OCP)?.as_deref() {
            Some("createContent") => Self::CreateContent(CreateContent::read(&mut cursor)?),
            Some("createAnnotation") => {
                Self::CreateAnnotation(CreateAnnotation::read(&mut cursor)?)
            }
            Some("createPptContentResource") => {
                Self::CreatePptContentResource(CreatePptContentResource::read(&mut cursor)?)
            }
            _ => {
                return Err(
                    cursor.not("createContent, createAnnotation or createPptContentResource")?
                );
            }
        };
        cursor.end()?;
        cursor.finish()?;
        Ok(manifest)
    }

    /// Parses a manifest from the bytes of its file: UTF-8, or UTF-16 with a byte order mark.
    ///
    /// # Errors
    /// The bytes have another encoding, or [`parse`](Self::parse) fails.
    pub fn parse_bytes(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(ManifestError::TooLarge { size: bytes.len(), limit: Self::MAX_BYTES });
        }
        let units: Option<Vec<u16>> = match bytes {
            [0xff, 0xfe, rest @ ..] if rest.len() % 2 == 0 => {
                Some(rest.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect())
            }
            [0xfe, 0xff, rest @ ..] if rest.len() % 2 == 0 => {
                Some(rest.as_chunks().0.iter().map(|unit| u16::from_be_bytes(*unit)).collect())
            }
            _ => None,
        };
        if let Some(units) = units {
            return Self::parse(&String::from_utf16(&units).map_err(|_| unknown_encoding())?);
        }
        Self::parse(str::from_utf8(bytes).map_err(|_| unknown_encoding())?)
    }

    /// Returns the manifest as a document. [`parse`](Self::parse) reads it as the same value.
    ///
    /// # Errors
    /// The value violates the schema (such as a poll without choices, or a file name with a path),
    /// has characters that XML does not allow, or is too long.
    pub fn to_xml(&self) -> Result<String> {
        let mut out = XmlWriter::new("ocp", OCP);
        match self {
            Self::CreateContent(content) => content.write(&mut out),
            Self::CreateAnnotation(annotation) => annotation.write(&mut out),
            Self::CreatePptContentResource(resource) => resource.write(&mut out),
        }
        let xml = out.finish();
        // Parsing the result applies every rule of the parser.
        if Self::parse(&xml)? == *self { Ok(xml) } else { Err(ManifestError::Unwritable) }
    }
}

impl From<CreateContent> for Manifest {
    fn from(content: CreateContent) -> Self {
        Self::CreateContent(content)
    }
}

impl CreateContent {
    /// Returns a content with only a title and a detail.
    #[must_use]
    pub fn new(title: impl Into<String>, detail: ContentDetail) -> Self {
        let common = Common { title: title.into(), ..Common::default() };
        Self { upgrade: None, common, detail }
    }

    /// Adds the original file, which users can download.
    #[must_use]
    pub fn with_native_file(mut self, file: impl Into<String>) -> Self {
        self.common.native_file = Some(file.into());
        self
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.required(OCP, "createContent", &[])?;
        let upgrade = match cursor.child(OCP, "upgrade", &["contentId"])? {
            Some(attributes) => {
                cursor.end()?;
                Some(Upgrade { content_id: attributes.get("contentId", long)? })
            }
            None => None,
        };
        let common = Common::read(cursor)?;
        let detail = ContentDetail::read(cursor)?;
        cursor.end()?;
        Ok(Self { upgrade, common, detail })
    }

    fn write(&self, out: &mut XmlWriter) {
        out.start("createContent");
        if let Some(upgrade) = &self.upgrade {
            out.start("upgrade");
            out.optional_attr("contentId", upgrade.content_id);
            out.end();
        }
        self.common.write(out);
        self.detail.write(out);
        out.end();
    }
}

impl Common {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.required(OCP, "common", &[])?;
        let common = Self {
            title: cursor.value(OCP, "title", string)?,
            native_file: cursor.file(OCP, "nativeFile")?,
            visibility: cursor.optional(OCP, "visibility", read_visibility)?,
            presented: cursor.optional(OCP, "presented", boolean)?,
            original_file_url: cursor.optional(OCP, "originalFileUrl", string)?,
        };
        cursor.end()?;
        Ok(common)
    }

    fn write(&self, out: &mut XmlWriter) {
        out.start("common");
        out.element("title", &self.title);
        out.optional("nativeFile", self.native_file.as_deref());
        out.optional("visibility", self.visibility.map(visibility_name));
        out.optional("presented", self.presented);
        out.optional("originalFileUrl", self.original_file_url.as_deref());
        out.end();
    }
}

impl CreateAnnotation {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.required(OCP, "createAnnotation", &[])?;
        cursor.required(OCP, "creationProperties", &[])?;
        let parent_id = cursor.value(OCP, "parentId", string)?;
        cursor.end()?;
        cursor.required(OCP, "annotationDetail", &[])?;
        let detail = RawXml::read(cursor, OCP)?;
        cursor.end()?;
        cursor.end()?;
        Ok(Self { parent_id, detail })
    }

    fn write(&self, out: &mut XmlWriter) {
        out.start("createAnnotation");
        out.start("creationProperties");
        out.element("parentId", &self.parent_id);
        out.end();
        out.start("annotationDetail");
        if let Some(detail) = &self.detail {
            out.raw(detail.as_str());
        }
        out.end();
        out.end();
    }
}

impl CreatePptContentResource {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.required(OCP, "createPptContentResource", &[])?;
        let content_id = cursor.value(OCP, "contentId", long)?;
        cursor.required(OCP, "resourceDetail", &[])?;
        let detail = if let Some(resources) = ppt::read_resources(cursor)? {
            Some(ResourceDetail::Resources(resources))
        } else if cursor.next_in(DETAIL)?.is_some() {
            return Err(cursor.not("pptContentResources")?);
        } else {
            RawXml::read(cursor, OCP)?.map(ResourceDetail::Other)
        };
        cursor.end()?;
        cursor.end()?;
        Ok(Self { content_id, detail })
    }

    fn write(&self, out: &mut XmlWriter) {
        out.start("createPptContentResource");
        out.element("contentId", &self.content_id.to_string());
        out.start("resourceDetail");
        match &self.detail {
            None => {}
            Some(ResourceDetail::Resources(resources)) => {
                ppt::write_resources(out, resources, true);
            }
            Some(ResourceDetail::Other(xml)) => out.raw(xml.as_str()),
        }
        out.end();
        out.end();
    }
}

fn unknown_encoding() -> ManifestError {
    ManifestError::Encoding { found: "another one, or damaged".to_owned() }
}

/// Returns the schema's name of a visibility. Any other visibility gets a name that does not parse.
fn visibility_name(visibility: ContentVisibility) -> &'static str {
    match visibility {
        ContentVisibility::MeetingOrganizer => "MeetingOrganizer",
        ContentVisibility::Presenters => "Presenters",
        ContentVisibility::Everyone => "Everyone",
        ContentVisibility::Other(_) => "",
    }
}

fn read_visibility(text: &str) -> Parsed<ContentVisibility> {
    ContentVisibility::ALL
        .into_iter()
        .find(|visibility| visibility_name(*visibility) == text)
        .ok_or("`MeetingOrganizer`, `Presenters` or `Everyone`")
}
