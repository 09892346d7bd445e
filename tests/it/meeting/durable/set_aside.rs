//! Contents that cannot be restored are set aside, and the others are restored.

use psom::{Scope, distributed_object, psom_interface};
use psom_objects::{
    client::Upload,
    package::*,
    server::{
        ContentType, ContentTypes, MeetingConfig, NativeFileOnlyContent, NewContent, OldContent,
        Refusal,
    },
    types::*,
};

use crate::meeting::{conference::ConferenceWorld, world::config};

/// Saves the state and restores it in a meeting with these types. Returns the reasons for the
/// contents that were set aside.
fn restored_with(
    world: &mut ConferenceWorld,
    types: ContentTypes,
) -> (ConferenceWorld, Vec<String>) {
    world.save();
    let (files, state) = (world.files.clone(), world.state.clone());
    let config = MeetingConfig { content_types: types, ..config(files.clone()) };
    let mut again = ConferenceWorld::restored_with(config, files, state);
    let aside = again
        .pair
        .on_server(|meeting, _| meeting.set_aside().iter().map(ToString::to_string).collect());
    (again, aside)
}

#[test]
fn unrestorable_content_is_set_aside_alone() {
    for (key, value, expected) in [
        ("content/1/poll", Some("{}"), "`content/1/poll` cannot be read"),
        ("content/1/vote/x", Some("0"), "the key of a vote has no user"),
        ("content/1/poll", None, "`content/1/poll` is missing"),
    ] {
        let mut world = ConferenceWorld::with_users();
        world.upload(Upload::poll("Poll", "Which?", ["a", "b"]).unwrap());
        world.upload(Upload::qna("Questions").unwrap());
        world.save();
        match value {
            Some(value) => drop(world.state.insert(key.into(), value.into())),
            None => drop(world.state.remove(key)),
        }
        let (mut again, aside) = restored_with(&mut world, ContentTypes::standard());
        assert!(aside.len() == 1 && aside[0].contains("content 1"), "{aside:?}");
        assert!(aside[0].contains(expected), "{key}: {aside:?}");
        assert_eq!(again.seen(9, Role::Presenter).keys().collect::<Vec<_>>(), [&2]);
        again.save();
        assert_eq!(again.state, world.state);
    }
}

#[test]
fn content_with_a_missing_file_is_set_aside_alone() {
    let mut world = ConferenceWorld::with_users();
    for name in ["plan", "more"] {
        world.pack(CreateContent::new(name, ContentDetail::NativeFileOnly).with_native_file(name));
    }
    world.save();
    let lost = world.files.disk().files.remove("file-1").unwrap();
    let (mut again, aside) = restored_with(&mut world, ContentTypes::standard());
    assert!(aside.len() == 1 && aside[0].contains("`file-1` of content 1 is missing"), "{aside:?}");
    assert_eq!(again.seen(9, Role::Presenter).keys().collect::<Vec<_>>(), [&2]);
    again.save();
    assert_eq!(again.state, world.state);
    // Once the file is there again, so is the content.
    again.files.disk().files.insert("file-1".into(), lost);
    let (mut whole, aside) = restored_with(&mut again, ContentTypes::standard());
    assert!(aside.is_empty(), "{aside:?}");
    assert_eq!(whole.seen(9, Role::Presenter).keys().collect::<Vec<_>>(), [&1, &2]);
}

#[test]
fn content_of_an_unregistered_type_is_kept() {
    let mut world = ConferenceWorld::with_users();
    world.pack(CreateContent::new("Plan", ContentDetail::NativeFileOnly).with_native_file("plan"));
    world.upload(Upload::qna("Questions").unwrap());
    let file =
        CreateContent::new("Notes", ContentDetail::SharedNotes(SharedNotesDetail::default()));
    world.pack(file.with_native_file("notes"));
    // The next server lacks two of the types.
    let fewer = || ContentTypes::none().with::<NativeFileOnlyContent>();
    // A repair can lose the key with the last number.
    world.save();
    world.state.remove("contents");
    let (mut again, aside) = restored_with(&mut world, fewer());
    let expected = |id, kind| {
        format!(
            "content {id} has the type {kind}, which this server does not know; start a server that \
             knows it"
        )
    };
    assert_eq!(aside, [expected(2, "Content.Qna"), expected(3, "Content.SharedNotes")]);
    again.join(1, Role::Organizer);
    assert_eq!(again.seen(9, Role::Presenter).keys().collect::<Vec<_>>(), [&1]);
    // Their files are kept; otherwise a server would delete them as unreferenced.
    let lost = again.files.disk().files.remove("file-2").unwrap();
    let (_, aside) = restored_with(&mut again, fewer());
    assert!(aside.iter().any(|why| why.contains("`file-2` of content 3 is missing")), "{aside:?}");
    again.files.disk().files.insert("file-2".into(), lost);
    // Their numbers are not reused.
    again.pack(CreateContent::new("More", ContentDetail::NativeFileOnly).with_native_file("more"));
    assert_eq!(again.seen(9, Role::Presenter).keys().collect::<Vec<_>>(), [&1, &4]);
    // A server with these types restores all of it.
    let (mut all, aside) = restored_with(&mut again, ContentTypes::standard());
    assert!(aside.is_empty(), "{aside:?}");
    assert_eq!(all.seen(9, Role::Presenter).keys().collect::<Vec<_>>(), [&1, &2, &3, &4]);
}

