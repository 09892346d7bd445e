//! Several servers on one PostgreSQL database and one bucket.

#[path = "../../src/store/postgres/tests/server.rs"]
#[expect(dead_code, reason = "the tests of the store use the rest")]
#[expect(clippy::print_stderr, reason = "a skipped test prints that it is skipped")]
mod postgres;

use std::{path::Path, str::FromStr as _, time::Duration};

use postgres::shared_server;
use psom_objects::{
    client::Upload,
    package::{ContentDetail, CreateContent},
};
use psom_server::{JoinCredential, JoinLink, Options, Server, StartError};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::sleep,
};

use crate::{
    durable::{Guest, options},
    s3::{at, bucket::Bucket},
};

const GRACE: Duration = Duration::from_secs(30);

fn node(data: &Path, url: &str, bucket: &Bucket) -> Options {
    Options { blobs: at(bucket), cluster: Some(url.into()), ..options(data) }
}

/// Sends a request with the administrator's token, and returns the status and the JSON of the answer.
async fn request(server: &Server, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(server.http_addr()).await.unwrap();
    let (token, length) = (server.server_file().admin_token, body.len());
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    // The body of a file is not text.
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// Creates an invitation at a server, and returns its link.
async fn invite(server: &Server) -> JoinLink {
    let path = "/api/meetings/team/invitations";
    let (status, body) = request(server, "POST", path, r#"{"role": "presenter"}"#).await;
    assert_eq!(status, 201, "{body}");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    JoinLink::from_str(body["joinLink"].as_str().unwrap()).unwrap()
}

/// Follows a link until a server admits the guest: a dead server keeps its meetings for 5 s.
async fn follow(link: &JoinLink) -> Guest {
    loop {
        match link.exchange("Ada").await {
            Ok(link) => return Guest::join(link).await,
            Err(_) => sleep(Duration::from_millis(200)).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn meeting_continues_on_another_server_with_its_files() {
    let Some(database) = shared_server() else { return };
    let (url, bucket) = (database.create_database(), Bucket::open().await);
    let data = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let mut servers = Vec::new();
    for data in &data {
        servers.push(Server::start(node(data.path(), &url, &bucket)).await.unwrap());
    }
    let [one, two, three]: [Server; 3] = servers.try_into().unwrap();
    one.create_meeting("team", Some("Team")).await.unwrap();
    let taken = request(&two, "POST", "/api/meetings", r#"{"id": "team"}"#).await;
    assert_eq!(taken.0, 409, "{}", taken.1);
    let (_, listed) = request(&two, "GET", "/api/meetings", "").await;
    assert!(listed.contains("\"team\""), "{listed}");

    // The second server forwards the request to the first, which names itself.
    let link = invite(&two).await;
    assert_eq!(link.address, one.server_file().psom);
    let links = [&two, &three].map(|server| {
        let JoinCredential::Invitation { secret, .. } = link.credential.clone() else {
            panic!("a link with an invitation")
        };
        let http = server.server_file().http;
        JoinLink { credential: JoinCredential::Invitation { secret, http }, ..link.clone() }
    });
    let mut ada = follow(&links[0]).await;
    let file = CreateContent::new("Plan.txt", ContentDetail::NativeFileOnly);
    let file = file.with_native_file("plan.txt");
    ada.upload(Upload::new(file, [("plan.txt", &b"hello"[..])]).unwrap()).await;
    ada.upload(Upload::whiteboard("Sketch").unwrap()).await;
    let seen = ada.model.contents.clone();

    // A server that stops hands its meetings over.
    one.shutdown(GRACE).await;
    assert_eq!(ada.ended().await, psom::Error::PeerBroke("moved".into()));
    let mut ada = follow(&links[0]).await;
    assert_eq!(ada.model.contents, seen);
    let name = ada.model.contents[&1].file.clone().unwrap().name;
    assert_eq!(request(&two, "GET", &format!("/files/{name}"), "").await.0, 200);
    ada.upload(Upload::qna("Questions").unwrap()).await;
    let seen = ada.model.contents.clone();

    // A server that ends without stopping loses its meetings when its lease has expired.
    drop(two);
    let ada = follow(&links[1]).await;
    assert_eq!(ada.model.contents, seen);
    assert_eq!(request(&three, "DELETE", "/api/meetings/team", "").await.0, 204);
    assert_eq!(request(&three, "GET", "/api/meetings/team", "").await.0, 404);
    three.shutdown(GRACE).await;
}

#[tokio::test]
async fn data_directory_of_another_server_is_refused() {
    let Some(database) = shared_server() else { return };
    let (url, bucket) = (database.create_database(), Bucket::open().await);
    let data = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let single = Server::start(options(data[1].path())).await.unwrap();
    single.shutdown(GRACE).await;
    let one = Server::start(node(data[0].path(), &url, &bucket)).await.unwrap();
    let refused = Server::start(node(data[1].path(), &url, &bucket)).await;
    assert!(matches!(refused, Err(StartError::OtherCluster(_))));
    one.shutdown(GRACE).await;

    let local = Options { cluster: Some(url.clone()), ..options(data[0].path()) };
    assert!(matches!(Server::start(local).await, Err(StartError::ClusterOptions(_))));
    let demo = Options { demo: true, ..node(data[0].path(), &url, &bucket) };
    assert!(matches!(Server::start(demo).await, Err(StartError::ClusterOptions(_))));
}
