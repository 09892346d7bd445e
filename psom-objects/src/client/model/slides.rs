use std::collections::{BTreeMap, BTreeSet};

use super::set::set;
use crate::{
    client::json::{Object, hex},
    package::Location,
    types::{EncryptedFile, ResourceErrorCode, ResourceFormat},
};

/// The most slides of a presentation that is followed.
pub(in crate::client) const MAX_SLIDES: u32 = 10_000;

/// A presentation: the place that is on display, and what its slides are shown from. Slides go by
/// their numbers, from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Slides {
    /// How many slides there are, once the server has said so.
    pub count: Option<u32>,
    /// The place that is on display.
    pub location: Option<Location>,
    /// A small picture of the presentation.
    pub preview: Option<EncryptedFile>,
    /// Small pictures of the slides.
    pub thumbnails: Option<Thumbnails>,
    /// The speaker's notes. Each slide is in one of the files at most.
    pub notes: Vec<SlideFile>,
    /// Presentations with some of the slides. Each slide is in one of them at most.
    pub partial: Vec<SlideFile>,
    /// The presentation with all slides.
    pub full: Option<EncryptedFile>,
    /// Slides as pictures.
    pub jpegs: BTreeMap<u32, EncryptedFile>,
    /// The files that the markup of slides uses, by their names.
    pub shared: BTreeMap<String, EncryptedFile>,
    /// Slides as dynamic HTML.
    pub markup: BTreeMap<u32, SlideMarkup>,
    /// Why a form of a slide is not there. What comes after all is explained no longer.
    pub errors: BTreeMap<(ResourceFormat, u32), ResourceErrorCode>,
}

/// Small pictures of slides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnails {
    /// The pictures' names in the file, in the order of the slides.
    pub names: Vec<String>,
    /// The OPC file.
    pub file: EncryptedFile,
}

/// A file with something of some slides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlideFile {
    /// The slides.
    pub slides: BTreeSet<u32>,
    /// The file.
    pub file: EncryptedFile,
}

/// A slide as dynamic HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlideMarkup {
    /// How many clicks its animations take.
    pub clicks: u32,
    /// The names of the [shared files](Slides::shared) that it uses.
    pub needs: Vec<String>,
    /// The OPC file with the markup.
    pub file: EncryptedFile,
}

impl Slides {
    /// Whether every slide is there as a picture.
    pub fn has_all_jpegs(&self) -> bool {
        self.count.is_some_and(|count| (0..count).all(|slide| self.jpegs.contains_key(&slide)))
    }

    /// Follows a change, and says whether anything was otherwise before.
    pub fn apply(&mut self, event: &SlidesEvent) -> bool {
        match event {
            SlidesEvent::Count { count } => set(&mut self.count, Some(*count)),
            SlidesEvent::Location { location } => set(&mut self.location, Some(location.clone())),
            SlidesEvent::Preview { file } => {
                self.is_there(ResourceFormat::PreviewThumbnail, None);
                set(&mut self.preview, Some(file.clone()))
            }
            SlidesEvent::Thumbnails { names, file } => {
                let slides = names.len().try_into().unwrap_or(u32::MAX);
                self.is_there(ResourceFormat::SlideThumbnails, Some(&(0..slides).collect()));
                let thumbnails = Thumbnails { names: names.clone(), file: file.clone() };
                set(&mut self.thumbnails, Some(thumbnails))
            }
            SlidesEvent::Notes { slides, file } => {
                self.is_there(ResourceFormat::Notes, Some(slides));
                take_over(&mut self.notes, slides, file)
            }
            SlidesEvent::Partial { slides, file } => {
                self.is_there(ResourceFormat::PartialPpt, Some(slides));
                take_over(&mut self.partial, slides, file)
            }
            SlidesEvent::Full { file } => {
                self.is_there(ResourceFormat::FullPpt, None);
                set(&mut self.full, Some(file.clone()))
            }
            SlidesEvent::Jpeg { slide, file } => {
                self.is_there(ResourceFormat::FullJpeg, Some(&[*slide].into()));
                self.is_there(ResourceFormat::PartialJpeg, Some(&[*slide].into()));
                self.jpegs.insert(*slide, file.clone()).as_ref() != Some(file)
            }
            SlidesEvent::Shared { name, file } => {
                self.shared.insert(name.clone(), file.clone()).as_ref() != Some(file)
            }
            SlidesEvent::Markup { slide, markup } => {
                self.is_there(ResourceFormat::Dhtml, Some(&[*slide].into()));
                self.markup.insert(*slide, markup.clone()).as_ref() != Some(markup)
            }
            SlidesEvent::Failed { begin, end, format, code } => {
                let mut changed = false;
                // Others than this client's own objects may have made the event.
                for slide in *begin..=(*end).min(MAX_SLIDES) {
                    changed |= self.errors.insert((*format, slide), *code) != Some(*code);
                }
                changed
            }
            SlidesEvent::Refused { .. } => false,
        }
    }

