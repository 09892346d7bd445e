//! Markup is sent after its files.

use psom_objects::types::Role;

use super::common::*;
use crate::meeting::world::{ATTENDEE, PRESENTER, World};

fn opened(slides: u32) -> (World, i64) {
    let mut world = room();
    let id = share(&mut world, PRESENTER, "talk", deck(slides, []));
    open(&mut world, ATTENDEE, id);
    received(&mut world, ATTENDEE);
    (world, id)
}

#[test]
fn markup_waits_for_all_its_resources() {
    let (mut world, id) = opened(2);
    assert_eq!(add(&mut world, PRESENTER, id, [markup("m0", 0, ["a", "b"])]), "Ok");
    assert_eq!(add(&mut world, PRESENTER, id, [markup("m1", 1, ["b"])]), "Ok");
    let late = join(&mut world, 4, Role::Attendee);
    open(&mut world, late, id);
    assert_eq!(received(&mut world, late).len(), 4);
    add(&mut world, PRESENTER, id, [shared(["b"])]);
    let calls = ["shared b <b>", "markup 1 3 [b] <m1>"];
    assert_eq!(received(&mut world, ATTENDEE), calls);
    assert_eq!(received(&mut world, late), calls);
    add(&mut world, PRESENTER, id, [shared(["a"])]);
    assert_eq!(received(&mut world, ATTENDEE), ["shared a <a>", "markup 0 3 [a,b] <m0>"]);
}

#[test]
fn old_markup_stays_until_the_new_one_is_complete() {
    let (mut world, id) = opened(1);
    add(&mut world, PRESENTER, id, [markup("old", 0, [])]);
    add(&mut world, PRESENTER, id, [markup("new", 0, ["a"])]);
    assert_eq!(received(&mut world, ATTENDEE), ["markup 0 3 [] <old>"]);
    assert_eq!(stored(&world), ["new", "old"]);
    add(&mut world, PRESENTER, id, [shared(["a"])]);
    assert_eq!(received(&mut world, ATTENDEE), ["shared a <a>", "markup 0 3 [a] <new>"]);
    assert_eq!(stored(&world), ["a", "new"]);
}

#[test]
fn newer_markup_replaces_waiting_markup() {
    let (mut world, id) = opened(1);
    add(&mut world, PRESENTER, id, [markup("first", 0, ["a"])]);
    add(&mut world, PRESENTER, id, [markup("second", 0, ["b"])]);
    assert_eq!(stored(&world), ["second"]);
    add(&mut world, PRESENTER, id, [shared(["a"])]);
    assert_eq!(received(&mut world, ATTENDEE), ["shared a <a>"]);
    add(&mut world, PRESENTER, id, [markup("third", 0, [])]);
    assert_eq!(received(&mut world, ATTENDEE), ["markup 0 3 [] <third>"]);
    add(&mut world, PRESENTER, id, [shared(["b"])]);
    assert_eq!(received(&mut world, ATTENDEE), ["shared b <b>"]);
    assert_eq!(stored(&world), ["a", "b", "third"]);
}

#[test]
fn waiting_markup_is_dropped_with_its_content() {
    let (mut world, id) = opened(1);
    add(&mut world, PRESENTER, id, [markup("m", 0, ["a"])]);
    world.contents(PRESENTER, move |contents| drop(contents.s_delete_content(id)));
    assert_eq!(stored(&world), [""; 0]);
}
