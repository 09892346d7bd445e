//! Annotations of slides belong to a child, like those of a whiteboard.

use psom_objects::{
    package::{CreateAnnotation, Manifest},
    types::Role,
};

use super::common::*;
use crate::meeting::world::{ATTENDEE, ORGANIZER, PRESENTER, World, pack};

#[test]
fn completion_follows_the_annotations() {
    let mut world = room();
    let id = share(&mut world, PRESENTER, "talk", deck(1, []));
    open(&mut world, ATTENDEE, id);
    let received = received(&mut world, ATTENDEE);
    assert_eq!(received, ["count 1", "location 0 0", "annotations", "completed 11"]);
}

#[test]
fn connecting_a_presentation_twice_breaks_the_connection() {
    let mut world = room();
    let id = share(&mut world, PRESENTER, "talk", deck(1, []));
    open(&mut world, ATTENDEE, id);
    open(&mut world, ATTENDEE, id);
    assert!(broken(&world, ATTENDEE).contains("connected once"));
}

#[test]
fn hiding_a_presentation_disconnects_its_annotations() {
    let mut world = room();
    let id = share(&mut world, PRESENTER, "talk", deck(1, []));
    let content = world.open(ATTENDEE, id);
    world.extend(ATTENDEE, content, Slides::new);
    received(&mut world, ATTENDEE);
    let own = world.open(ORGANIZER, id);
    world.content(ORGANIZER, own, |content| {
        drop(content.s_set_visibility(psom_objects::types::ContentVisibility::Presenters));
    });
    world.set_role(3, Role::Presenter);
    // Everything is connected and sent again without an error.
    open(&mut world, ATTENDEE, id);
    let received = received(&mut world, ATTENDEE);
    assert_eq!(received, ["count 1", "location 0 0", "annotations", "completed 11"]);
    assert!(world.pair.server_error(ATTENDEE).is_none());
}

#[test]
fn deleting_a_presentation_removes_all_of_it() {
    let mut world = room();
    let before = world.pair.server_stats().objects;
    let id = share(&mut world, PRESENTER, "talk", deck(1, [jpegs("j", [0])]));
    open(&mut world, ATTENDEE, id);
    world.contents(PRESENTER, move |contents| drop(contents.s_delete_content(id)));
    assert_eq!(world.pair.server_stats().objects, before);
}

fn upload_image(world: &mut World, client: usize, id: i64, file: &str) -> String {
    let detail = format!(
        "<imageAnnotation xmlns=\"urn:psom:annotation\" file=\"{file}\" LOCALID=\"x\" \
         ANCHOR=\"1,2\" EXTENT=\"30,40\" IMAGETYPE=\"png\"/>"
    );
    let detail = Some(detail.parse().unwrap());
    let annotation = CreateAnnotation { parent_id: id.to_string(), detail };
    world.received(client);
    world.upload(client, &pack(&Manifest::CreateAnnotation(annotation), &[("a.png", b"a.png")]), 7);
    let received = world.received(client);
    finished(&received).to_owned()
}

#[test]
fn images_are_added_to_the_slide_annotations() {
    let mut world = room();
    let id = share(&mut world, PRESENTER, "talk", deck(1, []));
    open(&mut world, ATTENDEE, id);
    received(&mut world, ATTENDEE);
    assert_eq!(upload_image(&mut world, PRESENTER, id, "a.png"), "Ok");
    assert_eq!(received(&mut world, ATTENDEE), ["annotated [1]", "image 1 <a.png>"]);
    assert_eq!(stored(&world), ["a.png"]);
    world.contents(PRESENTER, move |contents| drop(contents.s_delete_content(id)));
    assert_eq!(stored(&world), [""; 0]);
}
