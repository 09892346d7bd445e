use psom_objects::types::{ResourceErrorCode as Code, ResourceFormat as Format, Role};

use super::common::*;
use crate::meeting::world::{ATTENDEE, ORGANIZER, PRESENTER, World};

fn opened(slides: u32) -> (World, i64, [psom::Handle<Slides>; 3]) {
    let mut world = room();
    let id = share(&mut world, PRESENTER, "talk", deck(slides, []));
    let handles = [ORGANIZER, PRESENTER, ATTENDEE].map(|client| {
        let handle = open(&mut world, client, id);
        received(&mut world, client);
        handle
    });
    (world, id, handles)
}

/// Returns the errors that a newcomer receives.
fn late(world: &mut World, id: i64, user: i64) -> Vec<String> {
    let late = join(world, user, Role::Attendee);
    open(world, late, id);
    let mut received = received(world, late);
    received.retain(|line| line.starts_with("failed"));
    received
}

#[test]
fn error_is_sent_to_all_and_to_newcomers() {
    let (mut world, id, slides) = opened(5);
    let code = Code::ClientConversionFailed;
    fail(&mut world, PRESENTER, slides[PRESENTER], (1, 3), Format::FullJpeg, code);
    for client in [ORGANIZER, PRESENTER, ATTENDEE] {
        assert_eq!(received(&mut world, client), ["failed 1..3 FullJpeg ClientConversionFailed"]);
    }
    assert_eq!(late(&mut world, id, 4), ["failed 1..3 FullJpeg ClientConversionFailed"]);
}

#[test]
fn errors_of_adjacent_slides_are_merged() {
    let (mut world, id, slides) = opened(9);
    let organizer = slides[ORGANIZER];
    let mut failed = |slides, format, code| {
        fail(&mut world, ORGANIZER, organizer, slides, format, code);
    };
    failed((4, 5), Format::FullJpeg, Code::ClientUploadFailed);
    failed((2, 3), Format::FullJpeg, Code::ClientUploadFailed);
    failed((6, 6), Format::FullJpeg, Code::ClientConversionFailed);
    failed((8, 8), Format::FullJpeg, Code::ClientConversionFailed);
    failed((3, 3), Format::FullJpeg, Code::ClientConversionFailed);
    failed((0, 8), Format::Notes, Code::UnsupportedResourceFormat);
    assert_eq!(
        late(&mut world, id, 4),
        [
            "failed 2..2 FullJpeg ClientUploadFailed",
            "failed 3..3 FullJpeg ClientConversionFailed",
            "failed 4..5 FullJpeg ClientUploadFailed",
            "failed 6..6 FullJpeg ClientConversionFailed",
            "failed 8..8 FullJpeg ClientConversionFailed",
            "failed 0..8 Notes UnsupportedResourceFormat",
        ]
    );
}

#[test]
fn late_resource_clears_its_error() {
    let (mut world, id, slides) = opened(3);
    let code = Code::ClientUploadFailed;
    for format in [Format::None, Format::FullJpeg, Format::PartialJpeg, Format::Notes] {
        fail(&mut world, PRESENTER, slides[PRESENTER], (0, 2), format, code);
    }
    fail(&mut world, PRESENTER, slides[PRESENTER], (0, 2), Format::FullPpt, code);
    add(&mut world, PRESENTER, id, [jpegs("j", [1])]);
    assert_eq!(
        late(&mut world, id, 4),
        [
            "failed 0..0 None ClientUploadFailed",
            "failed 2..2 None ClientUploadFailed",
            "failed 0..2 FullPpt ClientUploadFailed",
            "failed 0..0 PartialJpeg ClientUploadFailed",
            "failed 2..2 PartialJpeg ClientUploadFailed",
            "failed 0..0 FullJpeg ClientUploadFailed",
            "failed 2..2 FullJpeg ClientUploadFailed",
            "failed 0..2 Notes ClientUploadFailed",
        ]
    );
    add(&mut world, PRESENTER, id, [full("f", None), notes("n", [0, 2])]);
    add(&mut world, PRESENTER, id, [jpegs("j", [0, 2])]);
    assert_eq!(late(&mut world, id, 5), ["failed 1..1 Notes ClientUploadFailed"]);
}

#[test]
fn waiting_markup_counts_as_missing() {
    let (mut world, id, slides) = opened(1);
    let code = Code::ClientDependentResourceFailed;
    fail(&mut world, PRESENTER, slides[PRESENTER], (0, 0), Format::Dhtml, code);
    add(&mut world, PRESENTER, id, [markup("m", 0, ["a"])]);
    assert_eq!(late(&mut world, id, 4).len(), 1);
    add(&mut world, PRESENTER, id, [shared(["a"])]);
    assert_eq!(late(&mut world, id, 5), [""; 0]);
}

#[test]
fn error_report_without_permission_is_ignored() {
    let (mut world, id, slides) = opened(2);
    let code = Code::ClientUploadFailed;
    fail(&mut world, ATTENDEE, slides[ATTENDEE], (0, 1), Format::FullJpeg, code);
    for client in [ORGANIZER, PRESENTER, ATTENDEE] {
        assert_eq!(received(&mut world, client), [""; 0]);
    }
    assert_eq!(late(&mut world, id, 4), [""; 0]);
    assert!(world.pair.server_error(ATTENDEE).is_none());
}

#[test]
fn invalid_error_report_ends_the_connection() {
    let good = (Format::FullJpeg, Code::ClientUploadFailed);
    let mut bad = vec![
        ((-1, 0), good, "no such slide"),
        ((0, -1), good, "no such slide"),
        ((0, 3), good, "no such slide"),
        ((3, 3), good, "no such slide"),
        ((2, 1), good, "end before they begin"),
        ((0, 0), (Format::Other(12), good.1), "unknown resource format"),
        ((0, 0), (Format::Other(-1), good.1), "unknown resource format"),
    ];
    for code in [-1, 0, 4, 5, 50, 98, 99, 103] {
        bad.push(((0, 0), (good.0, Code::Other(code)), "unknown resource error code"));
    }
    for (range, (format, code), why) in bad {
        for client in [PRESENTER, ATTENDEE] {
            let (mut world, id, slides) = opened(3);
            fail(&mut world, client, slides[client], range, format, code);
            let broken = broken(&world, client);
            assert!(broken.contains(why), "{range:?} {format:?} {code:?}: {broken}");
            let _ = late(&mut world, id, 4);
            assert!(
                !received(&mut world, ORGANIZER).iter().any(|line| line.contains("UploadFailed"))
            );
        }
    }
}

#[test]
fn error_codes_match_the_specification() {
    let known = (-200..400).filter(|code| !matches!(Code::from(*code), Code::Other(_)));
    assert_eq!(known.collect::<Vec<_>>(), [1, 2, 3, 100, 101, 102]);
    let known = (-200..400).filter(|format| !matches!(Format::from(*format), Format::Other(_)));
    assert_eq!(known.collect::<Vec<_>>(), (0..12).collect::<Vec<_>>());
}

#[test]
fn empty_presentation_has_no_slide_to_fail() {
    let (mut world, _, slides) = opened(0);
    let code = Code::ClientUploadFailed;
    fail(&mut world, PRESENTER, slides[PRESENTER], (0, 0), Format::None, code);
    assert!(broken(&world, PRESENTER).contains("no such slide"));
}