    /// The file that participants download has come. Says whether it was said to be missing.
    pub(super) fn native_file_is_there(&mut self) -> bool {
        let before = self.errors.len();
        self.is_there(ResourceFormat::NativeFile, None);
        self.errors.len() != before
    }

    /// A form of some slides has come, or of all of them: what was said to be missing is there. A
    /// slide that can be shown in any form is not without all of them.
    fn is_there(&mut self, form: ResourceFormat, slides: Option<&BTreeSet<u32>>) {
        let shows = matches!(
            form,
            ResourceFormat::PartialPpt
                | ResourceFormat::FullPpt
                | ResourceFormat::FullJpeg
                | ResourceFormat::Dhtml
        );
        self.errors.retain(|(of, slide), _| {
            let is_it = *of == form || (shows && *of == ResourceFormat::None);
            !is_it || slides.is_some_and(|slides| !slides.contains(slide))
        });
    }
}

/// Puts a new file beside the others, from which it takes its slides.
fn take_over(files: &mut Vec<SlideFile>, slides: &BTreeSet<u32>, file: &EncryptedFile) -> bool {
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

/// Something has changed in a presentation, or an answer. Slides are counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are those of the model, by the same names")]
pub enum SlidesEvent {
    /// How many slides there are.
    Count { count: u32 },
    /// The place that is on display. Also the answer to whoever asked for another and may not, or
    /// cannot, go there: then it is the place as before.
    Location { location: Location },
    /// A small picture of the presentation.
    Preview { file: EncryptedFile },
    /// Small pictures of the slides.
    Thumbnails { names: Vec<String>, file: EncryptedFile },
    /// The notes of some slides.
    Notes { slides: BTreeSet<u32>, file: EncryptedFile },
    /// A presentation with some of the slides.
    Partial { slides: BTreeSet<u32>, file: EncryptedFile },
    /// The presentation with all slides.
    Full { file: EncryptedFile },
    /// A slide as a picture.
    Jpeg { slide: u32, file: EncryptedFile },
    /// A file that the markup of slides uses.
    Shared { name: String, file: EncryptedFile },
    /// A slide as dynamic HTML.
    Markup { slide: u32, markup: SlideMarkup },
    /// A form of the slides from `begin` to `end` is not there.
    Failed { begin: u32, end: u32, format: ResourceFormat, code: ResourceErrorCode },
    /// A resource that this client uploaded, by the number that it gave it, was not taken.
    Refused { resource: i32, code: ResourceErrorCode },
}

impl SlidesEvent {
    /// The event's name in JSON.
    pub(in crate::client) fn name(&self) -> &'static str {
        match self {
            Self::Count { .. } => "slideCount",
            Self::Location { .. } => "slideLocation",
            Self::Preview { .. } => "slidePreview",
            Self::Thumbnails { .. } => "slideThumbnails",
            Self::Notes { .. } => "slideNotes",
            Self::Partial { .. } => "slidePartial",
            Self::Full { .. } => "slideFull",
            Self::Jpeg { .. } => "slideJpeg",
            Self::Shared { .. } => "slideShared",
            Self::Markup { .. } => "slideMarkup",
            Self::Failed { .. } => "slideFailed",
            Self::Refused { .. } => "slideRefused",
        }
    }

    pub(in crate::client) fn fields(&self, json: Object) -> Object {
        match self {
            Self::Count { count } => json.number("count", count),
            Self::Location { location } => {
                json.number("slide", location.slide).number("click", location.click)
            }
            Self::Preview { file } | Self::Full { file } => of_file(json, file),
            Self::Thumbnails { names, file } => of_file(json.texts("names", names), file),
            Self::Notes { slides, file } | Self::Partial { slides, file } => {
                of_file(json.numbers("slides", slides), file)
            }
            Self::Jpeg { slide, file } => of_file(json.number("slide", slide), file),
            Self::Shared { name, file } => of_file(json.text("name", name), file),
            Self::Markup { slide, markup } => {
                let json = json.number("slide", slide).number("clicks", markup.clicks);
                of_file(json.texts("needs", &markup.needs), &markup.file)
            }
            Self::Failed { begin, end, format, code } => json
                .number("begin", begin)
                .number("end", end)
                .number("format", i32::from(*format))
                .number("code", i32::from(*code)),
            Self::Refused { resource, code } => {
                json.number("resource", resource).number("code", i32::from(*code))
            }
        }
    }

    /// The event as one line; `it` is the content. People count slides from 1.
    pub(in crate::client) fn line(&self, it: &str) -> String {
        match self {
            Self::Count { count: 1 } => format!("{it} has one slide."),
            Self::Count { count } => format!("{it} has {count} slides."),
            Self::Location { location: Location { slide, click: 0, .. } } => {
                format!("{it} is at slide {}.", people(*slide))
            }
            Self::Location { location: Location { slide, click, .. } } => {
                format!("{it} is at slide {}, click {click}.", people(*slide))
            }
            Self::Preview { .. } => format!("{it} has a preview."),
            Self::Thumbnails { names, .. } => match names.len() {
                1 => format!("{it} has 1 thumbnail."),
                count => format!("{it} has {count} thumbnails."),
            },
            Self::Notes { slides, .. } => format!("{it} has notes for {}.", listed(slides)),
            Self::Partial { slides, .. } => format!("{it} has a file with {}.", listed(slides)),
            Self::Full { .. } => format!("{it} has a file with all slides."),
            Self::Jpeg { slide, .. } => format!("Slide {} of {it} is there.", people(*slide)),
            Self::Shared { name, .. } => format!("{it} has a file \"{name}\" for its slides."),
            Self::Markup { slide, .. } => {
                format!("Slide {} of {it} is there as HTML.", people(*slide))
            }
            Self::Failed { begin, end, format, code } => {
                let what = match (begin, end) {
                    (begin, end) if begin == end => format!("Slide {}", people(*begin)),
                    (begin, end) => format!("Slides {} to {}", people(*begin), people(*end)),
                };
                format!("{what} of {it} will not come{}: {}.", in_form(*format), why(*code))
            }
            Self::Refused { resource, code } => {
                format!("Resource {resource} of {it} was not taken: {}.", why(*code))
            }
        }
    }
}

