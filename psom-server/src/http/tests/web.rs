//! Single files through browsers.

use std::{
    io,
    path::Path,
    pin::Pin,
    sync::atomic::Ordering::Relaxed,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::HttpBody;
use hyper::body::Frame;
use proptest::prelude::*;
use psom_objects::{
    package::{ContentDetail, CreateContent, Manifest},
    store::{FileStore as _, Import, StoreError, StoredFile, WebDownload, WebUpload},
};
use tokio::{sync::mpsc, time::advance};

use super::*;
use crate::{
    files::{LibraryConfig, MeetingFiles, WebLimits},
    testing::eventually,
};

const FORM: &str = "multipart/form-data; boundary=----WebKitFormBoundaryX1";

/// Returns the body that a browser sends for a form with a text and a file.
fn form(file: &[u8]) -> Vec<u8> {
    let mut body = b"------WebKitFormBoundaryX1\r\n\
        Content-Disposition: form-data; name=\"comment\"\r\n\r\n\
        hello\r\n\
        ------WebKitFormBoundaryX1\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"plan.txt\"\r\n\
        Content-Type: text/plain\r\n\r\n"
        .to_vec();
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n------WebKitFormBoundaryX1--\r\n");
    body
}

fn manifest() -> Manifest {
    let content = CreateContent::new("plan.txt", ContentDetail::NativeFileOnly);
    Manifest::CreateContent(content.with_native_file("native.file"))
}

fn permit(api: &Api) -> (Box<dyn WebUpload>, String) {
    permit_by(&api.app.library.meeting("m"))
}

fn permit_by(store: &MeetingFiles) -> (Box<dyn WebUpload>, String) {
    let upload = store.web_upload(manifest()).unwrap();
    let path = path(upload.url(), "upload");
    (upload, path)
}

/// Returns the path of an address that was given to a client.
fn path(url: &str, what: &str) -> String {
    let path = url.strip_prefix("http://127.0.0.1:8058").unwrap();
    let secret = path.strip_prefix(&format!("/web/{what}/")).unwrap();
    assert!(secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()));
    path.to_owned()
}

async fn post_as(api: &Api, path: &str, content_type: &str, body: impl Into<Body>) -> Answer {
    let request = Request::post(path).header("content-type", content_type);
    let answer = api.send(request.body(body.into()).unwrap()).await;
    let status = answer.status.as_u16();
    assert_eq!(answer.body, format!("<html>{status}</html>").as_bytes());
    assert_eq!(answer.header("content-type"), "text/html");
    answer
}

async fn post(api: &Api, path: &str, body: impl Into<Body>) -> u16 {
    post_as(api, path, FORM, body).await.status.as_u16()
}

/// Uploads a file through a form.
async fn store(api: &Api, file: &[u8]) -> StoredFile {
    let (upload, path) = permit(api);
    assert_eq!(post(api, &path, form(file)).await, 200);
    let mut import = upload.finish().await.unwrap();
    assert_eq!(import.files.len(), 1);
    import.files.remove("native.file").unwrap()
}

fn permit_download(api: &Api, file: &StoredFile, name: &str, is_attachment: bool) -> String {
    let wanted = WebDownload { file, name, is_attachment, user: 1 };
    path(&api.app.library.meeting("m").web_download(wanted).unwrap(), "download")
}

async fn get(api: &Api, path: &str) -> Answer {
    api.send(Request::get(path).body(Body::empty()).unwrap()).await
}

fn error(result: Result<Import, StoreError>) -> StoreError {
    result.unwrap_err()
}

/// Reports whether no upload has files, reserved space or a slot.
fn is_clean(api: &Api) -> bool {
    files_below(&api._directory) == 0
        && api.app.library.reserved_bytes() == 0
        && api.app.library.uploads() == 0
}

/// Returns the number of files in a folder and its subfolders.
fn files_below(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.map(|path| if path.is_dir() { files_below(&path) } else { 1 }).sum()
}

