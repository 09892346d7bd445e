#![expect(clippy::cast_possible_wrap, clippy::unwrap_used, reason = "tests")]

mod forbidden;
mod hostile;
mod json;
mod polls;
mod slides;
mod waiting;
mod web;

use std::{
    collections::BTreeMap,
    io::Cursor,
    sync::{Arc, mpsc},
};

use bytes::Bytes;
use psom::{Config, error::CallError, testing::Pair};

use super::{
    Conference, ContentEvent, Event, Model, PackageReader, ReadFuture, Upload, UploadEvent,
};
use crate::{
    package::{ContentDetail, CreateContent, Manifest, Package, PackageWriter},
    server::{Meeting, MeetingConfig},
    store::{FileStore, Import, StoreError, StoreFuture, StoredFile, UploadSink},
    types::{
        ContentVisibility, Participant, Role, SetTitleStatus, TitleReservationStatus,
        UploadFinishReason,
    },
};

/// A file store that only reads the manifests of packages.
struct Shelf;

impl FileStore for Shelf {
    fn begin(&self, _: u64) -> Result<Box<dyn UploadSink>, StoreError> {
        Ok(Box::new(Basket::default()))
    }

    fn adopt(&self, _: &StoredFile) -> Result<(), StoreError> {
        Ok(())
    }

    fn remove(&self, _: &str) {}
}

#[derive(Default)]
struct Basket(Vec<u8>);

impl UploadSink for Basket {
    fn write(&mut self, data: Bytes) -> StoreFuture<'_, Result<(), StoreError>> {
        self.0.extend(data);
        Box::pin(async { Ok(()) })
    }

    fn finish(self: Box<Self>, _: u64) -> StoreFuture<'static, Result<Import, StoreError>> {
        Box::pin(async move {
            let malformed = |error| StoreError::malformed(error);
            let package = Package::open(Cursor::new(self.0), &Default::default());
            let manifest = package.map_err(malformed)?.manifest().clone();
            let store = |name: &str| {
                let name = format!("stored {name}");
                let (key, iv, hash) = (vec![1; 32], vec![2; 16], vec![3; 20]);
                StoredFile { name, key: key.into(), iv: iv.into(), hash: hash.into(), size: 5 }
            };
            let files = manifest.files();
            let files = files.iter().map(|name| ((*name).to_owned(), store(name)));
            let files = files.collect::<BTreeMap<_, _>>();
            Ok(Import { manifest, files })
        })
    }
}

struct Room {
    pair: Pair<Meeting, Conference>,
    events: Vec<mpsc::Receiver<Event>>,
}

impl Room {
    fn open() -> Self {
        Self::with(Arc::new(Shelf))
    }

    fn with(files: Arc<dyn FileStore>) -> Self {
        let started = std::time::SystemTime::UNIX_EPOCH;
        let config = MeetingConfig::new("http://127.0.0.1/files/", files, started);
        let pair = Pair::server(Config::default(), |scope| Meeting::new(scope, config));
        Self { pair, events: Vec::new() }
    }

    fn join(&mut self, name: &str, role: Role) -> usize {
        let (events, received) = mpsc::channel();
        self.events.push(received);
        let uri = format!("sip:{name}@example.com");
        let user = Participant { uri, role }.user(self.events.len() as i64, name);
        self.pair
            .join_as(user, |scope| Conference::new(scope, move |event| drop(events.send(event))))
    }

    fn news(&self, client: usize) -> Vec<Event> {
        self.events[client].try_iter().collect()
    }

    fn model(&mut self, client: usize) -> Model {
        self.pair.on_client(client, |conference, _| conference.model().clone())
    }

    /// Shares a file, and returns the events of the client.
    fn share(&mut self, client: usize, title: &str) -> Vec<Event> {
        let content = CreateContent::new(title, ContentDetail::NativeFileOnly);
        let content = content.with_native_file("plan.txt");
        let mut package = PackageWriter::new(Cursor::new(Vec::new()), &content.into()).unwrap();
        let unpacked = package.add_file("plan.txt", &mut &b"hello"[..]).unwrap() as i64;
        let package = Bytes::from(package.finish().unwrap().into_inner());
        let (title, packed) = (title.to_owned(), package.len() as i64);
        let reserve = move |conference: &mut Conference, cx: &mut psom::Context<_>| {
            conference.reserve_title(cx, title)
        };
        let cookie = self.pair.on_client(client, reserve).unwrap();
        let request = self.pair.on_client(client, move |conference, cx| {
            conference.request_upload(cx, cookie, packed, unpacked)
        });
        request.unwrap();
        for part in package.chunks(100) {
            let part = package.slice_ref(part);
            let write = move |conference: &mut Conference, cx: &mut psom::Context<_>| {
                conference.write(cx, cookie, part)
            };
            self.pair.on_client(client, write).unwrap();
        }
        self.pair
            .on_client(client, move |conference, cx| conference.finish_upload(cx, cookie))
            .unwrap();
        self.news(client)
    }
}