#[psom_interface(name = "Test.Fleeting", version = 1, hash = 1)]
trait FleetingServer {}

#[psom_interface(name = "Test.Fleeting", version = 1, hash = 2)]
trait FleetingClient {}

/// A content that cannot be restored. It saves the keys named by its detail.
#[distributed_object(serves = FleetingServer, calls = FleetingClient)]
struct Fleeting;

impl FleetingServer for Fleeting {}

impl ContentType for Fleeting {
    const NAME: &'static str = "Test.Fleeting";

    fn create(scope: &mut Scope, new: NewContent<'_>) -> Result<Self, Refusal> {
        let ContentDetail::Other(OtherContent { xml, .. }) = &new.detail else {
            return Err(Refusal::malformed("it is something else"));
        };
        if let Some(key) = xml.as_ref().and_then(|xml| xml.attribute("key")) {
            let value = if key == "nan" { f64::NAN } else { 1.0 };
            new.memory.save(scope, &key, &value)?;
        }
        match new.native_file {
            Some(_) => Ok(Self),
            None => Err(Refusal::malformed("it needs a file")),
        }
    }
}

/// The same type in a later build that can restore it.
#[distributed_object(serves = FleetingServer, calls = FleetingClient)]
struct Forgotten;

impl FleetingServer for Forgotten {}

impl ContentType for Forgotten {
    const NAME: &'static str = Fleeting::NAME;

    fn create(_: &mut Scope, _: NewContent<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn restore(_: &mut Scope, _: OldContent<'_>) -> Result<Self, Refusal> {
        Err(Refusal::forget())
    }
}

fn fleeting(title: &str, key: Option<&str>) -> CreateContent {
    let content_type = Fleeting::NAME.to_owned();
    let xml = key.map(|key| format!("<a xmlns='urn:test' key='{key}'/>").parse().unwrap());
    CreateContent::new(title, ContentDetail::Other(OtherContent { content_type, xml }))
}

#[test]
fn unrestorable_type_without_saved_state_is_dropped() {
    let types = || ContentTypes::standard().with::<Fleeting>();
    let (mut world, _) = restored_with(&mut ConferenceWorld::new(), types());
    world.join(1, Role::Organizer);
    // A refused content and a failed save leave nothing for the next content with the number.
    world.pack(fleeting("refused", Some("something")));
    for key in ["", "a//b", "a/", "nan"] {
        world.pack(fleeting("refused too", Some(key)).with_native_file("file"));
    }
    world.save();
    assert!(world.state.keys().all(|key| !key.starts_with("content/")), "{:#?}", world.state);
    world.pack(fleeting("nothing", None).with_native_file("file"));
    world.pack(fleeting("something", Some("here")).with_native_file("file"));
    world.pack(CreateContent::new("Plan", ContentDetail::NativeFileOnly).with_native_file("plan"));
    let (mut again, aside) = restored_with(&mut world, types());
    assert_eq!(again.seen(9, Role::Presenter).keys().collect::<Vec<_>>(), [&3]);
    assert!(
        aside.len() == 1 && aside[0].contains("the type cannot restore saved state"),
        "{aside:?}"
    );
    again.save();
    assert!(!again.state.contains_key("content/1"));
    assert_eq!(again.state["content/2/here"], "1.0");
    // A restored type can ask to be dropped.
    let (mut again, aside) =
        restored_with(&mut again, ContentTypes::standard().with::<Forgotten>());
    assert!(aside.is_empty(), "{aside:?}");
    again.save();
    assert!(again.state.keys().all(|key| !key.starts_with("content/2")), "{:#?}", again.state);
}
