//! The state of a presentation and its changes.

mod saved;

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use super::{
    item::{FORMATS_BY_SLIDE, Item, Markup, Pages, Place, SLIDE_FORMATS},
    position::Position,
};
use crate::{
    store::StoredFile,
    types::{ResourceErrorCode, ResourceFormat},
};

/// A change of a presentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DeckChange {
    /// Adds a resource of a user.
    Added { user: i64, item: Item },
    /// Sets the displayed location.
    Moved(Position),
    /// Resources of some slides are missing.
    Failed(Failed),
}

/// A range of slides whose resources of a format are missing, with the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failed {
    pub(super) begin: u32,
    pub(super) end: u32,
    pub(super) form: ResourceFormat,
    pub(super) code: ResourceErrorCode,
}

/// The consequences of a change.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Effect {
    /// The places whose items must be announced, in this order.
    pub(super) announced: Vec<Place>,
    /// Files that have lost a place. They may still have another one.
    pub(super) displaced: Vec<StoredFile>,
}

/// The results of a change that is being applied.
#[derive(Debug, Default)]
struct Applied {
    effect: Effect,
    /// The pieces that have changed.
    touched: BTreeSet<Piece>,
}

/// The slides of a presentation and its displayed location.
#[derive(Debug)]
pub(super) struct Deck {
    slides: u32,
    position: Position,
    items: BTreeMap<Place, Item>,
    /// Markup that waits for shared files, by its slide.
    held: BTreeMap<u32, Held>,
    /// The slides whose markup waits for a shared file, by its name.
    waiting: BTreeMap<String, BTreeSet<u32>>,
    errors: BTreeMap<(ResourceFormat, u32), ResourceErrorCode>,
    /// The formats that each user has begun to upload.
    begun: BTreeMap<i64, BTreeSet<ResourceFormat>>,
    last_number: u64,
}

/// A part of a presentation that is saved under its own key. The key is erased if the part does not
/// exist.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Piece {
    /// The number of slides, and the last number that was assigned.
    Numbers,
    Position,
    /// The errors of a format, with adjacent slides combined.
    Errors(ResourceFormat),
    Item(Place),
    Held(u32),
    /// The formats that a user has begun to upload.
    Begun(i64),
}

#[derive(Debug)]
struct Held {
    markup: Markup,
    missing: BTreeSet<String>,
}

impl Deck {
    /// Returns a presentation of which the owner has uploaded nothing yet.
    pub(super) fn new(owner: i64, slides: u32) -> Self {
        Self {
            slides,
            position: Position::start(),
            items: BTreeMap::new(),
            held: BTreeMap::new(),
            waiting: BTreeMap::new(),
            errors: BTreeMap::new(),
            begun: [(owner, BTreeSet::new())].into(),
            last_number: 0,
        }
    }

    /// Returns the number of slides.
    pub(super) fn slides(&self) -> u32 {
        self.slides
    }

    pub(super) fn position(&self) -> &Position {
        &self.position
    }

    /// Reports whether the presentation has this slide. Slide 0 exists even in an empty
    /// presentation.
    pub(super) fn has(&self, slide: u32) -> bool {
        slide < self.slides.max(1)
    }

    pub(super) fn item(&self, place: &Place) -> Option<&Item> {
        self.items.get(place)
    }

    /// Returns all items in the order in which they are announced.
    pub(super) fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    /// Returns the number of shared files.
    pub(super) fn shared(&self) -> usize {
        let first = Place::Shared(String::new());
        self.items.range(first..Place::Markup(0)).count()
    }

    /// Reports whether a shared file has this name.
    pub(super) fn shares(&self, name: &str) -> bool {
        self.items.contains_key(&Place::Shared(name.to_owned()))
    }

    /// Returns the approximate size of the calls that announce all items, including markup that
    /// waits.
    pub(super) fn size(&self) -> usize {
        let held = self.held.values().map(|held| held.markup.size());
        self.items().map(Item::size).chain(held).sum()
    }

