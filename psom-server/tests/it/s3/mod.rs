//! A server with files in S3.

pub(crate) mod bucket;

use std::{collections::BTreeMap, path::Path, time::Duration};

use bucket::Bucket;
use bytes::Bytes;
use psom_objects::{
    client::Upload,
    package::{ContentDetail, CreateContent},
    types::Role,
};
use psom_server::{
    Options, Server, StartError,
    files::{BlobConfig, BlobError},
    maintenance,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::durable::{Guest, options};

const GRACE: Duration = Duration::from_secs(30);
const FILES: &str = "some/prefix/team/files/";

pub(crate) fn at(bucket: &Bucket) -> BlobConfig {
    below(bucket, "some/prefix")
}

fn below(bucket: &Bucket, prefix: &str) -> BlobConfig {
    at_endpoint(&bucket.endpoint, prefix)
}

/// Returns the place in the bucket at an endpoint.
pub(crate) fn at_endpoint(endpoint: &str, prefix: &str) -> BlobConfig {
    let variables = [
        ("AWS_ENDPOINT", endpoint),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "here"),
        ("AWS_ACCESS_KEY_ID", "ada"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    BlobConfig::Url(format!("s3://bucket/{prefix}"), variables.into())
}

async fn start(data: &Path, bucket: &Bucket) -> Result<Server, StartError> {
    Server::start(Options { blobs: at(bucket), ..options(data) }).await
}

fn file(title: &str, bytes: &[u8]) -> Upload {
    let content = CreateContent::new(title, ContentDetail::NativeFileOnly);
    Upload::new(content.with_native_file("file"), [("file", bytes)]).unwrap()
}

/// Returns the encrypted bytes of a file from `start` on.
async fn get(server: &Server, name: &str, start: usize) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.http_addr()).await.unwrap();
    let request = format!(
        "GET /files/{name} HTTP/1.1\r\nhost: here\r\nconnection: close\r\nrange: bytes={start}-\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 206"), "{}", String::from_utf8_lossy(&answer[..end]));
    answer.split_off(end + 4)
}

#[tokio::test]
async fn files_are_stored_read_adopted_and_removed() {
    let (data, bucket) = (tempfile::tempdir().unwrap(), Bucket::open().await);
    let server = start(data.path(), &bucket).await.unwrap();
    server.create_meeting("team", None).await.unwrap();
    let ada = server.admit("team", "sip:ada@example.com", "Ada", Role::Organizer).await.unwrap();
    let mut ada = Guest::join(ada).await;
    // The file needs several parts for the upload and several ranges for the download.
    let large: Vec<u8> = (0u32..9 << 20).map(|at| (at % 251) as u8).collect();
    ada.upload(file("Large", &large)).await;
    for title in ["One", "Two"] {
        ada.upload(file(title, title.as_bytes())).await;
    }
    assert!(bucket.was_asked("complete"));
    let stored = bucket.below(FILES);
    let mut lengths: Vec<usize> = stored.values().map(Bytes::len).collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [16, 16, (9 << 20) + 16]);
    let name = ada.model.contents[&1].file.clone().unwrap().name;
    let package = &stored[&format!("{FILES}{name}")];
    for start in [0, (1 << 20) - 7, package.len() - 1] {
        assert!(get(&server, &name, start).await == package[start..], "{start}");
    }
    assert!(bucket.was_asked("range"));
    server.shutdown(GRACE).await;

    // Unused files are removed, known files are adopted, and other objects stay.
    let others = ["some/prefix/note", "other/team/files/00000000000000000000000000000000"];
    let nobodys = format!("{FILES}{}", "0".repeat(32));
    for key in others.iter().copied().chain([&*nobodys]) {
        bucket.put(key, Bytes::from_static(b"x"));
    }
    let server = start(data.path(), &bucket).await.unwrap();
    assert!(bucket.was_asked("more") && bucket.was_asked("delete"));
    assert_eq!(bucket.below(FILES), stored);
    assert!(get(&server, &name, 0).await == *package);
    assert!(server.end_meeting("team").await.unwrap());
    while !bucket.below(FILES).is_empty() {
        tokio::task::yield_now().await;
    }
    for key in others {
        assert_eq!(bucket.remove(key), "x");
    }
    server.shutdown(GRACE).await;
}

