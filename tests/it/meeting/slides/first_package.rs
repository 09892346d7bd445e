use psom_objects::{
    package::{ChunkedPpt, ContentDetail, CreateContent, JpegSlide, PptResource},
    server::MeetingLimits,
    types::Role,
};

use super::common::*;
use crate::meeting::world::{ATTENDEE, PRESENTER, World, empty};

/// Returns a presentation of two slides in every format.
fn everything() -> ChunkedPpt {
    let resources = [
        jpegs("j", [1, 0]),
        markup("m0", 0, ["a.png"]),
        full("all.ppt", None),
        partial("some.ppt", [1]),
        notes("notes.opc", [0, 1]),
        shared(["b.png", "a.png"]),
        thumbnails("thumbs.opc", [1, 0]),
    ];
    ChunkedPpt { preview_thumbnail_file: Some("preview".into()), ..deck(2, resources) }
}

const ALL: [&str; 14] = [
    "count 2",
    "location 0 0",
    "preview <preview>",
    "thumbnails t0.jpg,t1.jpg <thumbs.opc>",
    "notes [0, 1] <notes.opc>",
    "partial [1] <some.ppt>",
    "full <all.ppt>",
    "shared a.png <a.png>",
    "shared b.png <b.png>",
    "markup 0 3 [a.png] <m0>",
    "jpeg 0 <j0>",
    "jpeg 1 <j1>",
    "annotations",
    "completed 11",
];

#[test]
fn all_resources_are_sent_in_order_on_connect() {
    let mut world = room();
    let id = share(&mut world, PRESENTER, "talk", everything());
    for client in [PRESENTER, ATTENDEE] {
        open(&mut world, client, id);
        assert_eq!(received(&mut world, client), ALL);
    }
    let late = join(&mut world, 4, Role::Attendee);
    open(&mut world, late, id);
    assert_eq!(received(&mut world, late), ALL);
}

#[test]
fn ppt_wac_content_is_sent_like_a_presentation() {
    let mut world = room();
    let content = CreateContent::new("talk", ContentDetail::PptWac(everything()));
    let created = create(&mut world, PRESENTER, content);
    assert!(created.contains(&"contents.added 1 Content.PptWac".to_owned()), "{created:?}");
    open(&mut world, ATTENDEE, 1);
    assert_eq!(received(&mut world, ATTENDEE), ALL);
}

#[test]
fn missing_slide_count_is_inferred_from_the_resources() {
    let mut world = room();
    let uncounted = |resources| ChunkedPpt { slides: None, ..deck(0, resources) };
    let named = [
        (vec![], 0),
        (vec![full("f", None)], 0),
        (vec![jpegs("a", [4, 1])], 5),
        (vec![notes("n", [2]), thumbnails("t", [0])], 3),
        (vec![partial("p", [6])], 7),
        (vec![shared(["s"]), markup("m", 8, ["s"])], 9),
    ];
    for (number, (resources, count)) in named.into_iter().enumerate() {
        let id = share(&mut world, PRESENTER, &format!("talk {number}"), uncounted(resources));
        open(&mut world, ATTENDEE, id);
        assert_eq!(received(&mut world, ATTENDEE)[0], format!("count {count}"));
    }
}

#[test]
fn too_many_slides_are_refused_without_a_trace() {
    let mut limits = MeetingLimits::default();
    limits.slides = 3;
    let mut world = empty(limits);
    let client = join(&mut world, 1, Role::Presenter);
    share(&mut world, client, "three", deck(3, []));
    let refused = |world: &mut _, ppt| {
        let received = create(world, client, CreateContent::new("talk", ContentDetail::Ppt(ppt)));
        assert_eq!(finished(&received), "TooManySlides");
        assert!(!received.iter().any(|line| line.starts_with("contents.added")), "{received:?}");
    };
    refused(&mut world, deck(4, [jpegs("j", [0])]));
    refused(&mut world, ChunkedPpt { slides: None, ..deck(0, [jpegs("j", [3])]) });
    refused(&mut world, deck(i32::MAX.unsigned_abs(), []));
    assert_eq!(stored(&world), [""; 0]);
}

#[test]
fn first_package_without_a_usable_resource_is_refused() {
    let mut world = room();
    let content = CreateContent::new("talk", ContentDetail::Ppt(deck(1, [jpegs("j", [1])])));
    let received = create(&mut world, PRESENTER, content);
    assert_eq!(finished(&received), "VerifyFailed");
    assert_eq!(stored(&world), [""; 0]);
    world.contents(PRESENTER, |contents| drop(contents.s_release_title(7)));
    let stats = world.pair.server_stats();
    // No object was added to the space before the refusal either.
    share(&mut world, PRESENTER, "other", deck(1, []));
    assert_eq!(world.pair.server_stats().objects, stats.objects + 3);
}

#[test]
fn part_name_may_be_spelled_in_several_ways() {
    let mut world = room();
    let file = |slide, file: &str| JpegSlide { slide: Some(slide), file: Some(file.into()) };
    let both = PptResource::Jpegs(vec![file(0, "a b.jpg"), file(1, "A%20b.JPG")]);
    let ppt = ChunkedPpt { preview_thumbnail_file: Some("A B.jpg".into()), ..deck(2, [both]) };
    let id = share(&mut world, PRESENTER, "talk", ppt);
    open(&mut world, ATTENDEE, id);
    let received = received(&mut world, ATTENDEE);
    let expected = ["preview <A B.jpg>", "jpeg 0 <A B.jpg>", "jpeg 1 <A B.jpg>"];
    assert_eq!(received[2..5], expected);
}

#[test]
fn uploader_connecting_later_gets_its_resource_errors() {
    let mut world = room();
    let ppt = deck(2, [jpegs("j", [0]), jpegs("k", [2]), notes("n", [1])]);
    let id = share(&mut world, PRESENTER, "talk", ppt);
    add(&mut world, PRESENTER, id, [jpegs("m", [1]), full("f", None), jpegs("l", [3])]);
    assert_eq!(stored(&world), ["f", "j0", "m1", "n"]);
    let refused = |world: &mut World, client| {
        let received = received(world, client).into_iter();
        received.filter(|line| line.starts_with("refused")).collect::<Vec<_>>()
    };
    // The user's other connection has not uploaded anything.
    let other = join(&mut world, 2, Role::Presenter);
    for client in [ATTENDEE, other] {
        open(&mut world, client, id);
        assert_eq!(refused(&mut world, client), [""; 0]);
    }
    open(&mut world, PRESENTER, id);
    let both = ["refused 2 ClientUploadFailed", "refused 3 ClientUploadFailed"];
    assert_eq!(refused(&mut world, PRESENTER), both);
}

#[test]
fn deleting_a_content_deletes_its_files() {
    let mut world = room();
    let id = share(&mut world, PRESENTER, "talk", everything());
    open(&mut world, ATTENDEE, id);
    assert_eq!(stored(&world).len(), 10);
    world.contents(PRESENTER, move |contents| drop(contents.s_delete_content(id)));
    assert_eq!(stored(&world), [""; 0]);
}
