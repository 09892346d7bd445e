//! The state of a presentation, and everything that changes it.

mod saved;

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use super::{
    item::{BY_SLIDE, Item, Markup, Pages, Place, SHOWING},
    position::Position,
};
use crate::{
    store::StoredFile,
    types::{ResourceErrorCode, ResourceFormat},
};

/// A change of a presentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DeckChange {
    /// It begins: so many slides, of which its owner has uploaded nothing yet.
    Created { owner: i64, slides: u32 },
    /// A resource has come from this user.
    Added { user: i64, item: Item },
    /// Another place is on display.
    Moved(Position),
    /// Resources of some slides will not come.
    Failed(Failed),
}

/// Some slides, from the first to the last, whose resources of a form are not there, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failed {
    pub(super) begin: u32,
    pub(super) end: u32,
    pub(super) form: ResourceFormat,
    pub(super) code: ResourceErrorCode,
}

/// What follows from a change for others.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Effect {
    /// The places whose items everybody is to be told, in this order.
    pub(super) told: Vec<Place>,
    /// Files that have lost a place. They may have another.
    pub(super) gone: Vec<StoredFile>,
}

/// The slides of a presentation, and where it is.
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
    /// The forms that each user has begun to upload.
    begun: BTreeMap<i64, BTreeSet<ResourceFormat>>,
    last_number: u64,
    /// What has changed since it was last saved.
    touched: BTreeSet<Piece>,
}

/// A part of a presentation that is saved under a key of its own, or under none while it is not
/// there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    /// How many slides there are, and the last number that was given.
    Numbers,
    Position,
    /// The errors of a form, neighbouring slides as one.
    Errors(ResourceFormat),
    Item(Place),
    Held(u32),
    /// The forms that a user has begun to upload.
    Begun(i64),
}

#[derive(Debug)]
struct Held {
    markup: Markup,
    missing: BTreeSet<String>,
}

impl Deck {
    pub(super) fn new() -> Self {
        Self {
            slides: 0,
            position: Position::start(),
            items: BTreeMap::new(),
            held: BTreeMap::new(),
            waiting: BTreeMap::new(),
            errors: BTreeMap::new(),
            begun: BTreeMap::new(),
            last_number: 0,
            touched: BTreeSet::new(),
        }
    }

    /// How many slides there are.
    pub(super) fn slides(&self) -> u32 {
        self.slides
    }

    pub(super) fn position(&self) -> &Position {
        &self.position
    }

    /// Whether the presentation has this slide. Even one without any has a beginning.
    pub(super) fn has(&self, slide: u32) -> bool {
        slide < self.slides.max(1)
    }

    pub(super) fn item(&self, place: &Place) -> Option<&Item> {
        self.items.get(place)
    }

    /// All that is there, in the order in which it is told.
    pub(super) fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    /// How many shared files there are.
    pub(super) fn shared(&self) -> usize {
        let first = Place::Shared(String::new());
        self.items.range(first..Place::Markup(0)).count()
    }

    /// Whether there is a shared file of this name.
    pub(super) fn shares(&self, name: &str) -> bool {
        self.items.contains_key(&Place::Shared(name.to_owned()))
    }

    /// About how many bytes it takes to tell of all that is there or held back.
    pub(super) fn size(&self) -> usize {
        let held = self.held.values().map(|held| held.markup.size());
        self.items().map(Item::size).chain(held).sum()
    }

    /// By how much that grows with an item, at most.
    pub(super) fn growth(&self, item: &Item) -> usize {
        let before = match item {
            Item::Markup(markup) => {
                let held = self.held.get(&markup.slide).map_or(0, |held| held.markup.size());
                let stays = markup.needs.iter().any(|name| !self.shares(name));
                let shown = self.items.get(&item.place(0)).filter(|_| !stays);
                held + shown.map_or(0, Item::size)
            }
            // No number of another file is 0.
            _ => self.items.get(&item.place(0)).map_or(0, Item::size),
        };
        item.size().saturating_sub(before)
    }

    /// The shared files that markup waits for, and of how many slides each.
    #[cfg(test)]
    pub(super) fn waited_for(&self) -> Vec<(&str, usize)> {
        self.waiting.iter().map(|(name, slides)| (name.as_str(), slides.len())).collect()
    }

    /// The names of all files that something needs.
    pub(super) fn used(&self) -> BTreeSet<&str> {
        let items = self.items.values().map(Item::file);
        let held = self.held.values().map(|held| &held.markup.file);
        items.chain(held).map(|file| file.name.as_str()).collect()
    }

    /// The one place where a presentation changes.
    pub(super) fn apply(&mut self, change: &DeckChange) -> Effect {
        let mut effect = Effect::default();
        match change {
            DeckChange::Created { owner, slides } => {
                self.slides = *slides;
                self.begun.insert(*owner, BTreeSet::new());
                self.touched.extend([Piece::Numbers, Piece::Position, Piece::Begun(*owner)]);
            }
            DeckChange::Added { user, item } => {
                if self.begun.entry(*user).or_default().insert(item.form()) {
                    self.touched.insert(Piece::Begun(*user));
                }
                self.add(item.clone(), &mut effect);
            }
            DeckChange::Moved(position) => {
                self.position.clone_from(position);
                self.touched.insert(Piece::Position);
            }
            DeckChange::Failed(failed) => {
                let slides = failed.begin..=failed.end;
                self.errors.extend(slides.map(|slide| ((failed.form, slide), failed.code)));
                self.touched.insert(Piece::Errors(failed.form));
            }
        }
        effect
    }