    /// Returns an upper bound on the growth of [`size`](Self::size) by an item.
    pub(super) fn growth(&self, item: &Item) -> usize {
        let before = match item {
            Item::Markup(markup) => {
                let held = self.held.get(&markup.slide).map_or(0, |held| held.markup.size());
                let stays = markup.needs.iter().any(|name| !self.shares(name));
                let shown = self.items.get(&item.place(0)).filter(|_| !stays);
                held + shown.map_or(0, Item::size)
            }
            // No other file has the number 0.
            _ => self.items.get(&item.place(0)).map_or(0, Item::size),
        };
        item.size().saturating_sub(before)
    }

    /// Returns the shared files that markup waits for, each with the number of waiting slides.
    #[cfg(test)]
    pub(super) fn waited_for(&self) -> Vec<(&str, usize)> {
        self.waiting.iter().map(|(name, slides)| (name.as_str(), slides.len())).collect()
    }

    /// Returns the names of all files that the presentation uses.
    pub(super) fn used(&self) -> BTreeSet<&str> {
        let items = self.items.values().map(Item::file);
        let held = self.held.values().map(|held| &held.markup.file);
        items.chain(held).map(|file| file.name.as_str()).collect()
    }

    fn add(&mut self, item: Item, applied: &mut Applied) {
        match item {
            Item::Markup(markup) => return self.add_markup(markup, applied),
            Item::Notes(ref pages) => {
                self.remove_slides(pages, Place::Notes(0)..Place::Partial(0), applied);
            }
            Item::Partial(ref pages) => {
                self.remove_slides(pages, Place::Partial(0)..Place::Full, applied);
            }
            _ => {}
        }
        let shared = match &item {
            Item::Shared { name, .. } => Some(name.clone()),
            _ => None,
        };
        self.put(item, applied);
        if let Some(name) = shared {
            self.release(&name, applied);
        }
    }

    /// Puts an item into its place and removes the errors that explained its absence.
    fn put(&mut self, item: Item, applied: &mut Applied) {
        self.last_number += 1;
        let place = item.place(self.last_number);
        let form = item.form();
        let showing = SLIDE_FORMATS.contains(&form);
        for slide in item.slides(self.slides) {
            self.remove_error(form, slide, applied);
            if form == ResourceFormat::FullJpeg {
                self.remove_error(ResourceFormat::PartialJpeg, slide, applied);
            }
            if showing {
                self.remove_error(ResourceFormat::None, slide, applied);
            }
        }
        applied.touched.extend([Piece::Numbers, Piece::Item(place.clone())]);
        let before = self.items.insert(place.clone(), item);
        applied.effect.displaced.extend(before.map(|before| before.file().clone()));
        applied.effect.announced.push(place);
    }

    fn remove_error(&mut self, form: ResourceFormat, slide: u32, applied: &mut Applied) {
        if self.errors.remove(&(form, slide)).is_some() {
            applied.touched.insert(Piece::Errors(form));
        }
    }

    /// Removes the slides of a new file from the older files of the same format.
    fn remove_slides(&mut self, new: &Pages, of: std::ops::Range<Place>, applied: &mut Applied) {
        let mut empty = Vec::new();
        for (place, item) in self.items.range_mut(of) {
            if let Item::Notes(pages) | Item::Partial(pages) = item {
                let before = pages.slides.len();
                pages.slides.retain(|slide| !new.slides.contains(slide));
                if pages.slides.len() != before {
                    applied.touched.insert(Piece::Item(place.clone()));
                }
                if pages.slides.is_empty() {
                    empty.push(place.clone());
                }
            }
        }
        let removed = empty.iter().filter_map(|place| self.items.remove(place));
        applied.effect.displaced.extend(removed.map(|item| item.file().clone()));
    }

    /// Adds markup whose shared files all exist, and defers other markup. Until then the previous
    /// markup of the slide remains.
    fn add_markup(&mut self, markup: Markup, applied: &mut Applied) {
        if let Some(older) = self.held.remove(&markup.slide) {
            for name in &older.missing {
                self.stop_waiting(name, markup.slide);
            }
            applied.touched.insert(Piece::Held(markup.slide));
            applied.effect.displaced.push(older.markup.file);
        }
        let slide = markup.slide;
        match self.defer_markup(markup) {
            Some(ready) => self.put(Item::Markup(ready), applied),
            None => drop(applied.touched.insert(Piece::Held(slide))),
        }
    }

