//! A client waits for answers, and sends nothing about rejected requests.

use psom::Context;

use super::{
    hostile::{Stage, Uploads},
    *,
};
use crate::{annotation::Properties, package::CreateAnnotation, types::DownloadFinishReason};

type Root<'a> = (&'a mut Conference, &'a mut Context<Conference>);

impl Stage {
    fn act<R: Send + 'static>(
        &mut self,
        act: impl FnOnce(Root<'_>) -> Result<R, CallError> + Send + 'static,
    ) -> Result<R, CallError> {
        self.pair.on_client(0, |root, cx| act((root, cx)))
    }

    fn uploads(&mut self, call: impl FnOnce(&mut Uploads, &mut Context<Uploads>) + Send + 'static) {
        self.on(|server| server.uploads, call);
    }

    /// Returns the requests that the server has received since the last check.
    fn requests(&mut self) -> Vec<String> {
        let (sender, requests) = mpsc::channel();
        self.uploads(move |uploads, _| drop(sender.send(std::mem::take(&mut uploads.requests))));
        requests.recv().unwrap()
    }

    /// Asserts that every action for an upload with this cookie is refused.
    #[track_caller]
    fn has_none(&mut self, cookie: i32) {
        let ended = [
            self.act(move |(root, cx)| root.finish_upload(cx, cookie)),
            self.act(move |(root, cx)| root.cancel_upload(cx, cookie)),
        ];
        assert!(ended.iter().all(|ended| matches!(ended, Err(CallError::NotNow(_)))), "{ended:?}");
        assert!(self.requests().is_empty());
    }
}

/// Requests a stream and a URL for a form from a server that has not answered yet.
fn requested() -> (Stage, i32) {
    let mut stage = Stage::open();
    stage.uploads(|uploads, _| uploads.is_silent = true);
    stage.act(|(root, cx)| root.request_upload(cx, 7, 5, 5)).unwrap();
    let image = CreateAnnotation { parent_id: "1".to_owned(), detail: None };
    let image = Manifest::CreateAnnotation(image);
    let form = stage.act(move |(root, cx)| root.request_web_upload(cx, &image)).unwrap();
    assert_eq!(stage.requests(), ["upload 7", &format!("form {form}")]);
    (stage, form)
}

#[test]
fn accepted_upload_can_be_ended_once() {
    let (mut stage, form) = requested();
    stage.has_none(7);
    stage.has_none(form);
    stage.uploads(move |_, cx| {
        Uploads::accept(cx, 7);
        cx.peers().c_accept_web_upload(form, "http://up");
    });
    stage.act(|(root, cx)| root.finish_upload(cx, 7)).unwrap();
    stage.act(move |(root, cx)| root.cancel_upload(cx, form)).unwrap();
    assert_eq!(stage.requests(), ["finished 7 false", &format!("finished {form} true")]);
    stage.uploads(move |_, cx| {
        cx.peers().c_upload_finished(7, UploadFinishReason::Ok);
        cx.peers().c_upload_finished(form, UploadFinishReason::UserCancel);
    });
    stage.has_none(7);
    stage.has_none(form);
}

#[test]
fn nothing_is_sent_about_a_rejected_upload() {
    let (mut stage, form) = requested();
    stage.uploads(move |_, cx| {
        cx.peers().c_reject_upload(7, UploadFinishReason::CapacityExceeded);
        cx.peers().c_reject_upload(form, UploadFinishReason::CapacityExceeded);
    });
    for cookie in [7, form] {
        stage.has_none(cookie);
        let again = stage.act(move |(root, cx)| root.request_upload(cx, cookie, 5, 5));
        assert!(matches!(again, Err(CallError::NotNow(_))), "{again:?}");
        let written = stage.act(move |(root, cx)| root.write(cx, cookie, Bytes::new()));
        assert_eq!(written, Err(CallError::Gone));
    }
    assert!(stage.requests().is_empty());
    stage.act(|(root, cx)| root.request_upload(cx, 8, 5, 5)).unwrap();
    assert_eq!(stage.requests(), ["upload 8"]);
}

#[test]
fn rejected_upload_releases_its_title() {
    let mut stage = Stage::open();
    stage.uploads(|uploads, _| uploads.is_silent = true);
    let parcel = Upload::whiteboard("Ideas").unwrap();
    let cookie = stage.act(move |(root, cx)| root.upload(cx, parcel)).unwrap();
    let reserved = TitleReservationStatus::ReservedForCreation;
    stage.on(
        |server| server.contents,
        move |_, cx| {
            cx.peers().c_reserve_title_completed(reserved, cookie, 0, 0);
        },
    );
    assert_eq!(stage.requests(), [format!("upload {cookie}")]);
    stage.uploads(move |_, cx| {
        cx.peers().c_reject_upload(cookie, UploadFinishReason::CapacityExceeded);
    });
    // The release is sent once.
    assert_eq!(stage.requests(), [format!("title {cookie} free")]);
    stage.has_none(cookie);
}

