use std::collections::{BTreeMap, BTreeSet};

use super::{event::SlidesEvent, follower::MAX_SLIDES};
use crate::{
    client::model::{EncryptedFile, set},
    package::Location,
    types::{ResourceErrorCode, ResourceFormat},
};

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
    pub(in crate::client) fn native_file_is_there(&mut self) -> bool {
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
