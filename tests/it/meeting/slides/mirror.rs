//! The client library against a real server.

use std::sync::{Arc, Mutex};

use psom::testing::Pair;
use psom_objects::{
    client::{Conference, ContentEvent, Event, SlidesEvent, SlidesModel, Upload},
    package::*,
    server::{Meeting, MeetingConfig},
    types::*,
};

use super::common;
use crate::meeting::store::MemoryStore;

type Events = Arc<Mutex<Vec<Event>>>;

struct Room {
    pair: Pair<Meeting, Conference>,
}

impl Room {
    fn open() -> Self {
        let files = Arc::new(MemoryStore::default());
        let started = std::time::SystemTime::UNIX_EPOCH;
        let config = MeetingConfig::new("http://127.0.0.1/files/", files, started);
        let pair = Pair::server(psom::Config::default(), |scope| Meeting::new(scope, config));
        Self { pair }
    }

    fn join(&mut self, user: i64, role: Role) -> Events {
        let events = Events::default();
        let heard = events.clone();
        let participant = Participant { uri: format!("sip:{user}@example.com"), role };
        self.pair.join_as(participant.user(user, &format!("user {user}")), |scope| {
            Conference::new(scope, move |event: Event| heard.lock().unwrap().push(event))
        });
        events
    }

    fn upload(&mut self, client: usize, manifest: Manifest) {
        let names: Vec<_> = manifest.files().iter().map(|name| (*name).to_owned()).collect();
        let files = names.iter().map(|name| (name.as_str(), name.as_bytes()));
        let parcel = Upload::new(manifest, files).unwrap();
        self.pair.on_client(client, |conference, cx| conference.upload(cx, parcel).unwrap());
    }

    fn share(&mut self, kind: fn(ChunkedPpt) -> ContentDetail, ppt: ChunkedPpt) {
        self.upload(0, CreateContent::new("talk", kind(ppt)).into());
    }

    fn add(&mut self, client: usize, resources: Vec<PptResource>) {
        let detail = Some(ResourceDetail::Resources(common::numbered(resources)));
        let resources = CreatePptContentResource { content_id: 1, detail };
        self.upload(client, Manifest::CreatePptContentResource(resources));
    }

    fn slides(&mut self, client: usize) -> SlidesModel {
        let content =
            self.pair.on_client(client, |conference, _| conference.model().contents[&1].clone());
        assert!(content.extended_ready && content.board.is_some());
        content.slides.unwrap()
    }
}

fn heard(events: &Events) -> Vec<SlidesEvent> {
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
        let mut room = Room::open();
        room.join(1, Role::Presenter);
        room.join(2, Role::Attendee);
        let first = vec![
            common::jpegs("a", [0, 1]),
            common::notes("n", [0, 1, 2]),
            common::thumbnails("t", 0..6),
            common::markup("m", 3, ["x"]),
        ];
        let ppt = common::deck(6, first);
        room.share(kind, ChunkedPpt { preview_thumbnail_file: Some("preview".into()), ..ppt });
        room.pair.on_client(0, |conference, cx| {
            let code = ResourceErrorCode::ClientUploadFailed;
            for format in [ResourceFormat::FullJpeg, ResourceFormat::NativeFile] {
                conference.set_resource_error(cx, 1, 1..=4, format, code).unwrap();
            }
            conference.go_to(cx, 1, 4, 2).unwrap();
        });
        let more = vec![common::jpegs("b", [1, 3]), common::notes("o", [2, 4])];
        room.add(0, more);
        room.add(0, vec![common::full("f", Some(true)), common::partial("p", [1, 2])]);
        room.add(0, vec![common::shared(["x"])]);
        room.pair.close_client(0);
        room.join(3, Role::Attendee);
        let (early, late) = (room.slides(1), room.slides(2));
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
    let mut room = Room::open();
    let presenter = room.join(1, Role::Presenter);
    let attendee = room.join(2, Role::Attendee);
    room.share(ContentDetail::Ppt, common::deck(3, []));
    heard(&presenter);
    heard(&attendee);
    room.pair.on_client(1, |conference, cx| conference.go_to(cx, 1, 2, 0).unwrap());
    let back = SlidesEvent::Location { location: Location::new(0, 0) };
    assert_eq!(heard(&attendee), [back]);
    assert_eq!(heard(&presenter), []);
    room.pair.on_client(0, |conference, cx| conference.go_to(cx, 1, 2, 0).unwrap());
    room.pair.on_client(0, |conference, cx| conference.go_to_start(cx, 1).unwrap());
    let places = [2, 0].map(|slide| SlidesEvent::Location { location: Location::new(slide, 0) });
    assert_eq!(heard(&attendee), places);
}

#[test]
fn refused_resource_is_an_event_for_its_uploader() {
    let mut room = Room::open();
    let presenter = room.join(1, Role::Presenter);
    let attendee = room.join(2, Role::Attendee);
    room.share(ContentDetail::Ppt, common::deck(1, []));
    heard(&presenter);
    heard(&attendee);
    room.add(0, vec![common::jpegs("j", [0]), common::jpegs("k", [1])]);
    let code = ResourceErrorCode::ClientUploadFailed;
    assert!(heard(&presenter).contains(&SlidesEvent::Refused { resource: 2, code }));
    assert_eq!(heard(&attendee).len(), 1);
}

#[test]
fn reshown_presentation_is_mirrored_again() {
    let mut room = Room::open();
    room.join(1, Role::Presenter);
    let attendee = room.join(2, Role::Attendee);
    room.share(ContentDetail::Ppt, common::deck(2, [common::jpegs("j", [0, 1])]));
    let before = room.slides(1);
    for visibility in [ContentVisibility::Presenters, ContentVisibility::Everyone] {
        room.pair.on_client(0, move |conference, cx| {
            conference.set_visibility(cx, 1, visibility).unwrap();
        });
    }
    assert!(
        attendee.lock().unwrap().contains(&Event::Content { id: 1, event: ContentEvent::Removed })
    );
    assert_eq!(room.slides(1), before);
    assert!(room.pair.server_error(1).is_none());
}
