//! A complete server: its files, its listeners, and its clients.

use std::{fs, path::Path, sync::Arc, time::Duration};

use psom::{Client, ClientSession};
use psom_objects::client::Conference;
use psom_server::{
    JoinCredential, JoinLink, Options, Server, ServerFile, StartError,
    files::BlobConfig,
    proxy::{self, ProxyOptions},
    tls::Identity,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

const GRACE: Duration = Duration::from_secs(30);

fn options(data: &Path) -> Options {
    Options {
        listen: "127.0.0.1:0".into(),
        http: "127.0.0.1:0".into(),
        data: data.into(),
        ..Options::default()
    }
}

/// Sends one request on its own connection, and returns the status and the body.
async fn http(server: &Server, request: &str, token: &str, body: Option<Value>) -> (u16, Value) {
    let mut stream = TcpStream::connect(server.http_addr()).await.unwrap();
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let head = format!(
        "{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         authorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

/// Connects as a client on another machine, with the link only.
async fn join(link: &JoinLink) -> psom::Result<ClientSession<Conference>> {
    let JoinCredential::Token(token) = &link.credential else { panic!("no token") };
    Client::builder()
        .root_with(|scope| Conference::new(scope, |_| {}))
        .token(token.as_str())
        .tls(link.tls().unwrap())
        .alternative_name(link.alternative_name.as_str())
        .connect(&link.address)
        .await
}

/// Repeats a request until the answer has the expected form, because changes by clients take a while.
async fn until(server: &Server, token: &str, good: impl Fn(&Value) -> bool) -> Value {
    loop {
        let (_, meeting) = http(server, "GET /api/meetings/demo", token, None).await;
        if good(&meeting) {
            return meeting;
        }
    }
}

#[tokio::test]
async fn server_file_exists_while_the_server_runs() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(options(&data)).await.unwrap();
    let text = fs::read(data.join("server.json")).unwrap();
    let fields: Value = serde_json::from_slice(&text).unwrap();
    let token = fields["adminToken"].as_str().unwrap();
    assert_eq!(
        fields,
        json!({
            "psom": server.psom_addr().to_string(),
            "http": format!("http://{}", server.http_addr()),
            "ca": "ca.pem",
            "adminToken": token,
            "pid": std::process::id(),
        })
    );
    #[cfg(unix)]
    for secret in ["server.json", "admin-token"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(data.join(secret)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{secret}");
    }
    assert_eq!(ServerFile::read(&data).unwrap(), server.server_file());
    assert_eq!(http(&server, "GET /api/meetings", token, None).await.0, 200);
    assert_eq!(http(&server, "GET /api/meetings", "wrong", None).await.0, 401);
    let ca = fs::read(data.join("ca.pem")).unwrap();
    server.shutdown(GRACE).await;
    assert!(!data.join("server.json").exists());

    // Token and authority stay the same.
    let again = Server::start(options(&data)).await.unwrap();
    assert_eq!(again.server_file().admin_token, token);
    assert_eq!(fs::read(data.join("ca.pem")).unwrap(), ca);
}

#[tokio::test]
async fn start_errors_are_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let refused = async |options: Options| {
        let error = Server::start(options).await.unwrap_err();
        let text = error.to_string();
        assert!(!text.contains('\n'), "{text}");
        (error, text)
    };
    let server = Server::start(options(&data)).await.unwrap();
    let (error, text) = refused(options(&data)).await;
    assert!(matches!(error, StartError::Locked(_)), "{text}");
    assert!(data.join("server.json").exists(), "the first server's file stays");
    drop(server);

    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for options in [
        Options { listen: taken.clone(), ..options(&data) },
        Options { http: taken.clone(), ..options(&data) },
    ] {
        let (error, text) = refused(options).await;
        assert!(matches!(error, StartError::Listen { .. }), "{text}");
        assert_eq!(text.matches(&taken).count(), 1, "{text}");
    }
    let (error, _) = refused(Options { listen: "here".into(), ..options(&data) }).await;
    assert!(matches!(error, StartError::Address { option: "--listen", .. }));
    let (error, _) = refused(Options { http: "0.0.0.0:0".into(), ..options(&data) }).await;
    assert!(matches!(error, StartError::NeedsHttps(_)));
    let (error, _) = refused(Options { host: Some("a b".into()), ..options(&data) }).await;
    assert!(matches!(error, StartError::Host(_)));
    fs::write(data.join("file"), "").unwrap();
    let (error, _) = refused(options(&data.join("file/below"))).await;
    assert!(matches!(error, StartError::Data { .. }));
    fs::write(data.join("server.pem"), "broken").unwrap();
    let (error, _) = refused(options(&data)).await;
    assert!(matches!(error, StartError::Certificate { .. }));
}

#[tokio::test]
async fn demo_links_admit_users_until_the_meeting_ends() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(Options { demo: true, ..options(&data) }).await.unwrap();
    let token = server.server_file().admin_token;
    assert_eq!(server.demo_links().len(), 3);
    let mut sessions = Vec::new();
    for demo in server.demo_links() {
        let link: JoinLink = demo.link.to_string().parse().unwrap();
        let JoinCredential::Invitation { secret, .. } = &link.credential else {
            panic!("no invitation")
        };
        let follow = json!({ "invite": secret, "displayName": "Ada" });
        let (status, admitted) = http(&server, "POST /api/join", "", Some(follow)).await;
        assert_eq!(status, 201);
        let link: JoinLink = admitted["joinLink"].as_str().unwrap().parse().unwrap();
        sessions.push(join(&link).await.unwrap());
        assert!(join(&link).await.is_err(), "a token is valid once");
    }
    let meeting = until(&server, &token, |meeting| meeting["counts"]["users"] == 3).await;
    let roles: Vec<_> = meeting["users"].as_array().unwrap().iter().map(|u| &u["role"]).collect();
    assert_eq!(roles, ["organizer", "presenter", "attendee"]);
    let (status, _) = http(&server, "DELETE /api/meetings/demo", &token, None).await;
    assert_eq!(status, 204);
    for session in &sessions {
        session.ended().await;
    }
    server.shutdown(GRACE).await;
}

#[tokio::test]
async fn library_exchanges_an_invitation_for_a_token() {
    for https in [false, true] {
        let data = tempfile::tempdir().unwrap();
        let options = Options { demo: true, https, ..options(data.path()) };
        let server = Server::start(options).await.unwrap();
        let invitation = &server.demo_links()[1].link;
        let root = |scope: &mut psom::Scope| Conference::new(scope, |_| {});
        let refused = invitation.join(root).await.err().unwrap().to_string();
        assert!(refused.contains("JoinLink::exchange"), "{refused}");
        let link = invitation.exchange("Ada").await.unwrap();
        assert_eq!(link.exchange("Grace").await.unwrap(), link);
        let session = link.join(root).await.unwrap();
        let token = server.server_file().admin_token;
        if !https {
            let there = |meeting: &Value| meeting["users"][0]["displayName"] == "Ada";
            until(&server, &token, there).await;
        }
        server.end_meeting("demo").await.unwrap();
        session.ended().await;
        let refused = invitation.exchange("Ada").await.unwrap_err().to_string();
        assert!(refused.contains("ask for a new join link"), "{refused}");
        server.shutdown(GRACE).await;
    }
}

#[tokio::test]
async fn role_change_reaches_a_connected_user() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(Options { demo: true, ..options(&data) }).await.unwrap();
    let token = server.server_file().admin_token;
    let admit = async |role: &str| {
        let user = json!({ "uri": "sip:ada", "displayName": "Ada", "role": role });
        let (_, admitted) =
            http(&server, "POST /api/meetings/demo/users", &token, Some(user)).await;
        assert_eq!(admitted["userId"], 1);
        admitted["joinLink"].as_str().unwrap().parse::<JoinLink>().unwrap()
    };
    let session = join(&admit("attendee").await).await.unwrap();
    until(&server, &token, |meeting| meeting["users"][0]["role"] == "attendee").await;
    let second = admit("presenter").await;
    until(&server, &token, |meeting| meeting["users"][0]["role"] == "presenter").await;
    let again = join(&second).await.unwrap();
    until(&server, &token, |meeting| meeting["users"][0]["connections"] == 2).await;
    // Clients get a Close record at shutdown.
    server.shutdown(GRACE).await;
    session.ended().await;
    again.ended().await;
}

