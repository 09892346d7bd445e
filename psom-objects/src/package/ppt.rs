//! The detail of a presentation, and the resources that show its slides.

use super::{
    error::Result,
    values::{Attributes, boolean, count, long, string},
    xml_read::{Cursor, DETAIL},
    xml_write::XmlWriter,
};

/// The element `chunkedPptContent`: a presentation with its first resources. Further resources can
/// follow in separate packages (section 3.2.4.1.4.2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChunkedPpt {
    /// The number of slides.
    pub slides: Option<u32>,
    /// The file with the preview picture.
    pub preview_thumbnail_file: Option<String>,
    /// The first resources. If there are none, their element is absent.
    pub resources: Vec<PptContentResource>,
}

/// The element `pptContentResource`: a resource of a presentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PptContentResource {
    /// The identifier with which the server reports errors of the resource.
    pub resource_id: Option<i64>,
    /// The resource.
    pub resource: PptResource,
}

/// A resource of a presentation in one of its formats.
///
/// Attributes are optional, as in the schema. Numbers are from 0 to 2147483647.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PptResource {
    /// `pptThumbnailPackage`: thumbnails of slides.
    Thumbnails(ThumbnailPackage),
    /// `pptNotesPackage`: the speaker's notes.
    Notes(NotesPackage),
    /// `pptDhtmlMarkupPackage`: slides as dynamic HTML; at least one.
    DhtmlMarkup(Vec<MarkupSlide>),
    /// `pptDhtmlResourcesPackage`: files of the package that the markup of several slides uses; at
    /// least one.
    DhtmlResources(Vec<Option<String>>),
    /// `pptJpegPackage`: slides as pictures; at least one.
    Jpegs(Vec<JpegSlide>),
    /// `partialPptFile`: a presentation with some of the slides.
    PartialPpt {
        /// The file of the package.
        file: Option<String>,
        /// The slides in it; at least one.
        slides: Vec<u32>,
    },
    /// `fullPptFile`: a presentation with all slides.
    FullPpt {
        /// The file of the package.
        file: Option<String>,
        /// Whether it is also the file that users can download.
        use_as_native_file: Option<bool>,
    },
    /// `nativeFile`: the original file, which users can download.
    NativeFile(String),
}

/// Thumbnails of slides in a separate OPC file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThumbnailPackage {
    /// The file of the package that contains the thumbnails.
    pub file: String,
    /// The thumbnails; at least one.
    pub slides: Vec<ThumbnailSlide>,
}

/// The thumbnail of a slide.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThumbnailSlide {
    /// The slide.
    pub slide: Option<u32>,
    /// The name of the thumbnail in [`ThumbnailPackage::file`].
    pub file: Option<String>,
}

/// The speaker's notes in a separate OPC file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotesPackage {
    /// The file of the package that contains the notes.
    pub file: Option<String>,
    /// The notes; at least one.
    pub slides: Vec<NotesSlide>,
}

/// The notes of a slide.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotesSlide {
    /// The slide.
    pub slide: Option<u32>,
    /// The name of the notes in [`NotesPackage::file`], or the name of a file of the package if
    /// there is no such file.
    pub file: Option<String>,
}

/// A slide as dynamic HTML.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MarkupSlide {
    /// The slide.
    pub slide: Option<u32>,
    /// The number of clicks that its animations need.
    pub clicks: Option<u32>,
    /// The file of the package that contains the markup.
    pub file: Option<String>,
    /// The shared files that the markup uses. They can be in other packages.
    pub resources: Vec<Option<String>>,
}

/// A slide as a picture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JpegSlide {
    /// The slide.
    pub slide: Option<u32>,
    /// The file of the package.
    pub file: Option<String>,
}

impl ChunkedPpt {
    /// Reads the element. Returns an empty detail if the element is absent.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        if cursor.child(DETAIL, "chunkedPptContent", &[])?.is_none() {
            return Ok(Self::default());
        }
        let ppt = Self {
            slides: cursor.optional(DETAIL, "numSlides", count)?,
            preview_thumbnail_file: cursor.file(DETAIL, "previewThumbnailFile")?,
            resources: read_resources(cursor)?.unwrap_or_default(),
        };
        cursor.end()?;
        Ok(ppt)
    }

    pub(super) fn write(&self, out: &mut XmlWriter) {
        out.start("chunkedPptContent");
        out.attr("xmlns", DETAIL);
        out.optional("numSlides", self.slides);
        out.optional("previewThumbnailFile", self.preview_thumbnail_file.as_deref());
        if !self.resources.is_empty() {
            write_resources(out, &self.resources, false);
        }
        out.end();
    }
}

