//! The detail of a presentation, and the resources that it is shown from.

use super::error::Result;
use super::values::{Attributes, boolean, count, long, string};
use super::xml_read::{Cursor, DETAIL};
use super::xml_write::XmlWriter;

/// The element `chunkedPptContent`: a presentation, with the resources that come along with its
/// creation. More may follow, each in a package of its own (section 3.2.4.1.4.2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChunkedPpt {
    /// The number of slides.
    pub slides: Option<u32>,
    /// The file with the preview picture.
    pub preview_thumbnail_file: Option<String>,
    /// The first resources. The element for them is absent where this is empty.
    pub resources: Vec<PptContentResource>,
}

/// The element `pptContentResource`: one form in which a presentation is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PptContentResource {
    /// The identifier by which the server reports errors with it.
    pub resource_id: Option<i64>,
    /// The form.
    pub resource: PptResource,
}

/// The forms of a presentation's resources.
///
/// Attributes are optional, since the schema has them so. Numbers are 0 to 2147483647.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PptResource {
    /// `pptThumbnailPackage`: small pictures of all slides.
    Thumbnails(ThumbnailPackage),
    /// `pptNotesPackage`: the speaker's notes.
    Notes(NotesPackage),
    /// `pptDhtmlMarkupPackage`: slides as dynamic HTML; at least one.
    DhtmlMarkup(Vec<MarkupSlide>),
    /// `pptDhtmlResourcesPackage`: files that the slides' markup shares; at least one. Each is a
    /// file of the package.
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
        /// Whether it is what participants download, too.
        use_as_native_file: Option<bool>,
    },
    /// `nativeFile`: the file that participants may download as it is.
    NativeFile(String),
}

/// Small pictures of slides, in an OPC file of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThumbnailPackage {
    /// The file of the package that holds the pictures.
    pub file: String,
    /// The pictures; at least one.
    pub slides: Vec<ThumbnailSlide>,
}

/// The small picture of a slide.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThumbnailSlide {
    /// The slide.
    pub slide: Option<u32>,
    /// The picture's name inside of [`ThumbnailPackage::file`].
    pub file: Option<String>,
}

/// The speaker's notes, in an OPC file of their own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotesPackage {
    /// The file of the package that holds the notes.
    pub file: Option<String>,
    /// The notes; at least one.
    pub slides: Vec<NotesSlide>,
}

/// The notes of a slide.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotesSlide {
    /// The slide.
    pub slide: Option<u32>,
    /// The notes' name inside of [`NotesPackage::file`]; a file of the package itself where that
    /// is absent.
    pub file: Option<String>,
}

/// A slide as dynamic HTML.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MarkupSlide {
    /// The slide.
    pub slide: Option<u32>,
    /// How many clicks its animations take.
    pub clicks: Option<u32>,
    /// The file of the package that holds the markup.
    pub file: Option<String>,
    /// The shared files that the markup uses, which may come in other packages.
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
    /// Reads the element, or takes its absence for an empty one.
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

/// Reads `pptContentResources`, where it comes next.
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

/// Writes `pptContentResources`; `outermost` where it is not inside of another detail.
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
                let slides = one_or_more(cursor, "pptSlideMarkup", &MARKUP, MarkupSlide::read)?;
                cursor.end()?;
                Self::DhtmlMarkup(slides)
            }
            Some("pptDhtmlResourcesPackage") => {
                cursor.required(DETAIL, "pptDhtmlResourcesPackage", &[])?;
                let files = one_or_more(cursor, "pptDhtmlResource", &RESOURCE, |_, own| {
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
                None => return Err(cursor.not("one form of a resource")?),
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

    /// Leaves the element open, as all forms do.
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

const MARKUP: [&str; 3] = ["slideNumber", "numClicks", "dhtmlMarkupPackageFile"];
const RESOURCE: [&str; 1] = ["resourceFileName"];

impl MarkupSlide {
    fn read(cursor: &mut Cursor<'_>, own: &Attributes) -> Result<Self> {
        let mut resources = Vec::new();
        while let Some(used) = cursor.child(DETAIL, "pptDhtmlResource", &RESOURCE)? {
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

/// Reads one or more elements `name`; `read` reads all of each but its tags.
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
