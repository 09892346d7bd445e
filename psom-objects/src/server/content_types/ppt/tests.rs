#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use bytes::Bytes;

use psom::DurableState as _;

use super::{
    deck::{Deck, DeckChange, Effect, Failed},
    intake::Intake,
    item::{Item, Markup, Pages, Place},
};
use crate::{
    package::{PptContentResource, PptResource},
    store::StoredFile,
    types::{ResourceErrorCode as Code, ResourceFormat as Format},
};

fn file(name: &str) -> StoredFile {
    let (key, iv, hash) = (Bytes::new(), Bytes::new(), Bytes::new());
    StoredFile { name: name.to_owned(), key, iv, hash, size: 1 }
}

/// Applies a change. Checks that it adds the keys of all values that it touches.
fn apply(deck: &mut Deck, change: DeckChange) -> Effect {
    let mut saved = values(deck);
    let shown = format!("{change:?}");
    let mut touched = Vec::new();
    let effect = deck.apply(change, &mut touched);
    for key in touched {
        let (key, value) = (key.to_string(), deck.value(&key));
        psom::Write { key, value }.apply(&mut saved);
    }
    assert_eq!(saved, values(deck), "{shown}");
    effect
}

/// Returns all saved values by their keys.
fn values(deck: &Deck) -> BTreeMap<String, String> {
    let keys = deck.keys().into_iter();
    keys.map(|key| (key.to_string(), deck.value(&key).unwrap())).collect()
}

fn share(deck: &mut Deck, name: &str) {
    let item = Item::Shared { name: name.to_owned(), file: file(name) };
    // Without the check of `apply`, because some tests add thousands of files.
    deck.apply(DeckChange::Added { user: 1, item }, &mut Vec::new());
}

#[test]
fn shared_files_are_counted() {
    let mut deck = Deck::new(1, 1);
    for number in 0..9_999 {
        share(&mut deck, &format!("{number}"));
    }
    let files: BTreeMap<_, _> =
        ["7", "new", "newer"].map(|name| (name.to_owned(), file("in the package"))).into();
    let of = |names: &[&str]| {
        let names = names.iter().map(|name| Some((*name).to_owned())).collect();
        PptContentResource { resource_id: None, resource: PptResource::DhtmlResources(names) }
    };
    let takes = |deck: &Deck, names: &[&str]| {
        // The files are all in one resource, or each is in its own resource.
        let each: Vec<_> = names.iter().map(|name| of(&[*name])).collect();
        let together = Intake::new(deck, &files).read(&[of(names)]).1.is_empty();
        assert_eq!(Intake::new(deck, &files).read(&each).1.is_empty(), together);
        together
    };
    assert!(takes(&deck, &["7", "new"]) && !takes(&deck, &["new", "newer"]));
    share(&mut deck, "the last");
    assert!(takes(&deck, &["7"]) && !takes(&deck, &["new"]));
}

#[test]
fn replaced_file_is_displaced_and_the_new_one_announced() {
    let mut deck = Deck::new(1, 2);
    let jpeg = |name: &str| {
        let item = Item::Jpeg { slide: 1, file: file(name) };
        DeckChange::Added { user: 1, item }
    };
    let effect = apply(&mut deck, jpeg("a"));
    assert_eq!((effect.announced, effect.displaced), (vec![Place::Jpeg(1)], vec![]));
    let effect = apply(&mut deck, jpeg("b"));
    assert_eq!((effect.announced, effect.displaced), (vec![Place::Jpeg(1)], vec![file("a")]));
    assert_eq!(deck.item(&Place::Jpeg(1)).unwrap().file(), &file("b"));
    assert_eq!(deck.used().into_iter().collect::<Vec<_>>(), ["b"]);
}

#[test]
fn errors_explain_missing_resources_until_they_arrive() {
    let failed =
        Failed { begin: 0, end: 2, form: Format::FullJpeg, code: Code::ClientUploadFailed };
    let mut deck = Deck::new(1, 3);
    apply(&mut deck, DeckChange::Failed(failed));
    let item = Item::Jpeg { slide: 1, file: file("a") };
    apply(&mut deck, DeckChange::Added { user: 2, item });
    let (first, last) = (Failed { end: 0, ..failed }, Failed { begin: 2, ..failed });
    assert_eq!(deck.errors(), [first, last]);
    // The owner has uploaded nothing, but another user has uploaded a slide.
    assert_eq!(deck.left_undone(1, Code::UploaderClientDemoted), []);
    assert_eq!(deck.left_undone(3, Code::UploaderClientDemoted), []);
}

fn markup(slide: u32, needs: &[&str], from: &str) -> Item {
    let needs = needs.iter().map(|name| (*name).to_owned()).collect();
    Item::Markup(Markup { slide, clicks: 0, needs, file: file(from) })
}

fn add(deck: &mut Deck, item: Item) -> Vec<Place> {
    apply(deck, DeckChange::Added { user: 1, item }).announced
}

#[test]
fn shared_file_releases_only_the_markup_that_waits_for_it() {
    let mut deck = Deck::new(1, 4);
    for (slide, needs) in [(0, &["a"][..]), (1, &["a", "b"]), (2, &["b"]), (3, &["c"])] {
        assert_eq!(add(&mut deck, markup(slide, needs, "old")), []);
    }
    assert_eq!(deck.waited_for(), [("a", 2), ("b", 2), ("c", 1)]);
    // Replaced markup no longer waits.
    assert_eq!(add(&mut deck, markup(2, &["c", "c"], "new")), []);
    assert_eq!(deck.waited_for(), [("a", 2), ("b", 1), ("c", 2)]);
    let shared = |name: &str| Item::Shared { name: name.to_owned(), file: file(name) };
    let place = |name: &str| Place::Shared(name.to_owned());
    assert_eq!(add(&mut deck, shared("a")), [place("a"), Place::Markup(0)]);
    assert_eq!(add(&mut deck, shared("b")), [place("b"), Place::Markup(1)]);
    assert_eq!(add(&mut deck, shared("c")), [place("c"), Place::Markup(2), Place::Markup(3)]);
    assert_eq!(deck.waited_for(), []);
    assert_eq!(deck.item(&Place::Markup(2)).unwrap().file(), &file("new"));
}

#[test]
fn size_grows_by_no_more_than_the_predicted_growth() {
    let long = "x".repeat(200);
    let pages =
        |slides: &[u32]| Pages { slides: slides.iter().copied().collect(), file: file("p") };
    let names = |count: u32| (0..count).map(|slide| (slide, long.clone())).collect();
    let shared = Item::Shared { name: long.clone(), file: file("s") };
    let items = [
        markup(1, &[&long, &long], "m"),
        Item::Thumbnails { names: names(3), file: file("t") },
        shared,
        markup(1, &["none"], "held"),
        markup(1, &[&long], "again"),
        Item::Thumbnails { names: names(2), file: file("t") },
        Item::Partial(pages(&[0, 1, 2])),
        Item::Partial(pages(&[0, 1])),
        Item::Notes(pages(&[2])),
    ];
    let mut deck = Deck::new(1, 4);
    for item in items {
        let (before, growth) = (deck.size(), deck.growth(&item));
        let smallest = if before == 0 { item.size() } else { 0 };
        add(&mut deck, item.clone());
        assert!(deck.size() <= before + growth && growth >= smallest, "{item:?}");
        // The same item again replaces itself, unless it gets a new place.
        if !matches!(item, Item::Partial(_) | Item::Notes(_)) {
            assert_eq!(deck.growth(&item), 0, "{item:?}");
        }
    }
}
