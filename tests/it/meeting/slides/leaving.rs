//! Missing resources after an uploader disconnects or loses its permission.

use psom_objects::{package::PptResource, types::*};

use super::common::*;
use crate::meeting::world::{ATTENDEE, ORGANIZER, PRESENTER, World};

/// Shares a presentation of five slides as the presenter, with an attendee who sees it.
fn shared_by_presenter(first: Vec<PptResource>) -> (World, i64) {
    let mut world = room();
    let id = share(&mut world, PRESENTER, "talk", deck(5, first));
    open(&mut world, ATTENDEE, id);
    received(&mut world, ATTENDEE);
    (world, id)
}

/// Checks the resources that are reported as missing after the presenter leaves, and after the
/// presenter is demoted.
fn reports_missing(first: impl Fn() -> Vec<PptResource>, missing: &[&str]) {
    let (mut world, id) = shared_by_presenter(first());
    world.pair.close_client(PRESENTER);
    let gone: Vec<_> =
        missing.iter().map(|what| format!("failed {what} UploaderClientDisconnected")).collect();
    assert_eq!(received(&mut world, ATTENDEE), gone);
    let late = join(&mut world, 4, Role::Attendee);
    open(&mut world, late, id);
    let mut received_late = received(&mut world, late);
    received_late.retain(|line| line.starts_with("failed"));
    received_late.sort();
    let mut sorted = gone;
    sorted.sort();
    assert_eq!(received_late, sorted);

    let (mut world, _) = shared_by_presenter(first());
    world.set_role(2, Role::Attendee);
    let demoted: Vec<_> =
        missing.iter().map(|what| format!("failed {what} UploaderClientDemoted")).collect();
    assert_eq!(received(&mut world, ATTENDEE), demoted);
}

#[test]
fn missing_jpegs_are_reported() {
    reports_missing(|| vec![jpegs("j", [0, 2])], &["1..1 FullJpeg", "3..4 FullJpeg"]);
}

#[test]
fn missing_and_waiting_markup_is_reported() {
    let markup = || vec![markup("m", 0, []), shared(["a"]), markup("w", 1, ["b"])];
    reports_missing(markup, &["1..4 Dhtml"]);
}

#[test]
fn each_started_format_is_reported() {
    let begun = || vec![jpegs("j", [0, 1, 2, 3]), markup("m", 4, []), thumbnails("t", [0, 1])];
    reports_missing(begun, &["4..4 FullJpeg", "2..4 SlideThumbnails", "0..3 Dhtml"]);
}

#[test]
fn notes_of_missing_slides_are_reported() {
    // Slide 2 has arrived without notes.
    let begun = || vec![notes("n", [0, 1]), jpegs("j", [0, 2])];
    reports_missing(begun, &["1..1 FullJpeg", "3..4 FullJpeg", "3..4 Notes"]);
}

#[test]
fn slides_without_any_image_are_reported() {
    reports_missing(Vec::new, &["0..4 None"]);
    reports_missing(|| vec![PptResource::NativeFile("n".into())], &["0..4 None"]);
    reports_missing(|| vec![thumbnails("t", 0..5)], &["0..4 None"]);
}

#[test]
fn complete_presentation_reports_nothing() {
    reports_missing(|| vec![jpegs("j", 0..5), thumbnails("t", 0..5)], &[]);
    reports_missing(|| vec![full("f", None)], &[]);
    reports_missing(|| vec![jpegs("j", 0..5), notes("n", [1])], &[]);
}

#[test]
fn reported_resource_is_not_reported_again() {
    let (mut world, id) = shared_by_presenter(vec![jpegs("j", [0, 1])]);
    let slides = open(&mut world, PRESENTER, id);
    let code = ResourceErrorCode::ClientConversionFailed;
    fail(&mut world, PRESENTER, slides, (3, 3), ResourceFormat::FullJpeg, code);
    received(&mut world, ATTENDEE);
    world.set_role(2, Role::Attendee);
    let demoted =
        ["2..2", "4..4"].map(|slides| format!("failed {slides} FullJpeg UploaderClientDemoted"));
    assert_eq!(received(&mut world, ATTENDEE), demoted);
    world.pair.close_client(PRESENTER);
    assert_eq!(received(&mut world, ATTENDEE), [""; 0]);
}

#[test]
fn only_the_last_connection_of_a_user_counts() {
    let (mut world, _) = shared_by_presenter(vec![jpegs("j", [0])]);
    let second = join(&mut world, 2, Role::Presenter);
    world.pair.close_client(PRESENTER);
    assert_eq!(received(&mut world, ATTENDEE), [""; 0]);
    world.pair.drop_client(second);
    let gone = "failed 1..4 FullJpeg UploaderClientDisconnected";
    assert_eq!(received(&mut world, ATTENDEE), [gone]);
}

#[test]
fn only_remaining_uploaders_keep_resources_pending() {
    let (mut world, id) = shared_by_presenter(vec![jpegs("j", 0..5)]);
    assert_eq!(add(&mut world, ORGANIZER, id, [markup("m", 2, [])]), "Ok");
    let idle = join(&mut world, 4, Role::Presenter);
    received(&mut world, ATTENDEE);
    world.pair.close_client(idle);
    assert_eq!(received(&mut world, ATTENDEE), [""; 0]);
    world.pair.close_client(ORGANIZER);
    let gone =
        ["0..1", "3..4"].map(|slides| format!("failed {slides} Dhtml UploaderClientDisconnected"));
    assert_eq!(received(&mut world, ATTENDEE), gone);
    // The owner's resources are complete.
    world.pair.close_client(PRESENTER);
    assert_eq!(received(&mut world, ATTENDEE), [""; 0]);
}

#[test]
fn change_to_another_uploading_role_reports_nothing() {
    let (mut world, _) = shared_by_presenter(vec![jpegs("j", [0])]);
    world.set_role(2, Role::Organizer);
    assert_eq!(received(&mut world, ATTENDEE), [""; 0]);
}

#[test]
fn another_user_can_upload_the_rest() {
    let (mut world, id) = shared_by_presenter(vec![jpegs("j", [0, 1, 2])]);
    world.pair.close_client(PRESENTER);
    received(&mut world, ATTENDEE);
    assert_eq!(add(&mut world, ORGANIZER, id, [jpegs("k", [3, 4])]), "Ok");
    assert_eq!(received(&mut world, ATTENDEE), ["jpeg 3 <k3>", "jpeg 4 <k4>"]);
    let late = join(&mut world, 4, Role::Attendee);
    open(&mut world, late, id);
    assert!(!received(&mut world, late).iter().any(|line| line.starts_with("failed")));
}