#[test]
fn upload_whose_stream_ends_early_is_cancelled_once() {
    for says_so in [true, false] {
        let mut stage = Stage::open();
        stage.uploads(|uploads, _| uploads.is_silent = true);
        let picture = Bytes::from(vec![0; 100_000]);
        let upload = Upload::image(1, &Properties::new(), &picture).unwrap();
        let cookie = stage.act(move |(root, cx)| root.upload(cx, upload)).unwrap();
        assert_eq!(stage.requests(), [format!("upload {cookie}")]);
        stage.events.try_iter().for_each(drop);
        stage.uploads(move |_, cx| Uploads::accept_and_end(cx, cookie, says_so));
        assert_eq!(stage.requests(), [format!("finished {cookie} true")]);
        let events: Vec<_> = stage.events.try_iter().collect();
        let upload = |event| Event::Upload { cookie, event };
        assert_eq!(events, [upload(UploadEvent::Accepted), upload(UploadEvent::Disconnected)]);
        stage.uploads(move |_, cx| {
            cx.peers().c_upload_finished(cookie, UploadFinishReason::CapacityExceeded);
        });
        let reason = UploadFinishReason::CapacityExceeded;
        let events: Vec<_> = stage.events.try_iter().collect();
        assert_eq!(events, [upload(UploadEvent::Finished { reason })]);
        assert!(stage.requests().is_empty());
    }
}

#[test]
fn cookie_has_one_upload() {
    let (mut stage, _) = requested();
    let again = stage.act(|(root, cx)| root.request_upload(cx, 7, 5, 5));
    assert!(matches!(again, Err(CallError::NotNow(_))), "{again:?}");
    // Two requests of one turn are both queued, so the duplicate is found when the second is sent.
    let request = |(root, cx): Root<'_>| {
        root.request_upload(cx, 8, 5, 5)?;
        root.request_upload(cx, 8, 5, 5)
    };
    stage.act(request).unwrap();
    assert_eq!(stage.requests(), ["upload 8"]);
    assert!(stage.events.try_iter().any(|event| matches!(event, Event::NotSent { .. })));
}

#[test]
fn unrequested_web_answers_are_ignored() {
    let accept = |cookie| {
        move |_: &mut Uploads, cx: &mut Context<Uploads>| {
            cx.peers().c_accept_web_upload(cookie, "http://up");
        }
    };
    let download = |cookie| {
        move |_: &mut Uploads, cx: &mut Context<Uploads>| {
            cx.peers().c_accept_web_download(cookie, "http://down");
        }
    };
    let reject = |cookie| {
        move |_: &mut Uploads, cx: &mut Context<Uploads>| {
            cx.peers().c_reject_web_download(cookie, DownloadFinishReason::NotFound);
        }
    };
    let (mut stage, form) = requested();
    stage.events.try_iter().for_each(drop);
    // The client has requested a stream and a URL for a form.
    stage.uploads(accept(7));
    stage.uploads(download(form));
    stage.uploads(reject(form));
    assert_eq!(stage.events.try_iter().next(), None);
    stage.has_none(7);
    stage.has_none(form);
    // The first answer counts.
    (0..2).for_each(|_| stage.uploads(accept(form)));
    let accepted = Event::Upload {
        cookie: form,
        event: UploadEvent::WebUploadAccepted { url: "http://up".to_owned() },
    };
    assert_eq!(stage.events.try_iter().collect::<Vec<_>>(), [accepted]);

    // There are no other events of a download.
    let ask = |(root, cx): Root<'_>| root.request_web_download(cx, "x", true);
    let cookie = stage.act(ask).unwrap();
    assert_eq!(stage.requests(), [format!("download {cookie}")]);
    stage.has_none(cookie);
    (0..2).for_each(|_| stage.uploads(download(cookie)));
    stage.uploads(reject(cookie));
    let accepted = Event::WebDownloadAccepted { cookie, url: "http://down".to_owned() };
    assert_eq!(stage.events.try_iter().collect::<Vec<_>>(), [accepted]);
    let cookie = stage.act(ask).unwrap();
    (0..2).for_each(|_| stage.uploads(reject(cookie)));
    let rejected = Event::WebDownloadRejected { cookie, reason: DownloadFinishReason::NotFound };
    assert_eq!(stage.events.try_iter().collect::<Vec<_>>(), [rejected]);
    assert_eq!(stage.pair.client_error(0), None);
}
