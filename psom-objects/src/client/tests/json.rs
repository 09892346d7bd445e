//! The JSON form of events.

use serde_json::{Value, json};

use super::*;
use crate::{
    annotation::{Annotation, Change, Constraint, Kind, Property, text::Delta},
    client::{
        BoardEvent, EncryptedFile, NativeFile, NotesEvent, PollEvent, QnaEvent, SlideMarkup,
        SlidesEvent, User,
    },
    package::Location,
    types::{DownloadFinishReason, QnaOpenState, ResourceErrorCode, ResourceFormat},
};

fn file() -> EncryptedFile {
    let bytes = |byte: u8, length| Bytes::from(vec![byte; length]);
    EncryptedFile {
        url: "http://h/f".to_owned(),
        key: bytes(0xaa, 32),
        iv: bytes(0xbb, 16),
        hash: bytes(0xcc, 2),
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

#[track_caller]
fn assert_json(event: Event, expected: Value) {
    let written = serde_json::to_value(&event).unwrap();
    assert_eq!(written, expected);
    // An event is one line, with the kind of event first.
    let line = serde_json::to_string(&event).unwrap();
    let kind = expected["event"].as_str().unwrap();
    assert!(line.starts_with(&format!("{{\"event\":\"{kind}\"")) && !line.contains('\n'), "{line}");
}

#[test]
fn meeting_events_are_flat_objects() {
    for (event, expected) in [
        (Event::Ready, json!({ "event": "ready" })),
        (Event::Ended, json!({ "event": "ended" })),
        (Event::ServerTime { time: text("t") }, json!({ "event": "serverTime", "time": "t" })),
        (Event::UrlBase { url: text("u") }, json!({ "event": "urlBase", "url": "u" })),
        (
            Event::UserAdded {
                id: 1,
                user: User { uri: text("sip:a"), name: text("Ada"), is_gone: false },
            },
            json!({ "event": "userAdded", "user": 1, "uri": "sip:a", "name": "Ada" }),
        ),
        (Event::UserRemoved { id: 1 }, json!({ "event": "userRemoved", "user": 1 })),
        (Event::ActivePresenter { id: None }, json!({ "event": "activePresenter", "user": null })),
        (Event::ActiveContent { id: Some(7) }, json!({ "event": "activeContent", "content": 7 })),
        (
            Event::NotSent { action: "vote", reason: text("gone") },
            json!({ "event": "notSent", "action": "vote", "reason": "gone" }),
        ),
    ] {
        assert_json(event, expected);
    }
}

#[test]
fn content_events_name_their_content() {
    for (event, expected) in [
        (
            ContentEvent::Added { kind: text("Content.Poll") },
            json!({ "event": "contentAdded", "content": 7, "type": "Content.Poll" }),
        ),
        (ContentEvent::Removed, json!({ "event": "contentRemoved", "content": 7 })),
        (ContentEvent::Ready, json!({ "event": "contentReady", "content": 7 })),
        (ContentEvent::ExtendedReady, json!({ "event": "extendedReady", "content": 7 })),
        (
            ContentEvent::Titled { title: text("a \"b\"\n") },
            json!({ "event": "titled", "content": 7, "title": "a \"b\"\n" }),
        ),
        (
            ContentEvent::Visibility { visibility: ContentVisibility::Presenters },
            json!({ "event": "visibility", "content": 7, "visibility": "presenters" }),
        ),
        (
            ContentEvent::Presented { presented: true, presenter: Some(1) },
            json!({ "event": "presented", "content": 7, "presented": true, "presenter": 1 }),
        ),
        (
            ContentEvent::TitleAnswered {
                title: text("x"),
                status: SetTitleStatus::FailedTitleExists,
            },
            json!({ "event": "titleAnswered", "content": 7, "title": "x", "ok": false, "status": 1 }),
        ),
        (
            ContentEvent::Poll(PollEvent::ResultsShown { visible_to_all: true }),
            json!({ "event": "pollResultsShown", "content": 7, "visibleToAll": true }),
        ),
        (
            ContentEvent::Poll(PollEvent::Vote { choice: None }),
            json!({ "event": "pollVote", "content": 7, "choice": null }),
        ),
        (
            ContentEvent::Notes(NotesEvent::Error { code: 1 }),
            json!({ "event": "notesError", "content": 7, "code": 1 }),
        ),
        (
            ContentEvent::Qna(QnaEvent::State { state: QnaOpenState::Suspended }),
            json!({ "event": "qnaState", "content": 7, "state": "suspended" }),
        ),
        (
            ContentEvent::Qna(QnaEvent::Question { id: text("q"), text: text("?"), by: text("") }),
            json!({ "event": "qnaQuestion", "content": 7, "id": "q", "text": "?", "by": "" }),
        ),
    ] {
        assert_json(Event::Content { id: 7, event }, expected);
    }
}

#[test]
fn upload_events_name_their_cookie_and_outcome() {
    let reserved = TitleReservationStatus::ReservedForCreation;
    for (event, expected) in [
        (
            UploadEvent::TitleReservation { status: reserved, content: None, owner: Some(2) },
            json!({
                "event": "titleReservation", "cookie": 5,
                "ok": true, "status": 1, "content": null, "owner": 2,
            }),
        ),
        (UploadEvent::TitleReleased, json!({ "event": "titleReleased", "cookie": 5 })),
        (UploadEvent::Accepted, json!({ "event": "uploadAccepted", "cookie": 5 })),
        (
            UploadEvent::Rejected { reason: UploadFinishReason::TooManyUploads },
            json!({ "event": "uploadRejected", "cookie": 5, "ok": false, "reason": 9 }),
        ),
        (
            UploadEvent::Progress { received: 9 },
            json!({ "event": "uploadProgress", "cookie": 5, "received": 9 }),
        ),
        (UploadEvent::Disconnected, json!({ "event": "uploadDisconnected", "cookie": 5 })),
        (
            UploadEvent::ContentCreated { content: 7 },
            json!({ "event": "contentCreated", "cookie": 5, "content": 7 }),
        ),
        (
            UploadEvent::Finished { reason: UploadFinishReason::Ok },
            json!({ "event": "uploadFinished", "cookie": 5, "ok": true, "reason": 0 }),
        ),
    ] {
        assert_json(Event::Upload { cookie: 5, event }, expected);
    }
}

#[test]
fn slide_events_have_urls_and_no_keys() {
    let markup = SlideMarkup { clicks: 2, needs: vec![text("a.js")], file: file() };
    for (event, expected) in [
        (
            SlidesEvent::Jpeg { slide: 1, file: file() },
            json!({
                "event": "slideJpeg", "content": 1, "slide": 1,
                "url": "http://h/f", "sha1": "cccc",
            }),
        ),
        (
            SlidesEvent::Notes { slides: [3, 4].into(), file: file() },
            json!({
                "event": "slideNotes", "content": 1, "slides": [3, 4],
                "url": "http://h/f", "sha1": "cccc",
            }),
        ),
        (
            SlidesEvent::Markup { slide: 0, markup },
            json!({
                "event": "slideMarkup", "content": 1, "slide": 0, "clicks": 2, "needs": ["a.js"],
                "url": "http://h/f", "sha1": "cccc",
            }),
        ),
        (
            SlidesEvent::Failed {
                begin: 6,
                end: 7,
                format: ResourceFormat::FullJpeg,
                code: ResourceErrorCode::UploaderClientDisconnected,
            },
            json!({
                "event": "slideFailed", "content": 1,
                "begin": 6, "end": 7, "format": 7, "code": 100,
            }),
        ),
        (
            SlidesEvent::Location { location: Location::new(2, 1) },
            json!({ "event": "slideLocation", "content": 1, "slide": 2, "click": 1 }),
        ),
    ] {
        assert_json(Event::Content { id: 1, event: ContentEvent::Slides(event) }, expected);
    }
}

#[test]
fn board_events_list_properties_and_deltas() {
    let properties = [(Property::Anchor, text("1,2"))].into();
    let annotation = Annotation::new(Kind::Drawing, 4, properties);
    let changed = |change, cookie| BoardEvent::Changed { change, cookie };
    let deltas = vec![Delta::new(0, 1, "x")];
    let edit = Change::SetText { id: 3, generation: 2, modifier: 4, text_version: 1, deltas };
    for (event, expected) in [
        (
            changed(Change::Add { id: 3, annotation }, None),
            json!({
                "event": "annotationAdded", "content": 1, "annotation": 3, "type": "drawing",
                "generation": 1, "owner": 4, "modifier": 4, "properties": { "ANCHOR": "1,2" },
            }),
        ),
        (
            changed(edit, None),
            json!({
                "event": "annotationTextChanged", "content": 1, "annotation": 3, "generation": 2,
                "modifier": 4, "textVersion": 1,
                "deltas": [{ "begin": 0, "end": 1, "characters": "x" }],
            }),
        ),
        (
            changed(Change::SetImage { id: 3, file: file() }, None),
            json!({
                "event": "annotationImage", "content": 1, "annotation": 3,
                "url": "http://h/f", "sha1": "cccc",
            }),
        ),
        (
            changed(Change::Remove { ids: vec![3], remover: 4 }, Some(8)),
            json!({
                "event": "annotationsRemoved", "content": 1, "annotations": [3], "remover": 4,
                "cookie": 8,
            }),
        ),
        (
            BoardEvent::Constraints { values: [(Constraint::MaxTextLength, 5)].into() },
            json!({ "event": "annotationConstraints", "content": 1, "MaxTextLength": 5 }),
        ),
        (
            BoardEvent::ClearRefused { code: text("NothingToClear") },
            json!({ "event": "annotationClearRefused", "content": 1, "code": "NothingToClear" }),
        ),
    ] {
        assert_json(Event::Content { id: 1, event: ContentEvent::Board(event) }, expected);
    }
}

#[test]
fn secrets_are_left_out() {
    let EncryptedFile { key, iv, hash, .. } = file();
    let native = NativeFile { name: text("n"), key, iv, hash, size: 5 };
    let event = Event::Content { id: 1, event: ContentEvent::NativeFile { file: native } };
    assert_json(
        event,
        json!({ "event": "nativeFile", "content": 1, "name": "n", "sha1": "cccc", "size": 5 }),
    );
    let event = UploadEvent::WebUploadAccepted { url: text("http://up/secret") };
    assert_json(
        Event::Upload { cookie: 5, event },
        json!({ "event": "webUploadAccepted", "cookie": 5 }),
    );
    assert_json(
        Event::WebDownloadAccepted { cookie: 5, url: text("http://down/secret") },
        json!({ "event": "webDownloadAccepted", "cookie": 5 }),
    );
    assert_json(
        Event::WebDownloadRejected { cookie: 5, reason: DownloadFinishReason::NotFound },
        json!({ "event": "webDownloadRejected", "cookie": 5, "reason": 2 }),
    );
}