#[tokio::test]
async fn files_and_admission_are_served_over_tls() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let options = Options { https: true, http: "0.0.0.0:0".into(), ..options(&data) };
    let server = Server::start(options).await.unwrap();
    let file = server.server_file();
    let host = file.http.strip_prefix("https://").unwrap();
    let (name, _) = host.rsplit_once(':').unwrap();
    assert_ne!(name, "0.0.0.0", "clients cannot connect to it");
    let tls = psom::tls::client(&fs::read(data.join(&file.ca)).unwrap()).unwrap();
    let port = server.http_addr().port();
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // Connect by the name in the server's links.
    let name = rustls::pki_types::ServerName::try_from(name.to_owned()).unwrap();
    let mut stream = tokio_rustls::TlsConnector::from(tls).connect(name, stream).await.unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn meeting_is_joined_through_a_forwarding_proxy() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(Options { demo: true, ..options(&data) }).await.unwrap();
    let token = server.server_file().admin_token;
    let user = json!({ "uri": "sip:ada", "displayName": "Ada", "role": "presenter" });
    let (_, admitted) = http(&server, "POST /api/meetings/demo/users", &token, Some(user)).await;
    let link: JoinLink = admitted["joinLink"].as_str().unwrap().parse().unwrap();
    let JoinCredential::Token(auth) = &link.credential else { panic!("no token") };
    let identity = Identity::open(&data, &[]).unwrap();
    let upstream = server.psom_addr().to_string();
    let (tls, trust) = (Arc::clone(&identity.server), Arc::clone(&identity.client));
    let options = ProxyOptions::new("127.0.0.1:0", upstream, "secret", tls, trust);
    let proxy = proxy::run(options).await.unwrap();
    let through = proxy.local_addr().to_string();
    let join = async |header: &str| {
        Client::builder()
            .root_with(|scope| Conference::new(scope, |_| {}))
            .token(auth.as_str())
            .proxy_header(header)
            .tls(Arc::clone(&identity.client))
            .alternative_name(link.alternative_name.as_str())
            .connect_any(&[&through])
            .await
    };
    // Without the proxy header, the client is refused and the token stays valid.
    assert!(join("guess").await.is_err());
    let session = join("secret").await.unwrap();
    until(&server, &token, |meeting| meeting["users"][0]["displayName"] == "Ada").await;
    assert_eq!(session.close().await, psom::Error::Closed);
    until(&server, &token, |meeting| meeting["users"] == json!([])).await;
    proxy.shutdown(GRACE).await;
    server.shutdown(GRACE).await;
}

#[tokio::test]
async fn invalid_files_location_is_refused_before_anything_is_created() {
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");
    for url in ["", "ftp://host/", "s4://bucket"] {
        let blobs = BlobConfig::Url(url.into(), Vec::new());
        let refused = Server::start(Options { blobs, ..options(&data) }).await;
        assert!(matches!(refused, Err(StartError::Files(_))), "{url}");
        assert!(!data.exists());
    }
}
