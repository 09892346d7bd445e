//! The items of a presentation.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{store::StoredFile, types::ResourceFormat};

/// The approximate bytes of the call that announces an item: a URL, the secrets of the file, and
/// some numbers.
const CALL_BYTES: usize = 160;

/// Upper bound on the bytes of the encoded number of a slide.
const SLIDE_NUMBER_BYTES: usize = 5;

/// A resource that one call announces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Item {
    /// A thumbnail of the presentation.
    Preview(StoredFile),
    /// Thumbnails of slides, by their names in the file.
    Thumbnails { names: BTreeMap<u32, String>, file: StoredFile },
    /// Notes of slides.
    Notes(Pages),
    /// A presentation with some of the slides.
    Partial(Pages),
    /// A presentation with all slides.
    Full(StoredFile),
    /// A file that the markup of slides uses.
    Shared { name: String, file: StoredFile },
    /// A slide as dynamic HTML.
    Markup(Markup),
    /// A picture of a slide.
    Jpeg { slide: u32, file: StoredFile },
    /// The file that users download. The content announces it.
    Native(StoredFile),
}

/// A file with some of the slides, at least one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pages {
    pub(super) slides: BTreeSet<u32>,
    pub(super) file: StoredFile,
}

/// A slide as dynamic HTML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Markup {
    pub(super) slide: u32,
    pub(super) clicks: u32,
    /// The names of the [shared files](Item::Shared) that it uses.
    pub(super) needs: Vec<String>,
    pub(super) file: StoredFile,
}

/// The place of an item in a presentation. A new item replaces the item at its place. Newcomers
/// receive the items in the order of their places.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Preview,
    Thumbnails,
    /// The slides are the place of notes and partial presentations. Each slide is only in the
    /// newest file.
    Notes(u64),
    Partial(u64),
    Full,
    /// Precedes the markup that uses it.
    Shared(String),
    Markup(u32),
    Jpeg(u32),
    Native,
}

/// The formats that show a slide. The others accompany it.
pub(super) const SLIDE_FORMATS: [ResourceFormat; 4] = [
    ResourceFormat::PartialPpt,
    ResourceFormat::FullPpt,
    ResourceFormat::FullJpeg,
    ResourceFormat::Dhtml,
];

/// The formats that are uploaded slide by slide. They are complete when every slide exists.
pub(super) const FORMATS_BY_SLIDE: [ResourceFormat; 4] = [
    ResourceFormat::FullJpeg,
    ResourceFormat::SlideThumbnails,
    ResourceFormat::Notes,
    ResourceFormat::Dhtml,
];

impl Markup {
    /// Returns the approximate size of the call that announces it.
    pub(super) fn size(&self) -> usize {
        CALL_BYTES + size(&self.needs)
    }
}

/// Returns the encoded size of names.
fn size<'n>(names: impl IntoIterator<Item = &'n String>) -> usize {
    names.into_iter().map(|name| 3 + psom::wire::encoded_bytes(name)).sum()
}

impl Item {
    /// Returns the place of the item. No other item may have `number`.
    pub(super) fn place(&self, number: u64) -> Place {
        match self {
            Self::Preview(_) => Place::Preview,
            Self::Thumbnails { .. } => Place::Thumbnails,
            Self::Notes(_) => Place::Notes(number),
            Self::Partial(_) => Place::Partial(number),
            Self::Full(_) => Place::Full,
            Self::Shared { name, .. } => Place::Shared(name.clone()),
            Self::Markup(markup) => Place::Markup(markup.slide),
            Self::Jpeg { slide, .. } => Place::Jpeg(*slide),
            Self::Native(_) => Place::Native,
        }
    }

    pub(super) fn form(&self) -> ResourceFormat {
        match self {
            Self::Preview(_) => ResourceFormat::PreviewThumbnail,
            Self::Thumbnails { .. } => ResourceFormat::SlideThumbnails,
            Self::Notes(_) => ResourceFormat::Notes,
            Self::Partial(_) => ResourceFormat::PartialPpt,
            Self::Full(_) => ResourceFormat::FullPpt,
            Self::Shared { .. } | Self::Markup(_) => ResourceFormat::Dhtml,
            Self::Jpeg { .. } => ResourceFormat::FullJpeg,
            Self::Native(_) => ResourceFormat::NativeFile,
        }
    }

    pub(super) fn file(&self) -> &StoredFile {
        match self {
            Self::Preview(file)
            | Self::Thumbnails { file, .. }
            | Self::Notes(Pages { file, .. })
            | Self::Partial(Pages { file, .. })
            | Self::Full(file)
            | Self::Shared { file, .. }
            | Self::Markup(Markup { file, .. })
            | Self::Jpeg { file, .. }
            | Self::Native(file) => file,
        }
    }

    /// Returns the approximate size of the call that announces it.
    pub(super) fn size(&self) -> usize {
        let more = match self {
            Self::Thumbnails { names, .. } => size(names.values()),
            Self::Notes(pages) | Self::Partial(pages) => SLIDE_NUMBER_BYTES * pages.slides.len(),
            Self::Shared { name, .. } => size([name]),
            Self::Markup(markup) => return markup.size(),
            Self::Preview(_) | Self::Full(_) | Self::Jpeg { .. } | Self::Native(_) => 0,
        };
        CALL_BYTES + more
    }

    /// Returns the slides that have this item, out of `count`.
    pub(super) fn slides(&self, count: u32) -> BTreeSet<u32> {
        match self {
            Self::Preview(_) | Self::Full(_) | Self::Native(_) => (0..count).collect(),
            Self::Thumbnails { names, .. } => names.keys().copied().collect(),
            Self::Notes(pages) | Self::Partial(pages) => pages.slides.clone(),
            Self::Shared { .. } => BTreeSet::new(),
            Self::Markup(Markup { slide, .. }) | Self::Jpeg { slide, .. } => [*slide].into(),
        }
    }
}