/// Reads the next element if it is `pptContentResources`.
pub(super) fn read_resources(cursor: &mut Cursor<'_>) -> Result<Option<Vec<PptContentResource>>> {
    if cursor.child(DETAIL, "pptContentResources", &[])?.is_none() {
        return Ok(None);
    }
    let resources = one_or_more(cursor, "pptContentResource", &["resourceId"], |cursor, own| {
        Ok(PptContentResource {
            resource_id: own.get("resourceId", long)?,
            resource: PptResource::read(cursor)?,
        })
    })?;
    cursor.end()?;
    Ok(Some(resources))
}

/// Writes `pptContentResources`. `outermost` means that no other detail encloses it.
pub(super) fn write_resources(
    out: &mut XmlWriter,
    resources: &[PptContentResource],
    outermost: bool,
) {
    out.start("pptContentResources");
    if outermost {
        out.attr("xmlns", DETAIL);
    }
    for resource in resources {
        out.start("pptContentResource");
        out.optional_attr("resourceId", resource.resource_id);
        resource.resource.write(out);
        out.end();
    }
    out.end();
}

impl PptResource {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        let resource = match cursor.next_in(DETAIL)?.as_deref() {
            Some("pptThumbnailPackage") => Self::Thumbnails(ThumbnailPackage::read(cursor)?),
            Some("pptNotesPackage") => Self::Notes(NotesPackage::read(cursor)?),
            Some("pptDhtmlMarkupPackage") => {
                cursor.required(DETAIL, "pptDhtmlMarkupPackage", &[])?;
                let slides =
                    one_or_more(cursor, "pptSlideMarkup", &MARKUP_ATTRIBUTES, MarkupSlide::read)?;
                cursor.end()?;
                Self::DhtmlMarkup(slides)
            }
            Some("pptDhtmlResourcesPackage") => {
                cursor.required(DETAIL, "pptDhtmlResourcesPackage", &[])?;
                let files =
                    one_or_more(cursor, "pptDhtmlResource", &RESOURCE_ATTRIBUTES, |_, own| {
                        own.file("resourceFileName")
                    })?;
                cursor.end()?;
                Self::DhtmlResources(files)
            }
            Some("pptJpegPackage") => {
                cursor.required(DETAIL, "pptJpegPackage", &[])?;
                let own = ["slideNumber", "jpegFile"];
                let slides = one_or_more(cursor, "pptJpegSlides", &own, |_, own| {
                    Ok(JpegSlide {
                        slide: own.get("slideNumber", count)?,
                        file: own.file("jpegFile")?,
                    })
                })?;
                cursor.end()?;
                Self::Jpegs(slides)
            }
            Some("partialPptFile") => {
                let own = cursor.required(DETAIL, "partialPptFile", &["partialPptFile"])?;
                let file = own.file("partialPptFile")?;
                let mut slides = vec![cursor.value(DETAIL, "slideNumber", count)?];
                while let Some(slide) = cursor.optional(DETAIL, "slideNumber", count)? {
                    slides.push(slide);
                }
                cursor.end()?;
                Self::PartialPpt { file, slides }
            }
            Some("fullPptFile") => {
                let own = ["fullPptFile", "useAsNativeFileAlso"];
                let own = cursor.required(DETAIL, "fullPptFile", &own)?;
                cursor.end()?;
                Self::FullPpt {
                    file: own.file("fullPptFile")?,
                    use_as_native_file: own.get("useAsNativeFileAlso", boolean)?,
                }
            }
            _ => match cursor.file(DETAIL, "nativeFile")? {
                Some(file) => Self::NativeFile(file),
                None => return Err(cursor.not("a resource in one of its formats")?),
            },
        };
        Ok(resource)
    }

    fn write(&self, out: &mut XmlWriter) {
        match self {
            Self::Thumbnails(package) => package.write(out),
            Self::Notes(package) => package.write(out),
            Self::DhtmlMarkup(slides) => {
                out.start("pptDhtmlMarkupPackage");
                slides.iter().for_each(|slide| slide.write(out));
            }
            Self::DhtmlResources(files) => {
                out.start("pptDhtmlResourcesPackage");
                write_dhtml_resources(out, files);
            }
            Self::Jpegs(slides) => {
                out.start("pptJpegPackage");
                for slide in slides {
                    write_slide(out, "pptJpegSlides", slide.slide, "jpegFile", &slide.file);
                }
            }
            Self::PartialPpt { file, slides } => {
                out.start("partialPptFile");
                out.optional_attr("partialPptFile", file.as_deref());
                for slide in slides {
                    out.element("slideNumber", &slide.to_string());
                }
            }
            Self::FullPpt { file, use_as_native_file } => {
                out.start("fullPptFile");
                out.optional_attr("fullPptFile", file.as_deref());
                out.optional_attr("useAsNativeFileAlso", *use_as_native_file);
            }
            Self::NativeFile(file) => return out.element("nativeFile", file),
        }
        out.end();
    }
}