#[test]
fn newcomer_receives_the_meeting() {
    let mut room = Room::open();
    let ada = room.join("Ada", Role::Organizer);
    let grace = room.join("Grace", Role::Attendee);
    let model = room.model(ada);
    assert!(model.is_complete());
    assert_eq!(model.url_base.as_deref(), Some("http://127.0.0.1/files/"));
    assert_eq!(model.server_time.as_deref(), Some("1970-01-01T00:00:00"));
    let names: Vec<_> = model.users.values().map(|user| user.name.as_str()).collect();
    assert_eq!(names, ["Ada", "Grace"]);
    assert_eq!(room.model(grace).users, model.users);
}

#[test]
fn user_who_has_left_keeps_the_name() {
    let mut room = Room::open();
    let ada = room.join("Ada", Role::Organizer);
    let grace = room.join("Grace", Role::Attendee);
    room.pair.close_client(grace);
    assert!(room.news(ada).contains(&Event::UserRemoved { id: 2 }));
    let model = room.model(ada);
    assert!(model.users[&2].is_gone && model.users[&2].name == "Grace");
    assert!(!model.users[&1].is_gone);
    let late = room.join("Lin", Role::Attendee);
    assert_eq!(room.model(late).users[&2], model.users[&2], "also for a newcomer");
}

#[test]
fn shared_file_reaches_every_client() {
    let mut room = Room::open();
    let ada = room.join("Ada", Role::Organizer);
    let grace = room.join("Grace", Role::Attendee);
    let news = room.share(ada, "Plan.txt");
    let is_reserved = |event: &Event| {
        let reserved = TitleReservationStatus::ReservedForCreation;
        matches!(event, Event::Upload { event: UploadEvent::TitleReservation { status, .. }, .. } if *status == reserved)
    };
    assert!(news.iter().any(is_reserved));
    let done = Event::Upload {
        cookie: 1,
        event: UploadEvent::Finished { reason: UploadFinishReason::Ok },
    };
    assert!(news.contains(&done), "{news:#?}");
    assert!(
        news.contains(&Event::Upload {
            cookie: 1,
            event: UploadEvent::ContentCreated { content: 1 }
        })
    );
    for client in [ada, grace] {
        let model = room.model(client);
        let (id, content) = model.content_titled("PLAN.txt").unwrap();
        assert_eq!((id, content.owner), (1, Some(1)));
        assert!(content.ready && content.extended_ready);
        assert_eq!(content.visibility, Some(ContentVisibility::Everyone));
        assert_eq!(content.file.as_ref().unwrap().name, "stored plan.txt");
        assert!(content.creation_time.is_some() && content.last_used_time.is_some());
    }
    // The model is the result of the events.
    let mut replayed = Model::default();
    for event in room.news(grace) {
        replayed.apply(&event);
    }
    assert_eq!(replayed, room.model(grace));
}

