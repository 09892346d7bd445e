//! Several servers on one PostgreSQL database and one bucket.

#[path = "../../src/store/postgres/tests/server.rs"]
#[expect(dead_code, reason = "the tests of the store use the rest")]
#[expect(clippy::print_stderr, reason = "a skipped test prints that it is skipped")]
pub(crate) mod postgres;

use std::{path::Path, str::FromStr as _, sync::Arc, time::Duration};

use bytes::Bytes;
use postgres::shared_server;
use psom::{Client, ClientSession};
use psom_objects::{
    client::{Conference, Upload},
    package::{ContentDetail, CreateContent},
};
use psom_server::{
    CopyDirection, JoinCredential, JoinLink, Options, Server, ServerFile, SlideRenderer, StartError,
};
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
    ask(&server.server_file(), method, path, body).await
}

/// Sends a request like [`request`] to the server with this file.
pub(crate) async fn ask(
    server: &ServerFile,
    method: &str,
    path: &str,
    body: &str,
) -> (u16, String) {
    ask_as(&server.admin_token, server, method, path, body).await
}

/// Sends a request like [`ask`] with another token.
async fn ask_as(
    token: &str,
    server: &ServerFile,
    method: &str,
    path: &str,
    body: &str,
) -> (u16, String) {
    let address = server.http.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
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

/// Returns a link that leads to another server than the one that it names.
fn at_server(link: &JoinLink, server: &Server) -> JoinLink {
    let (psom, http) = (server.server_file().psom, server.server_file().http);
    let credential = match link.credential.clone() {
        JoinCredential::Invitation { secret, .. } => JoinCredential::Invitation { secret, http },
        token @ JoinCredential::Token(_) => token,
    };
    JoinLink { address: psom, credential, ..link.clone() }
}

/// Returns a value of the metrics of a server.
async fn metric(server: &Server, name: &str) -> u64 {
    let (_, page) = request(server, "GET", "/metrics", "").await;
    let line = page.lines().find_map(|line| line.strip_prefix(&format!("psom_{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in {page}")).parse().unwrap()
}

/// Joins a meeting by WebSocket with a token.
async fn join_by_websocket(server: &Server, link: &JoinLink) -> ClientSession<Conference> {
    let JoinCredential::Token(token) = &link.credential else { panic!("a link with a token") };
    let stream = TcpStream::connect(server.http_addr()).await.unwrap();
    let uri = format!("ws://{}/psom", server.http_addr());
    let socket = psom::net::websocket::connect(stream, &uri).await.unwrap();
    let client = Client::builder().root_with(|scope| Conference::new(scope, |_| {}));
    client.token(token.as_str()).connect_stream(socket).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_at_another_server_is_relayed_to_the_owner() {
    let Some(database) = shared_server() else { return };
    let (url, bucket) = (database.create_database(), Bucket::open().await);
    let data = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let one = Server::start(node(data[0].path(), &url, &bucket)).await.unwrap();
    let two = Server::start(node(data[1].path(), &url, &bucket)).await.unwrap();
    one.create_meeting("team", Some("Team")).await.unwrap();
    let invitation = at_server(&invite(&two).await, &two);
    // The first server issues the tokens, and the client brings them to the second.
    let token = invitation.exchange("Ada").await.unwrap();
    assert_eq!(token.address, one.server_file().psom);
    let mut ada = Guest::join(at_server(&token, &two)).await;
    let file = CreateContent::new("Plan.txt", ContentDetail::NativeFileOnly);
    let file = file.with_native_file("plan.txt");
    ada.upload(Upload::new(file, [("plan.txt", &vec![7; 100_000][..])]).unwrap()).await;
    assert_eq!(metric(&two, "cluster_relayed_connections").await, 1);
    assert_eq!(metric(&one, "users").await, 1);
    // A token that was used is not valid at any server.
    assert!(at_server(&token, &two).join(|scope| Conference::new(scope, |_| {})).await.is_err());
    assert!(token.join(|scope| Conference::new(scope, |_| {})).await.is_err());
    // The same by WebSocket.
    let token = invitation.exchange("Bob").await.unwrap();
    let bob = join_by_websocket(&two, &token).await;
    assert_eq!(metric(&two, "cluster_relayed_connections").await, 2);
    // A browser finds the files of the meeting at the server that relays it.
    let name = ada.model.contents[&1].file.clone().unwrap().name;
    assert_eq!(request(&two, "GET", &format!("/files/{name}"), "").await.0, 200);
    assert_eq!(request(&two, "GET", &format!("/files/{}", "0".repeat(32)), "").await.0, 404);

    // A proxy header that no server has made is refused.
    let forged = invitation.exchange("Eve").await.unwrap();
    let header = Some(b"psom-relay 1 team\0 and thirty-two bytes of a MAC?".to_vec());
    let eve = forged.join_behind(header, |scope| Conference::new(scope, |_| {})).await;
    assert_eq!(eve.err(), Some(psom::Error::Refused));

    // The owner ends without handing its meetings over: the relay ends, and a token of the owner is valid
    // elsewhere. A dropped server can still close its connections, so both ends are right.
    let late = invitation.exchange("Grace").await.unwrap();
    drop(one);
    for ended in [ada.ended().await, bob.ended().await] {
        assert!(matches!(ended, psom::Error::Lost(_) | psom::Error::PeerClosed), "{ended:?}");
    }
    let grace = Guest::join(at_server(&late, &two)).await;
    assert_eq!(grace.model.contents, ada.model.contents);
    assert_eq!(metric(&two, "cluster_take_overs_total").await, 1);
    // The server notes the ends of its relays by itself.
    while metric(&two, "cluster_relayed_connections").await > 0 {
        sleep(Duration::from_millis(20)).await;
    }
    two.shutdown(GRACE).await;
}

/// Draws each line of a text as a picture.
struct Lines;

impl SlideRenderer for Lines {
    fn draw(&self, pdf: Bytes, send: &mut dyn FnMut(Bytes) -> bool) -> Result<(), String> {
        pdf.split(|byte| *byte == b'\n').all(|line| send(Bytes::copy_from_slice(line)));
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_server_draws_slides_and_sends_decrypted_files() {
    let Some(database) = shared_server() else { return };
    let (url, bucket) = (database.create_database(), Bucket::open().await);
    let data = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let mut servers = Vec::new();
    for data in &data {
        let slides: Option<Arc<dyn SlideRenderer>> = Some(Arc::new(Lines));
        let options = Options { slides, ..node(data.path(), &url, &bucket) };
        servers.push(Server::start(options).await.unwrap());
    }
    servers[0].create_meeting("team", Some("Team")).await.unwrap();
    let mut invites = Vec::new();
    for role in ["presenter", "attendee"] {
        let (path, body) = ("/api/meetings/team/invitations", format!(r#"{{"role": "{role}"}}"#));
        let (_, body) = request(&servers[0], "POST", path, &body).await;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        invites.push(body["invite"].as_str().unwrap().to_owned());
    }
    for server in &servers {
        let file = server.server_file();
        let draw = async |invite: &str| ask_as(invite, &file, "POST", "/api/slides", "a\nb").await;
        let (status, body) = draw(&invites[0]).await;
        assert_eq!(status, 200, "{body}");
        // The body is chunked.
        let pictures = "\0\0\0\u{1}\r\n1\r\na\r\n4\r\n\0\0\0\u{1}\r\n1\r\nb\r\n";
        assert!(body.contains(pictures), "{body:?}");
        assert_eq!(draw(&invites[1]).await.0, 403);
        assert_eq!(draw(&"0".repeat(32)).await.0, 401);
    }
    // The page is that of any server, so it asks that server for the path of the address.
    let link = at_server(&invite(&servers[0]).await, &servers[1]);
    let mut ada = Guest::join(link.exchange("Ada").await.unwrap()).await;
    let file = CreateContent::new("Plan.txt", ContentDetail::NativeFileOnly);
    let file = file.with_native_file("plan.txt");
    ada.upload(Upload::new(file, [("plan.txt", &b"hello"[..])]).unwrap()).await;
    let name = ada.model.contents[&1].file.clone().unwrap().name;
    for server in &servers {
        let url = ada.decrypted_url(name.clone()).await;
        let path = &url[url.find("/web/").unwrap()..];
        assert_eq!(request(server, "GET", path, "").await, (200, "hello".into()));
        // The address was used, at whichever server.
        for other in &servers {
            assert_eq!(request(other, "GET", path, "").await.0, 404);
        }
    }
    for server in servers {
        server.shutdown(GRACE).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drained_server_hands_its_meetings_over() {
    let Some(database) = shared_server() else { return };
    let (url, bucket) = (database.create_database(), Bucket::open().await);
    let data = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let one = Server::start(node(data[0].path(), &url, &bucket)).await.unwrap();
    let two = Server::start(node(data[1].path(), &url, &bucket)).await.unwrap();
    for id in ["team", "empty"] {
        one.create_meeting(id, None).await.unwrap();
    }
    let invitation = at_server(&invite(&one).await, &two);
    let mut ada = Guest::join(invitation.exchange("Ada").await.unwrap()).await;
    ada.upload(Upload::whiteboard("Sketch").unwrap()).await;
    let seen = ada.model.contents.clone();

    let name = one.node_name().unwrap().to_owned();
    assert_eq!(request(&two, "POST", "/api/nodes/none/drain", "").await.0, 404);
    let (status, body) = request(&two, "POST", &format!("/api/nodes/{name}/drain"), "").await;
    assert_eq!(status, 202, "{body}");
    assert_eq!(ada.ended().await, psom::Error::PeerBroke("moved".into()));
    // The other server has the meeting already, so nobody waits for the end of a lease.
    let ada = Guest::join(invitation.exchange("Ada").await.unwrap()).await;
    assert_eq!(ada.model.contents, seen);
    assert_eq!(metric(&two, "cluster_take_overs_total").await, 0);
    while metric(&one, "cluster_owned_meetings").await > 0 {
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(metric(&one, "cluster_hand_overs_total").await, 2);
    let (_, health) = request(&one, "GET", "/healthz", "").await;
    assert_eq!(health, r#"{"status":"draining"}"#);
    let (_, nodes) = request(&two, "GET", "/api/nodes", "").await;
    let nodes: serde_json::Value = serde_json::from_str(&nodes).unwrap();
    let drained = nodes["nodes"].as_array().unwrap().iter().find(|node| node["id"] == *name);
    assert_eq!(drained.unwrap()["draining"], true);
    // The drained server still answers, but accepts no meetings.
    let (status, _) = request(&one, "POST", "/api/meetings", r#"{"id": "next"}"#).await;
    assert_eq!(status, 201);
    assert_eq!(request(&one, "GET", "/api/meetings/empty", "").await.0, 200);
    assert_eq!(metric(&two, "meetings").await, 3);

    // Without another server, the meetings stay.
    one.shutdown(GRACE).await;
    assert_eq!(two.drain().await.unwrap(), 0);
    assert_eq!(metric(&two, "meetings").await, 3);
    two.shutdown(GRACE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_directory_moves_to_a_cluster_and_back() {
    let Some(database) = shared_server() else { return };
    let (url, bucket) = (database.create_database(), Bucket::open().await);
    let data = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let single = Server::start(options(data[0].path())).await.unwrap();
    single.create_meeting("team", Some("Team")).await.unwrap();
    let invitation = invite(&single).await;
    let mut ada = Guest::join(invitation.exchange("Ada").await.unwrap()).await;
    let file = CreateContent::new("Plan.txt", ContentDetail::NativeFileOnly);
    let file = file.with_native_file("plan.txt");
    ada.upload(Upload::new(file, [("plan.txt", &b"hello"[..])]).unwrap()).await;
    let seen = ada.model.contents.clone();
    let name = seen[&1].file.clone().unwrap().name;
    let bytes = request(&single, "GET", &format!("/files/{name}"), "").await;
    let to_cluster = async || {
        psom_server::copy_store(CopyDirection::ToCluster, data[0].path(), &url, &at(&bucket)).await
    };
    assert!(matches!(to_cluster().await, Err(StartError::Locked(_))), "a server runs");
    single.shutdown(GRACE).await;

    let copied = to_cluster().await.unwrap();
    assert_eq!((copied.meetings, copied.files), (1, 1));
    let again = to_cluster().await.unwrap_err().to_string();
    assert!(again.contains("has meetings"), "{again}");
    let node_of_cluster = Server::start(node(data[1].path(), &url, &bucket)).await.unwrap();
    let back = async || {
        let direction = CopyDirection::FromCluster;
        psom_server::copy_store(direction, data[2].path(), &url, &at(&bucket)).await
    };
    // The join link of the single server is valid on a node of the cluster.
    let link = at_server(&invitation, &node_of_cluster);
    let ada = Guest::join(link.exchange("Ada").await.unwrap()).await;
    assert_eq!(ada.model.contents, seen);
    assert_eq!(request(&node_of_cluster, "GET", &format!("/files/{name}"), "").await, bytes);
    assert!(back().await.unwrap_err().to_string().contains("runs on another server"));
    node_of_cluster.shutdown(GRACE).await;

    let copied = back().await.unwrap();
    assert_eq!((copied.meetings, copied.files), (1, 1));
    let single = Server::start(options(data[2].path())).await.unwrap();
    let ada = Guest::join(at_server(&invitation, &single).exchange("Ada").await.unwrap()).await;
    assert_eq!(ada.model.contents, seen);
    assert_eq!(request(&single, "GET", &format!("/files/{name}"), "").await, bytes);
    single.shutdown(GRACE).await;
}
