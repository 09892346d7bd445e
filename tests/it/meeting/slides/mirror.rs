//! The client library against a real server.

use psom_objects::{
    client::{ContentEvent, Event, SlidesEvent, SlidesModel},
    package::*,
    types::*,
};

use super::common;
use crate::meeting::conference::{ConferenceWorld, Events};

fn share(world: &mut ConferenceWorld, kind: fn(ChunkedPpt) -> ContentDetail, ppt: ChunkedPpt) {
    world.pack(CreateContent::new("talk", kind(ppt)));
}

/// Uploads more resources of the presentation.
fn add(world: &mut ConferenceWorld, resources: Vec<PptResource>) {
    let detail = Some(ResourceDetail::Resources(common::numbered(resources)));
    let resources = CreatePptContentResource { content_id: 1, detail };
    world.pack(Manifest::CreatePptContentResource(resources));
}

fn slides(world: &mut ConferenceWorld, client: usize) -> SlidesModel {
    let content = world.content(client);
    assert!(content.extended_ready && content.board.is_some());
    content.slides.unwrap()
}

fn reported(events: &Events) -> Vec<SlidesEvent> {
    let all = std::mem::take(&mut *events.lock().unwrap());
    let slides = all.into_iter().filter_map(|event| match event {
        Event::Content { id: 1, event: ContentEvent::Slides(event) } => Some(event),
        _ => None,
    });
    slides.collect()
}

#[test]
fn early_and_late_clients_have_equal_models() {
    for kind in [ContentDetail::Ppt, ContentDetail::PptWac] {
        let mut world = ConferenceWorld::new();
        world.join(1, Role::Presenter);
        world.join(2, Role::Attendee);
        let first = vec![
            common::jpegs("a", [0, 1]),
            common::notes("n", [0, 1, 2]),
            common::thumbnails("t", 0..6),
            common::markup("m", 3, ["x"]),
        ];
        let ppt = common::deck(6, first);
        share(
            &mut world,
            kind,
            ChunkedPpt { preview_thumbnail_file: Some("preview".into()), ..ppt },
        );
        world.pair.on_client(0, |conference, cx| {
            let code = ResourceErrorCode::ClientUploadFailed;
            for format in [ResourceFormat::FullJpeg, ResourceFormat::NativeFile] {
                conference.set_resource_error(cx, 1, 1..=4, format, code).unwrap();
            }
            conference.go_to(cx, 1, 4, 2).unwrap();
        });
        let more = vec![common::jpegs("b", [1, 3]), common::notes("o", [2, 4])];
        add(&mut world, more);
        add(&mut world, vec![common::full("f", Some(true)), common::partial("p", [1, 2])]);
        add(&mut world, vec![common::shared(["x"])]);
        world.pair.close_client(0);
        world.join(3, Role::Attendee);
        let (early, late) = (slides(&mut world, 1), slides(&mut world, 2));
        assert_eq!(early, late);
        assert_eq!((early.count, early.jpegs.len(), early.markup.len()), (Some(6), 3, 1));
        // 2 and 4 failed; 5 was left unfinished. Nothing else is missing.
        let missing: Vec<_> =
            early.errors.keys().filter(|(form, _)| *form == ResourceFormat::FullJpeg).collect();
        assert_eq!(missing.iter().map(|(_, slide)| *slide).collect::<Vec<_>>(), [2, 4, 5]);
        assert_eq!(
            early.errors[&(ResourceFormat::FullJpeg, 5)],
            ResourceErrorCode::UploaderClientDisconnected
        );
        let location = early.location.unwrap();
        assert_eq!((location.slide, location.click), (4, 2));
    }
}

#[test]
fn refused_location_is_an_event_for_its_sender() {
    let mut world = ConferenceWorld::new();
    let presenter = world.join_recording(1, Role::Presenter);
    let attendee = world.join_recording(2, Role::Attendee);
    share(&mut world, ContentDetail::Ppt, common::deck(3, []));
    reported(&presenter);
    reported(&attendee);
    world.pair.on_client(1, |conference, cx| conference.go_to(cx, 1, 2, 0).unwrap());
    let back = SlidesEvent::Location { location: Location::new(0, 0) };
    assert_eq!(reported(&attendee), [back]);
    assert_eq!(reported(&presenter), []);
    world.pair.on_client(0, |conference, cx| conference.go_to(cx, 1, 2, 0).unwrap());
    world.pair.on_client(0, |conference, cx| conference.go_to_start(cx, 1).unwrap());
    let places = [2, 0].map(|slide| SlidesEvent::Location { location: Location::new(slide, 0) });
    assert_eq!(reported(&attendee), places);
}

#[test]
fn refused_resource_is_an_event_for_its_uploader() {
    let mut world = ConferenceWorld::new();
    let presenter = world.join_recording(1, Role::Presenter);
    let attendee = world.join_recording(2, Role::Attendee);
    share(&mut world, ContentDetail::Ppt, common::deck(1, []));
    reported(&presenter);
    reported(&attendee);
    add(&mut world, vec![common::jpegs("j", [0]), common::jpegs("k", [1])]);
    let code = ResourceErrorCode::ClientUploadFailed;
    assert!(reported(&presenter).contains(&SlidesEvent::Refused { resource: 2, code }));
    assert_eq!(reported(&attendee).len(), 1);
}

#[test]
fn reshown_presentation_is_mirrored_again() {
    let mut world = ConferenceWorld::new();
    world.join(1, Role::Presenter);
    let attendee = world.join_recording(2, Role::Attendee);
    share(&mut world, ContentDetail::Ppt, common::deck(2, [common::jpegs("j", [0, 1])]));
    let before = slides(&mut world, 1);
    for visibility in [ContentVisibility::Presenters, ContentVisibility::Everyone] {
        world.pair.on_client(0, move |conference, cx| {
            conference.set_visibility(cx, 1, visibility).unwrap();
        });
    }
    assert!(
        attendee.lock().unwrap().contains(&Event::Content { id: 1, event: ContentEvent::Removed })
    );
    assert_eq!(slides(&mut world, 1), before);
    assert!(world.pair.server_error(1).is_none());
}
