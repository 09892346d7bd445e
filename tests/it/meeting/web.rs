//! Uploads and downloads through browsers: permissions, answers and cleanup.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use psom_objects::{
    package::{ChunkedPpt, ContentDetail, CreateAnnotation, CreateContent, Manifest},
    server::{ContentTypes, MeetingLimits, NativeFileOnlyContent},
    store::{
        FileStore, Import, StoreError, StoreFuture, StoredFile, UploadSink, WebDownload, WebUpload,
    },
    types::{ContentVisibility, Role},
};

use super::{
    store::MemoryStore,
    world::{self, ATTENDEE, ORGANIZER, PRESENTER, World, pack},
};

/// A store whose web server is the test.
#[derive(Clone, Default)]
struct WebStore {
    memory: MemoryStore,
    web: Arc<Mutex<Web>>,
}

#[derive(Default)]
struct Web {
    /// The posted files by their form.
    forms: BTreeMap<String, Option<Vec<u8>>>,
    /// The permitted downloads as text.
    downloads: Vec<String>,
    count: u64,
    /// The error of the next permission.
    fails: Option<StoreError>,
}

struct Form {
    store: WebStore,
    url: String,
    manifest: Manifest,
}

impl FileStore for WebStore {
    fn begin(&self, length: u64) -> Result<Box<dyn UploadSink>, StoreError> {
        self.memory.begin(length)
    }

    fn adopt(&self, file: &StoredFile) -> Result<(), StoreError> {
        self.memory.adopt(file)
    }

    fn remove(&self, name: &str) {
        self.memory.remove(name);
    }

    fn web_upload(&self, manifest: Manifest) -> Result<Box<dyn WebUpload>, StoreError> {
        let mut web = self.web.lock().unwrap();
        web.fails.take().map_or(Ok(()), Err)?;
        web.count += 1;
        let url = format!("http://up/{}", web.count);
        web.forms.insert(url.clone(), None);
        Ok(Box::new(Form { store: self.clone(), url, manifest }))
    }

    fn web_download(&self, download: WebDownload<'_>) -> Result<String, StoreError> {
        let mut web = self.web.lock().unwrap();
        web.fails.take().map_or(Ok(()), Err)?;
        let WebDownload { file, name, is_attachment, user } = download;
        let saved = if is_attachment { "saved" } else { "shown" };
        web.downloads.push(format!("{} as {name}, {saved}, for {user}", file.name));
        Ok(format!("http://down/{}", web.downloads.len()))
    }
}

impl WebUpload for Form {
    fn url(&self) -> &str {
        &self.url
    }

    fn finish(self: Box<Self>) -> StoreFuture<'static, Result<Import, StoreError>> {
        Box::pin(async move {
            let posted = self.store.web.lock().unwrap().forms[&self.url].clone();
            let nothing = || StoreError::malformed("nothing was posted");
            let plain = posted.ok_or_else(nothing)?;
            let file = StoredFile {
                name: self.url.replace("http://up/", "web-"),
                key: Bytes::from_static(&[1; 32]),
                iv: Bytes::from_static(&[2; 16]),
                hash: Bytes::from_static(&[3; 20]),
                size: plain.len() as u64,
            };
            self.store.memory.disk().files.insert(file.name.clone(), plain);
            let names = self.manifest.files();
            let files = names.iter().map(|name| ((*name).to_owned(), file.clone())).collect();
            Ok(Import { files, manifest: self.manifest.clone() })
        })
    }
}

impl Drop for Form {
    fn drop(&mut self) {
        self.store.web.lock().unwrap().forms.remove(&self.url);
    }
}

/// A meeting with an organizer, a presenter and an attendee, with uploads by browsers.
struct WebWorld {
    world: World,
    store: WebStore,
}

fn web_world() -> WebWorld {
    with(MeetingLimits::default())
}

fn with(limits: MeetingLimits) -> WebWorld {
    let store = WebStore::default();
    let mut config = world::config(store.clone());
    config.limits = limits;
    // A content can then have a second file.
    let types = ContentTypes::none().with::<NativeFileOnlyContent>();
    config.content_types = types.with_as::<NativeFileOnlyContent>("Content.Ppt");
    let mut world = world::with(config, store.memory.clone());
    world.join_roles(|_| {});
    WebWorld { world, store }
}

