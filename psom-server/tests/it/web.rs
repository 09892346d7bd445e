//! Uploads and downloads by browsers, end to end over sockets.

use std::path::Path;

use psom::{Client, ClientSession};
use psom_objects::{
    client::{Conference, ContentEvent, Event, UploadEvent},
    package::{ContentDetail, CreateContent},
    types::UploadFinishReason,
};
use psom_server::{JoinCredential, JoinLink, Options, Server};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
};

/// A server in a temporary directory.
struct Stage {
    server: Server,
    data: TempDir,
}

/// A user in the meeting.
struct Guest {
    session: ClientSession<Conference>,
    events: UnboundedReceiver<Event>,
}

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Stage {
    async fn open(https: bool) -> Self {
        let data = tempfile::tempdir().unwrap();
        let free = || "127.0.0.1:0".to_owned();
        let options = Options { demo: true, https, data: data.path().into(), ..Options::default() };
        let server = Server::start(Options { listen: free(), http: free(), ..options }).await;
        Self { server: server.unwrap(), data }
    }

    /// Returns the head of a request for the metrics.
    fn metrics(&self) -> String {
        let token = self.server.server_file().admin_token;
        format!("GET /metrics HTTP/1.1\r\nauthorization: Bearer {token}\r\n")
    }

    /// Sends one request on its own connection.
    async fn ask(&self, head: &str, body: &[u8]) -> Answer {
        let stream = TcpStream::connect(self.server.http_addr()).await.unwrap();
        if !self.server.server_file().http.starts_with("https://") {
            return talk(stream, head, body).await;
        }
        let authority = std::fs::read(self.data.path().join("ca.pem")).unwrap();
        let tls = tokio_rustls::TlsConnector::from(psom::tls::client(&authority).unwrap());
        let name = rustls::pki_types::ServerName::try_from("127.0.0.1").unwrap();
        talk(tls.connect(name, stream).await.unwrap(), head, body).await
    }

    async fn admit(&self, name: &str, role: &str) -> Guest {
        let user = json!({ "uri": format!("sip:{name}"), "displayName": name, "role": role });
        let token = self.server.server_file().admin_token;
        let head =
            format!("POST /api/meetings/demo/users HTTP/1.1\r\nauthorization: Bearer {token}\r\n");
        let answer = self.ask(&head, user.to_string().as_bytes()).await;
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        let link: JoinLink = answer["joinLink"].as_str().unwrap().parse().unwrap();
        let JoinCredential::Token(token) = &link.credential else { panic!("no token") };
        let (sender, events) = unbounded_channel();
        let session = Client::builder()
            .root_with(|scope| Conference::new(scope, move |event| drop(sender.send(event))))
            .token(token.as_str())
            .tls(link.tls().unwrap())
            .alternative_name(link.alternative_name.as_str())
            .connect(&link.address)
            .await
            .unwrap();
        let mut guest = Guest { session, events };
        guest.until(|event| (*event == Event::Ready).then_some(())).await;
        guest
    }

    /// Returns the path of an address of this server.
    fn path(&self, url: &str) -> String {
        url.strip_prefix(&self.server.server_file().http).unwrap().to_owned()
    }
}

