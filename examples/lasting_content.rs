//! A custom content type with durable state: every note on the wall is saved before a participant
//! sees it, and a restored meeting has the same wall. The example runs in virtual time without a
//! network, which is also the way to test a content type.
#![expect(clippy::print_stdout, reason = "an example prints its results")]

use std::{sync::Arc, time::SystemTime};

use psom::{
    Config, Context, Lifecycle, Scope, Violation, distributed_object, psom_interface, testing::Pair,
};
use psom_objects::{
    client::{Conference, Event, Upload},
    package::{ContentDetail, CreateContent, OtherContent},
    server::{
        ContentType, ContentTypes, Meeting, MeetingConfig, Memory, NewContent, OldContent, Refusal,
        SavedState,
    },
    testing::MemoryStore,
    types::{Participant, Role},
};
use serde::{Deserialize, Serialize};

#[psom_interface(name = "Example.LastingWall", version = 1, hash = 8129696319714518466)]
trait WallServer {
    fn s_stick(&mut self, cx: &mut Context<Self>, text: &str) -> Result<(), Violation>;
}

#[psom_interface(name = "Example.LastingWall", version = 1, hash = -6133267154633104593)]
trait WallClient {
    fn c_stuck(&mut self, by: i64, text: &str);
}

#[distributed_object(serves = WallServer, calls = WallClient)]
struct Wall {
    notes: Vec<Note>,
    max_notes: usize,
    memory: Memory,
}

/// A note in its saved form.
#[derive(Serialize, Deserialize)]
struct Note {
    by: i64,
    text: String,
}

impl ContentType for Wall {
    const NAME: &'static str = "Example.LastingWall";

    fn create(scope: &mut Scope, new: NewContent<'_>) -> Result<Self, Refusal> {
        let ContentDetail::Other(OtherContent { xml: Some(wall), .. }) = new.detail else {
            return Err(Refusal::malformed("the manifest has no wall element"));
        };
        let max_notes = wall.attribute("maxNotes").and_then(|count| count.parse().ok());
        let max_notes = max_notes.ok_or_else(|| Refusal::malformed("maxNotes is not a number"))?;
        new.memory.save(scope, "maxNotes", &max_notes)?;
        Ok(Self { notes: Vec::new(), max_notes, memory: new.memory })
    }

    fn restore(_: &mut Scope, old: OldContent<'_>) -> Result<Self, Refusal> {
        let max_notes = old.saved.required("maxNotes")?;
        let notes = old.saved.below("note")?.into_iter().map(|(_, note)| note).collect();
        Ok(Self { notes, max_notes, memory: old.memory })
    }
}

impl WallServer for Wall {
    fn s_stick(&mut self, cx: &mut Context<Self>, text: &str) -> Result<(), Violation> {
        if self.notes.len() < self.max_notes && text.len() <= 200 {
            let note = Note { by: cx.caller().user().id, text: text.to_owned() };
            let key = format!("note/{:06}", self.notes.len());
            self.memory.save(cx, &key, &note)?;
            cx.peers().c_stuck(note.by, &note.text);
            self.notes.push(note);
        }
        Ok(())
    }
}

impl Lifecycle for Wall {
    fn connected(&mut self, cx: &mut Context<Self>) {
        for note in &self.notes {
            cx.caller().c_stuck(note.by, &note.text);
        }
    }
}

/// The client's half: the view of one participant.
#[distributed_object(serves = WallClient, calls = WallServer)]
#[derive(Default)]
struct Screen {
    seen: Vec<(i64, String)>,
}

impl WallClient for Screen {
    fn c_stuck(&mut self, by: i64, text: &str) {
        self.seen.push((by, text.to_owned()));
    }
}

/// Restores the meeting from its saved state, without participants.
fn open(files: &MemoryStore, state: &SavedState) -> Pair<Meeting, Conference> {
    let files = Arc::new(files.clone());
    let mut config = MeetingConfig::new("http://files/", files, SystemTime::UNIX_EPOCH);
    config.content_types = ContentTypes::standard().with::<Wall>();
    Pair::server(Config::default(), |scope| {
        Meeting::restore(scope, config, state).expect("the saved state is valid")
    })
}

/// Joins the meeting as a participant who follows walls.
fn join(meeting: &mut Pair<Meeting, Conference>, id: i64, role: Role) -> usize {
    let participant = Participant { uri: format!("sip:{id}@example.com"), role };
    meeting.join_as(participant.user(id, "participant"), |scope| {
        let conference = Conference::new(scope, |_: Event| ());
        conference.with_content(scope, Wall::NAME, |_| Screen::default())
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (files, mut state) = (MemoryStore::default(), SavedState::new());
    let mut meeting = open(&files, &state);
    let ada = join(&mut meeting, 1, Role::Presenter);
    let xml = r#"<wall xmlns="urn:example:wall" maxNotes="3"/>"#.parse()?;
    let detail = OtherContent { content_type: Wall::NAME.to_owned(), xml: Some(xml) };
    let parcel = Upload::new(CreateContent::new("Ideas", ContentDetail::Other(detail)), [])?;
    meeting.on_client(ada, |conference, cx| conference.upload(cx, parcel))?;
    meeting.on_client(ada, |conference, cx| {
        let screen = conference.extended::<Screen>(cx, 1).expect("the wall is there");
        cx.tell(screen, |_, cx| {
            cx.peers().s_stick("more light");
        });
    });

    // The server stops, and a new server restores the meeting.
    meeting.take_writes().into_iter().for_each(|write| write.apply(&mut state));
    let mut meeting = open(&files, &state);
    let grace = join(&mut meeting, 2, Role::Attendee);
    let seen = meeting.on_client(grace, |conference, cx| {
        let screen = conference.extended::<Screen>(cx, 1).expect("the wall is there");
        cx.get(screen).map(|screen| screen.seen.clone())
    })?;
    assert_eq!(seen, [(1, "more light".to_owned())]);
    println!("After a restart Grace sees {seen:?}.");
    Ok(())
}