impl Api {
    /// Returns an API whose library has another configuration.
    fn with_files(change: impl FnOnce(&mut LibraryConfig)) -> Self {
        let directory = Directory::new();
        Self { app: testing::app_with(&directory, change), _directory: directory }
    }
}

#[tokio::test]
async fn file_in_a_form_is_stored_encrypted() {
    let api = Api::new();
    let (upload, path) = permit(&api);
    let answer = post_as(&api, &path, FORM, form(b"hello")).await;
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, &b"<html>200</html>"[..]));
    assert_eq!(
        api.app.library.stored_bytes(),
        0,
        "nothing is served before the meeting publishes it"
    );
    let import = upload.finish().await.unwrap();
    assert_eq!(import.manifest, manifest());
    let file = &import.files["native.file"];
    assert_eq!(file.size, 5);
    let sha1 = [0xaa, 0xf4, 0xc6, 0x1d, 0xdc, 0xc5, 0xe8, 0xa2, 0xda, 0xbe];
    assert_eq!(file.hash[..10], sha1, "the SHA-1 of hello");
    let served = api.app.library.get(&file.name).unwrap();
    let encrypted = std::fs::read(api.app.library.path(&file.name).unwrap()).unwrap();
    assert_eq!((encrypted.len(), served.length, api.app.library.stored_bytes()), (16, 16, 16));
    assert!(!encrypted.windows(5).any(|bytes| bytes == b"hello"));
    assert_eq!(api.app.library.reserved_bytes(), 0);
    let metrics = &api.app.metrics;
    assert_eq!((metrics.uploads_finished.load(Relaxed), api.app.library.uploads()), (1, 0));
    assert_eq!(metrics.bytes_uploaded.load(Relaxed), 5);
}

#[tokio::test]
async fn upload_address_accepts_one_form() {
    let api = Api::new();
    let (upload, path) = permit(&api);
    assert_eq!(post(&api, &path, form(b"first")).await, 200);
    assert_eq!(post(&api, &path, form(b"second")).await, 404);
    assert_eq!(upload.finish().await.unwrap().files["native.file"].size, 5);
    // A failed attempt also uses up the address.
    let (upload, path) = permit(&api);
    assert_eq!(post(&api, &path, "nothing").await, 400);
    assert_eq!(post(&api, &path, form(b"second")).await, 404);
    assert!(matches!(error(upload.finish().await), StoreError::Malformed(_)));
    // The address of a download accepts no form.
    let unknown = format!("/web/upload/{}", "0".repeat(32));
    for path in [&unknown, "/web/upload/x", "/web/upload/%2e%2e"] {
        assert_eq!(post(&api, path, form(b"x")).await, 404, "{path}");
    }
}

#[tokio::test]
async fn upload_address_ends_with_its_upload() {
    let api = Api::new();
    let (upload, path) = permit(&api);
    drop(upload);
    assert_eq!(post(&api, &path, form(b"x")).await, 404);
    // Nothing was uploaded yet, and finishing ends the permission.
    let (upload, path) = permit(&api);
    assert_eq!(error(upload.finish().await), StoreError::malformed("no file was uploaded"));
    assert_eq!(post(&api, &path, form(b"x")).await, 404);
    // An uploaded file that the meeting does not take is removed.
    let (upload, path) = permit(&api);
    assert_eq!(post(&api, &path, form(b"x")).await, 200);
    assert_eq!(files_below(&api._directory), 1);
    drop(upload);
    eventually(|| is_clean(&api)).await;
}

#[tokio::test(start_paused = true)]
async fn upload_address_expires_after_ten_minutes() {
    let api = Api::new();
    let (upload, path) = permit(&api);
    advance(Duration::from_secs(600)).await;
    let answer = post_as(&api, &path, FORM, form(b"x")).await;
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (404, &b"<html>404</html>"[..]));
    assert!(upload.finish().await.is_err());
}

