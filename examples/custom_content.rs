//! A custom content type: a wall of sticky notes in an ordinary meeting, with its own interfaces
//! and its own manifest. The server only has to register the type.
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

/// The server's half of one wall.
#[distributed_object(serves = WallServer, calls = WallClient)]
struct Wall {
    notes: Vec<(i64, String)>,
    max_notes: usize,
}

impl ContentType for Wall {
    const NAME: &'static str = "Example.Wall";

    /// Creates the wall from the uploaded manifest, which limits the number of notes.
    fn create(_: &mut Scope, new: NewContent<'_>) -> Result<Self, Refusal> {
        let ContentDetail::Other(OtherContent { xml: Some(wall), .. }) = new.detail else {
            return Err(Refusal::malformed("the manifest has no wall element"));
        };
        let max_notes = wall.attribute("maxNotes").and_then(|count| count.parse().ok());
        let max_notes = max_notes.ok_or_else(|| Refusal::malformed("maxNotes is not a number"))?;
        Ok(Self { notes: Vec::new(), max_notes })
    }
}

impl WallServer for Wall {
    fn s_stick(&mut self, cx: &mut Context<Self>, text: &str) {
        if self.notes.len() < self.max_notes && text.len() <= 200 {
            let by = cx.caller().user().id;
            self.notes.push((by, text.to_owned()));
            cx.peers().c_stuck(by, text);
        }
    }
}

impl Lifecycle for Wall {
    /// Sends the notes to a new participant, through the same calls.
    fn connected(&mut self, cx: &mut Context<Self>) {
        for (by, text) in &self.notes {
            cx.caller().c_stuck(*by, text);
        }
    }
}

type Lines = UnboundedSender<String>;

/// The client's half: the view of one participant.
#[distributed_object(serves = WallClient, calls = WallServer)]
struct Screen {
    name: &'static str,
    lines: Lines,
    found: UnboundedSender<Handle<Self>>,
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

/// A participant, connected over TLS.
struct Participant {
    session: ClientSession<Conference>,
    walls: UnboundedReceiver<Handle<Screen>>,
}

impl Participant {
    async fn join(link: JoinLink, name: &'static str, lines: Lines) -> psom::Result<Self> {
        let ((found, walls), (sender, mut events)) = (unbounded_channel(), unbounded_channel());
        let screen = move |_| Screen { name, lines: lines.clone(), found: found.clone() };
        let root = |scope: &mut Scope| {
            let conference = Conference::new(scope, move |event| drop(sender.send(event)));
            conference.with_content(scope, Wall::NAME, screen)
        };
        let session = link.join(root).await?;
        while events.recv().await.ok_or(CallError::Gone)? != Event::Ready {}
        Ok(Self { session, walls })
    }

    /// Waits for the next wall and returns the proxy of its server half.
    async fn wall(&mut self) -> psom::Result<WallServerProxy<Remote>> {
        let screen = self.walls.recv().await.ok_or(CallError::Gone)?;
        Ok(self.session.peer(screen).await?)
    }
}

#[expect(clippy::print_stdout, reason = "an example prints its results")]
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let data = tempfile::tempdir()?;
    let options = Options {
        listen: "127.0.0.1:0".into(),
        http: "127.0.0.1:0".into(),
        data: data.path().into(),
        // Registers the content type.
        content_types: ContentTypes::standard().with::<Wall>(),
        ..Options::default()
    };
    let server = Server::start(options).await?;
    server.create_meeting("team", None).await?;
    let (lines, mut shown) = unbounded_channel();
    let ada = server.admit("team", "sip:ada@example.com", "Ada", Role::Presenter).await?;
    let mut ada = Participant::join(ada, "Ada", lines.clone()).await?;
    let xml = r#"<wall xmlns="urn:example:wall" maxNotes="3"/>"#.parse()?;
    let detail = OtherContent { content_type: Wall::NAME.to_owned(), xml: Some(xml) };
    let parcel = Upload::new(CreateContent::new("Ideas", ContentDetail::Other(detail)), [])?;
    ada.session.run(|conference, cx| conference.upload(cx, parcel)).await??;
    ada.wall().await?.s_stick("more light").await?;
    let grace = server.admit("team", "sip:grace@example.com", "Grace", Role::Attendee).await?;
    let mut grace = Participant::join(grace, "Grace", lines).await?;
    let wall = grace.wall().await?;
    for note in ["a bigger table", "coffee", "tea, which exceeds the limit"] {
        wall.s_stick(note).await?;
    }
    for _ in 0..6 {
        println!("{}", shown.recv().await.ok_or("the participants have left")?);
    }
    server.shutdown(Duration::from_secs(5)).await;
    Ok(())
}
