//! Transfers of single files through browsers.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tracing::{Level, Metadata, Subscriber, span};

use super::*;
use crate::{
    package::CreateAnnotation,
    store::{WebDownload, WebUpload},
    types::DownloadFinishReason,
};

/// A store that permits every transfer and has every file.
struct Web;

struct Form(Manifest);

impl FileStore for Web {
    fn begin(&self, length: u64) -> Result<Box<dyn UploadSink>, StoreError> {
        Shelf.begin(length)
    }

    fn adopt(&self, _: &StoredFile) -> Result<(), StoreError> {
        Ok(())
    }

    fn remove(&self, _: &str) {}

    fn web_upload(&self, manifest: Manifest) -> Result<Box<dyn WebUpload>, StoreError> {
        Ok(Box::new(Form(manifest)))
    }

    fn web_download(&self, download: WebDownload<'_>) -> Result<String, StoreError> {
        let WebDownload { file, name, is_attachment, user } = download;
        Ok(format!("http://down/{}/{name}/{is_attachment}/{user}", file.name))
    }
}

impl WebUpload for Form {
    fn url(&self) -> &str {
        "http://up/secret"
    }

    fn finish(self: Box<Self>) -> StoreFuture<'static, Result<Import, StoreError>> {
        let (key, iv, hash) = (vec![1; 32].into(), vec![2; 16].into(), vec![3; 20].into());
        let file = StoredFile { name: "stored".into(), key, iv, hash, size: 5 };
        let files = self.0.files().into_iter().map(|name| (name.to_owned(), file.clone()));
        let import = Import { files: files.collect(), manifest: self.0.clone() };
        Box::pin(async { Ok(import) })
    }
}

fn manifest(title: &str) -> Manifest {
    let content = CreateContent::new(title, ContentDetail::NativeFileOnly);
    content.with_native_file("native.file").into()
}

impl Room {
    fn request(&mut self, client: usize, title: &str) -> i32 {
        let manifest = manifest(title);
        self.pair
            .on_client(client, move |conference, cx| conference.request_web_upload(cx, &manifest))
            .unwrap()
    }
}

/// Returns the events of the transfer with a cookie, without all others.
fn answers(events: Vec<Event>) -> Vec<Event> {
    let is_answer = |event: &Event| {
        matches!(
            event,
            Event::Upload { event: UploadEvent::TitleReservation { .. }, .. }
                | Event::Upload { event: UploadEvent::TitleReleased, .. }
                | Event::Upload { event: UploadEvent::WebUploadAccepted { .. }, .. }
                | Event::WebDownloadAccepted { .. }
                | Event::WebDownloadRejected { .. }
                | Event::Upload { event: UploadEvent::Rejected { .. }, .. }
                | Event::Upload { event: UploadEvent::Finished { .. }, .. }
                | Event::Upload { event: UploadEvent::ContentCreated { .. }, .. }
                | Event::NotSent { .. }
        )
    };
    events.into_iter().filter(is_answer).collect()
}

fn reserved(cookie: i32) -> Event {
    let status = TitleReservationStatus::ReservedForCreation;
    Event::Upload {
        cookie,
        event: UploadEvent::TitleReservation { status, content: None, owner: Some(1) },
    }
}

#[test]
fn browser_uploads_a_file() {
    let mut room = Room::with(Arc::new(Web));
    let ada = room.join("Ada", Role::Presenter);
    room.news(ada);
    let cookie = room.request(ada, "plan.txt");
    let accepted = Event::Upload {
        cookie,
        event: UploadEvent::WebUploadAccepted { url: "http://up/secret".into() },
    };
    assert_eq!(answers(room.news(ada)), [reserved(cookie), accepted]);
    let finish = move |conference: &mut Conference, cx: &mut psom::Context<_>| {
        conference.finish_upload(cx, cookie)
    };
    room.pair.on_client(ada, finish).unwrap();
    let finished =
        Event::Upload { cookie, event: UploadEvent::Finished { reason: UploadFinishReason::Ok } };
    assert_eq!(
        answers(room.news(ada)),
        [Event::Upload { cookie, event: UploadEvent::ContentCreated { content: 1 } }, finished]
    );
    assert_eq!(room.model(ada).content_titled("plan.txt").unwrap().0, 1);
}

#[test]
fn failed_post_can_be_cancelled_and_retried() {
    let mut room = Room::with(Arc::new(Web));
    let ada = room.join("Ada", Role::Presenter);
    let cookie = room.request(ada, "plan.txt");
    room.news(ada);
    let cancel = move |conference: &mut Conference, cx: &mut psom::Context<_>| {
        conference.cancel_upload(cx, cookie)
    };
    room.pair.on_client(ada, cancel).unwrap();
    let finished = Event::Upload {
        cookie,
        event: UploadEvent::Finished { reason: UploadFinishReason::UserCancel },
    };
    assert_eq!(
        answers(room.news(ada)),
        [finished, Event::Upload { cookie, event: UploadEvent::TitleReleased }]
    );
    let again = room.request(ada, "plan.txt");
    let accepted = Event::Upload {
        cookie: again,
        event: UploadEvent::WebUploadAccepted { url: "http://up/secret".into() },
    };
    assert_eq!(answers(room.news(ada)), [reserved(again), accepted]);
}

