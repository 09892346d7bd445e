use std::collections::BTreeSet;

use super::model::SlideMarkup;
use crate::{
    client::{
        json::{Object, hex},
        model::EncryptedFile,
    },
    package::Location,
    types::{ResourceErrorCode, ResourceFormat},
};

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