impl ThumbnailPackage {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.required(DETAIL, "pptThumbnailPackage", &[])?;
        let Some(file) = cursor.file(DETAIL, "thumbnailPackageFile")? else {
            return Err(cursor.not("thumbnailPackageFile")?);
        };
        let own = ["slideNumber", "thumbnailFile"];
        let slides = one_or_more(cursor, "pptThumbnailSlides", &own, |_, own| {
            Ok(ThumbnailSlide {
                slide: own.get("slideNumber", count)?,
                file: own.get("thumbnailFile", string)?,
            })
        })?;
        cursor.end()?;
        Ok(Self { file, slides })
    }

    /// Leaves the element open, like the other formats.
    fn write(&self, out: &mut XmlWriter) {
        out.start("pptThumbnailPackage");
        out.element("thumbnailPackageFile", &self.file);
        for slide in &self.slides {
            write_slide(out, "pptThumbnailSlides", slide.slide, "thumbnailFile", &slide.file);
        }
    }
}

impl NotesPackage {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        let own = cursor.required(DETAIL, "pptNotesPackage", &["notesPackageFile"])?;
        let file = own.file("notesPackageFile")?;
        let own = ["slideNumber", "notesFile"];
        let slides = one_or_more(cursor, "pptNotesSlides", &own, |_, own| {
            Ok(NotesSlide {
                slide: own.get("slideNumber", count)?,
                file: own.get("notesFile", string)?,
            })
        })?;
        cursor.end()?;
        Ok(Self { file, slides })
    }

    fn write(&self, out: &mut XmlWriter) {
        out.start("pptNotesPackage");
        out.optional_attr("notesPackageFile", self.file.as_deref());
        for slide in &self.slides {
            write_slide(out, "pptNotesSlides", slide.slide, "notesFile", &slide.file);
        }
    }
}

const MARKUP_ATTRIBUTES: [&str; 3] = ["slideNumber", "numClicks", "dhtmlMarkupPackageFile"];
const RESOURCE_ATTRIBUTES: [&str; 1] = ["resourceFileName"];

impl MarkupSlide {
    fn read(cursor: &mut Cursor<'_>, own: &Attributes) -> Result<Self> {
        let mut resources = Vec::new();
        while let Some(used) = cursor.child(DETAIL, "pptDhtmlResource", &RESOURCE_ATTRIBUTES)? {
            resources.push(used.get("resourceFileName", string)?);
            cursor.end()?;
        }
        Ok(Self {
            slide: own.get("slideNumber", count)?,
            clicks: own.get("numClicks", count)?,
            file: own.file("dhtmlMarkupPackageFile")?,
            resources,
        })
    }

    fn write(&self, out: &mut XmlWriter) {
        out.start("pptSlideMarkup");
        out.optional_attr("slideNumber", self.slide);
        out.optional_attr("numClicks", self.clicks);
        out.optional_attr("dhtmlMarkupPackageFile", self.file.as_deref());
        write_dhtml_resources(out, &self.resources);
        out.end();
    }
}

/// Reads one or more elements `name`. `read` reads the content of each.
fn one_or_more<T>(
    cursor: &mut Cursor<'_>,
    name: &'static str,
    attributes: &[&'static str],
    read: impl Fn(&mut Cursor<'_>, &Attributes) -> Result<T>,
) -> Result<Vec<T>> {
    let mut items = Vec::new();
    while let Some(own) = cursor.child(DETAIL, name, attributes)? {
        items.push(read(cursor, &own)?);
        cursor.end()?;
    }
    if items.is_empty() { Err(cursor.not(name)?) } else { Ok(items) }
}

fn write_slide(
    out: &mut XmlWriter,
    element: &'static str,
    slide: Option<u32>,
    attribute: &str,
    file: &Option<String>,
) {
    out.start(element);
    out.optional_attr("slideNumber", slide);
    out.optional_attr(attribute, file.as_deref());
    out.end();
}

fn write_dhtml_resources(out: &mut XmlWriter, files: &[Option<String>]) {
    for file in files {
        out.start("pptDhtmlResource");
        out.optional_attr("resourceFileName", file.as_deref());
        out.end();
    }
}