#[tokio::test]
async fn addresses_are_limited_and_end_with_their_meeting() {
    let api = Api::with_files(|config| config.web.meeting = 2);
    let file = store(&api, b"hello").await;
    let store = api.app.library.meeting("m");
    let uploads = [permit(&api), permit(&api)];
    assert_eq!(store.web_upload(manifest()).map(drop), Err(StoreError::Full));
    let wanted = |user| WebDownload { file: &file, name: "a", is_attachment: true, user };
    let downloads = [1, 2].map(|user| path(&store.web_download(wanted(user)).unwrap(), "download"));
    assert_eq!(store.web_download(wanted(3)), Err(StoreError::Full));
    let other = api.app.library.meeting("other").web_upload(manifest()).unwrap();
    store.clear();
    for (_, path) in &uploads {
        assert_eq!(post(&api, path, form(b"x")).await, 404);
    }
    for path in &downloads {
        assert_eq!(get(&api, path).await.status, 404);
    }
    assert_eq!(post(&api, &path(other.url(), "upload"), form(b"x")).await, 200);
}

#[tokio::test]
async fn body_without_a_form_and_a_file_is_refused() {
    let api = Api::new();
    let whole = form(b"hello");
    let cut = &whole[..whole.len() - 6];
    let no_file = String::from_utf8(whole.clone()).unwrap().replace("filename=", "name=");
    let bodies: [(&str, &[u8]); 6] = [
        (FORM, b""),
        (FORM, cut),
        (FORM, no_file.as_bytes()),
        ("multipart/form-data", &whole),
        ("multipart/form-data; boundary=other", &whole),
        ("application/octet-stream", &whole),
    ];
    for (content_type, body) in bodies {
        let (upload, path) = permit(&api);
        let answer = post_as(&api, &path, content_type, body.to_vec()).await;
        assert_eq!(answer.status, 400, "{content_type}");
        assert!(matches!(error(upload.finish().await), StoreError::Malformed(_)));
    }
    eventually(|| is_clean(&api)).await;
    assert_eq!(api.app.metrics.uploads_refused.load(Relaxed), 6);
}

/// A body of unknown length whose chunks a test sends.
struct Pieces(mpsc::UnboundedReceiver<io::Result<Vec<u8>>>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| piece.map(|p| Frame::data(p.into()))))
    }
}

fn pieces() -> (mpsc::UnboundedSender<io::Result<Vec<u8>>>, Body) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (sender, Body::new(Pieces(receiver)))
}

/// Returns the beginning of a form, in the middle of its file.
fn beginning(length: usize) -> Vec<u8> {
    let mut body = form(&vec![7; length]);
    body.truncate(body.len() - 40);
    body
}

#[tokio::test]
async fn oversized_file_is_refused() {
    let api = Api::with_files(|config| config.package_size = 100_000);
    // The limit is checked before anything is read.
    let (upload, path) = permit(&api);
    let request = Request::post(&path).header("content-type", FORM);
    struct Announced;
    impl HttpBody for Announced {
        type Data = Bytes;
        type Error = io::Error;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            unreachable!("nothing of it is read")
        }
        fn size_hint(&self) -> hyper::body::SizeHint {
            hyper::body::SizeHint::with_exact(1 << 40)
        }
    }
    let answer = api.send(request.body(Body::new(Announced)).unwrap()).await;
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (413, &b"<html>413</html>"[..]));
    assert_eq!(error(upload.finish().await), StoreError::TooLarge(100_000));

    // Without an announced length, the limits of the file and of the form apply while reading.
    let around = String::from_utf8(form(b"")).unwrap().replace("hello", &"x".repeat(200_000));
    for body in [form(&[7; 100_001]), around.into_bytes()] {
        let (upload, path) = permit(&api);
        let (sender, pieces) = pieces();
        body.chunks(10_000).for_each(|piece| sender.send(Ok(piece.to_vec())).unwrap());
        drop(sender);
        assert_eq!(post(&api, &path, pieces).await, 413);
        assert_eq!(error(upload.finish().await), StoreError::TooLarge(100_000));
    }
    eventually(|| is_clean(&api)).await;
    let (upload, path) = permit(&api);
    assert_eq!(post(&api, &path, form(&[7; 100_000])).await, 200);
    upload.finish().await.unwrap();
}