/// Sends a request on a stream and returns the answer. `head` is the request line and the headers
/// of this request.
async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, head: &str, body: &[u8]) -> Answer {
    let length = body.len();
    let head = format!("{head}host: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap().to_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body: answer[end + 4..].to_vec() }
}

impl Guest {
    async fn until<T>(&mut self, is_it: impl Fn(&Event) -> Option<T>) -> T {
        loop {
            let event = self.events.recv().await.unwrap();
            assert!(!matches!(event, Event::NotSent { .. } | Event::Ended), "{event:?}");
            if let Some(found) = is_it(&event) {
                return found;
            }
        }
    }

    /// Requests an upload, and returns its cookie and its address.
    async fn request_upload(&mut self, title: &str) -> (i32, String) {
        let content = CreateContent::new(title, ContentDetail::NativeFileOnly);
        let manifest = content.with_native_file("native.file").into();
        let asked = self.session.run(move |root, cx| root.request_web_upload(cx, &manifest));
        let asked = asked.await.unwrap().unwrap();
        self.until(|event| match event {
            Event::Upload { cookie, event: UploadEvent::WebUploadAccepted { url } }
                if *cookie == asked =>
            {
                Some((asked, url.clone()))
            }
            _ => None,
        })
        .await
    }

    async fn end_upload(&mut self, asked: i32, cancel: bool) -> UploadFinishReason {
        let ended = self.session.run(move |root, cx| match cancel {
            true => root.cancel_upload(cx, asked),
            false => root.finish_upload(cx, asked),
        });
        ended.await.unwrap().unwrap();
        self.until(|event| match event {
            Event::Upload { cookie, event: UploadEvent::Finished { reason } }
                if *cookie == asked =>
            {
                Some(*reason)
            }
            _ => None,
        })
        .await
    }

    async fn request_download(&mut self, name: String) -> String {
        let asked = self.session.run(|root, cx| root.request_web_download(cx, name, true));
        let asked = asked.await.unwrap().unwrap();
        self.until(|event| match event {
            Event::WebDownloadAccepted { cookie, url } if *cookie == asked => Some(url.clone()),
            _ => None,
        })
        .await
    }
}

/// Returns the body of a form as a browser sends it.
fn form(file: &[u8]) -> (String, Vec<u8>) {
    let boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
    let mut body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"uploadFile\"; \
         filename=\"Plan für alle.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

async fn a_file_goes_in_and_out(https: bool) {
    let stage = Stage::open(https).await;
    let (mut ada, mut grace) =
        (stage.admit("Ada", "presenter").await, stage.admit("Grace", "attendee").await);
    let plain: Vec<u8> =
        (0..1_000_003u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let (content_type, body) = form(&plain);
    let post = async |url: &str, body: &[u8]| {
        let path = stage.path(url);
        let head = format!("POST {path} HTTP/1.1\r\ncontent-type: {content_type}\r\n");
        let answer = stage.ask(&head, body).await;
        let text = String::from_utf8(answer.body).unwrap();
        assert!(answer.head.contains("\r\ncontent-type: text/html\r\n"), "{}", answer.head);
        (answer.status, text)
    };

    // The first attempt is interrupted, so another attempt is needed.
    let (cookie, url) = ada.request_upload("Plan.bin").await;
    let cut = post(&url, &body[..body.len() - 10]).await;
    assert_eq!(cut, (400, "<html>400</html>".to_owned()));
    assert_eq!(ada.end_upload(cookie, true).await, UploadFinishReason::UserCancel);
    assert_eq!(post(&url, b"").await, (404, "<html>404</html>".to_owned()));

    let (cookie, url) = ada.request_upload("Plan.bin").await;
    assert_eq!(post(&url, &body).await, (200, "<html>200</html>".to_owned()));
    assert_eq!(ada.end_upload(cookie, false).await, UploadFinishReason::Ok);

    // All users see the file, and each address allows one download.
    let file = grace
        .until(|event| match event {
            Event::Content { event: ContentEvent::NativeFile { file, .. }, .. } => {
                Some(file.clone())
            }
            _ => None,
        })
        .await;
    assert_eq!(file.size, 1_000_003);
    let url = grace.request_download(file.name).await;
    let get = format!("GET {} HTTP/1.1\r\n", stage.path(&url));
    let answer = stage.ask(&get, b"").await;
    assert_eq!(answer.status, 200);
    for header in [
        "content-type: application/x-download",
        "content-disposition: attachment; filename=\"plan.bin\"",
        "content-length: 1000003",
    ] {
        assert!(answer.head.contains(&format!("\r\n{header}")), "{}", answer.head);
    }
    assert!(answer.body == plain);
    assert_eq!(stage.ask(&get, b"").await.status, 404);
    let metrics = stage.ask(&stage.metrics(), b"").await;
    let metrics = String::from_utf8(metrics.body).unwrap();
    assert!(metrics.contains("\npsom_uploads_finished_total 1\n"), "{metrics}");
    assert!(metrics.contains("\npsom_uploads_refused_total 1\n"), "{metrics}");
    let method =
        "{interface=\"Microsoft.Rtc.Server.DataMCU.Meeting.Meeting\",method=\"cMeetingReady\"}";
    assert!(metrics.contains(&format!("\npsom_calls_sent_total{method} ")), "{metrics}");
    assert!(metrics.contains("\npsom_turn_seconds_count "), "{metrics}");
}

#[tokio::test]
async fn file_is_uploaded_and_downloaded_over_http() {
    a_file_goes_in_and_out(false).await;
}

#[tokio::test]
async fn file_is_uploaded_and_downloaded_over_https() {
    a_file_goes_in_and_out(true).await;
}

/// Returns the number of files in a folder and its subfolders.
fn files_below(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.map(|path| if path.is_dir() { files_below(&path) } else { 1 }).sum()
}

#[tokio::test]
async fn aborted_browser_upload_leaves_no_file() {
    let stage = Stage::open(false).await;
    let mut ada = stage.admit("Ada", "presenter").await;
    let (cookie, url) = ada.request_upload("Plan.bin").await;
    let (content_type, body) = form(&[7; 500_000]);
    let mut stream = TcpStream::connect(stage.server.http_addr()).await.unwrap();
    let path = stage.path(&url);
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {content_type}\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body[..400_000]).await.unwrap();
    drop(stream);
    assert_eq!(ada.end_upload(cookie, false).await, UploadFinishReason::VerifyFailed);
    // Another thread removes the file.
    while files_below(&stage.data.path().join("meetings")) > 0 {
        tokio::task::yield_now().await;
    }
    loop {
        let metrics = String::from_utf8(stage.ask(&stage.metrics(), b"").await.body).unwrap();
        if metrics.contains("\npsom_uploads 0\n") {
            break;
        }
    }
}
