//! Shared notes, seen from their clients (section 3.3.4.1.12).

use psom::{Context, Handle, distributed_object};
use psom_objects::{
    interfaces::*,
    package::{ContentDetail, CreateContent, SharedNotesDetail},
    types::Role,
};

use super::{
    client::Log,
    world::{ORGANIZER, PRESENTER, World, pack, world},
};

macro_rules! note {
    ($self:ident, $($format:tt)*) => { $self.log.lock().unwrap().push(format!($($format)*)) };
}

/// Notes that record their calls.
#[distributed_object(serves = SharedNotesContentClient, calls = SharedNotesContentServer)]
pub(super) struct NotesRecorder {
    log: Log,
}

impl SharedNotesContentClient for NotesRecorder {
    fn c_connect_completed(&mut self, _: &mut Context<Self>) {
        note!(self, "notes.completed");
    }
    fn c_set_notes_id(&mut self, _: &mut Context<Self>, id: String) {
        note!(self, "notes.id {id}");
    }
    fn c_set_notes_titles(
        &mut self,
        _: &mut Context<Self>,
        notebook: String,
        section: String,
        page: String,
    ) {
        note!(self, "notes.titles {notebook}/{section}/{page}");
    }
    fn c_set_error_code(&mut self, _: &mut Context<Self>, code: i32) {
        note!(self, "notes.error {code}");
    }
}

fn notes() -> SharedNotesDetail {
    let text = |text: &str| Some(text.to_owned());
    SharedNotesDetail {
        notes_url: text("https://notes.example.com/7"),
        notes_id: text("{7}"),
        notebook_title: text("Lectures"),
        section_title: text("May"),
        page_title: text("Minutes"),
    }
}

/// Lets the presenter upload notes, and returns the result.
fn create(world: &mut World, notes: SharedNotesDetail, original: Option<&str>) -> String {
    world.reserve(PRESENTER, "Notes", 1);
    let mut content = CreateContent::new("Notes", ContentDetail::SharedNotes(notes));
    content.common.original_file_url = original.map(str::to_owned);
    world.upload(PRESENTER, &pack(&content.into(), &[]), 1);
    world.received_of(PRESENTER, "uploads.finished").pop().unwrap()
}

fn join(world: &mut World, user: i64, role: Role) -> (usize, Handle<NotesRecorder>) {
    let client = world.join_with(user, role, |scope| scope.announce::<NotesRecorder>());
    let content = world.open(client, 1);
    (client, world.extend(client, content, |_, log| NotesRecorder { log }))
}

fn report(world: &mut World, (client, notes): (usize, Handle<NotesRecorder>), code: i32) {
    world.on(client, notes, move |_, cx| drop(cx.peers().s_set_error_code(code)));
}

#[test]
fn notes_send_their_state_and_then_completion() {
    let mut world = world();
    assert_eq!(create(&mut world, notes(), None), "uploads.finished 1 Ok");
    let (client, _) = join(&mut world, 4, Role::Attendee);
    let received = world.received_of(client, "notes.");
    assert_eq!(received, ["notes.id {7}", "notes.titles Lectures/May/Minutes", "notes.completed"]);
}

#[test]
fn notes_have_no_children() {
    let mut world = world();
    let objects = world.pair.server_stats().objects;
    create(&mut world, notes(), None);
    // The content and its notes:
    assert_eq!(world.pair.server_stats().objects, objects + 2);
    let (client, notes) = join(&mut world, 4, Role::Attendee);
    world.check_childless(client, notes, |cx, part, child| cx.peers().connect(part, child));
}

#[test]
fn notes_without_details_are_sent_as_empty() {
    let mut world = world();
    assert_eq!(create(&mut world, SharedNotesDetail::default(), None), "uploads.finished 1 Ok");
    let (client, _) = join(&mut world, 4, Role::Attendee);
    let received = world.received(client);
    assert!(!received.iter().any(|line| line.contains(".original") || line.contains(".viewing")));
    let received: Vec<_> = received.into_iter().filter(|line| line.starts_with("notes.")).collect();
    assert_eq!(received, ["notes.id ", "notes.titles //", "notes.completed"]);
}