fn content(title: &str) -> CreateContent {
    CreateContent::new(title, ContentDetail::NativeFileOnly).with_native_file("native.file")
}

fn xml(manifest: impl Into<Manifest>) -> String {
    manifest.into().to_xml().unwrap()
}

impl WebWorld {
    /// Requests an upload through a browser.
    fn ask(&mut self, client: usize, cookie: i32, manifest: &str) -> Vec<String> {
        let manifest = manifest.to_owned();
        self.world.uploads(client, move |uploads| {
            drop(uploads.s_request_web_upload_blob(cookie, &manifest));
        });
        self.world.received_of(client, "uploads.")
    }

    /// Reserves a title and requests an upload for it.
    fn begin(&mut self, client: usize, cookie: i32, title: &str) -> Vec<String> {
        self.world.reserve(client, title, cookie);
        self.ask(client, cookie, &xml(content(title)))
    }

    fn post(&self, url: &str, plain: &[u8]) {
        *self.store.web.lock().unwrap().forms.get_mut(url).unwrap() = Some(plain.to_vec());
    }

    fn finish(&mut self, client: usize, cookie: i32, cancel: bool) -> Vec<String> {
        self.world.uploads(client, move |uploads| drop(uploads.s_upload_finished(cookie, cancel)));
        self.world.received_of(client, "uploads.")
    }

    fn download(&mut self, client: usize, name: &str, is_attachment: bool) -> Vec<String> {
        let name = name.to_owned();
        self.world.uploads(client, move |uploads| {
            drop(uploads.s_request_web_download_blob(9, &name, is_attachment));
        });
        self.world.received_of(client, "uploads.")
    }

    /// Returns the stored files and the number of permitted forms.
    fn left(&self) -> (Vec<String>, usize) {
        (self.world.disk().0, self.store.web.lock().unwrap().forms.len())
    }

    fn fail(&self, error: StoreError) {
        self.store.web.lock().unwrap().fails = Some(error);
    }
}

const NOTHING: (Vec<String>, usize) = (Vec::new(), 0);

#[test]
fn browser_upload_appears_for_all_clients() {
    let mut web = web_world();
    assert_eq!(web.begin(PRESENTER, 7, "plan.txt"), ["uploads.accepted at http://up/1 7"]);
    web.post("http://up/1", b"hello");
    web.world.received(ATTENDEE);
    web.world.uploads(PRESENTER, |uploads| drop(uploads.s_upload_finished(7, false)));
    assert_eq!(
        web.world.received(PRESENTER),
        [
            "contents.added 1 Content.NativeFileOnly",
            "contents.created 1 for 7",
            "uploads.finished 7 Ok"
        ]
    );
    assert_eq!(web.world.received(ATTENDEE), ["contents.added 1 Content.NativeFileOnly"]);
    web.world.open(ATTENDEE, 1);
    let received = web.world.received(ATTENDEE);
    assert!(received.contains(&"content 1.file web-1 [32, 16, 20] 5".to_owned()), "{received:?}");
    assert_eq!(web.left(), (vec!["web-1".to_owned()], 0));
    // The upload has ended; a second end has no effect.
    assert_eq!(web.finish(PRESENTER, 7, false), ["uploads.finished 7 NotUploading"]);
}

#[test]
fn meeting_without_a_web_server_refuses_browsers() {
    let mut world = world::world();
    world.share(PRESENTER, "plan.txt", 1);
    world.forget();
    let manifest = xml(content("other.txt"));
    world.uploads(PRESENTER, move |uploads| {
        uploads.s_request_web_upload_blob(1, &manifest);
        uploads.s_request_web_download_blob(2, "file-1", true);
    });
    assert_eq!(
        world.received(PRESENTER),
        ["uploads.rejected 1 UnknownFailure", "uploads.rejected download 2 NotSupported"]
    );
}

#[test]
fn browser_upload_without_permission_is_refused() {
    let mut web = web_world();
    let manifest = xml(content("plan.txt"));
    assert_eq!(web.ask(ATTENDEE, 1, &manifest), ["uploads.rejected 1 UnknownFailure"]);
    assert_eq!(web.left(), NOTHING);
}

