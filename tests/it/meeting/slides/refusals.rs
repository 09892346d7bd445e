//! Refused resources.

use psom_objects::{package::*, types::Role};

use super::common::*;
use crate::meeting::world::{ATTENDEE, ORGANIZER, PRESENTER, World, pack};

fn opened() -> (World, i64) {
    let mut world = room();
    let id = share(&mut world, PRESENTER, "talk", deck(3, []));
    for client in [PRESENTER, ATTENDEE] {
        open(&mut world, client, id);
        received(&mut world, client);
    }
    (world, id)
}

/// Adds a valid resource (1) and an invalid one (2). Checks that all clients receive the valid one,
/// only the uploader gets the error of the invalid one, and the files of the latter are deleted.
fn is_refused(resource: PptResource, code: &str) {
    let (mut world, id) = opened();
    let resources = [partial("good", [0]), resource.clone()];
    assert_eq!(add(&mut world, PRESENTER, id, resources), "Ok");
    let good = "partial [0] <good>".to_owned();
    assert_eq!(received(&mut world, PRESENTER), [format!("refused 2 {code}"), good.clone()]);
    assert_eq!(received(&mut world, ATTENDEE), [good]);
    assert_eq!(stored(&world), ["good"]);

    // On its own, it makes the whole package invalid.
    let (mut world, id) = opened();
    assert_eq!(add(&mut world, PRESENTER, id, [resource]), "VerifyFailed");
    assert_eq!(received(&mut world, PRESENTER), [format!("refused 1 {code}")]);
    assert_eq!(received(&mut world, ATTENDEE), [""; 0]);
    assert_eq!(stored(&world), [""; 0]);
}

const FAILED: &str = "ClientUploadFailed";

#[test]
fn missing_slides_are_refused() {
    is_refused(jpegs("j", [0, 3]), FAILED);
    is_refused(notes("n", [3]), FAILED);
    is_refused(thumbnails("t", [0, 1, 2, 3]), FAILED);
    is_refused(partial("p", [1, i32::MAX.unsigned_abs()]), FAILED);
    is_refused(markup("m", 3, []), FAILED);
}

#[test]
fn slides_without_a_number_are_refused() {
    let file = || Some("f".to_owned());
    is_refused(PptResource::Jpegs(vec![JpegSlide { slide: None, file: file() }]), FAILED);
    let slides = vec![NotesSlide::default()];
    is_refused(PptResource::Notes(NotesPackage { file: file(), slides }), FAILED);
    let slides = vec![ThumbnailSlide { slide: None, file: Some("x".into()) }];
    is_refused(PptResource::Thumbnails(ThumbnailPackage { file: "f".into(), slides }), FAILED);
    let slide = MarkupSlide { file: file(), ..MarkupSlide::default() };
    is_refused(PptResource::DhtmlMarkup(vec![slide]), FAILED);
}

#[test]
fn thumbnails_with_a_gap_are_refused() {
    is_refused(thumbnails("t", [0, 2]), FAILED);
    is_refused(thumbnails("t", [1]), FAILED);
}

#[test]
fn resources_without_a_file_are_refused() {
    let slide = || Some(1);
    is_refused(PptResource::Jpegs(vec![JpegSlide { slide: slide(), file: None }]), FAILED);
    is_refused(PptResource::PartialPpt { file: None, slides: vec![1] }, FAILED);
    is_refused(PptResource::FullPpt { file: None, use_as_native_file: None }, FAILED);
    is_refused(PptResource::DhtmlResources(vec![None]), FAILED);
    let markup = MarkupSlide { slide: slide(), ..MarkupSlide::default() };
    is_refused(PptResource::DhtmlMarkup(vec![markup]), FAILED);
    let slides = vec![ThumbnailSlide { slide: slide(), file: None }];
    is_refused(PptResource::Thumbnails(ThumbnailPackage { file: "f".into(), slides }), FAILED);
    let resources = vec![None];
    let file = Some("f".into());
    let markup = MarkupSlide { slide: slide(), clicks: None, file, resources };
    is_refused(PptResource::DhtmlMarkup(vec![markup]), FAILED);
}

#[test]
fn duplicates_within_a_resource_are_refused() {
    is_refused(partial("p", [1, 1]), FAILED);
    is_refused(notes("n", [1, 1]), FAILED);
    is_refused(jpegs("j", [1, 1]), FAILED);
    is_refused(shared(["s", "s"]), FAILED);
}

#[test]
fn duplicates_within_a_package_are_refused() {
    let pairs = [
        (jpegs("a", [1]), jpegs("b", [1, 2]), "jpeg 1 <a1>"),
        (notes("a", [1]), notes("b", [1, 2]), "notes [1] <a>"),
        (full("a", None), full("b", None), "full <a>"),
        (thumbnails("a", [0]), thumbnails("b", [0]), "thumbnails t0.jpg <a>"),
        (markup("a", 1, []), markup("b", 1, []), "markup 1 3 [] <a>"),
        (shared(["a"]), shared(["b", "a"]), "shared a <a>"),
    ];
    for (first, second, told_of_first) in pairs {
        let (mut world, id) = opened();
        assert_eq!(add(&mut world, PRESENTER, id, [first, second]), "Ok");
        let refused = format!("refused 2 {FAILED}");
        assert_eq!(received(&mut world, PRESENTER), [refused, told_of_first.to_owned()]);
        assert_eq!(stored(&world).len(), 1);
    }
}