#[test]
fn viewing_url_is_sent_by_the_content() {
    for (original, expected) in [
        (None, "content 1.original https://notes.example.com/7"),
        (Some("https://elsewhere"), "content 1.original https://elsewhere"),
    ] {
        let mut world = world();
        create(&mut world, notes(), original);
        let (client, _) = join(&mut world, 4, Role::Attendee);
        let received = world.received_of(client, "content 1.");
        assert!(received.contains(&expected.to_owned()), "{received:?}");
        let viewing = "content 1.viewing https://notes.example.com/7".to_owned();
        assert!(received.contains(&viewing), "{received:?}");
        assert_eq!(received.last().unwrap(), "content 1.completed");
    }
}

#[test]
fn texts_too_long_to_send_are_refused() {
    let places: [fn(&mut SharedNotesDetail, String); 5] = [
        |notes, text| notes.notes_url = Some(text),
        |notes, text| notes.notes_id = Some(text),
        |notes, text| notes.notebook_title = Some(text),
        |notes, text| notes.section_title = Some(text),
        |notes, text| notes.page_title = Some(text),
    ];
    for set in places {
        let with = |text: &str| {
            let mut world = world();
            let mut notes = notes();
            set(&mut notes, text.to_owned());
            let became = create(&mut world, notes, None);
            (became, world.received_of(ORGANIZER, "contents.added").len())
        };
        // The longest string on the wire, and one byte more:
        assert_eq!(with(&"x".repeat(65_535)), ("uploads.finished 1 Ok".to_owned(), 1));
        let refused = ("uploads.finished 1 VerifyFailed".to_owned(), 0);
        assert_eq!(with(&"x".repeat(65_536)), refused);
        assert_eq!(with(&"😀".repeat(11_000)), refused);
        assert_eq!(with("two\tcolumns"), refused);
    }
}

#[test]
fn error_is_sent_once_and_to_newcomers() {
    let mut world = world();
    create(&mut world, notes(), None);
    let host = join(&mut world, 1, Role::Organizer);
    let ada = join(&mut world, 4, Role::Attendee);
    for (client, _) in [host, ada] {
        world.received(client);
    }
    report(&mut world, host, 1);
    for (client, _) in [host, ada] {
        assert_eq!(world.received_of(client, "notes."), ["notes.error 1"]);
    }
    report(&mut world, host, 1);
    assert!(world.received_of(ada.0, "notes.").is_empty());
    let (late, _) = join(&mut world, 5, Role::Attendee);
    let received = world.received_of(late, "notes.");
    assert_eq!(received[2..], ["notes.error 1", "notes.completed"]);
}

#[test]
fn attendee_error_is_ignored_unless_owner() {
    let mut world = world();
    create(&mut world, notes(), None);
    let ada = join(&mut world, 4, Role::Attendee);
    world.received(ada.0);
    report(&mut world, ada, 1);
    assert!(world.received_of(ada.0, "notes.").is_empty());
    // The user who shared the notes is no longer a presenter.
    let owner = join(&mut world, 2, Role::Presenter);
    world.set_role(2, Role::Attendee);
    world.received(owner.0);
    report(&mut world, owner, 1);
    for (client, _) in [owner, ada] {
        assert_eq!(world.received_of(client, "notes."), ["notes.error 1"]);
    }
}

#[test]
fn unknown_error_code_ends_the_connection() {
    for code in [0, 2, -1, i32::MAX] {
        let mut world = world();
        create(&mut world, notes(), None);
        let host = join(&mut world, 1, Role::Organizer);
        let ada = join(&mut world, 4, Role::Attendee);
        world.received(ada.0);
        report(&mut world, host, code);
        let broke = psom::Error::PeerBroke("sSetErrorCode with a code other than 1".into());
        assert_eq!(world.pair.client_error(host.0), Some(&broke));
        assert!(world.received_of(ada.0, "notes.").is_empty());
    }
}
