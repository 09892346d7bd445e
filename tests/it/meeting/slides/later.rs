use psom_objects::{package::PptResource, types::Role};

use super::common::*;
use crate::meeting::world::{ATTENDEE, ORGANIZER, PRESENTER, World};

/// Returns a presentation of three slides without resources, with a presenter and an attendee.
fn opened() -> (World, i64) {
    let mut world = room();
    let id = share(&mut world, PRESENTER, "talk", deck(3, []));
    for client in [PRESENTER, ATTENDEE] {
        open(&mut world, client, id);
        received(&mut world, client);
    }
    (world, id)
}

/// Adds resources in a second package and checks that all clients and a newcomer receive them.
fn assert_sent_to_all(resources: Vec<PptResource>, calls: &[&str]) {
    let (mut world, id) = opened();
    assert_eq!(add(&mut world, PRESENTER, id, resources), "Ok");
    for client in [PRESENTER, ATTENDEE] {
        assert_eq!(received(&mut world, client), calls);
    }
    let late = join(&mut world, 4, Role::Attendee);
    open(&mut world, late, id);
    let received = received(&mut world, late);
    assert_eq!(&received[2..received.len() - 2], calls);
}

#[test]
fn thumbnails_are_sent_to_all_and_to_newcomers() {
    let resources = vec![thumbnails("t", [2, 0, 1])];
    assert_sent_to_all(resources, &["thumbnails t0.jpg,t1.jpg,t2.jpg <t>"]);
}

#[test]
fn notes_are_sent_to_all_and_to_newcomers() {
    assert_sent_to_all(vec![notes("n", [2, 0])], &["notes [0, 2] <n>"]);
}

#[test]
fn jpegs_are_sent_to_all_and_to_newcomers() {
    assert_sent_to_all(vec![jpegs("j", [0, 2])], &["jpeg 0 <j0>", "jpeg 2 <j2>"]);
}

#[test]
fn partial_ppts_are_sent_to_all_and_to_newcomers() {
    assert_sent_to_all(vec![partial("p", [1, 2])], &["partial [1, 2] <p>"]);
}

#[test]
fn full_ppt_is_sent_to_all_and_to_newcomers() {
    assert_sent_to_all(vec![full("f", Some(false))], &["full <f>"]);
}

#[test]
fn markup_and_its_resources_are_sent_to_all() {
    let resources = vec![shared(["a.png"]), markup("m", 1, ["a.png"])];
    assert_sent_to_all(resources, &["shared a.png <a.png>", "markup 1 3 [a.png] <m>"]);
}

#[test]
fn markup_without_resources_is_sent_to_all() {
    assert_sent_to_all(vec![markup("m", 1, [])], &["markup 1 3 [] <m>"]);
}

#[test]
fn other_presenters_can_add_resources() {
    let (mut world, id) = opened();
    assert_eq!(add(&mut world, ORGANIZER, id, [jpegs("j", [1])]), "Ok");
    assert_eq!(received(&mut world, ATTENDEE), ["jpeg 1 <j1>"]);
    world.uploads(ATTENDEE, |uploads| drop(uploads.s_request_upload(100, 100, 7)));
    assert_eq!(world.received_of(ATTENDEE, "uploads"), ["uploads.rejected 7 UnknownFailure"]);
    assert_eq!(received(&mut world, PRESENTER), ["jpeg 1 <j1>"]);
    assert_eq!(stored(&world), ["j1"]);
}