#[test]
fn manifest_has_to_be_valid_and_name_one_file() {
    let mut web = web_world();
    let ppt = ChunkedPpt { preview_thumbnail_file: Some("p.jpg".into()), ..ChunkedPpt::default() };
    let two = CreateContent::new("a", ContentDetail::Ppt(ppt)).with_native_file("native.file");
    let none = CreateContent::new("a", ContentDetail::Whiteboard);
    let malformed = ["", "hello", "<ocp/>", "<!DOCTYPE a><a/>"].map(str::to_owned);
    for manifest in malformed.into_iter().chain([xml(two), xml(none)]) {
        let received = web.ask(PRESENTER, 1, &manifest);
        assert_eq!(received, ["uploads.rejected 1 VerifyFailed"], "{manifest}");
    }
    assert_eq!(web.left(), NOTHING);
    assert!(web.world.pair.client_error(PRESENTER).is_none());
}

#[test]
fn cookie_has_one_upload_of_either_kind() {
    let mut web = web_world();
    let manifest = xml(content("plan.txt"));
    assert_eq!(web.ask(PRESENTER, 1, &manifest), ["uploads.accepted at http://up/1 1"]);
    assert_eq!(web.ask(PRESENTER, 1, &manifest), ["uploads.rejected 1 AlreadyUploading"]);
    web.world.uploads(PRESENTER, |uploads| drop(uploads.s_request_upload(5, 5, 1)));
    assert_eq!(web.world.received(PRESENTER), ["uploads.rejected 1 AlreadyUploading"]);
    web.world.uploads(PRESENTER, |uploads| drop(uploads.s_request_upload(5, 5, 2)));
    assert_eq!(web.world.received(PRESENTER), ["uploads.accepted 2"]);
    assert_eq!(web.ask(PRESENTER, 2, &manifest), ["uploads.rejected 2 AlreadyUploading"]);
    assert_eq!(web.ask(ORGANIZER, 1, &manifest), ["uploads.accepted at http://up/2 1"]);
}

#[test]
fn upload_limit_covers_both_kinds() {
    let mut web = web_world();
    let manifest = xml(content("plan.txt"));
    for cookie in 0..3 {
        assert_eq!(web.ask(PRESENTER, cookie, &manifest).len(), 1);
    }
    for cookie in 3..5 {
        web.world.uploads(PRESENTER, move |uploads| drop(uploads.s_request_upload(5, 5, cookie)));
    }
    web.world.received(PRESENTER);
    assert_eq!(web.ask(PRESENTER, 5, &manifest), ["uploads.rejected 5 TooManyUploads"]);
    web.world.uploads(PRESENTER, |uploads| drop(uploads.s_request_upload(5, 5, 5)));
    assert_eq!(web.world.received(PRESENTER), ["uploads.rejected 5 TooManyUploads"]);
    assert_eq!(web.finish(PRESENTER, 0, true), ["uploads.finished 0 UserCancel"]);
    assert_eq!(web.ask(PRESENTER, 5, &manifest), ["uploads.accepted at http://up/4 5"]);
}

#[test]
fn full_meeting_refuses_a_file() {
    let mut limits = MeetingLimits::default();
    limits.contents = 1;
    let mut web = with(limits);
    web.begin(PRESENTER, 1, "a.txt");
    // A second upload starts while there is space for it, and ends too late.
    web.begin(PRESENTER, 2, "b.txt");
    web.post("http://up/1", b"a");
    web.post("http://up/2", b"b");
    assert_eq!(web.finish(PRESENTER, 1, false), ["uploads.finished 1 Ok"]);
    assert_eq!(web.finish(PRESENTER, 2, false), ["uploads.finished 2 TooManyContents"]);
    assert_eq!(web.begin(PRESENTER, 3, "c.txt"), ["uploads.rejected 3 TooManyContents"]);
    assert_eq!(web.left(), (vec!["web-1".to_owned()], 0));
}

