//! A type of content that the specification does not know: a wall of sticky notes in an ordinary
//! meeting, with interfaces and a manifest of its own, known to the server by one registration.

use std::{error::Error, time::Duration};

use psom::{
    ClientSession, Context, Handle, Lifecycle, Remote, Scope, distributed_object, error::CallError,
    psom_interface,
};
use psom_objects::{
    client::{Conference, Event, Upload},
    package::{ContentDetail, CreateContent, OtherContent},
    server::{ContentType, ContentTypes, NewContent, Refusal},
    types::Role,
};
use psom_server::{JoinLink, Options, Server};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

#[psom_interface(name = "Example.Wall", version = 1, hash = 3322256272181459318)]
trait WallServer {
    fn s_stick(&mut self, cx: &mut Context<Self>, text: &str);
}

#[psom_interface(name = "Example.Wall", version = 1, hash = -1025676227568188235)]
trait WallClient {
    fn c_stuck(&mut self, by: i64, text: &str);
}

/// The server's half: one for each wall.
#[distributed_object(serves = WallServer, calls = WallClient)]
struct Wall {
    notes: Vec<(i64, String)>,
    room: usize,
}

impl ContentType for Wall {
    const NAME: &'static str = "Example.Wall";

    /// What the presenter uploaded says how many notes there is room for.
    fn create(_: &mut Scope, new: NewContent<'_>) -> Result<Self, Refusal> {
        let ContentDetail::Other(OtherContent { xml: Some(wall), .. }) = new.detail else {
            return Err(Refusal::malformed("this is no wall"));
        };
        let room = wall.attribute("room").and_then(|room| room.parse().ok());
        let room = room.ok_or(Refusal::malformed("a wall has room for a number of notes"))?;
        Ok(Self { notes: Vec::new(), room })
    }
}

impl WallServer for Wall {
    fn s_stick(&mut self, cx: &mut Context<Self>, text: &str) {
        if self.notes.len() < self.room && text.len() <= 200 {
            let by = cx.caller().user().id;
            self.notes.push((by, text.to_owned()));
            cx.peers().c_stuck(by, text);
        }
    }
}

impl Lifecycle for Wall {
    /// Who comes later sees the same wall, by the same calls.
    fn connected(&mut self, cx: &mut Context<Self>) {
        for (by, text) in &self.notes {
            cx.caller().c_stuck(*by, text);
        }
    }
}

type Lines = UnboundedSender<String>;

/// The client's half: what one participant sees.
#[distributed_object(serves = WallClient, calls = WallServer)]
struct Screen {
    name: &'static str,
    lines: Lines,
    found: UnboundedSender<Handle<Screen>>,
}

impl WallClient for Screen {
    fn c_stuck(&mut self, by: i64, text: &str) {
        let _ = self.lines.send(format!("{} sees, by user {by}: {text}", self.name));
    }
}

impl Lifecycle for Screen {
    fn connected(&mut self, cx: &mut Context<Self>) {
        let _ = self.found.send(cx.handle());
    }
}

/// A participant, over TLS like all others.
struct Guest {
    session: ClientSession<Conference>,
    walls: UnboundedReceiver<Handle<Screen>>,
}

impl Guest {
    async fn join(link: JoinLink, name: &'static str, lines: Lines) -> psom::Result<Self> {
        let ((found, walls), (told, mut events)) = (unbounded_channel(), unbounded_channel());
        let screen = move |_| Screen { name, lines: lines.clone(), found: found.clone() };
        let root = |scope: &mut Scope| {
            let conference = Conference::new(scope, move |event| drop(told.send(event)));
            conference.with_content(scope, Wall::NAME, screen)
        };
        let session = link.join(root).await?;
        while events.recv().await.ok_or(CallError::Gone)? != Event::Ready {}
        Ok(Self { session, walls })
    }

    /// The server's half of the wall, as soon as there is one.
    async fn wall(&mut self) -> psom::Result<WallServerProxy<Remote>> {
        let screen = self.walls.recv().await.ok_or(CallError::Gone)?;
        Ok(self.session.peer(screen).await?)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let data = tempfile::tempdir()?;
    let options = Options {
        listen: "127.0.0.1:0".into(),
        http: "127.0.0.1:0".into(),
        data: data.path().into(),
        // The one registration.
        content_types: ContentTypes::standard().with::<Wall>(),
        ..Options::default()
    };
    let server = Server::start(options).await?;
    server.create_meeting("team", None).await?;
    let (lines, mut shown) = unbounded_channel();
    let ada = server.admit("team", "sip:ada@example.com", "Ada", Role::Presenter).await?;
    let mut ada = Guest::join(ada, "Ada", lines.clone()).await?;
    let xml = r#"<wall xmlns="urn:example:wall" room="3"/>"#.parse()?;
    let detail = OtherContent { content_type: Wall::NAME.to_owned(), xml: Some(xml) };
    let parcel = Upload::new(CreateContent::new("Ideas", ContentDetail::Other(detail)), [])?;
    ada.session.run(|conference, cx| conference.upload(cx, parcel)).await??;
    ada.wall().await?.s_stick("more light").await?;
    let grace = server.admit("team", "sip:grace@example.com", "Grace", Role::Attendee).await?;
    let mut grace = Guest::join(grace, "Grace", lines).await?;
    let mut wall = grace.wall().await?;
    for note in ["a bigger table", "coffee", "tea, for which there is no room"] {
        wall.s_stick(note).await?;
    }
    for _ in 0..6 {
        println!("{}", shown.recv().await.ok_or("the walls are gone")?);
    }
    server.shutdown(Duration::from_secs(5)).await;
    Ok(())
}