#[tokio::test]
async fn prefix_belongs_to_one_server_and_is_checked() {
    let (data, bucket) = (tempfile::tempdir().unwrap(), Bucket::open().await);
    let server = start(data.path(), &bucket).await.unwrap();
    server.create_meeting("team", None).await.unwrap();
    let ada = server.admit("team", "sip:ada@example.com", "Ada", Role::Organizer).await.unwrap();
    let mut ada = Guest::join(ada).await;
    ada.upload(file("Plan", b"hello")).await;
    server.shutdown(GRACE).await;
    let before: BTreeMap<_, _> = bucket.below("");

    // A server with another data directory, or without its database, removes nothing.
    let other = tempfile::tempdir().unwrap();
    let refused = start(other.path(), &bucket).await.unwrap_err();
    assert!(matches!(refused, StartError::Files(BlobError::Owned { .. })), "{refused}");
    let database = data.path().join("meetings.db");
    std::fs::rename(&database, data.path().join("kept")).unwrap();
    let refused = start(data.path(), &bucket).await.unwrap_err().to_string();
    assert!(refused.contains("is missing or empty"), "{refused}");
    std::fs::rename(data.path().join("kept"), &database).unwrap();
    // A mistyped location is not marked.
    let mistyped = Options { blobs: below(&bucket, "sum/prefix"), ..options(data.path()) };
    let refused = Server::start(mistyped).await.unwrap_err().to_string();
    assert!(refused.contains("there are no files of this server at"), "{refused}");
    assert_eq!(bucket.below(""), before);
    // A server whose meetings know the files can claim them again without its name.
    std::fs::remove_file(data.path().join("files.json")).unwrap();
    let refused = start(data.path(), &bucket).await.unwrap_err();
    assert!(matches!(refused, StartError::Files(BlobError::Owned { .. })), "{refused}");
    bucket.remove("some/prefix/psom-server");
    start(data.path(), &bucket).await.unwrap().shutdown(GRACE).await;
    assert_eq!(bucket.below(FILES).len(), 1);

    let well = maintenance::check(data.path(), &BlobConfig::Local).await.unwrap();
    assert_eq!(well.files_at.as_deref(), Some("s3://bucket/some/prefix"));
    let well = maintenance::check(data.path(), &at(&bucket)).await.unwrap();
    assert_eq!((well.problems.len(), well.files_at), (0, None));
    let key = bucket.below(FILES).into_keys().next().unwrap();
    bucket.remove(&key);
    assert!(maintenance::check(data.path(), &BlobConfig::Local).await.unwrap().problems.is_empty());
    let problems = maintenance::check(data.path(), &at(&bucket)).await.unwrap().problems;
    assert!(problems.len() == 1 && problems[0].contains(&key[FILES.len()..]), "{problems:?}");
    // The content without its file is set aside.
    start(data.path(), &bucket).await.unwrap().shutdown(GRACE).await;
    let lost = maintenance::repair(data.path(), &at(&bucket)).await.unwrap().lost;
    assert!(lost.len() == 1 && lost[0].contains("Removed \"content/1\""), "{lost:?}");
    start(data.path(), &bucket).await.unwrap().shutdown(GRACE).await;

    // Checking or repairing with the wrong location is refused.
    maintenance::check(other.path(), &at(&bucket)).await.unwrap_err();
    Server::start(options(other.path())).await.unwrap().shutdown(GRACE).await;
    let refused = maintenance::repair(other.path(), &at(&bucket)).await.unwrap_err().to_string();
    assert!(refused.contains("are in the data directory, not at"), "{refused}");
    let elsewhere = below(&bucket, "sum/prefix");
    let refused = maintenance::repair(data.path(), &elsewhere).await.unwrap_err().to_string();
    assert!(refused.contains("are in s3://bucket/some/prefix, not at"), "{refused}");
    bucket.remove("some/prefix/psom-server");
    let refused = maintenance::repair(data.path(), &at(&bucket)).await.unwrap_err().to_string();
    assert!(refused.contains("there are no files of this server"), "{refused}");
}