#[tokio::test]
async fn missing_disk_space_is_reported() {
    let api = Api::with_files(|config| config.quota = Some(3 << 20));
    let (upload, path) = permit(&api);
    assert_eq!(post(&api, &path, form(&[7; 4 << 20])).await, 507);
    assert_eq!(error(upload.finish().await), StoreError::Full);
    assert_eq!(api.app.metrics.bytes_uploaded.load(Relaxed), 0, "nothing of it was read");
    // Without a length, reading stops when the space is used up.
    for (size, status) in [(4 << 20, 507), ((3 << 20) - 1, 200)] {
        let (upload, path) = permit(&api);
        let (sender, pieces) = pieces();
        form(&vec![7; size]).chunks(50_000).for_each(|p| sender.send(Ok(p.to_vec())).unwrap());
        drop(sender);
        assert_eq!(post(&api, &path, pieces).await, status, "{size}");
        assert_eq!(upload.finish().await.is_ok(), status == 200);
        eventually(|| api.app.library.reserved_bytes() == 0).await;
    }
    assert_eq!((api.app.library.stored_bytes(), api.app.library.reserved_bytes()), (3 << 20, 0));
}

#[tokio::test]
async fn attempt_that_could_not_begin_keeps_the_address_valid() {
    let api = Api::with_files(|config| config.uploads = 1);
    let (first, path) = permit(&api);
    let (sender, body) = pieces();
    sender.send(Ok(beginning(100_000))).unwrap();
    let (other, other_path) = permit(&api);
    let (third, third_path) = permit(&api);
    let other_comes = async {
        eventually(|| api.app.metrics.bytes_uploaded.load(Relaxed) > 0).await;
        // The server is responsible for this failure: there are too many concurrent uploads.
        for path in [&other_path, &third_path] {
            assert_eq!(post(&api, path, form(b"x")).await, 507);
        }
        drop(first);
    };
    tokio::join!(post(&api, &path, body), other_comes);
    eventually(|| api.app.library.uploads() == 0).await;
    assert_eq!(post(&api, &other_path, form(b"x")).await, 200);
    other.finish().await.unwrap();
    assert_eq!(error(third.finish().await), StoreError::Full, "there was no second attempt");
    assert_eq!(post(&api, &third_path, form(b"x")).await, 404);
}

#[tokio::test]
async fn interrupted_request_leaves_no_file() {
    let api = Api::new();
    let (upload, path) = permit(&api);
    let (sender, body) = pieces();
    sender.send(Ok(beginning(100_000))).unwrap();
    sender.send(Err(io::ErrorKind::ConnectionReset.into())).unwrap();
    assert_eq!(post(&api, &path, body).await, 400);
    assert!(upload.finish().await.is_err());
    eventually(|| is_clean(&api)).await;

    // Ending the connection drops the response.
    let (upload, path) = permit(&api);
    let (sender, body) = pieces();
    sender.send(Ok(beginning(100_000))).unwrap();
    let bytes = api.app.metrics.bytes_uploaded.load(Relaxed);
    let mut answer = Box::pin(post(&api, &path, body));
    tokio::select! {
        _ = answer.as_mut() => unreachable!("the form has no end"),
        () = eventually(|| api.app.metrics.bytes_uploaded.load(Relaxed) > bytes) => {}
    }
    drop(answer);
    assert!(upload.finish().await.is_err());
    eventually(|| is_clean(&api)).await;
}