    fn add(&mut self, item: Item, effect: &mut Effect) {
        match item {
            Item::Markup(markup) => return self.add_markup(markup, effect),
            Item::Notes(ref pages) => {
                self.take_over(pages, Place::Notes(0)..Place::Partial(0), effect);
            }
            Item::Partial(ref pages) => {
                self.take_over(pages, Place::Partial(0)..Place::Full, effect);
            }
            _ => {}
        }
        let shared = match &item {
            Item::Shared { name, .. } => Some(name.clone()),
            _ => None,
        };
        self.put(item, effect);
        if let Some(name) = shared {
            self.release(&name, effect);
        }
    }

    /// Puts an item into its place, and forgets why it was not there.
    fn put(&mut self, item: Item, effect: &mut Effect) {
        self.last_number += 1;
        let place = item.place(self.last_number);
        let form = item.form();
        let showing = SHOWING.contains(&form);
        for slide in item.slides(self.slides) {
            self.explain_no_longer(form, slide);
            if form == ResourceFormat::FullJpeg {
                self.explain_no_longer(ResourceFormat::PartialJpeg, slide);
            }
            if showing {
                self.explain_no_longer(ResourceFormat::None, slide);
            }
        }
        self.touched.extend([Piece::Numbers, Piece::Item(place.clone())]);
        let before = self.items.insert(place.clone(), item);
        effect.gone.extend(before.map(|before| before.file().clone()));
        effect.told.push(place);
    }

    fn explain_no_longer(&mut self, form: ResourceFormat, slide: u32) {
        if self.errors.remove(&(form, slide)).is_some() {
            self.touched.insert(Piece::Errors(form));
        }
    }

    /// Takes the slides of a new file out of the older ones of its form.
    fn take_over(&mut self, new: &Pages, of: std::ops::Range<Place>, effect: &mut Effect) {
        let mut empty = Vec::new();
        for (place, item) in self.items.range_mut(of) {
            if let Item::Notes(pages) | Item::Partial(pages) = item {
                let before = pages.slides.len();
                pages.slides.retain(|slide| !new.slides.contains(slide));
                if pages.slides.len() != before {
                    self.touched.insert(Piece::Item(place.clone()));
                }
                if pages.slides.is_empty() {
                    empty.push(place.clone());
                }
            }
        }
        let gone = empty.iter().filter_map(|place| self.items.remove(place));
        effect.gone.extend(gone.map(|item| item.file().clone()));
    }

    /// Shows markup whose shared files are all there, and holds other markup back. What the slide
    /// had before stays until then.
    fn add_markup(&mut self, markup: Markup, effect: &mut Effect) {
        if let Some(older) = self.held.remove(&markup.slide) {
            for name in &older.missing {
                self.waits_no_more(name, markup.slide);
            }
            self.touched.insert(Piece::Held(markup.slide));
            effect.gone.push(older.markup.file);
        }
        if let Some(ready) = self.hold(markup) {
            self.put(Item::Markup(ready), effect);
        }
    }

    /// Holds markup back whose shared files are not all there; returns other markup.
    fn hold(&mut self, markup: Markup) -> Option<Markup> {
        let missing = markup.needs.iter().filter(|name| !self.shares(name));
        let missing: BTreeSet<_> = missing.cloned().collect();
        if missing.is_empty() {
            return Some(markup);
        }
        for name in &missing {
            self.waiting.entry(name.clone()).or_default().insert(markup.slide);
        }
        self.touched.insert(Piece::Held(markup.slide));
        self.held.insert(markup.slide, Held { markup, missing });
        None
    }

    fn waits_no_more(&mut self, name: &str, slide: u32) {
        if let Some(slides) = self.waiting.get_mut(name) {
            slides.remove(&slide);
            if slides.is_empty() {
                self.waiting.remove(name);
            }
        }
    }

    /// A shared file is there: shows the markup that waited for nothing else.
    fn release(&mut self, name: &str, effect: &mut Effect) {
        for slide in self.waiting.remove(name).unwrap_or_default() {
            let Entry::Occupied(mut held) = self.held.entry(slide) else { continue };
            held.get_mut().missing.remove(name);
            if held.get().missing.is_empty() {
                let markup = held.remove().markup;
                self.touched.insert(Piece::Held(slide));
                self.put(Item::Markup(markup), effect);
            }
        }
    }

    /// All errors, those of neighbouring slides as one.
    pub(super) fn errors(&self) -> Vec<Failed> {
        merged(self.errors.iter().map(|(&(form, slide), &code)| (form, slide, code)))
    }

    /// What is missing when this user uploads nothing more: in each form that comes slide by slide
    /// and that the user has begun, the slides that nobody has uploaded and that no error explains
    /// yet. Where nobody has uploaded anything to show slides from, and this user was to, all
    /// slides are missing in every form.
    pub(super) fn left_undone(&self, user: i64, code: ResourceErrorCode) -> Vec<Failed> {
        let Some(begun) = self.begun.get(&user) else { return Vec::new() };
        let mut missing: Vec<(ResourceFormat, BTreeSet<u32>)> = Vec::new();
        let shows = |forms: &BTreeSet<_>| SHOWING.iter().any(|form| forms.contains(form));
        if !self.begun.values().any(shows) {
            missing.push((ResourceFormat::None, (0..self.slides).collect()));
        }
        for form in BY_SLIDE.into_iter().filter(|form| begun.contains(form)) {
            // A slide that has come without notes has none.
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

/// Makes one of what goes for neighbouring slides alike. The slides of a form come in their order.
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
