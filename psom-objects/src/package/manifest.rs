//! The manifest of a package: what the client asks the server to create.

use super::detail::ContentDetail;
use super::error::{ManifestError, Result};
use super::limits::MAX_MANIFEST_BYTES;
use super::ppt::{self, PptContentResource};
use super::raw::RawXml;
use super::values::{Parsed, boolean, long, string};
use super::xml_read::{Cursor, DETAIL, OCP};
use super::xml_write::XmlWriter;
use crate::types::ContentVisibility;

/// The content of `OcpManifest.xml`: one action (section 3.2.4.1.4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manifest {
    /// Create a content, or upgrade one.
    CreateContent(CreateContent),
    /// Create an image annotation.
    CreateAnnotation(CreateAnnotation),
    /// Add resources to a presentation that exists.
    CreatePptContentResource(CreatePptContentResource),
}

/// The action `createContent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateContent {
    /// Present where an existing content is to be replaced; a server may ignore such a request.
    pub upgrade: Option<Upgrade>,
    /// The properties that contents of all types have.
    pub common: Common,
    /// The content's type, and what only this type has.
    pub detail: ContentDetail,
}

/// The element `upgrade`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Upgrade {
    /// The content to replace.
    pub content_id: Option<i64>,
}

/// The element `common`: what contents of all types have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Common {
    /// The title, reserved before by `sReserveTitle`. Any text here; what a meeting takes for a
    /// title is the meeting's matter.
    pub title: String,
    /// The file of the package that participants may download as it is.
    pub native_file: Option<String>,
    /// The users who see the content at first.
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
    /// The annotation's properties, for which there is no schema.
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
    /// The longest manifest that is read or written, in bytes (1 MiB).
    pub const MAX_BYTES: usize = MAX_MANIFEST_BYTES;

    /// Reads a manifest, and holds it to the schema: order, presence and types of elements and
    /// attributes, and their namespaces. Beyond the schema, file names must be plain names, and
    /// the detail must be that of the content's type.
    ///
    /// # Errors
    /// The first departure from the schema; a DOCTYPE; more than [`MAX_BYTES`](Self::MAX_BYTES).
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

    /// Reads a manifest from the bytes of its file: UTF-8, or UTF-16 with a byte order mark.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and where the bytes are in another encoding.
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

    /// Writes the manifest as a document, which [`parse`](Self::parse) reads as the same value.
    ///
    /// # Errors
    /// The value has no document: it breaks the schema (a poll without choices, a file name that
    /// is a path), holds characters that XML lacks, or is too long.
    pub fn to_xml(&self) -> Result<String> {
        let mut out = XmlWriter::new("ocp", OCP);
        match self {
            Self::CreateContent(content) => content.write(&mut out),
            Self::CreateAnnotation(annotation) => annotation.write(&mut out),
            Self::CreatePptContentResource(resource) => resource.write(&mut out),
        }
        let xml = out.finish();
        // Reading it back is the one check that cannot miss a rule that reading has.
        if Self::parse(&xml)? == *self { Ok(xml) } else { Err(ManifestError::Unwritable) }
    }
}

impl From<CreateContent> for Manifest {
    fn from(content: CreateContent) -> Self {
        Self::CreateContent(content)
    }
}

impl CreateContent {
    /// A content with a title and a detail, and nothing else.
    #[must_use]
    pub fn new(title: impl Into<String>, detail: ContentDetail) -> Self {
        let common = Common { title: title.into(), ..Common::default() };
        Self { upgrade: None, common, detail }
    }

    /// The same with a file that participants may download.
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