#[tokio::test]
async fn disconnect_withdraws_the_upload_in_progress() {
    let api = Api::new();
    let (upload, path) = permit(&api);
    let (sender, body) = pieces();
    sender.send(Ok(beginning(100_000))).unwrap();
    let leaving = async {
        eventually(|| api.app.metrics.bytes_uploaded.load(Relaxed) > 0).await;
        drop(upload);
    };
    let (status, ()) = tokio::join!(post(&api, &path, body), leaving);
    assert_eq!(status, 404);
    eventually(|| is_clean(&api)).await;
}

#[tokio::test(start_paused = true)]
async fn stalled_upload_times_out() {
    let api = Api::new();
    let (_upload, path) = permit(&api);
    let (sender, body) = pieces();
    sender.send(Ok(beginning(10))).unwrap();
    assert_eq!(post(&api, &path, body).await, 408);
    drop(sender);
}

#[tokio::test]
async fn attachment_is_served_decrypted_once() {
    let api = Api::new();
    let file = store(&api, b"hello").await;
    let path = permit_download(&api, &file, "plan.txt", true);
    let expected = [
        ("content-type", "application/x-download"),
        ("content-disposition", "attachment; filename=\"plan.txt\""),
        ("content-length", "5"),
        ("accept-ranges", "none"),
        ("cache-control", "no-store"),
        ("content-security-policy", "sandbox"),
        ("x-content-type-options", "nosniff"),
    ];
    for (method, body) in [(Method::HEAD, &b""[..]), (Method::HEAD, b""), (Method::GET, b"hello")] {
        let request = Request::builder().method(method).uri(&path).header("range", "bytes=1-2");
        let answer = api.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, body));
        for (name, value) in expected {
            assert_eq!(answer.header(name), value);
        }
    }
    let again = get(&api, &path).await;
    assert_eq!(again.status, 404);
    assert_eq!(again.header("content-type"), "text/plain; charset=utf-8");
    assert!(again.body.starts_with(b"This address was used"));
    assert_eq!(api.app.metrics.bytes_served.load(Relaxed), 5);
}

