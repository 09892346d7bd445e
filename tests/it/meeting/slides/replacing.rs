use psom_objects::types::Role;

use super::common::*;
use crate::meeting::world::{ATTENDEE, PRESENTER};

#[test]
fn newer_resource_replaces_the_older_one() {
    let pairs = [
        (jpegs("a", [0, 1]), jpegs("b", [1]), "jpeg 1 <b1>", vec!["a0", "b1"]),
        (full("a", None), full("b", None), "full <b>", vec!["b"]),
        (thumbnails("a", [0, 1]), thumbnails("b", [0]), "thumbnails t0.jpg <b>", vec!["b"]),
        (notes("a", [0, 1]), notes("b", [1, 0]), "notes [0, 1] <b>", vec!["b"]),
        (partial("a", [1]), partial("b", [0, 1]), "partial [0, 1] <b>", vec!["b"]),
        (markup("a", 1, []), markup("b", 1, []), "markup 1 3 [] <b>", vec!["b"]),
    ];
    for (first, second, again, files) in pairs {
        let mut world = room();
        let id = share(&mut world, PRESENTER, "talk", deck(2, [first]));
        open(&mut world, ATTENDEE, id);
        received(&mut world, ATTENDEE);
        assert_eq!(add(&mut world, PRESENTER, id, [second]), "Ok");
        assert_eq!(received(&mut world, ATTENDEE), [again]);
        assert_eq!(stored(&world), files);
        world.contents(PRESENTER, move |contents| drop(contents.s_delete_content(id)));
        assert_eq!(stored(&world), [""; 0]);
    }
}

#[test]
fn shared_file_is_replaced_by_name() {
    let mut world = room();
    let id = share(&mut world, PRESENTER, "talk", deck(1, [shared(["s"]), markup("m", 0, ["s"])]));
    open(&mut world, ATTENDEE, id);
    received(&mut world, ATTENDEE);
    let before = world.disk().0;
    assert_eq!(add(&mut world, PRESENTER, id, [shared(["s"])]), "Ok");
    assert_eq!(received(&mut world, ATTENDEE), ["shared s <s>"]);
    assert_eq!(stored(&world), ["m", "s"]);
    assert_ne!(world.disk().0, before);
}

#[test]
fn slide_is_served_from_the_newest_file_only() {
    let mut world = room();
    let id = share(&mut world, PRESENTER, "talk", deck(4, [notes("a", [0, 1, 2])]));
    add(&mut world, PRESENTER, id, [notes("b", [1, 3])]);
    let late = join(&mut world, 4, Role::Attendee);
    open(&mut world, late, id);
    assert_eq!(received(&mut world, late)[2..4], ["notes [0, 2] <a>", "notes [1, 3] <b>"]);
    add(&mut world, PRESENTER, id, [notes("c", [0, 2])]);
    let later = join(&mut world, 5, Role::Attendee);
    open(&mut world, later, id);
    assert_eq!(received(&mut world, later)[2..4], ["notes [1, 3] <b>", "notes [0, 2] <c>"]);
    assert_eq!(stored(&world), ["b", "c"]);
}

#[test]
fn one_file_may_serve_several_slides() {
    let mut world = room();
    let same = |slides: &[u32]| {
        let jpeg = |slide: &u32| psom_objects::package::JpegSlide {
            slide: Some(*slide),
            file: Some("same".into()),
        };
        psom_objects::package::PptResource::Jpegs(slides.iter().map(jpeg).collect())
    };
    let id = share(&mut world, PRESENTER, "talk", deck(2, [same(&[0, 1])]));
    assert_eq!(stored(&world), ["same"]);
    add(&mut world, PRESENTER, id, [jpegs("j", [0])]);
    assert_eq!(stored(&world), ["j0", "same"]);
    add(&mut world, PRESENTER, id, [jpegs("j", [1])]);
    assert_eq!(stored(&world), ["j0", "j1"]);
    world.contents(PRESENTER, move |contents| drop(contents.s_delete_content(id)));
    assert_eq!(stored(&world), [""; 0]);
}
