use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};

use super::{board::file_bytes, set::set};
use crate::{
    client::json,
    package::Location,
    types::{EncryptedFile, ResourceErrorCode, ResourceFormat},
};

/// Upper bound on the slides of a presentation. It protects a client from a server that announces
/// an impossible number.
pub(in crate::client) const MAX_SLIDES: u32 = 10_000;

/// A presentation: the displayed location, and the files that show its slides. Slides are numbered
/// from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlidesModel {
    /// The number of slides, once the server has announced it.
    pub count: Option<u32>,
    /// The displayed location.
    pub location: Option<Location>,
    /// A thumbnail of the presentation.
    pub preview: Option<EncryptedFile>,
    /// Thumbnails of the slides.
    pub thumbnails: Option<Thumbnails>,
    /// The speaker's notes. Each slide is in at most one of the files.
    pub notes: Vec<SlideFile>,
    /// Presentations with some of the slides. Each slide is in at most one of them.
    pub partial: Vec<SlideFile>,
    /// The presentation with all slides.
    pub full: Option<EncryptedFile>,
    /// The JPEG picture of each slide.
    pub jpegs: BTreeMap<u32, EncryptedFile>,
    /// The files that the markup of slides uses, by name.
    pub shared: BTreeMap<String, EncryptedFile>,
    /// The dynamic HTML of each slide.
    pub markup: BTreeMap<u32, SlideMarkup>,
    /// The reason why a format of a slide is missing. The entry is removed when the format arrives.
    pub errors: BTreeMap<(ResourceFormat, u32), ResourceErrorCode>,
}

/// Thumbnails of slides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnails {
    /// The part names of the pictures in the file, in the order of the slides.
    pub names: Vec<String>,
    /// The OPC file.
    pub file: EncryptedFile,
}

/// A file with some of the slides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlideFile {
    /// The slides.
    pub slides: BTreeSet<u32>,
    /// The file.
    pub file: EncryptedFile,
}

/// The dynamic HTML of a slide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SlideMarkup {
    /// The number of clicks that the slide's animations need.
    pub clicks: u32,
    /// The names of the [shared files](SlidesModel::shared) that the markup uses.
    pub needs: Vec<String>,
    /// The OPC file with the markup.
    #[serde(flatten, serialize_with = "json::public_file")]
    pub file: EncryptedFile,
}

/// A change of a presentation, or the refusal of an upload to it. Slides are numbered from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields have the names and the meaning of the model's")]
pub enum SlidesEvent {
    /// The number of slides.
    #[serde(rename = "slideCount")]
    Count { count: u32 },
    /// The displayed location. It is also the answer to a refused request for another location.
    #[serde(rename = "slideLocation")]
    Location {
        #[serde(flatten, serialize_with = "serialize_location")]
        location: Location,
    },
    /// A thumbnail of the presentation.
    #[serde(rename = "slidePreview")]
    Preview {
        #[serde(flatten, serialize_with = "json::public_file")]
        file: EncryptedFile,
    },
    /// Thumbnails of the slides.
    #[serde(rename = "slideThumbnails")]
    Thumbnails {
        names: Vec<String>,
        #[serde(flatten, serialize_with = "json::public_file")]
        file: EncryptedFile,
    },
    /// The notes of some slides.
    #[serde(rename = "slideNotes")]
    Notes {
        slides: BTreeSet<u32>,
        #[serde(flatten, serialize_with = "json::public_file")]
        file: EncryptedFile,
    },
    /// A presentation with some of the slides.
    #[serde(rename = "slidePartial")]
    Partial {
        slides: BTreeSet<u32>,
        #[serde(flatten, serialize_with = "json::public_file")]
        file: EncryptedFile,
    },
    /// The presentation with all slides.
    #[serde(rename = "slideFull")]
    Full {
        #[serde(flatten, serialize_with = "json::public_file")]
        file: EncryptedFile,
    },
    /// The JPEG picture of a slide.
    #[serde(rename = "slideJpeg")]
    Jpeg {
        slide: u32,
        #[serde(flatten, serialize_with = "json::public_file")]
        file: EncryptedFile,
    },
    /// A file that the markup of slides uses.
    #[serde(rename = "slideShared")]
    Shared {
        name: String,
        #[serde(flatten, serialize_with = "json::public_file")]
        file: EncryptedFile,
    },
    /// The dynamic HTML of a slide.
    #[serde(rename = "slideMarkup")]
    Markup {
        slide: u32,
        #[serde(flatten)]
        markup: SlideMarkup,
    },
    /// A format of the slides from `begin` to `end` is missing.
    #[serde(rename = "slideFailed")]
    Failed {
        begin: u32,
        end: u32,
        #[serde(serialize_with = "json::number")]
        format: ResourceFormat,
        #[serde(serialize_with = "json::number")]
        code: ResourceErrorCode,
    },
    /// The server refused a resource with this number, which this client has uploaded.
    #[serde(rename = "slideRefused")]
    Refused {
        resource: i32,
        #[serde(serialize_with = "json::number")]
        code: ResourceErrorCode,
    },
}

fn serialize_location<S: Serializer>(
    location: &Location,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct LocationJson {
        slide: u32,
        click: u32,
    }
    LocationJson { slide: location.slide, click: location.click }.serialize(serializer)
}

