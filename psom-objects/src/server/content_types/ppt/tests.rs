#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{
    deck::{Deck, DeckChange, Failed},
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

fn deck(slides: u32) -> Deck {
    let mut deck = Deck::new();
    deck.apply(&DeckChange::Created { owner: 1, slides });
    deck
}

fn share(deck: &mut Deck, name: &str) {
    let item = Item::Shared { name: name.to_owned(), file: file(name) };
    deck.apply(&DeckChange::Added { user: 1, item });
}

#[test]
fn shared_files_are_counted() {
    let mut deck = deck(1);
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
        // In one resource, or in one of their own each.
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
fn what_lost_its_place_is_gone_and_what_is_told_is_there() {
    let mut deck = deck(2);
    let jpeg = |name: &str| {
        let item = Item::Jpeg { slide: 1, file: file(name) };
        DeckChange::Added { user: 1, item }
    };
    let effect = deck.apply(&jpeg("a"));
    assert_eq!((effect.told, effect.gone), (vec![Place::Jpeg(1)], vec![]));
    let effect = deck.apply(&jpeg("b"));
    assert_eq!((effect.told, effect.gone), (vec![Place::Jpeg(1)], vec![file("a")]));
    assert_eq!(deck.item(&Place::Jpeg(1)).unwrap().file(), &file("b"));
    assert_eq!(deck.used().into_iter().collect::<Vec<_>>(), ["b"]);
}

#[test]
fn the_same_changes_make_the_same_presentation() {
    let failed =
        Failed { begin: 0, end: 2, form: Format::FullJpeg, code: Code::ClientUploadFailed };
    let changes = [
        DeckChange::Created { owner: 1, slides: 3 },
        DeckChange::Failed(failed),
        DeckChange::Added { user: 2, item: Item::Jpeg { slide: 1, file: file("a") } },
    ];
    let replayed = || {
        let mut deck = Deck::new();
        changes.iter().for_each(|change| drop(deck.apply(change)));
        deck
    };
    let deck = replayed();
    assert_eq!(format!("{deck:?}"), format!("{:?}", replayed()));
    let (first, last) = (Failed { end: 0, ..failed }, Failed { begin: 2, ..failed });
    assert_eq!(deck.errors(), [first, last]);
    // The owner has begun nothing, but there is something to show.
    assert_eq!(deck.left_undone(1, Code::UploaderClientDemoted), []);
    assert_eq!(deck.left_undone(3, Code::UploaderClientDemoted), []);
}

fn markup(slide: u32, needs: &[&str], from: &str) -> Item {
    let needs = needs.iter().map(|name| (*name).to_owned()).collect();
    Item::Markup(Markup { slide, clicks: 0, needs, file: file(from) })
}

fn add(deck: &mut Deck, item: Item) -> Vec<Place> {
    deck.apply(&DeckChange::Added { user: 1, item }).told
}

#[test]
fn a_shared_file_releases_what_waits_for_it_and_touches_nothing_else() {
    let mut deck = deck(4);
    for (slide, needs) in [(0, &["a"][..]), (1, &["a", "b"]), (2, &["b"]), (3, &["c"])] {
        assert_eq!(add(&mut deck, markup(slide, needs, "old")), []);
    }
    assert_eq!(deck.waited_for(), [("a", 2), ("b", 2), ("c", 1)]);
    // What is replaced does not wait any more.
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
fn what_is_to_be_told_grows_by_no_more_than_was_said() {
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
    let mut deck = deck(4);
    for item in items {
        let (before, growth) = (deck.size(), deck.growth(&item));
        let smallest = if before == 0 { item.size() } else { 0 };
        add(&mut deck, item.clone());
        assert!(deck.size() <= before + growth && growth >= smallest, "{item:?}");
        // The same once more takes nothing, where it has a place of its own.
        if !matches!(item, Item::Partial(_) | Item::Notes(_)) {
            assert_eq!(deck.growth(&item), 0, "{item:?}");
        }
    }
}
