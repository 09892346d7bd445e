use std::io::Cursor;

use psom_objects::{
    package::{Common, ContentDetail, CreateContent, Manifest, PackageWriter},
    store::FileStore as _,
};

use super::*;
use crate::files::BlobConfig;

/// Stores an encrypted file of 272 bytes and returns its name.
async fn upload(api: &Api) -> String {
    let common = Common { title: "T".into(), native_file: Some("a".into()), ..Common::default() };
    let content = CreateContent { upgrade: None, common, detail: ContentDetail::NativeFileOnly };
    let manifest = Manifest::CreateContent(content);
    let mut writer = PackageWriter::new(Cursor::new(Vec::new()), &manifest).unwrap();
    writer.add_file("a", &mut &[7; 256][..]).unwrap();
    let package = writer.finish().unwrap().into_inner();
    let store = api.app.library.meeting("m");
    let mut sink = store.begin(package.len() as u64).unwrap();
    sink.write(package.into()).await.unwrap();
    sink.finish(256).await.unwrap().files["a"].name.clone()
}

/// Stores an encrypted file and returns its name and its bytes.
async fn file(api: &Api) -> (String, Vec<u8>) {
    let name = upload(api).await;
    let bytes = std::fs::read(api.app.library.path(&name).unwrap()).unwrap();
    assert_eq!(bytes.len(), 272);
    (name, bytes)
}

async fn fetch(api: &Api, method: Method, name: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(format!("/files/{name}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    api.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn file_is_served_whole_and_in_ranges() {
    let api = Api::with_meeting().await;
    let (name, bytes) = file(&api).await;
    let whole = fetch(&api, Method::GET, &name, &[]).await;
    assert_eq!((whole.status.as_u16(), &whole.body[..]), (200, &bytes[..]));
    assert_eq!(whole.header("content-length"), "272");
    assert_eq!(whole.header("content-type"), "application/octet-stream");
    assert_eq!(whole.header("accept-ranges"), "bytes");

    for (range, content, part) in [
        ("bytes=0-0", "bytes 0-0/272", &bytes[..1]),
        ("bytes=10-19", "bytes 10-19/272", &bytes[10..20]),
        ("bytes=200-", "bytes 200-271/272", &bytes[200..]),
        ("bytes=-16", "bytes 256-271/272", &bytes[256..]),
    ] {
        let answer = fetch(&api, Method::GET, &name, &[("range", range)]).await;
        assert_eq!((answer.status.as_u16(), &answer.body[..]), (206, part), "{range}");
        assert_eq!(answer.header("content-range"), content);
        assert_eq!(answer.header("content-length"), part.len().to_string());
    }
    let beyond = fetch(&api, Method::GET, &name, &[("range", "bytes=272-")]).await;
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.header("content-range"), "bytes */272");
    beyond.error();

    let tag = whole.header("etag");
    for (tag, status) in [(tag, 206), ("\"other\"", 200)] {
        let headers = [("range", "bytes=1-2"), ("if-range", tag)];
        assert_eq!(fetch(&api, Method::GET, &name, &headers).await.status, status);
    }
    let served = api.app.metrics.bytes_served.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(served, 272 + 1 + 10 + 72 + 16 + 2 + 272);
}

#[tokio::test]
async fn file_in_an_object_store_is_served_like_a_local_one() {
    let directory = Directory::new();
    let app = testing::app_with(&directory, |config| {
        config.blobs = BlobConfig::Url("memory:///".into(), Vec::new());
    });
    let api = Api { app, _directory: directory };
    let name = upload(&api).await;
    let whole = fetch(&api, Method::GET, &name, &[]).await;
    assert_eq!((whole.status.as_u16(), whole.body.len()), (200, 272));
    assert_eq!(whole.header("content-length"), "272");
    let part = fetch(&api, Method::GET, &name, &[("range", "bytes=10-19")]).await;
    assert_eq!((part.status.as_u16(), &part.body[..]), (206, &whole.body[10..20]));
    assert_eq!(part.header("content-range"), "bytes 10-19/272");
    assert_eq!(part.header("etag"), whole.header("etag"));
    assert_eq!(fetch(&api, Method::GET, &name, &[("range", "bytes=272-")]).await.status, 416);
    let head = fetch(&api, Method::HEAD, &name, &[]).await;
    assert_eq!((head.header("content-length"), head.body.len()), ("272", 0));
}

#[tokio::test]
async fn missing_file_is_404_and_unreadable_file_is_503() {
    let api = Api::with_meeting().await;
    let (name, _) = file(&api).await;
    let path = api.app.library.path(&name).unwrap();
    std::fs::remove_file(&path).unwrap();
    let missing = fetch(&api, Method::GET, &name, &[]).await;
    assert_eq!(missing.status, 404);
    missing.error();
    // A file replaces the directory.
    let files = path.parent().unwrap();
    std::fs::remove_dir(files).unwrap();
    std::fs::write(files, "").unwrap();
    let unread = fetch(&api, Method::GET, &name, &[]).await;
    assert_eq!(unread.status, 503);
    unread.error();
}

#[tokio::test]
async fn head_request_has_the_length_and_no_body() {
    let api = Api::with_meeting().await;
    let (name, _) = file(&api).await;
    for headers in [&[][..], &[("range", "bytes=0-9")]] {
        let head = fetch(&api, Method::HEAD, &name, headers).await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), "272");
    }
}

#[tokio::test]
async fn only_names_are_served() {
    let api = Api::with_meeting().await;
    let (name, _) = file(&api).await;
    let upper = name.to_uppercase();
    let unknown = "0".repeat(32);
    let bad = ["..", "%2e%2e%2fca.key", "m%2ffiles%2fx", "a%00b", &unknown, &upper, &name[..31]];
    // A name can consist of digits only.
    for bad in bad.into_iter().filter(|bad| *bad != name) {
        let answer = fetch(&api, Method::GET, bad, &[]).await;
        assert_eq!(answer.status, 404, "{bad}");
        answer.error();
    }
}