impl SlidesModel {
    /// Reports whether the JPEG of every slide is known.
    pub fn has_all_jpegs(&self) -> bool {
        self.count.is_some_and(|count| (0..count).all(|slide| self.jpegs.contains_key(&slide)))
    }

    /// Applies an event. Returns whether it changed the model.
    pub fn apply(&mut self, event: &SlidesEvent) -> bool {
        match event {
            SlidesEvent::Count { count } => set(&mut self.count, Some(*count)),
            SlidesEvent::Location { location } => set(&mut self.location, Some(location.clone())),
            SlidesEvent::Preview { file } => {
                self.clear_errors(ResourceFormat::PreviewThumbnail, None);
                set(&mut self.preview, Some(file.clone()))
            }
            SlidesEvent::Thumbnails { names, file } => {
                let slides = names.len().try_into().unwrap_or(u32::MAX);
                self.clear_errors(ResourceFormat::SlideThumbnails, Some(&(0..slides).collect()));
                let thumbnails = Thumbnails { names: names.clone(), file: file.clone() };
                set(&mut self.thumbnails, Some(thumbnails))
            }
            SlidesEvent::Notes { slides, file } => {
                self.clear_errors(ResourceFormat::Notes, Some(slides));
                add_file(&mut self.notes, slides, file)
            }
            SlidesEvent::Partial { slides, file } => {
                self.clear_errors(ResourceFormat::PartialPpt, Some(slides));
                add_file(&mut self.partial, slides, file)
            }
            SlidesEvent::Full { file } => {
                self.clear_errors(ResourceFormat::FullPpt, None);
                set(&mut self.full, Some(file.clone()))
            }
            SlidesEvent::Jpeg { slide, file } => {
                self.clear_errors(ResourceFormat::FullJpeg, Some(&[*slide].into()));
                self.clear_errors(ResourceFormat::PartialJpeg, Some(&[*slide].into()));
                self.jpegs.insert(*slide, file.clone()).as_ref() != Some(file)
            }
            SlidesEvent::Shared { name, file } => {
                self.shared.insert(name.clone(), file.clone()).as_ref() != Some(file)
            }
            SlidesEvent::Markup { slide, markup } => {
                self.clear_errors(ResourceFormat::Dhtml, Some(&[*slide].into()));
                self.markup.insert(*slide, markup.clone()).as_ref() != Some(markup)
            }
            SlidesEvent::Failed { begin, end, format, code } => {
                let mut changed = false;
                // A program may apply events that do not come from this client's own objects.
                for slide in *begin..=(*end).min(MAX_SLIDES) {
                    changed |= self.errors.insert((*format, slide), *code) != Some(*code);
                }
                changed
            }
            SlidesEvent::Refused { .. } => false,
        }
    }

    /// Clears the errors that the arrival of the native file resolves. Returns whether there were
    /// any.
    pub(super) fn native_file_arrived(&mut self) -> bool {
        let before = self.errors.len();
        self.clear_errors(ResourceFormat::NativeFile, None);
        self.errors.len() != before
    }

    /// Clears the errors that the arrival of a format resolves, for some slides or for all. A slide
    /// that can be shown in any format no longer counts as missing in all of them.
    fn clear_errors(&mut self, arrived: ResourceFormat, slides: Option<&BTreeSet<u32>>) {
        let shows_slides = matches!(
            arrived,
            ResourceFormat::PartialPpt
                | ResourceFormat::FullPpt
                | ResourceFormat::FullJpeg
                | ResourceFormat::Dhtml
        );
        self.errors.retain(|(format, slide), _| {
            let resolved = *format == arrived || (shows_slides && *format == ResourceFormat::None);
            !resolved || slides.is_some_and(|slides| !slides.contains(slide))
        });
    }
}

impl SlidesEvent {
    /// Returns the approximate number of bytes that the event owns.
    pub(super) fn heap_bytes(&self) -> usize {
        let texts = |texts: &[String]| -> usize {
            texts.iter().map(|text| size_of::<String>() + text.len()).sum()
        };
        match self {
            Self::Count { .. } | Self::Failed { .. } | Self::Refused { .. } => 0,
            Self::Location { location } => {
                // The size of an extension is not known, so each counts as an estimate.
                const EXTENSION_BYTES: usize = 1024;
                (location.extensions.len() + location.attributes.len()) * EXTENSION_BYTES
            }
            Self::Preview { file } | Self::Full { file } | Self::Jpeg { file, .. } => {
                file_bytes(file)
            }
            Self::Thumbnails { names, file } => texts(names) + file_bytes(file),
            Self::Notes { slides, file } | Self::Partial { slides, file } => {
                slides.len() * size_of::<u32>() + file_bytes(file)
            }
            Self::Shared { name, file } => name.len() + file_bytes(file),
            Self::Markup { markup, .. } => texts(&markup.needs) + file_bytes(&markup.file),
        }
    }
}

/// Adds a file and removes its slides from the other files.
fn add_file(files: &mut Vec<SlideFile>, slides: &BTreeSet<u32>, file: &EncryptedFile) -> bool {
    let new = SlideFile { slides: slides.clone(), file: file.clone() };
    if files.contains(&new) {
        return false;
    }
    for older in files.iter_mut() {
        older.slides.retain(|slide| !slides.contains(slide));
    }
    files.retain(|older| !older.slides.is_empty());
    files.push(new);
    true
}