#[test]
fn store_error_is_reported_to_the_client() {
    let mut web = web_world();
    let manifest = xml(content("plan.txt"));
    for (error, reason) in [
        (StoreError::Full, "CapacityExceeded"),
        (StoreError::TooLarge(5), "MaxPackageSizeExceeded"),
        (StoreError::malformed("x"), "VerifyFailed"),
        (StoreError::failed("x"), "ArchiveFailed"),
        (StoreError::Unsupported, "UnknownFailure"),
    ] {
        web.fail(error);
        assert_eq!(web.ask(PRESENTER, 1, &manifest), [format!("uploads.rejected 1 {reason}")]);
    }
    assert_eq!(web.left(), NOTHING);
}

#[test]
fn end_without_a_file_is_a_failure_and_can_be_retried() {
    let mut web = web_world();
    web.begin(PRESENTER, 7, "plan.txt");
    assert_eq!(web.finish(PRESENTER, 7, false), ["uploads.finished 7 VerifyFailed"]);
    assert_eq!(web.left(), NOTHING, "the permission has ended");
    // The POST failed and the client cancels. The title is still reserved by the client.
    let manifest = xml(content("plan.txt"));
    assert_eq!(web.ask(PRESENTER, 7, &manifest), ["uploads.accepted at http://up/2 7"]);
    assert_eq!(web.finish(PRESENTER, 7, true), ["uploads.finished 7 UserCancel"]);
    assert_eq!(web.left(), NOTHING);
    // The same file is requested again, with the same cookie and with another one.
    assert_eq!(web.ask(PRESENTER, 7, &manifest), ["uploads.accepted at http://up/3 7"]);
    assert_eq!(web.finish(PRESENTER, 7, true), ["uploads.finished 7 UserCancel"]);
    assert_eq!(web.ask(PRESENTER, 8, &manifest), ["uploads.accepted at http://up/4 8"]);
    web.post("http://up/4", b"hello");
    assert_eq!(web.finish(PRESENTER, 8, false), ["uploads.finished 8 Ok"]);
}

#[test]
fn repeated_end_counts_once() {
    let mut web = web_world();
    web.begin(PRESENTER, 7, "plan.txt");
    web.post("http://up/1", b"hello");
    web.world.uploads(PRESENTER, |uploads| {
        uploads.s_upload_finished(7, false);
        uploads.s_upload_finished(7, false);
    });
    assert_eq!(web.world.received_of(PRESENTER, "uploads."), ["uploads.finished 7 Ok"]);
}

#[test]
fn file_cancelled_after_its_end_is_removed() {
    let mut web = web_world();
    web.begin(PRESENTER, 7, "plan.txt");
    web.post("http://up/1", b"hello");
    web.world.uploads(PRESENTER, |uploads| {
        uploads.s_upload_finished(7, false);
        uploads.s_upload_finished(7, true);
    });
    assert_eq!(web.world.received_of(PRESENTER, "uploads."), ["uploads.finished 7 UserCancel"]);
    assert_eq!(web.left(), NOTHING);
}

#[test]
fn file_for_an_unreserved_title_is_removed() {
    let mut web = web_world();
    web.world.reserve(ORGANIZER, "plan.txt", 1);
    web.ask(PRESENTER, 7, &xml(content("plan.txt")));
    web.post("http://up/1", b"hello");
    assert_eq!(web.finish(PRESENTER, 7, false), ["uploads.finished 7 VerifyFailed"]);
    assert_eq!(web.left(), NOTHING);
}

#[test]
fn file_for_a_missing_content_is_removed() {
    let mut web = web_world();
    let detail = None;
    let annotation = CreateAnnotation { parent_id: "17".into(), detail };
    let manifest = Manifest::CreateAnnotation(annotation);
    // A manifest without a detail names no file and is refused at once.
    assert_eq!(web.ask(PRESENTER, 7, &xml(manifest)), ["uploads.rejected 7 VerifyFailed"]);
    assert_eq!(web.left(), NOTHING);
}

#[test]
fn permissions_end_with_their_client() {
    let mut web = web_world();
    web.begin(PRESENTER, 7, "plan.txt");
    web.begin(ORGANIZER, 7, "other.txt");
    web.post("http://up/1", b"hello");
    web.world.pair.drop_client(PRESENTER);
    assert_eq!(web.left(), (vec![], 1));
    // The organizer stays connected and closes the manager.
    web.world.uploads(ORGANIZER, |uploads| assert_eq!(uploads.close(), 1));
    assert_eq!(web.left(), NOTHING);
}

