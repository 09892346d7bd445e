//! What a presentation is shown from, piece by piece.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{store::StoredFile, types::ResourceFormat};

/// About how many bytes the call has on the wire that tells of an item: an address, what is needed
/// to read the file, some numbers.
const CALL: usize = 160;

/// How many bytes the number of a slide may have on the wire.
const NUMBER: usize = 5;

/// A resource as clients are told of it: one call each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Item {
    /// A small picture of the presentation.
    Preview(StoredFile),
    /// Small pictures of slides, by their names in the file.
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
    /// A slide as a picture.
    Jpeg { slide: u32, file: StoredFile },
    /// The file that participants download: told by the content, not by its slides.
    Native(StoredFile),
}

/// A file with some of the slides; at least one.
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

/// The place of an item in a presentation: what comes for the same place replaces what was there.
/// Clients who join are told of the places in their order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Preview,
    Thumbnails,
    /// Notes and parts have their slides as their place; each slide is in the newest file alone.
    Notes(u64),
    Partial(u64),
    Full,
    /// Before the markup that uses it.
    Shared(String),
    Markup(u32),
    Jpeg(u32),
    Native,
}

/// The forms that a slide is shown from. The others stand beside it.
pub(super) const SHOWING: [ResourceFormat; 4] = [
    ResourceFormat::PartialPpt,
    ResourceFormat::FullPpt,
    ResourceFormat::FullJpeg,
    ResourceFormat::Dhtml,
];

/// The forms that come slide by slide, and are complete once every slide is there.
pub(super) const BY_SLIDE: [ResourceFormat; 4] = [
    ResourceFormat::FullJpeg,
    ResourceFormat::SlideThumbnails,
    ResourceFormat::Notes,
    ResourceFormat::Dhtml,
];

impl Markup {
    /// About how many bytes it takes to tell of it.
    pub(super) fn size(&self) -> usize {
        CALL + size(&self.needs)
    }
}

/// The bytes of names on the wire, each behind its length.
fn size<'n>(names: impl IntoIterator<Item = &'n String>) -> usize {
    names.into_iter().map(|name| 3 + psom::wire::encoded_bytes(name)).sum()
}

impl Item {
    /// Where the item goes; `number` is one that no other item has.
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

    /// About how many bytes it takes to tell of it.
    pub(super) fn size(&self) -> usize {
        let more = match self {
            Self::Thumbnails { names, .. } => size(names.values()),
            Self::Notes(pages) | Self::Partial(pages) => NUMBER * pages.slides.len(),
            Self::Shared { name, .. } => size([name]),
            Self::Markup(markup) => return markup.size(),
            Self::Preview(_) | Self::Full(_) | Self::Jpeg { .. } | Self::Native(_) => 0,
        };
        CALL + more
    }

    /// The slides that are there with this item, of so many.
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
