use std::collections::BTreeSet;

use psom_objects::{
    client::SlidesEvent,
    package::Location,
    types::{ResourceErrorCode, ResourceFormat},
};

use crate::terminal::out::counted;

/// Describes a change of a presentation in one sentence. `title` names the presentation. Slides are
/// numbered from 1.
pub(crate) fn line(event: &SlidesEvent, title: &str) -> String {
    match event {
        SlidesEvent::Count { count } => {
            format!("{title} has {}.", counted(*count as usize, "slide", "slides"))
        }
        SlidesEvent::Location { location } => format!("{title} is at {}.", place(location)),
        SlidesEvent::Preview { .. } => format!("{title} has a preview."),
        SlidesEvent::Thumbnails { names, .. } => {
            format!("{title} has {}.", counted(names.len(), "thumbnail", "thumbnails"))
        }
        SlidesEvent::Notes { slides, .. } => format!("{title} has notes for {}.", list(slides)),
        SlidesEvent::Partial { slides, .. } => format!("{title} has a file with {}.", list(slides)),
        SlidesEvent::Full { .. } => format!("{title} has a file with all slides."),
        SlidesEvent::Jpeg { slide, .. } => {
            format!("Slide {} of {title} has arrived.", shown(*slide))
        }
        SlidesEvent::Shared { name, .. } => {
            format!("{title} has the file \"{name}\" for its slides.")
        }
        SlidesEvent::Markup { slide, .. } => {
            format!("Slide {} of {title} has arrived as HTML.", shown(*slide))
        }
        SlidesEvent::Failed { begin, end, format, code } => {
            let slides = if begin == end {
                format!("Slide {}", shown(*begin))
            } else {
                format!("Slides {} to {}", shown(*begin), shown(*end))
            };
            format!("{slides} of {title} will not come{}: {}.", as_format(*format), reason(*code))
        }
        SlidesEvent::Refused { resource, code } => {
            format!("Resource {resource} of {title} was not accepted: {}.", reason(*code))
        }
        // The library may add events.
        _ => format!("{title} has changed."),
    }
}

/// Names a location in a presentation: `slide 3`, or `slide 3, click 1`.
pub(crate) fn place(location: &Location) -> String {
    let slide = shown(location.slide);
    match location.click {
        0 => format!("slide {slide}"),
        click => format!("slide {slide}, click {click}"),
    }
}

/// Returns the number that users see for a slide.
fn shown(slide: u32) -> u64 {
    u64::from(slide) + 1
}

fn list(slides: &BTreeSet<u32>) -> String {
    match (slides.first(), slides.last(), slides.len()) {
        (Some(slide), _, 1) => format!("slide {}", shown(*slide)),
        (Some(first), Some(last), count) if count as u64 == u64::from(last - first) + 1 => {
            format!("slides {} to {}", shown(*first), shown(*last))
        }
        (_, _, count) => format!("{count} slides"),
    }
}

fn as_format(format: ResourceFormat) -> &'static str {
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

fn reason(code: ResourceErrorCode) -> String {
    match code {
        ResourceErrorCode::ClientConversionFailed => "it could not be converted".to_owned(),
        ResourceErrorCode::ClientUploadFailed => "it could not be uploaded".to_owned(),
        ResourceErrorCode::ClientDependentResourceFailed => {
            "a resource that it needs failed".to_owned()
        }
        ResourceErrorCode::UploaderClientDisconnected => "its owner has left".to_owned(),
        ResourceErrorCode::UploaderClientDemoted => "its owner may no longer share".to_owned(),
        ResourceErrorCode::UnsupportedResourceFormat => "its format is not supported".to_owned(),
        ResourceErrorCode::Other(code) => format!("reason {code}"),
    }
}