#[test]
fn permissions_end_with_the_role_of_their_client() {
    let mut web = web_world();
    web.begin(PRESENTER, 7, "plan.txt");
    web.post("http://up/1", b"hello");
    web.world.set_role(2, Role::Attendee);
    let received = web.world.received_of(PRESENTER, "uploads.");
    assert_eq!(received, ["uploads.finished 7 UnknownFailure"]);
    assert_eq!(web.left(), NOTHING);
    assert_eq!(web.finish(PRESENTER, 7, false), ["uploads.finished 7 NotUploading"]);
}

#[test]
fn download_uses_the_title_as_file_name() {
    let mut web = web_world();
    let ppt = ChunkedPpt { preview_thumbnail_file: Some("p.jpg".into()), ..ChunkedPpt::default() };
    let slides = CreateContent::new("slides.pptx", ContentDetail::Ppt(ppt));
    let manifest = slides.with_native_file("native.file").into();
    web.world.reserve(PRESENTER, "slides.pptx", 1);
    let package = pack(&manifest, &[("native.file", b"slides"), ("p.jpg", b"picture")]);
    web.world.upload(PRESENTER, &package, 1);
    web.world.forget();
    assert_eq!(
        web.download(ATTENDEE, "file-1", true),
        ["uploads.accepted download at http://down/1 9"]
    );
    assert_eq!(
        web.download(ORGANIZER, "file-2", false),
        ["uploads.accepted download at http://down/2 9"]
    );
    // The current title is used.
    let content = web.world.open(PRESENTER, 1);
    web.world.content(PRESENTER, content, |content| drop(content.s_set_title("talk.pptx")));
    web.download(ATTENDEE, "file-1", true);
    assert_eq!(
        web.store.web.lock().unwrap().downloads,
        [
            "file-1 as slides.pptx, saved, for 3",
            "file-2 as p.jpg, shown, for 1",
            "file-1 as talk.pptx, saved, for 3",
        ]
    );
}

#[test]
fn unknown_file_is_not_found() {
    let mut web = web_world();
    web.world.share(PRESENTER, "plan.txt", 1);
    web.world.forget();
    for name in ["", "file-0", "FILE-1", "../file-1", "plan.txt", "native.file"] {
        let received = web.download(PRESENTER, name, true);
        assert_eq!(received, ["uploads.rejected download 9 NotFound"], "{name}");
    }
    web.world.contents(PRESENTER, |contents| drop(contents.s_delete_content(1)));
    let received = web.download(PRESENTER, "file-1", true);
    assert_eq!(received, ["uploads.rejected download 9 NotFound"]);
}

#[test]
fn file_of_an_invisible_content_is_refused() {
    let mut web = web_world();
    let mut hidden = content("plan.txt");
    hidden.common.visibility = Some(ContentVisibility::Presenters);
    web.world.reserve(PRESENTER, "plan.txt", 1);
    web.ask(PRESENTER, 1, &xml(hidden));
    web.post("http://up/1", b"hello");
    web.finish(PRESENTER, 1, false);
    let received = web.download(ATTENDEE, "web-1", true);
    assert_eq!(received, ["uploads.rejected download 9 NotAuthorized"]);
    let received = web.download(ORGANIZER, "web-1", true);
    assert_eq!(received, ["uploads.accepted download at http://down/1 9"]);
}

#[test]
fn store_error_of_a_download_is_reported() {
    let mut web = web_world();
    web.world.share(PRESENTER, "plan.txt", 1);
    web.world.forget();
    for (error, reason) in [
        (StoreError::Unsupported, "NotSupported"),
        (StoreError::Full, "UnknownFailure"),
        (StoreError::failed("x"), "UnknownFailure"),
    ] {
        web.fail(error);
        let received = web.download(PRESENTER, "file-1", true);
        assert_eq!(received, [format!("uploads.rejected download 9 {reason}")]);
    }
    let received = web.download(PRESENTER, "file-1", true);
    assert_eq!(received, ["uploads.accepted download at http://down/1 9"]);
}