#[test]
fn notes_without_their_own_file_are_refused() {
    let note = NotesSlide { slide: Some(1), file: Some("loose.txt".into()) };
    let notes = NotesPackage { file: None, slides: vec![note] };
    is_refused(PptResource::Notes(notes), "UnsupportedResourceFormat");
}

#[test]
fn too_long_names_are_refused() {
    let long = "x".repeat(256);
    let thumbnail = ThumbnailSlide { slide: Some(0), file: Some(long.clone()) };
    let package = ThumbnailPackage { file: "t".into(), slides: vec![thumbnail] };
    is_refused(PptResource::Thumbnails(package), FAILED);
    is_refused(markup("m", 0, [&long]), FAILED);
}

#[test]
fn markup_with_too_many_resources_is_refused() {
    let resources = (0..257).map(|number| Some(format!("r{number}"))).collect();
    let file = Some("m".into());
    let slide = MarkupSlide { slide: Some(0), clicks: None, file, resources };
    is_refused(PptResource::DhtmlMarkup(vec![slide]), FAILED);
}

#[test]
fn resource_without_a_number_is_refused_silently() {
    let (mut world, content_id) = opened();
    for resource_id in [None, Some(i64::from(i32::MAX) + 1)] {
        let resource = PptContentResource { resource_id, resource: jpegs("j", [9]) };
        let detail = Some(ResourceDetail::Resources(vec![resource]));
        upload(
            &mut world,
            PRESENTER,
            &CreatePptContentResource { content_id, detail }.into_manifest(),
        );
        let log = world.received(PRESENTER);
        assert_eq!(finished(&log), "VerifyFailed");
        assert!(!log.iter().any(|line| line.starts_with("slides.")), "{log:?}");
    }
}

#[test]
fn foreign_and_malformed_details_are_refused() {
    let (mut world, id) = opened();
    let xml = format!(
        "<ocp xmlns=\"http://schemas.microsoft.com/2008/12/ocp\"><createPptContentResource>\
         <contentId>{id}</contentId><resourceDetail><x xmlns=\"urn:x\" file=\"f\"/>\
         </resourceDetail></createPptContentResource></ocp>"
    );
    let others = Manifest::parse(&xml).unwrap();
    let none = CreatePptContentResource { content_id: id, detail: None }.into_manifest();
    for (manifest, files) in [(others, &[("f", &b"x"[..])][..]), (none, &[])] {
        let package = pack(&manifest, files);
        world.upload(PRESENTER, &package, 7);
        let finished = world.received_of(PRESENTER, "uploads.finished");
        assert_eq!(finished, ["uploads.finished 7 VerifyFailed"]);
        assert_eq!(stored(&world), [""; 0]);
    }
}

#[test]
fn resources_for_another_content_type_are_refused() {
    let mut world = room();
    world.share(PRESENTER, "plan.txt", 3);
    assert_eq!(add(&mut world, PRESENTER, 1, [jpegs("j", [0])]), "VerifyFailed");
    assert_eq!(add(&mut world, PRESENTER, 99, [jpegs("j", [0])]), "VerifyFailed");
    assert_eq!(stored(&world), ["hello"]);
}

#[test]
fn empty_detail_creates_an_empty_presentation() {
    let mut world = room();
    let detail = ContentDetail::Ppt(ChunkedPpt::default());
    let received = create(&mut world, ORGANIZER, CreateContent::new("empty", detail));
    assert_eq!(finished(&received), "Ok");
    let late = join(&mut world, 5, Role::Attendee);
    open(&mut world, late, 1);
    let received = super::common::received(&mut world, late);
    assert_eq!(received, ["count 0", "location 0 0", "annotations", "completed 11"]);
}

/// Returns markup that refers to one shared file so often that its call takes about 65 KB.
fn heavy(slide: u32) -> PptResource {
    let resources = vec![Some("x".repeat(255)); 256];
    let file = Some(format!("m{slide}"));
    PptResource::DhtmlMarkup(vec![MarkupSlide {
        slide: Some(slide),
        clicks: None,
        file,
        resources,
    }])
}

#[test]
fn presentation_size_is_limited_by_its_snapshot() {
    let mut world = room();
    let id = share(&mut world, PRESENTER, "talk", deck(144, [shared([&"x".repeat(255)])]));
    open(&mut world, ATTENDEE, id);
    let mut finished = Vec::new();
    for package in 0..12 {
        let slides = package * 12..package * 12 + 12;
        finished.push(add(&mut world, PRESENTER, id, slides.map(heavy)));
    }
    assert_eq!((finished[0].as_str(), finished[11].as_str()), ("Ok", "VerifyFailed"));
    // Existing resources may still be replaced.
    let first = received(&mut world, ATTENDEE);
    assert_eq!(add(&mut world, PRESENTER, id, [heavy(0)]), "Ok");
    assert_eq!(received(&mut world, ATTENDEE).len(), 1);
    let late = join(&mut world, 5, Role::Attendee);
    open(&mut world, late, id);
    assert!(world.pair.client_error(late).is_none());
    let markup =
        |received: Vec<String>| received.iter().filter(|line| line.starts_with("markup")).count();
    let seen = markup(received(&mut world, late));
    assert_eq!(seen, markup(first));
    assert!((24..36).contains(&seen), "{seen}");
}