#[tokio::test]
async fn displayed_file_cannot_run_scripts() {
    let api = Api::new();
    let file = store(&api, b"<script>").await;
    let path = permit_download(&api, &file, "a.html", false);
    let answer = get(&api, &path).await;
    assert_eq!(answer.header("content-type"), "application/octet-stream");
    assert_eq!(answer.header("content-disposition"), "inline; filename=\"a.html\"");
    assert_eq!(answer.header("content-security-policy"), "sandbox");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn interrupted_download_uses_up_its_address() {
    let api = Api::new();
    let file = store(&api, &vec![7; 1 << 20]).await;
    let path = permit_download(&api, &file, "a", true);
    let request = Request::get(&path).body(Body::empty()).unwrap();
    drop(super::super::router(Arc::clone(&api.app)).oneshot(request).await.unwrap());
    assert_eq!(get(&api, &path).await.status, 404);
}

#[cfg(unix)]
#[tokio::test]
async fn temporary_read_failure_keeps_the_address_valid() {
    let api = Api::new();
    let file = store(&api, b"hello").await;
    let path = permit_download(&api, &file, "a", true);
    let served = api.app.library.path(&file.name).unwrap();
    // Opening a link to itself fails with another error than opening a missing file.
    let aside = served.with_extension("aside");
    std::fs::rename(&served, &aside).unwrap();
    std::os::unix::fs::symlink(&served, &served).unwrap();
    assert_eq!(get(&api, &path).await.status, 503);
    std::fs::rename(&aside, &served).unwrap();
    assert_eq!(get(&api, &path).await.status, 200);
    assert_eq!(get(&api, &path).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn download_address_expires_and_accepts_no_upload() {
    let api = Api::with_files(|config| {
        config.web = WebLimits { lifetime: Duration::from_secs(5), ..WebLimits::default() };
    });
    let file = store(&api, b"hello").await;
    let path = permit_download(&api, &file, "a", true);
    assert_eq!(post(&api, &path.replace("download", "upload"), form(b"x")).await, 404);
    let head = Request::head(&path).body(Body::empty()).unwrap();
    assert_eq!(api.send(head).await.status, 200);
    advance(Duration::from_secs(5)).await;
    for method in [Method::HEAD, Method::GET] {
        let request = Request::builder().method(method).uri(&path).body(Body::empty()).unwrap();
        assert_eq!(api.send(request).await.status, 404);
    }
}

#[tokio::test]
async fn deleted_file_is_gone_for_browsers() {
    let api = Api::new();
    let store = api.app.library.meeting("m");
    let (upload, path) = permit_by(&store);
    assert_eq!(post(&api, &path, form(b"hello")).await, 200);
    let file = &upload.finish().await.unwrap().files["native.file"];
    let path = permit_download(&api, file, "a", true);
    store.remove(&file.name);
    assert_eq!(get(&api, &path).await.status, 404);
}

#[tokio::test]
async fn damaged_file_is_not_sent_completely() {
    let api = Api::new();
    let plain = vec![7; 300_000];
    let file = store(&api, &plain).await;
    let served = api.app.library.path(&file.name).unwrap();
    let good = std::fs::read(&served).unwrap();
    let last = good.len() - 1;
    for place in [0, 100_000, last] {
        let mut bad = good.clone();
        bad[place] ^= 1;
        std::fs::write(&served, &bad).unwrap();
        let path = permit_download(&api, &file, "a", true);
        let request = Request::get(&path).body(Body::empty()).unwrap();
        let answer = super::super::router(Arc::clone(&api.app)).oneshot(request).await.unwrap();
        assert!(to_bytes(answer.into_body(), usize::MAX).await.is_err(), "{place}");
    }
}

#[tokio::test]
async fn library_without_web_address_supports_no_browser_transfers() {
    let api = Api::with_files(|config| config.web_base = None);
    let store = api.app.library.meeting("m");
    assert_eq!(store.web_upload(manifest()).map(drop), Err(StoreError::Unsupported));
    let bytes = Bytes::new;
    let name = String::new();
    let file = StoredFile { name, key: bytes(), iv: bytes(), hash: bytes(), size: 0 };
    let wanted = WebDownload { file: &file, name: "a", is_attachment: true, user: 1 };
    assert_eq!(store.web_download(wanted), Err(StoreError::Unsupported));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Checks files that look like a form, and every chunk size.
    #[test]
    fn form_round_trips_for_every_chunk_size(
        size in prop::sample::select(&[0, 1, 15, 16, 17, 31, 32, 65_535, 65_536, 65_537, 200_000][..]),
        seed in any::<u64>(),
        piece in 1usize..100_000,
    ) {
        const ALPHABET: &[u8] = b"\r\n--WebKitFormBoundaryX1\0\xff";
        let mut state = seed | 1;
        let plain: Vec<u8> = (0..size).map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let random = (state >> 33) as usize;
            if seed % 2 == 0 { random as u8 } else { ALPHABET[random % ALPHABET.len()] }
        }).collect();
        // Smaller chunks would make the test of 200,000 bytes slow.
        let piece = piece.max(size / 500);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let api = Api::new();
            let (upload, path) = permit(&api);
            let (sender, body) = pieces();
            form(&plain).chunks(piece).for_each(|piece| sender.send(Ok(piece.to_vec())).unwrap());
            drop(sender);
            assert_eq!(post(&api, &path, body).await, 200);
            let file = upload.finish().await.unwrap().files.remove("native.file").unwrap();
            assert_eq!(file.size, size as u64);
            let path = permit_download(&api, &file, "a", true);
            let answer = get(&api, &path).await;
            assert_eq!(answer.header("content-length"), size.to_string());
            assert!(answer.body == plain);
        });
    }
}