#[test]
fn refused_title_ends_the_web_upload() {
    let mut room = Room::with(Arc::new(Web));
    let (ada, grace) = (room.join("Ada", Role::Presenter), room.join("Grace", Role::Attendee));
    let cookie = room.request(grace, "plan.txt");
    let status = TitleReservationStatus::FailedNotAuthorized;
    let failed = Event::Upload {
        cookie,
        event: UploadEvent::TitleReservation { status, content: None, owner: None },
    };
    assert_eq!(answers(room.news(grace)), [failed]);
    // A manifest that is too long for a call is reported when its title is reserved.
    room.news(ada);
    let mut large = CreateContent::new("plan.txt", ContentDetail::NativeFileOnly);
    large.common.original_file_url = Some(format!("http://{}", "x".repeat(70_000)));
    let large = Manifest::from(large);
    let requested = room.pair.on_client(ada, move |root, cx| root.request_web_upload(cx, &large));
    let cookie = requested.unwrap();
    let events = answers(room.news(ada));
    assert_eq!(events[0], reserved(cookie));
    assert!(matches!(&events[1], Event::NotSent { .. }), "{events:?}");
    assert_eq!(events[2..], [Event::Upload { cookie, event: UploadEvent::TitleReleased }]);
}

#[test]
fn browser_downloads_a_file() {
    let mut room = Room::with(Arc::new(Web));
    let ada = room.join("Ada", Role::Presenter);
    room.share(ada, "Plan");
    let ask = |room: &mut Room, name: &'static str| {
        let requested = room
            .pair
            .on_client(ada, move |conference, cx| conference.request_web_download(cx, name, true));
        let cookie = requested.unwrap();
        (cookie, answers(room.news(ada)))
    };
    let (cookie, events) = ask(&mut room, "stored plan.txt");
    let url = "http://down/stored plan.txt/Plan/true/1".to_owned();
    let accepted = Event::WebDownloadAccepted { cookie, url };
    assert_eq!(events, [accepted]);
    let (cookie, events) = ask(&mut room, "another");
    let reason = DownloadFinishReason::NotFound;
    let rejected = Event::WebDownloadRejected { cookie, reason };
    assert_eq!(events, [rejected]);
}

#[test]
fn meeting_without_a_web_server_rejects_transfers() {
    let mut room = Room::open();
    let ada = room.join("Ada", Role::Presenter);
    room.share(ada, "Plan");
    let requested = room.pair.on_client(ada, |conference, cx| {
        conference.request_web_download(cx, "stored plan.txt", false)
    });
    let cookie = requested.unwrap();
    let reason = DownloadFinishReason::NotSupported;
    assert_eq!(answers(room.news(ada)), [Event::WebDownloadRejected { cookie, reason }]);
    let cookie = room.request(ada, "other.txt");
    let reason = UploadFinishReason::UnknownFailure;
    let rejected = Event::Upload { cookie, event: UploadEvent::Rejected { reason } };
    assert_eq!(
        answers(room.news(ada)),
        [reserved(cookie), rejected, Event::Upload { cookie, event: UploadEvent::TitleReleased }]
    );
}

/// Counts the log lines that administrators see.
struct Lines(Arc<AtomicUsize>);

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {
        self.0.fetch_add(1, Relaxed);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[test]
fn refusals_are_not_logged() {
    let lines = Arc::new(AtomicUsize::new(0));
    let _log = tracing::subscriber::set_default(Lines(Arc::clone(&lines)));
    let mut room = Room::with(Arc::new(Web));
    let (ada, grace) = (room.join("Ada", Role::Presenter), room.join("Grace", Role::Attendee));
    let requested = room.pair.on_client(grace, |conference, cx| {
        let cookie = conference.next_cookie();
        conference.request_upload(cx, cookie, 5, 5).unwrap();
        let image = CreateAnnotation { parent_id: "1".to_owned(), detail: None };
        let web = conference.request_web_upload(cx, &Manifest::CreateAnnotation(image)).unwrap();
        [cookie, web, conference.request_web_download(cx, "x", true).unwrap()]
    });
    let reason = UploadFinishReason::UnknownFailure;
    let upload = |cookie| Event::Upload { cookie, event: UploadEvent::Rejected { reason } };
    let cookie = requested[2];
    let download = Event::WebDownloadRejected { cookie, reason: DownloadFinishReason::NotFound };
    assert_eq!(answers(room.news(grace)), [upload(requested[0]), upload(requested[1]), download]);
    assert_eq!(lines.load(Relaxed), 0);
    room.share(ada, "Plan");
    assert!(lines.load(Relaxed) > 0);
}