#[test]
fn stage_title_and_visibility_are_mirrored() {
    let mut room = Room::open();
    let ada = room.join("Ada", Role::Presenter);
    let grace = room.join("Grace", Role::Attendee);
    room.share(ada, "Plan.txt");
    room.pair.on_client(ada, |conference, cx| conference.present(cx, Some(1))).unwrap();
    let model = room.model(grace);
    assert_eq!((model.active_presenter, model.active_content), (Some(1), Some(1)));
    let content = &model.contents[&1];
    assert!(content.presented && content.presenter == Some(1) && content.presentation_order > 0);
    room.pair.on_client(ada, |conference, cx| conference.make_highest(cx, 1)).unwrap();
    assert!(room.model(grace).contents[&1].presentation_order > content.presentation_order);
    room.pair.on_client(ada, |conference, cx| conference.stop_presenting(cx, Some(1))).unwrap();
    let model = room.model(grace);
    assert_eq!((model.active_presenter, model.active_content), (None, None));
    assert!(!model.contents[&1].presented);

    room.pair.on_client(ada, |conference, cx| conference.set_title(cx, 1, "Map.txt")).unwrap();
    assert!(room.model(grace).content_titled("Map.txt").is_some());
    let (status, title) = (SetTitleStatus::Success, "Map.txt".to_owned());
    assert!(
        room.news(ada).contains(&Event::Content {
            id: 1,
            event: ContentEvent::TitleAnswered { status, title }
        })
    );

    let hide = ContentVisibility::Presenters;
    room.pair.on_client(ada, move |conference, cx| conference.set_visibility(cx, 1, hide)).unwrap();
    assert!(room.model(grace).contents.is_empty());
    assert_eq!(room.model(ada).contents[&1].visibility, Some(hide));
    room.news(grace);
    let show = ContentVisibility::Everyone;
    room.pair.on_client(ada, move |conference, cx| conference.set_visibility(cx, 1, show)).unwrap();
    assert!(room.model(grace).is_complete() && room.model(grace).contents.len() == 1);
    room.pair.on_client(ada, |conference, cx| conference.delete_content(cx, 1)).unwrap();
    let removed = Event::Content { id: 1, event: ContentEvent::Removed };
    assert_eq!(room.news(grace).iter().filter(|event| **event == removed).count(), 1);
    assert!(room.model(ada).contents.is_empty());
}

#[test]
fn removed_contents_leave_no_objects() {
    let mut room = Room::open();
    let ada = room.join("Ada", Role::Presenter);
    let before = room.pair.client_stats(ada).objects;
    for id in 1..=3 {
        room.share(ada, "Plan.txt");
        room.pair.on_client(ada, move |conference, cx| conference.delete_content(cx, id)).unwrap();
    }
    assert_eq!(room.pair.client_stats(ada).objects, before);
}

#[test]
fn cancelled_and_rejected_uploads_are_reported() {
    let mut room = Room::open();
    let ada = room.join("Ada", Role::Presenter);
    let grace = room.join("Grace", Role::Attendee);
    let request = |conference: &mut Conference, cx: &mut psom::Context<_>| {
        conference.request_upload(cx, 7, 100, 100)
    };
    room.pair.on_client(ada, request).unwrap();
    room.pair.on_client(ada, |conference, cx| conference.cancel_upload(cx, 7)).unwrap();
    let reason = UploadFinishReason::UserCancel;
    assert!(
        room.news(ada)
            .contains(&Event::Upload { cookie: 7, event: UploadEvent::Finished { reason } })
    );
    let gone = room.pair.on_client(ada, |conference, cx| conference.write(cx, 7, Bytes::new()));
    assert_eq!(gone, Err(CallError::Gone));

    room.pair.on_client(grace, request).unwrap();
    let reason = UploadFinishReason::UnknownFailure;
    assert!(
        room.news(grace)
            .contains(&Event::Upload { cookie: 7, event: UploadEvent::Rejected { reason } })
    );
    room.pair.on_client(grace, |conference, cx| conference.reserve_title(cx, "x")).unwrap();
    assert!(room.news(grace).iter().any(|event| matches!(
        event,
        Event::Upload {
            event: UploadEvent::TitleReservation {
                status: TitleReservationStatus::FailedNotAuthorized,
                ..
            },
            ..
        }
    )));
}

#[test]
fn reserved_title_can_be_released() {
    let mut room = Room::open();
    let ada = room.join("Ada", Role::Presenter);
    let reserve = room.pair.on_client(ada, |conference, cx| conference.reserve_title(cx, "x"));
    let cookie = reserve.unwrap();
    room.pair.on_client(ada, move |conference, cx| conference.release_title(cx, cookie)).unwrap();
    assert!(room.news(ada).contains(&Event::Upload { cookie, event: UploadEvent::TitleReleased }));
}

#[test]
fn unsendable_calls_are_reported() {
    let mut room = Room::open();
    let ada = room.join("Ada", Role::Presenter);
    let long = "x".repeat(70_000);
    room.pair.on_client(ada, |conference, cx| conference.reserve_title(cx, long)).unwrap();
    assert!(room.news(ada).iter().any(|event| matches!(event, Event::NotSent { .. })));
    let nobody = room.pair.on_client(ada, |conference, cx| conference.present(cx, Some(9)));
    assert_eq!(nobody, Err(CallError::Gone));
}