    /// Defers markup whose shared files do not all exist, and returns other markup.
    fn defer_markup(&mut self, markup: Markup) -> Option<Markup> {
        let missing = markup.needs.iter().filter(|name| !self.shares(name));
        let missing: BTreeSet<_> = missing.cloned().collect();
        if missing.is_empty() {
            return Some(markup);
        }
        for name in &missing {
            self.waiting.entry(name.clone()).or_default().insert(markup.slide);
        }
        self.held.insert(markup.slide, Held { markup, missing });
        None
    }

    fn stop_waiting(&mut self, name: &str, slide: u32) {
        if let Some(slides) = self.waiting.get_mut(name) {
            slides.remove(&slide);
            if slides.is_empty() {
                self.waiting.remove(name);
            }
        }
    }

    /// Adds the markup for which a new shared file was the last missing one.
    fn release(&mut self, name: &str, applied: &mut Applied) {
        for slide in self.waiting.remove(name).unwrap_or_default() {
            let Entry::Occupied(mut held) = self.held.entry(slide) else { continue };
            held.get_mut().missing.remove(name);
            if held.get().missing.is_empty() {
                let markup = held.remove().markup;
                applied.touched.insert(Piece::Held(slide));
                self.put(Item::Markup(markup), applied);
            }
        }
    }

    /// Returns all errors, with adjacent slides combined.
    pub(super) fn errors(&self) -> Vec<Failed> {
        merged(self.errors.iter().map(|(&(form, slide), &code)| (form, slide, code)))
    }

    /// Returns the users who have begun to upload resources or were expected to.
    pub(super) fn uploaders(&self) -> Vec<i64> {
        self.begun.keys().copied().collect()
    }

    /// Returns the resources that are missing when this user stops uploading: in each slide-by-slide
    /// format that the user has begun, the slides with neither a resource nor an error. If this user
    /// was expected to upload slides and no user has uploaded any, all slides are missing in every
    /// format.
    pub(super) fn left_undone(&self, user: i64, code: ResourceErrorCode) -> Vec<Failed> {
        let Some(begun) = self.begun.get(&user) else { return Vec::new() };
        let mut missing: Vec<(ResourceFormat, BTreeSet<u32>)> = Vec::new();
        let shows = |forms: &BTreeSet<_>| SLIDE_FORMATS.iter().any(|form| forms.contains(form));
        if !self.begun.values().any(shows) {
            missing.push((ResourceFormat::None, (0..self.slides).collect()));
        }
        for form in FORMATS_BY_SLIDE.into_iter().filter(|form| begun.contains(form)) {
            // A slide that was uploaded without notes has none.
            let is_enough =
                |of| of == form || (form == ResourceFormat::Notes && shows(&[of].into()));
            let there = self.items.values().filter(|item| is_enough(item.form()));
            let there: BTreeSet<_> = there.flat_map(|item| item.slides(self.slides)).collect();
            missing.push((form, (0..self.slides).filter(|slide| !there.contains(slide)).collect()));
        }
        let missing = missing
            .into_iter()
            .flat_map(|(form, slides)| slides.into_iter().map(move |slide| (form, slide, code)));
        merged(missing.filter(|(form, slide, _)| !self.errors.contains_key(&(*form, *slide))))
    }
}

/// Combines equal errors of adjacent slides. The slides of a format are in order.
fn merged(errors: impl Iterator<Item = (ResourceFormat, u32, ResourceErrorCode)>) -> Vec<Failed> {
    let mut merged: Vec<Failed> = Vec::new();
    for (form, slide, code) in errors {
        match merged.last_mut() {
            Some(last) if (last.form, last.code) == (form, code) && last.end + 1 == slide => {
                last.end = slide;
            }
            _ => merged.push(Failed { begin: slide, end: slide, form, code }),
        }
    }
    merged
}
