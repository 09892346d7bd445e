//! The server under attack, and its meetings.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use psom::{ClientSession, Context};
use psom_objects::{
    annotation::{Kind, Property},
    client::{Conference, Event, Upload},
    package::{ContentDetail, CreateContent, Manifest},
};
use psom_server::{JoinLink, ServerFile};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::mpsc,
    time::{sleep, timeout},
};

/// The annotations of each board that newcomers request, about 1.5 MB.
const BOARD_ANNOTATIONS: usize = 1200;

/// The size of each meeting's file.
const FILE_BYTES: u32 = 4 << 20;

/// The time in which a meeting must be prepared.
const PREPARATION_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) type Session = ClientSession<Conference>;
pub(crate) type Events = mpsc::UnboundedReceiver<Event>;

/// The links of a meeting.
pub(crate) struct MeetingLinks {
    /// An invitation by name, for a presenter.
    pub(crate) presenter: JoinLink,
    /// An invitation by name, for an attendee.
    pub(crate) attendee: JoinLink,
    /// An open invitation, for attendees.
    pub(crate) guest: JoinLink,
    /// The name of a file on the web server.
    pub(crate) file: String,
}

/// The number of attempts of the attackers, and of those that failed.
#[derive(Default)]
pub(crate) struct Attempts(AtomicUsize, AtomicUsize);

impl Attempts {
    pub(crate) fn add(&self, succeeded: bool) {
        self.0.fetch_add(1, Relaxed);
        self.1.fetch_add(usize::from(!succeeded), Relaxed);
    }

    pub(crate) fn get(&self) -> (usize, usize) {
        (self.0.load(Relaxed), self.1.load(Relaxed))
    }
}

/// The server under attack.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) psom: String,
    /// The host and port of the web server.
    pub(crate) http: String,
    pub(crate) pid: u32,
    pub(crate) meetings: Arc<[MeetingLinks]>,
    pub(crate) attempts: Arc<Attempts>,
}

impl Target {
    /// Creates meetings, each with a board and a file.
    pub(crate) async fn prepare(server: &ServerFile, meetings: usize) -> Option<Self> {
        let mut all = Vec::new();
        for number in 0..meetings {
            let id = format!("attack-{number}");
            let prepared = meeting(server, &id);
            all.push(timeout(PREPARATION_TIMEOUT, prepared).await.ok()??);
        }
        Some(Self {
            psom: server.psom.clone(),
            http: host(server).to_owned(),
            pid: server.pid,
            meetings: all.into(),
            attempts: Arc::default(),
        })
    }
}

fn host(server: &ServerFile) -> &str {
    server.http.rsplit('/').next().unwrap_or_default()
}

/// Joins a meeting. The events end with the session.
pub(crate) async fn join(link: &JoinLink) -> Option<(Session, Events)> {
    let link = link.exchange("visitor").await.ok()?;
    let (events, received) = mpsc::unbounded_channel();
    let root =
        |scope: &mut psom::Scope| Conference::new(scope, move |event| drop(events.send(event)));
    let session = link.join(root).await.ok()?;
    Some((session, received))
}

/// Waits until the meeting's first calls have arrived.
pub(crate) async fn ready(events: &mut Events) -> Option<()> {
    while !matches!(events.recv().await?, Event::Ready) {}
    Some(())
}

/// Sends a request of the administrator.
async fn request(server: &ServerFile, method: &str, path: &str, body: &Value) -> Option<Value> {
    let (host, token, body) = (host(server), &server.admin_token, body.to_string());
    let mut stream = TcpStream::connect(host).await.ok()?;
    let text = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\nauthorization: Bearer \
         {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    serde_json::from_str(body).ok()
}

async fn invitation(server: &ServerFile, meeting: &str, body: &Value) -> Option<JoinLink> {
    let path = format!("/api/meetings/{meeting}/invitations");
    let answer = request(server, "POST", &path, body).await?;
    answer["joinLink"].as_str()?.parse().ok()
}

/// Creates a meeting with a board and a file.
async fn meeting(server: &ServerFile, id: &str) -> Option<MeetingLinks> {
    request(server, "POST", "/api/meetings", &json!({ "id": id })).await?;
    let named =
        |role: &str| json!({ "role": role, "uri": format!("sip:{role}"), "displayName": role });
    let presenter = invitation(server, id, &named("presenter")).await?;
    let attendee = invitation(server, id, &named("attendee")).await?;
    let guest = invitation(server, id, &json!({ "role": "attendee" })).await?;
    let (session, mut events) = join(&presenter).await?;
    ready(&mut events).await?;
    let board = Upload::whiteboard("Board").ok()?;
    session.run(|conference, cx| conference.upload(cx, board)).await.ok()?.ok()?;
    let board = find(&session, |conference| {
        let boards = conference.model().contents.iter();
        boards.filter(|(_, content)| content.board.is_some()).map(|(id, _)| *id).next()
    })
    .await?;
    fill(&session, board).await?;
    let content = CreateContent::new("File", ContentDetail::NativeFileOnly);
    let manifest = Manifest::CreateContent(content.with_native_file("file"));
    // Bytes without a simple pattern.
    let bytes: Vec<u8> =
        (0..FILE_BYTES).map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let file = Upload::new(manifest, [("file", &bytes[..])]).ok()?;
    session.run(|conference, cx| conference.upload(cx, file)).await.ok()?.ok()?;
    let file = find(&session, |conference| {
        let contents = conference.model().contents.values();
        contents.filter_map(|content| Some(content.file.as_ref()?.name.clone())).next()
    })
    .await?;
    Some(MeetingLinks { presenter, attendee, guest, file })
}

/// Waits until the meeting contains something.
async fn find<T: Send + 'static>(
    session: &Session,
    look: impl Fn(&Conference) -> Option<T> + Clone + Send + 'static,
) -> Option<T> {
    loop {
        let look = look.clone();
        let found = session
            .run(move |conference: &mut Conference, _: &mut Context<Conference>| look(conference));
        if let Some(found) = found.await.ok()? {
            return Some(found);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Draws on a board.
async fn fill(session: &Session, board: i64) -> Option<()> {
    let path = format!("M0 0{}", " l1 1".repeat(240));
    for _ in 0..BOARD_ANNOTATIONS / 50 {
        let path = path.clone();
        let add = session.run(move |conference, cx| {
            for _ in 0..50 {
                let properties = BTreeMap::from([
                    (Property::DrawingType, "Freehand".to_owned()),
                    (Property::Data, path.clone()),
                    (Property::Stroke, "#000000".to_owned()),
                    (Property::StrokeThickness, "2".to_owned()),
                    (Property::Fill, "none".to_owned()),
                    (Property::Anchor, "0,0".to_owned()),
                ]);
                if conference.add_annotation(cx, board, Kind::Drawing, properties).is_err() {
                    return None;
                }
            }
            Some(())
        });
        add.await.ok()??;
    }
    Some(())
}