#[test]
fn end_of_the_connection_is_the_last_event() {
    let mut room = Room::open();
    let ada = room.join("Ada", Role::Presenter);
    room.share(ada, "Plan.txt");
    room.pair.on_server(|_, cx| assert_eq!(cx.peers().close(), 1));
    assert_eq!(room.news(ada), [Event::Ended]);
    let model = room.model(ada);
    assert!(!model.ready && model.contents.len() == 1);
}

/// Reads a package in pieces of at most 10,000 bytes, and fails at the end of its data.
struct Pieces(Bytes);

impl PackageReader for Pieces {
    fn read(&mut self, max_bytes: usize) -> ReadFuture<'_> {
        let length = self.0.len().min(max_bytes).min(10_000);
        let piece = self.0.split_to(length);
        Box::pin(async move { Ok(piece) })
    }
}

/// Returns a package with one file of 300,000 bytes that do not compress.
fn large_package() -> (Manifest, Bytes) {
    let content = CreateContent::new("Plan", ContentDetail::NativeFileOnly);
    let manifest = Manifest::from(content.with_native_file("plan.bin"));
    let mut package = PackageWriter::new(Cursor::new(Vec::new()), &manifest).unwrap();
    let mut state = 1u64;
    let data: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    })
    .take(300_000)
    .collect();
    package.add_file("plan.bin", &mut &data[..]).unwrap();
    (manifest, package.finish().unwrap().into_inner().into())
}

#[test]
fn package_is_read_while_it_is_sent() {
    let mut room = Room::open();
    let ada = room.join("Ada", Role::Presenter);
    let (manifest, package) = large_package();
    let length = package.len() as u64;
    assert!(length > 300_000);
    let upload = Upload::from_reader(&manifest, Pieces(package), length, 300_000);
    let upload = room.pair.on_client(ada, |conference, cx| conference.upload(cx, upload));
    let cookie = upload.unwrap();
    let news = room.news(ada);
    let progress = UploadEvent::Progress { received: length };
    assert!(news.contains(&Event::Upload { cookie, event: progress }));
    let finished = UploadEvent::Finished { reason: UploadFinishReason::Ok };
    assert!(news.contains(&Event::Upload { cookie, event: finished }), "{news:?}");
    assert!(room.model(ada).content_titled("Plan").is_some());
}

#[test]
fn upload_with_a_reserved_title_reserves_no_other() {
    let mut room = Room::open();
    let ada = room.join("Ada", Role::Presenter);
    let reserve = room.pair.on_client(ada, |conference, cx| conference.reserve_title(cx, "Plan"));
    let cookie = reserve.unwrap();
    let (manifest, package) = large_package();
    let length = package.len() as u64;
    let upload = Upload::from_reader(&manifest, Pieces(package), length, 300_000);
    let sent = room.pair.on_client(ada, move |root, cx| root.upload_reserved(cx, cookie, upload));
    sent.unwrap();
    let news = room.news(ada);
    let reservations = news.iter().filter(|event| {
        matches!(event, Event::Upload { event: UploadEvent::TitleReservation { .. }, .. })
    });
    assert_eq!(reservations.count(), 1);
    let finished = UploadEvent::Finished { reason: UploadFinishReason::Ok };
    assert!(news.contains(&Event::Upload { cookie, event: finished }), "{news:?}");
}

#[test]
fn upload_with_a_failing_reader_is_cancelled() {
    let mut room = Room::open();
    let ada = room.join("Ada", Role::Presenter);
    let (manifest, package) = large_package();
    // The announced length of the package is too long.
    let length = package.len() as u64 + 1;
    let upload = Upload::from_reader(&manifest, Pieces(package), length, 300_000);
    let upload = room.pair.on_client(ada, |conference, cx| conference.upload(cx, upload));
    let cookie = upload.unwrap();
    let news = room.news(ada);
    let is_read_error =
        |event: &Event| matches!(event, Event::NotSent { action: "read the package", .. });
    assert!(news.iter().any(is_read_error), "{news:?}");
    let cancelled = UploadEvent::Finished { reason: UploadFinishReason::UserCancel };
    assert!(news.contains(&Event::Upload { cookie, event: cancelled }), "{news:?}");
    assert!(news.contains(&Event::Upload { cookie, event: UploadEvent::TitleReleased }));
}