fn of_file(json: Object, file: &EncryptedFile) -> Object {
    json.text("url", &file.url).text("sha1", &hex(&file.hash))
}

fn people(slide: u32) -> u64 {
    u64::from(slide) + 1
}

fn listed(slides: &BTreeSet<u32>) -> String {
    match (slides.first(), slides.last(), slides.len()) {
        (Some(slide), _, 1) => format!("slide {}", people(*slide)),
        (Some(first), Some(last), some) if some as u64 == u64::from(last - first) + 1 => {
            format!("slides {} to {}", people(*first), people(*last))
        }
        (_, _, some) => format!("{some} slides"),
    }
}

fn in_form(format: ResourceFormat) -> &'static str {
    match format {
        ResourceFormat::PartialPpt | ResourceFormat::FullPpt | ResourceFormat::NativeFile => {
            " as a file"
        }
        ResourceFormat::PartialJpeg | ResourceFormat::FullJpeg => " as a picture",
        ResourceFormat::PreviewThumbnail | ResourceFormat::SlideThumbnails => " as a thumbnail",
        ResourceFormat::Notes => " with notes",
        ResourceFormat::Dhtml
        | ResourceFormat::PartialDhtmlDeprecated
        | ResourceFormat::FullDhtmlDeprecated => " as HTML",
        ResourceFormat::None | ResourceFormat::Other(_) => "",
    }
}

fn why(code: ResourceErrorCode) -> String {
    match code {
        ResourceErrorCode::ClientConversionFailed => "it could not be converted".to_owned(),
        ResourceErrorCode::ClientUploadFailed => "it could not be uploaded".to_owned(),
        ResourceErrorCode::ClientDependentResourceFailed => {
            "something that it needs failed".to_owned()
        }
        ResourceErrorCode::UploaderClientDisconnected => "who shared it has left".to_owned(),
        ResourceErrorCode::UploaderClientDemoted => "who shared it may share no longer".to_owned(),
        ResourceErrorCode::UnsupportedResourceFormat => "its form is not supported".to_owned(),
        ResourceErrorCode::Other(code) => format!("reason {code}"),
    }
}
